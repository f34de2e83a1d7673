"""Starts a worker, follows its job's events, sends commands, and turns its exit into an outcome.

Used by the window's thread and by the command line. Knows nothing of Qt and nothing of what a job computes.
"""

from __future__ import annotations

import math
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine.errors import OutOfMemoryError, WorkerError
from engine.jobs import sent_job
from engine.jobs.event_schema import validated
from engine.jobs.events import READ_BYTES, Event, EventReader
from engine.jobs.exit_status import ExitRecord, WorkerExit
from engine.jobs.job import ALREADY_RUNNING, EVENTS_UNWRITTEN, GONE, GONE_HINT, Job, this_process
from engine.jobs.run_state import Outcome
from engine.jobs.worker_process import (
    WarmWorker,
    bridge_command,
    kill_all,
    launch,
    own_command,
    worker_command,
)
from engine.system import memory_kills

POLL_SECONDS = 0.05
MEMORY_POLL_SECONDS = 1.0
RECENT_POLLS = 10
LOW_MEMORY_FRACTION = 0.05
# With less, the disk is full: no checkpoint fits.
FULL_DISK_BYTES = 1 << 20
# Workers that go on alone: a process without a reference would stay a zombie.
_DETACHED: list[subprocess.Popen[bytes]] = []
OUT_OF_MEMORY = OutOfMemoryError.__name__
LESS_MEMORY = "Choose a smaller micro-batch or base model."
RESUME = "Resume continues from the last checkpoint."
FAULTS = ("SIGABRT", "SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGTRAP")


@dataclass(frozen=True)
class Ending:
    """How an attempt ended: the outcome, a message, a hint, and the end of the log.

    `kind` is the class of the error, also of a worker that was killed for lack of memory.
    """

    outcome: Outcome
    message: str = ""
    hint: str = ""
    field: str | None = None
    log_tail: str = ""
    event: Event | None = None
    kind: str = ""

    @property
    def exit_code(self) -> int:
        """The command line's exit code for this ending."""
        if self.outcome == "failed" and self.event and self.event.get("kind") == "RecipeError":
            return 2
        return {"completed": 0, "stopped": 130, "failed": 1, "crashed": 1, "away": 130}[self.outcome]


# What is said to who resumed a job as another one did.
SECOND = "This run is going on already, started elsewhere. It is followed from here."


