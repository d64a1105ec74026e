"""How time and memory grow with the number of releases: the exponent, 1 when twice as many cost twice as much."""

from math import log
from statistics import median


def row(_chosen, report):
    for name, sizes in report.rows.items():
        if name.startswith("build"):
            for measure in ("wall", "cpu", "peak"):
                series = {
                    program: {int(size): median(run[measure] for run in runs[program])
                              for size, runs in sizes.items() if runs.get(program)}
                    for program in ("depeche", "hugo")
                }
                _line(report, f"growth of `{name.removeprefix('build: ')}`, {measure}", series)
        elif name == "edit":
            series = {
                "depeche": {int(size): median(edit["identity"] for edit in figures["depeche"])
                            for size, figures in sizes.items()},
                "hugo": {int(size): median(edit["seen"] for edit in figures["hugo"])
                         for size, figures in sizes.items() if figures["hugo"]},
            }
            _line(report, "growth of an edit", series)
            for what in ("cpu", "peak"):
                series = {
                    program: {int(size): figures[what][place] for size, figures in sizes.items()
                              if len(figures[what]) > place}
                    for place, program in enumerate(("depeche", "hugo"))
                }
                _line(report, f"growth of an edit, {what}", series)
        elif name == "start":
            series = {"depeche": {int(size): median(run["wall"] for run in figures["depeche"])
                                  for size, figures in sizes.items()}}
            _line(report, "growth of a start", series)


def _line(report, measure, series):
    sizes = series["depeche"]
    if len(sizes) < 2:
        return
    report.cells(measure, f"{min(sizes):,} → {max(sizes):,}", *(_exponent(series.get(program, {}))
                 for program in ("depeche", "hugo")), "")


def _exponent(by_size):
    if len(by_size) < 2:
        return ""
    least, most = min(by_size), max(by_size)
    return f"{log(by_size[most] / by_size[least]) / log(most / least):.2f}"
