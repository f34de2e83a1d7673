"""How a worker died, kept beside its job: who opens the job later has seen nothing of it.

Knows not how a death is seen, nor what it is called.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.jobs.job import Job

FILE_NAME = "death.json"
# Linux starts counting anew with every start of the computer.
BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class WorkerExit:
    """The exit code, None where nobody saw it, and whether the worker was killed for its memory."""

    returncode: int | None = None
    for_memory: bool = False


class ExitRecord:
    """What is kept of the newest attempt's death. `kills` is how many processes were killed for memory so far."""

    def __init__(self, job: Job) -> None:
        self._path = job.folder / FILE_NAME

    def begin(self, attempt: int, kills: int) -> None:
        """Keep what a death that nobody sees can be judged by."""
        self._write({"attempt": attempt, "kills": kills, "boot": _boot()})

    def keep(self, attempt: int, death: WorkerExit) -> None:
        """Keep a death as it was seen."""
        self._write({"attempt": attempt, "returncode": death.returncode, "for_memory": death.for_memory})

    def find(self, attempt: int, kills: int) -> WorkerExit:
        """Return what is known of an attempt's death.

        One that nobody saw was for memory if something was killed for it since the attempt began: the worker takes
        the most.
        """
        kept = self._read()
        if kept.get("attempt") != attempt:
            return WorkerExit()
        if "for_memory" in kept:
            code = kept.get("returncode")
            return WorkerExit(code if isinstance(code, int) else None, kept["for_memory"] is True)
        before = kept.get("kills")
        return WorkerExit(None, isinstance(before, int) and kept.get("boot") == _boot() and kills > before)

    def _read(self) -> dict[str, Any]:
        with suppress(OSError, ValueError, RecursionError):
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            return kept if isinstance(kept, dict) else {}
        return {}

    def _write(self, kept: dict[str, Any]) -> None:
        # Where nothing can be written, the death is a plain one later.
        with suppress(OSError):
            self._path.write_text(json.dumps(kept), encoding="utf-8")


def _boot() -> str:
    with suppress(OSError):
        return BOOT.read_text(encoding="utf-8").strip()
    return ""
