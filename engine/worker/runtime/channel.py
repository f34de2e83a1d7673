"""A worker's side of its job: events out, commands in, and the wish to stop.

Knows nothing of what the job computes.
"""

from __future__ import annotations

import threading
import time
from typing import Any

from engine.errors import StorageError
from engine.jobs.events import EventWriter
from engine.jobs.job import GONE, GONE_HINT, KEEP_TRAINING, Command, Job
from engine.worker.runtime.sleep_inhibitor import Awake

LOOK_SECONDS = 0.1
PROGRESS_SECONDS = 0.1


class Stopped(Exception):
    """The job was asked to stop and has done so; an outcome, no error."""


class Channel:
    """What a job's code needs of the outside world.

    `stopping` is set by the command `stop`, by SIGTERM and SIGHUP, and by a window that left a run which
    should then stop. `window_gone` says that nobody holds the other end any more. `awake` keeps the computer from
    sleeping, for jobs that run for hours.
    """

    def __init__(self, job: Job, writer: EventWriter) -> None:
        self.job = job
        self.stopping = False
        self.window_gone = False
        self._stays = False
        self.awake = Awake()
        self._writer = writer
        self._looked_at = 0.0
        self._progressed_at = 0.0
        self._waiting: list[Command] = []
        # Streams and signal handlers may write from other threads than the job's.
        self._lock = threading.Lock()

    def emit(self, event: str, **facts: Any) -> None:
        """Append one event."""
        with self._lock:
            self._writer.write(event, **facts)

    def sync(self) -> None:
        """Wait until all that was told is on the disk. Raises StorageError."""
        with self._lock:
            self._writer.sync()

    def notice(self, message: str, hint: str = "", level: str = "notice") -> None:
        """Tell the user something that ends nothing; `level` is "notice" or "warning"."""
        self.emit("notice", level=level, message=message, hint=hint)

    def enter(self, stage: str) -> None:
        """Say which part of the job begins."""
        self._progressed_at = 0.0
        self.emit("stage_entered", stage=stage)

    def progress(self, done: int, total: int, unit: str) -> None:
        """Say how far the stage is: at most ten times a second, and always at its end."""
        now = time.monotonic()
        if done >= total or now - self._progressed_at >= PROGRESS_SECONDS:
            self._progressed_at = now
            self.emit("stage_progressed", done=done, total=total, unit=unit)

    def result(self, result: dict[str, Any], request: str | None = None) -> None:
        """Hand over what was asked for."""
        asked = {} if request is None else {"request": request}
        self.emit("result_made", result=result, **asked)

    def commands(self) -> list[Command]:
        """Return the commands since the last call, looking at most every 100 ms; two of them it takes in itself.

        Raises StorageError if the job's folder is gone: whatever is computed has no place any more.
        """
        now = time.monotonic()
        if now - self._looked_at < LOOK_SECONDS:
            return []
        self._looked_at = now
        commands = self.job.take_commands()
        if not commands and not self.job.folder.exists():
            raise StorageError(GONE.format(folder=self.job.folder), GONE_HINT)
        names = {command["command"] for command in commands}
        self.stopping = self.stopping or "stop" in names
        self._stays = self._stays or KEEP_TRAINING in names
        return [command for command in commands if command["command"] not in {"stop", KEEP_TRAINING}]

    def outlives_window(self) -> bool:
        """Tell whether the window that is gone asked before to be outlived, whatever the recipe says."""
        return self._stays or self.job.has_command(KEEP_TRAINING)

    def check_stop(self) -> None:
        """Raise Stopped if the job should stop. Other commands that wait are kept for `kept_commands`."""
        if self.wants_stop():
            raise Stopped

    def wants_stop(self) -> bool:
        """Look for commands and tell whether the job should stop; other commands are kept, as above."""
        self._waiting += self.commands()
        return self.stopping

    def kept_commands(self) -> list[Command]:
        """Return all commands that came since, those that `check_stop` came across included."""
        commands, self._waiting = self._waiting + self.commands(), []
        return commands
