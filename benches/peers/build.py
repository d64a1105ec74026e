"""A full build from nothing: what is published, out of a folder nobody has read before."""

import shlex

import inputs
from process import clear, measured
from report import MIB, SECONDS

MEASURES = [("wall", SECONDS), ("cpu", SECONDS), ("peak", MIB)]


def row(chosen, report):
    for size in chosen.sizes:
        ours, theirs = depeche(chosen, size, chosen.build_arguments), hugo(chosen, size)
        runs = {"depeche": [], "hugo": []}
        for _ in range(chosen.runs):
            runs["depeche"].append(ours())
            if not chosen.no_hugo:
                runs["hugo"].append(theirs())
        report.note(f"build: {chosen.build_arguments}", size, runs)
        for measure, unit in MEASURES:
            columns = [[run[measure] for run in runs[program]] for program in ("depeche", "hugo")]
            report.line(f"`{chosen.build_arguments}`, {measure}", size, unit, *columns)
        for written in ("files", "bytes"):
            counts = [f"{runs[program][-1][written]:,}" if runs[program] else "" for program in ("depeche", "hugo")]
            report.cells(f"`{chosen.build_arguments}`, {written} written", f"{size:,}", *counts, "")


def depeche(chosen, size, build_arguments):
    """Prepares Depeche; what is returned builds once."""
    content = inputs.corpus(chosen, size, "jekyll")
    inputs.warm(content)
    folder = chosen.work / f"build-depeche-{size}"
    inputs.newsroom(folder, content)
    command = [chosen.depeche, *shlex.split(build_arguments), "--out", "public"]

    def once():
        clear(folder / "public", folder / "var")
        return measured(command, folder, chosen.cores) | written(folder / "public")

    return once


def hugo(chosen, size):
    """Prepares Hugo; what is returned builds once."""
    if chosen.no_hugo:
        return None
    content = inputs.corpus(chosen, size, "hugo")
    inputs.warm(content)
    folder = chosen.work / f"build-hugo-{size}"
    clear(folder)
    inputs.hugo_site(chosen, folder)
    (folder / "content").symlink_to(content / "content")
    command = [chosen.hugo, "--quiet", "--destination", "public"]

    def once():
        clear(folder / "public", folder / "resources")
        return measured(command, folder, chosen.cores) | written(folder / "public")

    return once


def written(folder):
    """How many files there are below, and of how many bytes."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return {"files": len(sizes), "bytes": sum(sizes)}
