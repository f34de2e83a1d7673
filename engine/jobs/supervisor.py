"""Starts a worker, follows its job's events, sends commands, and turns its exit into an outcome.

Used by the window's thread and by the command line. Knows nothing of Qt and nothing of what a job computes.
"""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import OutOfMemoryError, WorkerError
from engine.jobs.event_schema import validated
from engine.jobs.events import READ_BYTES, Event, EventReader
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
from engine.messages import say
from engine.system import processes
from engine.system.foreign_files import FileKind, read_json, read_text

POLL_SECONDS = 0.05
MEMORY_POLL_SECONDS = 1.0
RECENT_POLLS = 10
LOW_MEMORY_FRACTION = 0.05
# With less, the disk counts as full: no checkpoint fits.
FULL_DISK_BYTES = 1 << 20
# Workers that continue alone: without a reference they would become zombies.
_DETACHED: list[subprocess.Popen[bytes]] = []
OUT_OF_MEMORY = OutOfMemoryError.__name__
LESS_MEMORY = "Choose a smaller micro-batch or base model."
FAULTS = ("SIGABRT", "SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGTRAP")
EXIT_FILE = "death.json"
# Linux counts from zero at every boot.
BOOT = Path("/proc/sys/kernel/random/boot_id")


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


# The notice for the second of two that resume a job at once.
SECOND = "Started elsewhere; following it from here."


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
        """Prepare without starting anything.

        `niced` lowers the worker's priority, for windows that must stay responsive. `command` replaces the worker's
        program in tests. `warm_worker` takes the job if it can; it belongs to this supervisor and ends with it.
        """
        self.job = job
        self._niced = niced
        self._command = command
        self._warm_worker = warm_worker
        self.process: subprocess.Popen[bytes] | None = None
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

        May take seconds, to find a free GPU.
        """
        self._reader = EventReader(self.job.events_path, rotates=self.job.is_service())
        self._skip_earlier_attempts()
        self._exit_record.begin(self._attempt + 1, self._memory.kills)
        _DETACHED[:] = [process for process in _DETACHED if process.poll() is None]
        command, cards = own_command(self.job)
        if self.job.is_bridged():
            command = bridge_command(self.job.folder)
        elif self._warm_worker is not None and command == worker_command(self.job.folder):
            self.process = self._warm_worker.assign(self.job, cards)
            if self.process is not None:
                return
            self._warm_worker.end()
        try:
            with self.job.open_log() as log:
                self.process = launch(
                    self._command or command, log, self.job.folder, cards, niced=self._niced
                )
        except OSError as error:
            raise WorkerError(say("The worker can't be started: {}.", error)) from error

    def _skip_earlier_attempts(self) -> None:
        self._attempt = self.job.last_attempt()
        while self._reader.read():
            pass

    @property
    def pid(self) -> int | None:
        """The worker's process id, if this supervisor started it."""
        return self.process.pid if self.process else None

    def alive(self) -> bool:
        """Tell whether the worker runs, started here or found running."""
        if self.process and self.process.poll() == ALREADY_RUNNING:
            # Another worker was faster: follow its attempt instead.
            self.process, self._is_second = None, True
        is_alive = self.process.poll() is None if self.process else self.job.is_running()
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
                here = this_process().place
                is_here = event.get("place", here) == here
                # On another node that shares the folder, or in a container, the id is another process's.
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
            return Ending("crashed", say(GONE, self.job.folder), GONE_HINT)
        sent_to = self.job.sent_to()
        if sent_to is not None:
            return Ending("away", say("It continues at {}.", sent_to.computer), "Resume follows it again.")
        returncode = self.process.returncode if self.process else None
        if returncode == EVENTS_UNWRITTEN:
            message, hint = unwritten_text(self.job)
            return Ending("crashed", message, hint, log_tail=self.job.log_tail())
        worker_exit = self._worker_exit(returncode)
        message, hint = exit_text(
            worker_exit.returncode, self.job.resume_hint(), memory_ran_short=worker_exit.for_memory
        )
        kind = OUT_OF_MEMORY if worker_exit.for_memory else ""
        return Ending("crashed", message, hint, log_tail=self.job.log_tail(), kind=kind)

    def _worker_exit(self, returncode: int | None) -> WorkerExit:
        """Return and save how the worker ended: observed here, stored earlier, or inferred from the kernel's counts."""
        if self.process is not None:
            attempt = self._attempt + 1
            worker_exit = WorkerExit(returncode, was_killed(returncode) and self._lacked_memory())
        elif self._seen_alive:
            attempt, worker_exit = self._accepted_attempt, WorkerExit(None, self._lacked_memory())
        else:
            attempt = self._accepted_attempt
            worker_exit = self._exit_record.find(attempt, processes.memory_kills())
        self._exit_record.save(attempt, worker_exit)
        return worker_exit

    def _lacked_memory(self) -> bool:
        return not self._forced and self._memory.ran_short()

    def send(self, command: str, **arguments: object) -> None:
        """Leave a command for the worker."""
        self.job.send(command, **arguments)

    def force(self) -> None:
        """Kill the worker and its children at once; one that was found running, only if it runs on this computer."""
        pid = self.pid or self._accepted_pid
        if pid is None or not self.alive():
            return
        self._forced = True
        kill_all(pid)
        if self.process is not None:
            self.process.wait()

    def close(self) -> None:
        """Kill what an ended worker left running, which would hold memory and GPUs; close its stdin."""
        self.detach()
        if self.process is not None and os.name != "nt":
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def detach(self) -> None:
        """Let a worker continue alone: closing its stdin tells it that the window is gone."""
        if self._warm_worker is not None:
            self._warm_worker.end()
        if self.process and self.process.stdin:
            self.process.stdin.close()
        if self.process and self.process.poll() is None:
            _DETACHED.append(self.process)