class Supervisor:
    """One worker process and its job."""

    def __init__(
        self,
        job: Job,
        *,
        niced: bool = False,
        command: list[str] | None = None,
        warm_worker: WarmWorker | None = None,
    ) -> None:
        """Prepare; nothing is started yet.

        `niced` lowers the worker's priority, for windows that must stay responsive. `command` replaces the worker's
        program in tests. `warm_worker` does the job if it can; it belongs to this supervisor and ends with it.
        """
        self.job = job
        self._niced = niced
        self._command = command
        self._warm_worker = warm_worker
        self._process: subprocess.Popen[bytes] | None = None
        self._reader = EventReader(job.events_path)
        self._ended: Event | None = None
        self._attempt = 0
        self._accepted_pid: int | None = None
        self._accepted_attempt = 0
        self._seen_alive = self._forced = self._is_second = False
        self._memory = MemoryWatch()
        self._exit_record = ExitRecord(job)

    def start(self) -> None:
        """Start the worker, or give the job to the warm one. Raises WorkerError if the system can't.

        Takes seconds where graphics cards are asked which of them is free.
        """
        self._reader = EventReader(self.job.events_path, rotates=self.job.is_service())
        self._skip_earlier_attempts()
        self._exit_record.begin(self._attempt + 1, self._memory.kills)
        _DETACHED[:] = [process for process in _DETACHED if process.poll() is None]
        command, cards = own_command(self.job)
        takes_one = command == worker_command(self.job.folder)
        warm = self._process_of_warm_worker(cards) if takes_one else None
        self._process = warm or self._launched(command, cards)

    def _process_of_warm_worker(self, cards: Mapping[str, str]) -> subprocess.Popen[bytes] | None:
        """Return the process of the warm worker, which has the job now; end it if it can't take the job."""
        if self._warm_worker is None or self.job.is_bridged():
            return None
        process = self._warm_worker.assign(self.job, cards)
        if process is None:
            self._warm_worker.end()
        return process

    def _launched(self, own: list[str], cards: Mapping[str, str]) -> subprocess.Popen[bytes]:
        bridged = bridge_command(self.job.folder) if self.job.is_bridged() else own
        command = self._command or bridged
        try:
            with self.job.open_log() as log:
                return launch(command, log, self.job.folder, cards, niced=self._niced)
        except OSError as error:
            raise WorkerError(f"The worker can't be started: {error}.") from error

    def _skip_earlier_attempts(self) -> None:
        self._attempt = self.job.last_attempt()
        while self._reader.read():
            pass

    @property
    def pid(self) -> int | None:
        """The worker's process id, if this supervisor started it."""
        return self._process.pid if self._process else None

    def alive(self) -> bool:
        """Tell whether the worker runs, started here or found running."""
        if self._process and self._process.poll() == ALREADY_RUNNING:
            # Another process's worker was faster: its attempt is followed instead.
            self._process, self._is_second = None, True
        is_alive = self._process.poll() is None if self._process else self.job.is_running()
        self._seen_alive |= is_alive
        return is_alive

    def poll(self, max_bytes: int = READ_BYTES) -> list[Event]:
        """Return the events since the last call, up to `max_bytes` of them."""
        self._memory.poll()
        events = list(map(validated, self._reader.read(max_bytes)))
        if self._is_second:
            self._is_second = False
            events.append({"event": "notice", "message": SECOND, "hint": "", "level": "notice"})
        for event in events:
            if event["event"] == "job_accepted":
                # The end of an earlier attempt is not the end of this one.
                here = this_process().place
                is_here = event.get("place", here) == here
                # Elsewhere the id is another process's: on a node that shares the folder, or in a container.
                self._ended, self._accepted_pid = None, event.get("pid") if is_here else None
                self._accepted_attempt = int(event.get("attempt", 1))
            elif event["event"] == "job_ended":
                self._ended = event
        return events

    def follow(
        self, every_seconds: float = POLL_SECONDS, tick: Callable[[], None] | None = None
    ) -> Iterator[Event]:
        """Yield events until the worker has ended; `tick` is called in every turn."""
        while True:
            alive = self.alive()
            events = self.poll()
            yield from events
            if not events and not alive:
                return
            if tick:
                tick()
            if not events:
                time.sleep(every_seconds)

    def ending(self) -> Ending:
        """Return how the attempt ended, once the worker has ended and its last events are read."""
        event = self._ended
        if event is not None and int(event.get("attempt", 1)) > self._attempt:
            return Ending(
                event["outcome"],
                event.get("message", ""),
                event.get("hint", ""),
                event.get("field"),
                self.job.log_tail() if event["outcome"] == "failed" else "",
                event,
                event.get("kind") or "",
            )
        if not self.job.folder.exists():
            return Ending("crashed", GONE.format(folder=self.job.folder), GONE_HINT)
        sent_to = sent_job.read(self.job)
        if sent_to is not None:
            return Ending("away", f"It goes on at {sent_to.computer}.", "Resume follows it again.")
        returncode = self._process.returncode if self._process else None
        if returncode == EVENTS_UNWRITTEN:
            message, hint = unwritten_text(self.job.folder)
            return Ending("crashed", message, hint, log_tail=self.job.log_tail())
        worker_exit = self._worker_exit(returncode)
        message, hint = exit_text(worker_exit.returncode, memory_ran_short=worker_exit.for_memory)
        kind = OUT_OF_MEMORY if worker_exit.for_memory else ""
        return Ending("crashed", message, hint, log_tail=self.job.log_tail(), kind=kind)

    def _worker_exit(self, returncode: int | None) -> WorkerExit:
        """Return and save how the worker ended: as observed here, as stored, or as judged by the kernel's counts."""
        if self._process is not None:
            attempt = self._attempt + 1
            worker_exit = WorkerExit(returncode, was_killed(returncode) and self._lacked_memory())
        elif self._seen_alive:
            attempt, worker_exit = self._accepted_attempt, WorkerExit(None, self._lacked_memory())
        else:
            attempt = self._accepted_attempt
            worker_exit = self._exit_record.find(attempt, memory_kills.count())
        self._exit_record.save(attempt, worker_exit)
        return worker_exit

    def _lacked_memory(self) -> bool:
        return not self._forced and self._memory.ran_short()

    def send(self, command: str, **arguments: object) -> None:
        """Leave a command for the worker."""
        self.job.send(command, **arguments)

    def force(self) -> None:
        """Kill the worker and its children at once; of one found running, its id is in the events if it runs here."""
        pid = self.pid or self._accepted_pid
        if pid is None or not self.alive():
            return
        self._forced = True
        kill_all(pid)
        if self._process is not None:
            self._process.wait()

    def close(self) -> None:
        """Kill what an ended worker left running, which would hold memory and devices; close its stdin."""
        self.detach()
        if self._process is not None and os.name != "nt":
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def detach(self) -> None:
        """Detach a worker that goes on alone: closing its stdin tells it that the window is gone."""
        if self._warm_worker is not None:
            self._warm_worker.end()
        if self._process and self._process.stdin:
            self._process.stdin.close()
        if self._process and self._process.poll() is None:
            _DETACHED.append(self._process)


