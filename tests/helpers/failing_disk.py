"""The real worker on a failing disk: `os.fsync`, or `os.rename` and `os.replace`, raise at a chosen call.

    python -m tests.helpers.failing_disk JOB_FOLDER FAULT

FAULT is a `Fault` as JSON. The worker writes the number of calls of each kind to the file `counts` at its end.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from engine.api import Job  # noqa: E402
from engine.worker import __main__ as worker  # noqa: E402

CALLS = {"fsync": ("fsync",), "rename": ("rename", "replace")}


@dataclass(frozen=True)
class Fault:
    """Which call fails, at which count, with which errno; every later one too if `lasting`."""

    counts: str
    call: str = ""
    at: int = 0
    error: int = 0
    lasting: bool = False


def command(job: Job, fault: Fault) -> list[str]:
    """Return the command that starts this worker on `job`."""
    return [sys.executable, str(Path(__file__).resolve()), str(job.folder), json.dumps(asdict(fault))]


def fail(fault: Fault) -> Counter[str]:
    """Make the calls fail from now on; return the live counts of calls."""
    called: Counter[str] = Counter()

    def failing(call: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def called_again(*arguments: Any, **named: Any) -> Any:
            called[call] += 1
            late = fault.lasting and called[call] > fault.at
            if call == fault.call and (late or called[call] == fault.at):
                raise OSError(fault.error, os.strerror(fault.error))
            return real(*arguments, **named)

        return called_again

    for call, names in CALLS.items():
        for name in names:
            setattr(os, name, failing(call, getattr(os, name)))
    return called


if __name__ == "__main__":
    wanted = Fault(**json.loads(sys.argv[2]))
    counted = fail(wanted)
    code = worker.main(Path(sys.argv[1]))
    Path(wanted.counts).write_text(json.dumps(counted), encoding="utf-8")
    sys.exit(code)