class MemoryWatch:
    """Tells whether memory ran short while a worker lived.

    Linux counts the processes that it killed for lack of memory. Elsewhere the available memory is polled while the
    worker is followed, since it is free again afterwards.
    """

    def __init__(self) -> None:
        self.kills = processes.memory_kills()
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
        return (
            processes.memory_kills() > self.kills or min(self._fractions, default=1.0) < LOW_MEMORY_FRACTION
        )


def _available_fraction() -> float:
    import psutil

    memory = psutil.virtual_memory()
    return float(memory.available / memory.total)


def was_killed(returncode: int | None) -> bool:
    """Tell whether a process ended by SIGKILL, which the system sends if memory runs out."""
    return returncode is not None and returncode < 0 and _signal_name(-returncode) == "SIGKILL"


def exit_text(returncode: int | None, resume: str, *, memory_ran_short: bool = False) -> tuple[str, str]:
    """Return message and hint, with how to `resume`, for a worker that ended without its last event."""
    if returncode is None and memory_ran_short:
        return "The worker ended while memory was short.", LESS_MEMORY
    if returncode is None:
        return "The worker ended unexpectedly.", resume
    if returncode >= 0:
        return say("The worker ended with exit code {}.", returncode), "Its last log lines:"
    name = _signal_name(-returncode)
    if memory_ran_short and was_killed(returncode):
        return "The worker was killed, probably out of memory.", LESS_MEMORY
    if name in FAULTS:
        return say("A library crashed the worker ({}).", name), "Its last log lines:"
    return say("The worker was ended from outside ({}).", name), resume


def unwritten_text(job: Job) -> tuple[str, str]:
    """Return message and hint for a worker that could not write its last event."""
    message, resume = "Events can't be written.", job.resume_hint()
    try:
        disk = os.statvfs(job.folder)
    except (OSError, AttributeError):
        return message, say("Check the disk. {}", resume)
    if disk.f_flag & os.ST_RDONLY:
        return "Events can't be written: the disk is read-only.", say("Make it writable. {}", resume)
    if disk.f_bavail * disk.f_frsize < FULL_DISK_BYTES:
        return "Events can't be written: the disk is full.", say("Free some space. {}", resume)
    return message, say("Check the disk. {}", resume)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return say("signal {}", number)


@dataclass(frozen=True)
class WorkerExit:
    """The exit code, None if it was not observed, and whether the worker was killed for lack of memory."""

    returncode: int | None = None
    for_memory: bool = False


class ExitRecord:
    """The exit of the latest attempt, stored beside its job for whoever opens the job later.

    `kills` is the number of processes killed for lack of memory so far.
    """

    def __init__(self, job: Job) -> None:
        self._path = job.folder / EXIT_FILE

    def begin(self, attempt: int, kills: int) -> None:
        """Save the count from which an unobserved exit can be inferred."""
        self._write({"attempt": attempt, "kills": kills, "boot": _boot()})

    def save(self, attempt: int, worker_exit: WorkerExit) -> None:
        self._write(
            {"attempt": attempt, "returncode": worker_exit.returncode, "for_memory": worker_exit.for_memory}
        )

    def find(self, attempt: int, kills: int) -> WorkerExit:
        """Return what is known of an attempt's exit.

        If it was not observed, but some process was killed for lack of memory since the attempt began, it was for
        memory: the worker uses the most.
        """
        try:
            stored = read_json(self._path, FileKind.JOB)
        except (OSError, ValueError):
            return WorkerExit()
        if not isinstance(stored, dict) or stored.get("attempt") != attempt:
            return WorkerExit()
        if "for_memory" in stored:
            code = stored.get("returncode")
            return WorkerExit(code if isinstance(code, int) else None, stored["for_memory"] is True)
        before = stored.get("kills")
        return WorkerExit(None, isinstance(before, int) and stored.get("boot") == _boot() and kills > before)

    def _write(self, stored: dict[str, Any]) -> None:
        # Without the file the exit has no reason later.
        with suppress(OSError):
            self._path.write_text(json.dumps(stored), encoding="utf-8")


def _boot() -> str:
    """Return what has to agree for two counts to be comparable: the boot, and the file they were read from."""
    with suppress(OSError):
        return f"{read_text(BOOT, FileKind.JOB).strip()} {processes.kill_count_source()}"
    return ""