class MemoryWatch:
    """Watches whether memory runs short while a worker lives, since it is free again afterwards.

    The kernel counts the processes that it killed for lack of memory. Where it does not, the available memory is
    polled while the worker is followed.
    """

    def __init__(self) -> None:
        self.kills = memory_kills.count()
        self._polled_at = -math.inf
        self._fractions: deque[float] = deque(maxlen=RECENT_POLLS)

    def poll(self) -> None:
        """Record how much memory is available, at most once a second."""
        now = time.monotonic()
        if now - self._polled_at >= MEMORY_POLL_SECONDS:
            self._polled_at = now
            self._fractions.append(_available_fraction())

    def ran_short(self) -> bool:
        """Tell whether a process was killed for lack of memory, or little was available at the last polls."""
        return memory_kills.count() > self.kills or min(self._fractions, default=1.0) < LOW_MEMORY_FRACTION


def _available_fraction() -> float:
    import psutil

    memory = psutil.virtual_memory()
    return float(memory.available / memory.total)


def was_killed(returncode: int | None) -> bool:
    """Tell whether a process ended by SIGKILL, which the system sends if memory runs out."""
    return returncode is not None and returncode < 0 and _signal_name(-returncode) == "SIGKILL"


def exit_text(returncode: int | None, *, memory_ran_short: bool = False) -> tuple[str, str]:
    """Return message and hint for a worker that ended without its last event."""
    if returncode is None and memory_ran_short:
        return "The worker ended unexpectedly while memory was short.", LESS_MEMORY
    if returncode is None:
        return "The worker ended unexpectedly.", RESUME
    if returncode >= 0:
        return f"The worker ended unexpectedly with exit code {returncode}.", "Its last log lines are below."
    name = _signal_name(-returncode)
    if memory_ran_short and was_killed(returncode):
        return "The worker was killed (SIGKILL), probably out of memory.", LESS_MEMORY
    if name in FAULTS:
        return f"A library crashed the worker ({name}).", "Its last log lines are below."
    return f"The worker was ended from outside ({name}).", RESUME


def unwritten_text(folder: Path) -> tuple[str, str]:
    """Return message and hint for a worker that could not write its last event."""
    message = "The events can no longer be written"
    try:
        disk = os.statvfs(folder)
    except (OSError, AttributeError):
        return f"{message}.", f"Check the disk. {RESUME}"
    if disk.f_flag & os.ST_RDONLY:
        return f"{message}: the disk is read-only.", f"Make it writable. {RESUME}"
    if disk.f_bavail * disk.f_frsize < FULL_DISK_BYTES:
        return f"{message}: the disk is full.", f"Free some space. {RESUME}"
    return f"{message}.", f"Check the disk. {RESUME}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
