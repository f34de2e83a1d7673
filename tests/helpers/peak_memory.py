"""How much memory a process takes on top of what it has."""

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MB = 2**20
# See clear_refs in Linux's documentation of /proc.
RESET_PEAK = "5"


@dataclass
class Growth:
    """By how many bytes the peak stood above what was there at the start, once that is over."""

    bytes: int = 0

    @property
    def mb(self) -> int:
        return self.bytes // MB


@contextmanager
def growth_of_this_process() -> Iterator[Growth]:
    """Measure what happens inside, from a new peak on: one at a time."""
    gc.collect()
    # What was freed before would otherwise be taken again without being seen.
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text(RESET_PEAK, encoding="ascii")
    growth, before = Growth(), _status("VmRSS")
    yield growth
    growth.bytes = _status("VmHWM") - before


def _status(field: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:"))
