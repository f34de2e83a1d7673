"""How a worker ended, stored beside its job for whoever opens the job later."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.jobs.job import Job
from engine.system import memory_kills
from engine.system.foreign_files import FileKind, read_json

FILE_NAME = "death.json"
# Linux resets its counts with every boot.
BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class WorkerExit:
    """The exit code, None if it was not observed, and whether the worker was killed for lack of memory."""

    returncode: int | None = None
    for_memory: bool = False


class ExitRecord:
    """The exit of the newest attempt. `kills` is the number of processes killed for lack of memory so far."""

    def __init__(self, job: Job) -> None:
        self._path = job.folder / FILE_NAME

    def begin(self, attempt: int, kills: int) -> None:
        """Save the count by which an exit that is not observed can be judged."""
        self._write({"attempt": attempt, "kills": kills, "boot": _boot()})

    def save(self, attempt: int, worker_exit: WorkerExit) -> None:
        """Save an observed exit."""
        self._write(
            {"attempt": attempt, "returncode": worker_exit.returncode, "for_memory": worker_exit.for_memory}
        )

    def find(self, attempt: int, kills: int) -> WorkerExit:
        """Return what is known of an attempt's exit.

        An exit that was not observed was for memory if any process was killed for lack of it since the attempt began:
        the worker uses the most.
        """
        stored = self._read()
        if stored.get("attempt") != attempt:
            return WorkerExit()
        if "for_memory" in stored:
            code = stored.get("returncode")
            return WorkerExit(code if isinstance(code, int) else None, stored["for_memory"] is True)
        before = stored.get("kills")
        return WorkerExit(None, isinstance(before, int) and stored.get("boot") == _boot() and kills > before)

    def _read(self) -> dict[str, Any]:
        with suppress(OSError, ValueError):
            stored = read_json(self._path, FileKind.JOB)
            return stored if isinstance(stored, dict) else {}
        return {}

    def _write(self, stored: dict[str, Any]) -> None:
        # Without the file the exit has no reason later.
        with suppress(OSError):
            self._path.write_text(json.dumps(stored), encoding="utf-8")


def _boot() -> str:
    """Return what two counts have in common that can be compared: the boot, and where they were counted."""
    with suppress(OSError):
        return f"{BOOT.read_text(encoding='utf-8').strip()} {memory_kills.source()}"
    return ""
