"""Processes: run to their end and measured, or kept and looked at."""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import asdict, dataclass

TICKS = os.sysconf("SC_CLK_TCK")
# How many seconds a freed inode counts as freed lately.
FORGOTTEN = 65


@dataclass
class Run:
    """What one run took: seconds, seconds, bytes."""

    wall: float
    cpu: float
    peak: int


def measured(command, folder, cores):
    """Runs a command to its end; fails when it does.

    A process begins as a copy of this one, so its peak is never below what this script holds itself.
    """
    with open(folder / "log.txt", "wb") as log:
        begun = time.perf_counter()
        process = _spawn(command, folder, cores, log)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{command} failed, see {folder / 'log.txt'}")
    return asdict(Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024))


def clear(*folders):
    """Puts aside what was written before, and waits until the disk has nothing left to do.

    It is not removed at once: for a minute, ext4 without a journal looks for inodes that were not freed lately, and that
    takes longer than the build.
    """
    for folder in folders:
        if folder.exists():
            aside = folder.parent / "aside"
            aside.mkdir(exist_ok=True)
            folder.rename(aside / f"{folder.name}-{time.time_ns()}")
    os.sync()


def discard(folder):
    """Removes what was put aside below `folder`, and waits until that is forgotten."""
    asides = [aside for aside in (folder / "aside", *folder.glob("*/aside")) if aside.exists()]
    for aside in asides:
        shutil.rmtree(aside)
    if asides:
        os.sync()
        time.sleep(FORGOTTEN)


def free_port():
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Kept:
    """A process that goes on until it is stopped, or this script ends."""

    def __init__(self, command, folder, cores):
        self.log = open(folder / "log.txt", "wb")
        self.process = _spawn(command, folder, cores, self.log)
        atexit.register(self.stop, signal.SIGTERM)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop(signal.SIGTERM)

    def stop(self, how):
        if self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait()
        self.log.close()

    def check(self):
        if self.process.poll() is not None:
            raise SystemExit(f"{self.process.args} ended, see {self.log.name}")

    def cpu(self):
        """Seconds of user and system time so far."""
        fields = self._stat()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def peak(self):
        """The most memory it has held, in bytes."""
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as file:
            line = next(line for line in file if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024

    def settle(self, still=0.5, patience=600):
        """Waits until it has done next to nothing for `still` seconds."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            self.check()
            before = self.cpu()
            time.sleep(still)
            if self.cpu() - before <= 1 / TICKS:
                return
        raise SystemExit(f"{self.process.args} does not come to rest")

    def _stat(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()


def _spawn(command, folder, cores, log):
    bound = ["taskset", "--cpu-list", ",".join(str(core) for core in cores)]
    return subprocess.Popen(
        bound + [str(part) for part in command], cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
    )
