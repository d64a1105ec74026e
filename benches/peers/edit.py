"""From the edit of one file to its new text in a feed.

Both programs work on copies of the same releases. The files are drawn among those that a current feed of both holds,
and the feed to look at among those that hold the file. An edit adds a paragraph, in one write. Depeche is asked over two
connections that are kept, one for each encoding, on the condition that the feed has changed; for Hugo, which serves no
feeds here, the file is read. The register counts as committed when SQLite says that another connection wrote.
"""

import os
import random
import shutil
import sqlite3
import time
from pathlib import Path

import inputs
from process import Kept, clear, free_port
from reader import Reader, entries, feeds, wait_for
from report import MIB, MILLISECONDS

# Edits do not keep time with anything inside the programs.
PAUSE = (0.05, 0.15)
# After so many seconds the times of what was copied before are believed, and it was looked at again.
BELIEVED = 5
# After this many seconds an edit is lost.
PATIENCE = 120


def row(chosen, report):
    for size in chosen.sizes:
        draw = random.Random(chosen.seed)
        with Depeche(chosen, size) as ours:
            theirs = None if chosen.no_hugo else Hugo(chosen, size)
            try:
                figures = _take_turns(chosen, draw, ours, theirs)
            finally:
                if theirs:
                    theirs.close()
        report.note("edit", size, figures)
        for what in ("identity", "gzip", "committed"):
            seen = [edit[what] for edit in figures["depeche"]]
            others = [edit["seen"] for edit in figures["hugo"]]
            report.line(f"edit → {what}", size, MILLISECONDS, seen, others)
        first = sum(edit["committed_first"] for edit in figures["depeche"])
        report.cells("edits committed when first seen", f"{size:,}", f"{first} of {len(figures['depeche'])}", "", "")
        report.line("CPU an edit", size, MILLISECONDS, *([cpu] for cpu in figures["cpu"]))
        report.line("peak memory of the daemon", size, MIB, *([peak] for peak in figures["peak"]))


def _take_turns(chosen, draw, ours, theirs):
    held = ours.held()
    if theirs:
        also = theirs.held()
        numbers = sorted(held.keys() & also.keys())
    else:
        also, numbers = {}, sorted(held)
    picked = [draw.choice(numbers) for _ in range(chosen.edits)]
    every = max(1, chosen.edits // max(1, chosen.hugo_edits))
    figures = {"depeche": [], "hugo": [], "cpu": [], "peak": []}
    programs = [program for program in (ours, theirs) if program]
    for program in programs:
        program.kept.settle()
        program.cpu_before = program.kept.cpu()
    for turn, number in enumerate(picked):
        marker = f"Rectificatif {turn:04d} {draw.getrandbits(64):016x}."
        figures["depeche"].append(ours.edit(number, draw.choice(held[number]), marker))
        time.sleep(draw.uniform(*PAUSE))
        if theirs and turn % every == 0 and len(figures["hugo"]) < chosen.hugo_edits:
            figures["hugo"].append(theirs.edit(number, draw.choice(also[number]), marker))
            theirs.kept.settle(still=0.2)
    for program, edits in zip(programs, (figures["depeche"], figures["hugo"])):
        program.kept.settle()
        figures["cpu"].append((program.kept.cpu() - program.cpu_before) / len(edits))
        figures["peak"].append(program.kept.peak())
    return figures


def _append(path, text):
    """Adds a paragraph in one write: nobody reads half of it."""
    with open(path, "ab", buffering=0) as file:
        file.write(f"\n{text}\n".encode())


def _copied(source, folder):
    shutil.copytree(source, folder)
    os.sync()
    return inputs.releases(folder)


class Depeche:
    """The daemon, on a copy of the releases."""

    def __init__(self, chosen, size):
        folder = chosen.work / f"edit-depeche-{size}"
        clear(folder)
        self.files = _copied(inputs.corpus(chosen, size, "jekyll"), folder / "content")
        self.port, self.pause = free_port(), chosen.poll / 1e3
        inputs.newsroom(folder, folder / "content", self.port)
        self.kept = Kept([chosen.depeche, "serve"], folder, chosen.cores)
        wait_for(self.port, self.kept, "/feeds/all.atom")
        # Files that were just copied are read again at each look, until their times are older than they are exact.
        time.sleep(BELIEVED)
        self.database = sqlite3.connect(f"file:{folder}/var/depeche.sqlite?mode=ro", uri=True)
        self.readers = {encoding: Reader(self.port, encoding) for encoding in ("identity", "gzip")}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kept.__exit__()

    def held(self):
        """The current feeds that hold each release."""
        reader, held = Reader(self.port), {}
        for path in feeds(self.port):
            for number in entries(reader.get(path)[1]):
                held.setdefault(number, []).append(path)
        reader.close()
        return held

    def edit(self, number, feed, text):
        """Seconds until the text was seen in each encoding, and until it was committed."""
        marker, seen = text.encode(), {}
        for reader in self.readers.values():
            reader.etag = None
            reader.news(feed)
        version = self._version()
        begun = time.perf_counter()
        _append(self.files[number], text)
        while len(seen) < len(self.readers):
            for encoding, reader in self.readers.items():
                if encoding in seen:
                    continue
                body, came = reader.news(feed)
                if body is not None and marker in body:
                    if not seen:
                        committed_first = self._version() != version
                    seen[encoding] = came - begun
            if time.perf_counter() - begun > PATIENCE:
                raise SystemExit(f"an edit of {self.files[number]} was not seen in {feed}")
            time.sleep(self.pause)
        while self._version() == version and time.perf_counter() - begun < PATIENCE:
            time.sleep(self.pause)
        # What was committed before it was seen is there at that moment at the latest.
        committed = min(seen.values()) if committed_first else time.perf_counter() - begun
        return seen | {"committed": committed, "committed_first": committed_first}

    def _version(self):
        return self.database.execute("PRAGMA data_version").fetchone()[0]


class Hugo:
    """`hugo --watch`, on a copy of the releases."""

    def __init__(self, chosen, size):
        folder = chosen.work / f"edit-hugo-{size}"
        clear(folder)
        inputs.hugo_site(chosen, folder)
        self.files = _copied(inputs.corpus(chosen, size, "hugo") / "content", folder / "content")
        self.public, self.pause = folder / "public", chosen.poll / 1e3
        self.kept = Kept([chosen.hugo, "--watch", "--destination", "public"], folder, chosen.cores)
        while b"Watching for" not in Path(self.kept.log.name).read_bytes():
            self.kept.check()
            time.sleep(0.1)

    def close(self):
        self.kept.__exit__()

    def held(self):
        """The feeds that hold each release."""
        held = {}
        for path in sorted(self.public.rglob("atom.xml")):
            for number in entries(path.read_bytes()):
                held.setdefault(number, []).append(path)
        return held

    def edit(self, number, feed, text):
        """Seconds until the text was in the file of the feed."""
        marker, known = text.encode(), None
        begun = time.perf_counter()
        _append(self.files[number], text)
        while time.perf_counter() - begun < PATIENCE:
            stat = feed.stat()
            stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if stamp != known and marker in feed.read_bytes():
                return {"seen": time.perf_counter() - begun}
            known = stamp
            time.sleep(self.pause)
        raise SystemExit(f"an edit of {self.files[number]} was not seen in {feed}")
