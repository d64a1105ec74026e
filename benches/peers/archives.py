"""The archives alone: everything ever published, in bytes a second."""

from statistics import median

import build
from report import SECONDS


def row(chosen, report):
    for size in chosen.sizes:
        once = build.depeche(chosen, size, chosen.archives_arguments)
        runs = [once() for _ in range(chosen.runs)]
        report.note("archives", size, {"depeche": runs})
        report.line(f"`{chosen.archives_arguments}`, wall", size, SECONDS, [run["wall"] for run in runs])
        speeds = [run["bytes"] / run["wall"] / 1e6 for run in runs]
        speed = f"{median(speeds):.0f} MB/s ({min(speeds):.0f}–{max(speeds):.0f})"
        report.cells(f"`{chosen.archives_arguments}`, {runs[-1]['bytes'] / 1e6:,.0f} MB", f"{size:,}", speed, "", "")
