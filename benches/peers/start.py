"""From the start of a daemon that was killed, with nothing changed, to its first feed."""

import signal
import time

import build
import inputs
from process import Kept, clear, free_port
from reader import entries, wait_for
from report import MIB, SECONDS

FEED = "/feeds/all.atom"


def row(chosen, report):
    for size in chosen.sizes:
        content = inputs.corpus(chosen, size, "jekyll")
        inputs.warm(content)
        folder = chosen.work / f"start-depeche-{size}"
        clear(folder)
        inputs.newsroom(folder, content)
        first, before = _once(chosen, folder)
        theirs = build.hugo(chosen, size)
        runs = {"first": [first], "depeche": [], "hugo": []}
        for _ in range(chosen.runs):
            run, feed = _once(chosen, folder)
            if feed != before or not entries(feed):
                raise SystemExit(f"{FEED} is not what it was before the start")
            runs["depeche"].append(run)
            if theirs:
                runs["hugo"].append(theirs())
        report.note("start", size, runs)
        report.line("first start → first feed, wall", size, SECONDS, [first["wall"]])
        for measure, unit in (("wall", SECONDS), ("cpu", SECONDS)):
            columns = [[run[measure] for run in runs[program]] for program in ("depeche", "hugo")]
            report.line(f"start, nothing changed → first feed, {measure}", size, unit, *columns)
        report.line("memory at its first feed", size, MIB, [run["peak"] for run in runs["depeche"]])


def _once(chosen, folder):
    """Starts, asks, waits until nothing is left to do, and kills."""
    port = free_port()
    command = [chosen.depeche, "serve", "--listen", f"127.0.0.1:{port}"]
    begun = time.perf_counter()
    with Kept(command, folder, chosen.cores) as kept:
        feed = wait_for(port, kept, FEED)
        run = {"wall": time.perf_counter() - begun, "cpu": kept.cpu(), "peak": kept.peak()}
        kept.settle()
        kept.stop(signal.SIGKILL)
    return run, feed
