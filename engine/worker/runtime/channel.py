"""A worker's side of its job: events out, commands in, and the request to stop.

Knows nothing of what the job computes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from engine.errors import AppError, StorageError
from engine.jobs.events import EventWriter
from engine.jobs.job import GONE, GONE_HINT, KEEP_TRAINING, Command, Job
from engine.messages import say
from engine.worker.runtime.sleep_inhibitor import SleepInhibitor

POLL_SECONDS = 0.1
PROGRESS_SECONDS = 0.1
# From these stages on a job has something to leave in order before it ends.
KEEPING_STAGES = {"train", "save"}


class Stopped(Exception):
    """The job stopped on request; an outcome, not an error."""


class Channel:
    """Connects a job's code with the outside world.

    `stopping` is set by the command `stop`, by SIGTERM and SIGHUP, and by the end of the window of a run that should
    then stop. `keeps` says that the job has something to leave in order before it ends. `window_gone` says that no one
    holds the other end any more. `sleep_inhibitor` is for jobs that run for hours.
    """

    def __init__(self, job: Job, writer: EventWriter) -> None:
        self.job = job
        self.stopping = False
        self.keeps = False
        self.window_gone = False
        self._outlives = False
        # Ends the job as failed from another thread than the one that does not get on.
        self.on_stuck: Callable[[AppError], None] = lambda _: None
        self.sleep_inhibitor = SleepInhibitor()
        self._writer = writer
        self._polled_at = 0.0
        self._progressed_at = 0.0
        self._pending: list[Command] = []
        # Streams and signal handlers may write from other threads than the job's.
        self._lock = threading.Lock()

    def emit(self, event: str, **facts: Any) -> None:
        """Append one event."""
        with self._lock:
            self._writer.write(event, **facts)

    def sync(self) -> None:
        """Wait until all events are on the disk. Raises StorageError."""
        with self._lock:
            self._writer.sync()

    def notice(self, message: str, hint: str = "", level: str = "notice") -> None:
        """Show the user a message that ends nothing; `level` is "notice" or "warning"."""
        self.emit("notice", level=level, message=message, hint=hint)

    def enter(self, stage: str) -> None:
        """Report which stage of the job begins."""
        self._progressed_at = 0.0
        self.keeps = self.keeps or stage in KEEPING_STAGES
        self.emit("stage_entered", stage=stage)

    def progress(self, done: int, total: int, unit: str) -> None:
        """Report the stage's progress: at most ten times a second, and always at its end."""
        now = time.monotonic()
        if done >= total or now - self._progressed_at >= PROGRESS_SECONDS:
            self._progressed_at = now
            self.emit("stage_progressed", done=done, total=total, unit=unit)

    def reading(self, total: int) -> Callable[[int], None]:
        """Return what to call with each number of bytes that are read of `total`: reports it, and raises Stopped."""
        done = 0

        def on_bytes(count: int) -> None:
            nonlocal done
            done += count
            self.check_stop()
            self.progress(done, max(done, total), "bytes")

        return on_bytes

    def result(self, result: dict[str, Any], request: str | None = None) -> None:
        """Report a result, of a request if there are several."""
        named = {} if request is None else {"request": request}
        self.emit("result_made", result=result, **named)

    def commands(self) -> list[Command]:
        """Return the commands since the last call, polled every 100 ms; `stop` and `keep_training` are handled here.

        Raises StorageError if the job's folder is gone, since no result could be saved any more.
        """
        now = time.monotonic()
        if now - self._polled_at < POLL_SECONDS:
            return []
        self._polled_at = now
        commands = self.job.take_commands()
        if not commands and not self.job.folder.exists():
            raise StorageError(say(GONE, self.job.folder), GONE_HINT)
        names = {command["command"] for command in commands}
        if "stop" in names:
            self.stopping = True
        self._outlives = self._outlives or KEEP_TRAINING in names
        return [command for command in commands if command["command"] not in {"stop", KEEP_TRAINING}]

    def outlives_window(self) -> bool:
        """Return whether the window, before it went, asked the run to go on, whatever the recipe says."""
        return self._outlives or self.job.has_command(KEEP_TRAINING)

    def check_stop(self) -> None:
        """Raise Stopped if the job should stop. Other commands wait for `pending_commands`."""
        if self.stop_requested():
            raise Stopped

    def stop_requested(self) -> bool:
        """Poll for commands and return whether the job should stop; other commands wait for `pending_commands`."""
        self._pending += self.commands()
        return self.stopping

    def pending_commands(self) -> list[Command]:
        """Return the commands since the last call, with those that `check_stop` met."""
        commands, self._pending = self._pending + self.commands(), []
        return commands

    def newest(self, name: str) -> Iterator[Command]:
        """Yield commands of a name as they come, until `quit`; of those that wait the newest. Raises Stopped.

        What is edited asks with every key press, which makes the questions before it obsolete.
        """
        while True:
            self.check_stop()
            commands = self.pending_commands()
            if any(command["command"] == "quit" for command in commands):
                return
            asked = [command for command in commands if command["command"] == name]
            if asked:
                yield asked[-1]
            else:
                time.sleep(POLL_SECONDS / 2)


class SilentChannel(Channel):
    """The channel of a rank that computes for another one's job: it reports nothing and hears nothing."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.stopping = False

    def emit(self, event: str, **facts: Any) -> None:
        """Report nothing."""

    def progress(self, done: int, total: int, unit: str) -> None:
        """Report nothing."""

    def stop_requested(self) -> bool:
        """Return that it goes on: whether a run stops, rank 0 decides."""
        return False
