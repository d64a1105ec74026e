"""Medians, ratios and the table they stand in; every figure kept, if asked."""

import json
import os
import platform
from statistics import median

HEAD = "| Measure | Releases | Depeche | Hugo | Ratio |\n| --- | --- | --- | --- | --- |"

SECONDS = ("s", 1.0)
MILLISECONDS = ("ms", 1e3)
MIB = ("MiB", 1 / 2**20)


class Report:
    """Prints lines of the table as they come."""

    def __init__(self, path):
        self.path = path
        self.rows = {}
        self.head_is_due = True
        if path and path.exists():
            self.rows = json.loads(path.read_text(encoding="utf-8"))["rows"]

    def note(self, row, size, figures):
        """Remembers the single figures of a row at a size."""
        self.rows.setdefault(row, {})[str(size)] = figures

    def keep(self):
        """Writes them down."""
        if self.path:
            text = json.dumps({"machine": machine(), "rows": self.rows}, indent=1, ensure_ascii=False)
            self.path.write_text(text + "\n", encoding="utf-8")

    def line(self, measure, size, unit, ours, theirs=()):
        """One line: medians (least–greatest), and the ratio of medians (of pairs, where they are: least–greatest)."""
        ratio = ""
        if theirs:
            pairs = [a / b for a, b in zip(ours, theirs) if b] if len(ours) == len(theirs) else []
            ratio = f"{figure(median(ours) / median(theirs))}×" if median(theirs) else ""
            ratio += f" ({figure(min(pairs))}–{figure(max(pairs))})" if len(pairs) > 1 else ""
        self.cells(measure, f"{size:,}", spread(ours, unit), spread(theirs, unit), ratio)

    def cells(self, *cells):
        """One line as it is."""
        if self.head_is_due:
            print(HEAD)
            self.head_is_due = False
        print("| " + " | ".join(cells) + " |", flush=True)


def spread(figures, unit):
    """`median (least–greatest) unit`."""
    if not figures:
        return ""
    name, factor = unit
    least, middle, most = (figure(value * factor) for value in (min(figures), median(figures), max(figures)))
    return f"{middle} {name} ({least}–{most})" if len(figures) > 1 else f"{middle} {name}"


def figure(value):
    """Three digits that count."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def machine():
    """What the figures were taken on."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = {line.partition(":")[2].strip() for line in file if line.startswith("model name")}
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processors": sorted(models),
        "cores": os.cpu_count(),
        "memory_bytes": memory,
        "kernel": platform.release(),
    }
