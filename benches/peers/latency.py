"""How long readers wait at rest, and while every release is read again.

An open loop: requests leave at their times whether or not earlier ones are answered, and what counts is the time from when
a request should have left, so that nothing that is slow hides what waits behind it. They go to every current feed in
turn, every tenth to the feed of all, as readers ask: with gzip. The loop sleeps until a request is due, so it may share the
daemon's cores: its own lateness is counted with the rest, and told. Everything is read again because the content folder is a
link, which is switched to a tree with every file edited. What is counted begins with the switch, and ends
five seconds after the first answer with the new text: the first rendering of every feed is in it.
"""

import collections
import contextlib
import ctypes
import gc
import os
import select
import shutil
import socket
import sys
import time
from statistics import median

import inputs
from process import Kept, clear, free_port
from reader import feeds, wait_for
from report import MILLISECONDS, figure, spread

WARM_UP = 5.0
AFTERWARDS = 5.0
PATIENCE = 1800.0
# prctl(2): how late a sleep may end, in nanoseconds. 50,000 unless told.
PR_SET_TIMERSLACK = 29
FEED = "/feeds/all.atom"


def row(chosen, report):
    for size in chosen.sizes:
        folder = chosen.work / f"latency-depeche-{size}"
        clear(folder)
        folder.mkdir(parents=True)
        trees = [inputs.corpus(chosen, size, "jekyll"), _edited(chosen, size)]
        _switch(folder, trees[0])
        port = free_port()
        inputs.newsroom(folder, folder / "content", port)
        rounds = []
        with Kept([chosen.depeche, "serve"], folder, chosen.cores) as kept:
            wait_for(port, kept, FEED)
            loop = OpenLoop(port, feeds(port), chosen.rate, chosen.connections)
            loop.run(WARM_UP)
            for turn in range(chosen.runs):
                kept.settle()
                rest = loop.run(chosen.seconds)
                busy = loop.run(PATIENCE, began=lambda: _switch(folder, trees[(turn + 1) % 2]))
                rounds.append({"rest": rest, "rebuilding": busy})
        report.note("latency", size, rounds)
        for rate in ("p50", "p99", "worst"):
            busy, rest = ([each[state][rate] for each in rounds] for state in ("rebuilding", "rest"))
            ratio = f"{figure(median(busy) / median(rest))}× of rest"
            report.line(f"{rate} at {chosen.rate} requests/s, at rest", size, MILLISECONDS, rest)
            report.cells(f"{rate} while all is read again", f"{size:,}", spread(busy, MILLISECONDS), "", ratio)
        late = max(each[state]["client_p99"] for each in rounds for state in ("rest", "rebuilding"))
        took = median(each["rebuilding"]["seconds"] for each in rounds) - AFTERWARDS
        report.cells("p99 of how late the loop itself was", f"{size:,}", f"{figure(late * 1e3)} ms", "", "")
        report.cells("switch → new text", f"{size:,}", f"{figure(took)} s", "", "")


def _edited(chosen, size):
    """A tree with the same files, each with one paragraph more."""
    source = inputs.corpus(chosen, size, "jekyll")
    folder = source.with_name(source.name + "-edited")
    if not folder.exists():
        unfinished = folder.with_name(folder.name + ".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(source, unfinished)
        for path in inputs.releases(unfinished).values():
            with open(path, "a", encoding="utf-8") as file:
                file.write("\nUn paragraphe de plus.\n")
        unfinished.rename(folder)
    inputs.warm(folder)
    return folder


def _switch(folder, tree):
    link = folder / "next"
    link.symlink_to(tree)
    os.replace(link, folder / "content")


class OpenLoop:
    """Requests at a rate, over connections that are kept."""

    def __init__(self, port, paths, rate, connections):
        self.rate = rate
        self.requests = [(path == FEED, self._request(path)) for path in _in_turn(paths)]
        self.connections = [Connection(port) for _ in range(connections)]

    @staticmethod
    def _request(path):
        return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n".encode()

    def run(self, seconds, began=None):
        """Figures of so many seconds; with `began`, it is called and the run ends once its effect was seen."""
        with _waking_in_time():
            return self._run(seconds, began)

    def _run(self, seconds, began):
        # In turn: none is left idle until the server closes it.
        free = collections.deque(self.connections)
        waits, late, known, end = [], [], None, None
        gc.collect()
        gc.disable()
        start = time.perf_counter()
        if began:
            began()
        sent, expected, available = 0, int(seconds * self.rate), start
        while sent < expected or len(free) < len(self.connections):
            now = time.perf_counter()
            while free and sent < expected and (due := start + sent / self.rate) <= now:
                connection = free.popleft()
                # Until a connection was free, the request waited for the server, not for the loop.
                late.append(now - max(due, available))
                connection.send(due, *self.requests[sent % len(self.requests)])
                sent += 1
                now = time.perf_counter()
            pause = max(0.0, start + sent / self.rate - now) if free and sent < expected else 1.0
            # Not epoll, whose timeout is in milliseconds.
            for connection in select.select(self.connections, (), (), pause)[0]:
                if not connection.receive():
                    continue
                now = time.perf_counter()
                waits.append(now - connection.due)
                if not free:
                    available = now
                free.append(connection)
                if connection.is_all and began:
                    if known is None:
                        known = connection.etag
                    elif end is None and connection.etag != known:
                        end = now + AFTERWARDS
            if end is not None and time.perf_counter() > end:
                expected = min(expected, sent)
        took = time.perf_counter() - start
        gc.enable()
        if began and end is None:
            raise SystemExit("the switched folder was never seen")
        waits.sort()
        late.sort()
        return {
            "requests": len(waits),
            "seconds": took,
            "p50": waits[len(waits) // 2],
            "p99": waits[len(waits) * 99 // 100],
            "worst": waits[-1],
            "client_p99": late[len(late) * 99 // 100],
        }


class Connection:
    """One of them: a request at a time."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.buffer = bytearray(1 << 20)

    def fileno(self):
        return self.socket.fileno()

    def send(self, due, is_all, request):
        self.due, self.is_all, self.have, self.need = due, is_all, 0, None
        self.socket.send(request)

    def receive(self):
        """Whether the answer is whole."""
        try:
            count = self.socket.recv_into(memoryview(self.buffer)[self.have:])
        except BlockingIOError:
            return False
        if count == 0:
            raise SystemExit("a connection was closed")
        self.have += count
        if self.need is None:
            end = self.buffer.find(b"\r\n\r\n", 0, self.have)
            if end < 0:
                return False
            head = bytes(self.buffer[:end]).lower()
            if not head.startswith(b"http/1.1 200"):
                raise SystemExit(f"answered {head[:60]!r}")
            self.need = end + 4 + int(_value(head, b"content-length:"))
            self.etag = _value(head, b"etag:")
        return self.have >= self.need


@contextlib.contextmanager
def _waking_in_time():
    """This process goes first when it wakes, as far as it may, and its sleeps end when they should."""
    prctl = ctypes.CDLL(None).prctl
    before = os.getpriority(os.PRIO_PROCESS, 0)
    try:
        os.setpriority(os.PRIO_PROCESS, 0, -20)
    except PermissionError:
        print("not root: how late the open loop is will be seen in what it measures", file=sys.stderr)
    prctl(PR_SET_TIMERSLACK, 1)
    try:
        yield
    finally:
        # What is started later must not inherit it; 0 is the usual slack.
        prctl(PR_SET_TIMERSLACK, 0)
        os.setpriority(os.PRIO_PROCESS, 0, before)


def _value(head, name):
    begin = head.index(b"\r\n" + name) + 2 + len(name)
    return head[begin:].partition(b"\r\n")[0].strip()


def _in_turn(paths):
    """Every feed, and that of all before each nine."""
    for place, path in enumerate(path for path in paths if path != FEED):
        if place % 9 == 0:
            yield FEED
        yield path
