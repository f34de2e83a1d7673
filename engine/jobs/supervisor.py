"""Start a worker, follow its job's events, pass commands on, and turn its death into an outcome.

Used by the window's thread and by the command line alike. Knows nothing of Qt and nothing of what a job
computes.
"""

from __future__ import annotations

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

from engine.errors import OutOfMemoryError, WorkerError
from engine.jobs.event_schema import validated
from engine.jobs.events import READ_BYTES, Event, EventReader
from engine.jobs.exit_status import ExitRecord, WorkerExit
from engine.jobs.job import GONE, GONE_HINT, UNWRITTEN, Job
from engine.jobs.run_state import Outcome
from engine.jobs.worker_process import WarmWorker, launch, worker_command

POLL_SECONDS = 0.05
LOOK_SECONDS = 1.0
RECENT_LOOKS = 10
LITTLE_MEMORY = 0.05
# Where Linux counts the processes that it has killed for memory.
OUT_OF_MEMORY_COUNTS = (Path("/sys/fs/cgroup/memory.events"), Path("/proc/vmstat"))
# Less is as good as nothing: no checkpoint fits.
LITTLE_ROOM = 1 << 20
# Workers that were let go and may live on: a process that nobody refers to any longer would stay a zombie.
_LET_GO: list[subprocess.Popen[bytes]] = []
OUT_OF_MEMORY = OutOfMemoryError.__name__
LESS_MEMORY = "Choose a smaller micro-batch or base model."
FAULTS = ("SIGABRT", "SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGTRAP")


@dataclass(frozen=True)
class Ending:
    """How an attempt ended: the outcome, a sentence for people, and what helps to understand it.

    `kind` is the error's class, which is known of a worker that was killed for its memory too.
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
        return {"completed": 0, "stopped": 130, "failed": 1, "crashed": 1}[self.outcome]


class Supervisor:
    """One worker process and its job."""

    def __init__(
        self,
        job: Job,
        *,
        niced: bool = False,
        offline: bool = False,
        command: list[str] | None = None,
        warm_worker: WarmWorker | None = None,
    ) -> None:
        """Prepare; nothing is started yet.

        `niced` lowers the worker's priority, for windows that must stay fluent. `command` replaces the
        worker's program, for tests. `warm_worker` does the job if it can; it is this supervisor's, and ends with it.
        """
        self.job = job
        self._niced = niced
        self._offline = offline
        self._command = command or worker_command(job.folder)
        self._warm_worker = warm_worker
        self._process: subprocess.Popen[bytes] | None = None
        self._reader = EventReader(job.events_path)
        self._ended: Event | None = None
        self._attempt = 0
        self._accepted_pid: int | None = None
        self._accepted_attempt = 0
        self._seen_alive = self._forced = False
        self._memory = MemoryWatch()
        self._deaths = ExitRecord(job)

    def start(self) -> None:
        """Start the worker, or let the warm one take the job. Raises WorkerError if the system can't."""
        self._skip_earlier_attempts()
        self._deaths.begin(self._attempt + 1, self._memory.kills)
        _LET_GO[:] = [process for process in _LET_GO if process.poll() is None]
        self._process = self._warm_worker.assign(self.job) if self._warm_worker is not None else None
        if self._process is None:
            self._process = self._launched()

    def _launched(self) -> subprocess.Popen[bytes]:
        try:
            with self.job.log_path.open("ab") as log:
                return launch(self._command, log, self.job.folder, niced=self._niced, offline=self._offline)
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
        """Tell whether the worker lives, started here or found running."""
        found = self._process.poll() is None if self._process else self.job.is_running()
        self._seen_alive |= found
        return found

    def poll(self, max_bytes: int = READ_BYTES) -> list[Event]:
        """Return the events that came since the last call, up to `max_bytes` worth of them."""
        self._memory.look()
        events = list(map(validated, self._reader.read(max_bytes)))
        for event in events:
            if event["event"] == "job_accepted":
                # A later attempt's own: what an earlier one ended with says nothing of this one.
                self._ended, self._accepted_pid = None, event.get("pid")
                self._accepted_attempt = int(event.get("attempt", 1))
            elif event["event"] == "job_ended":
                self._ended = event
        return events

    def follow(
        self, every_seconds: float = POLL_SECONDS, tick: Callable[[], None] | None = None
    ) -> Iterator[Event]:
        """Yield events until the worker is gone; `tick` is called at every turn."""
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
        """Return how the attempt ended, once the worker is gone and its last events are read."""
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
        returncode = self._process.returncode if self._process else None
        if returncode == UNWRITTEN:
            message, hint = unwritten_text(self.job.folder)
            return Ending("crashed", message, hint, log_tail=self.job.log_tail())
        death = self._death(returncode)
        message, hint = exit_text(death.returncode, memory_ran_short=death.for_memory)
        kind = OUT_OF_MEMORY if death.for_memory else ""
        return Ending("crashed", message, hint, log_tail=self.job.log_tail(), kind=kind)

    def _death(self, returncode: int | None) -> WorkerExit:
        """Return how the worker died, and keep it: seen here, or told by who saw it, or by what was counted since."""
        if self._process is not None:
            attempt = self._attempt + 1
            death = WorkerExit(returncode, was_killed(returncode) and self._lacked_memory())
        elif self._seen_alive:
            attempt, death = self._accepted_attempt, WorkerExit(None, self._lacked_memory())
        else:
            attempt = self._accepted_attempt
            death = self._deaths.find(attempt, out_of_memory_kills())
        self._deaths.keep(attempt, death)
        return death

    def _lacked_memory(self) -> bool:
        return not self._forced and self._memory.ran_short()

    def send(self, command: str, **arguments: object) -> None:
        """Leave a command for the worker."""
        self.job.send(command, **arguments)

    def force(self) -> None:
        """Kill the worker and whatever it started, at once; one found running is known by its events."""
        pid = self.pid or self._accepted_pid
        if pid is None or not self.alive():
            return
        self._forced = True
        if os.name == "nt":
            os.kill(pid, signal.SIGTERM)
        else:
            # It may end by itself in this very moment.
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def close(self) -> None:
        """End what a worker that is gone left running (it keeps memory and devices); close its stdin."""
        self.leave()
        if self._process is not None and os.name != "nt":
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def leave(self) -> None:
        """Let go of a worker that goes on alone: closing its stdin tells it that the window is gone."""
        if self._warm_worker is not None:
            self._warm_worker.end()
        if self._process and self._process.stdin:
            self._process.stdin.close()
        if self._process and self._process.poll() is None:
            _LET_GO.append(self._process)


class MemoryWatch:
    """Whether memory ran short while a worker lived: asked after its death, it is free again.

    The kernel counts the processes that it killed for memory; where it does not, what was free is looked at
    while the worker is followed.
    """

    def __init__(self) -> None:
        self.kills = out_of_memory_kills()
        self._looked_at = -math.inf
        self._shares: deque[float] = deque(maxlen=RECENT_LOOKS)

    def look(self) -> None:
        """See how much memory is free; cheap, and at most once a second."""
        now = time.monotonic()
        if now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            self._shares.append(_available_share())

    def ran_short(self) -> bool:
        """Tell whether something was killed for memory, or little was free at the last looks."""
        return out_of_memory_kills() > self.kills or min(self._shares, default=1.0) < LITTLE_MEMORY


def _available_share() -> float:
    import psutil

    memory = psutil.virtual_memory()
    return float(memory.available / memory.total)


def out_of_memory_kills() -> int:
    """Return how many processes were killed for memory so far, in this container and on this computer; 0 if unknown."""
    return sum(map(_count_in, OUT_OF_MEMORY_COUNTS))


def _count_in(path: Path) -> int:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))


def was_killed(returncode: int | None) -> bool:
    """Tell whether a process ended by SIGKILL, the system's way with one that takes too much memory."""
    return returncode is not None and returncode < 0 and _signal_name(-returncode) == "SIGKILL"


def exit_text(returncode: int | None, *, memory_ran_short: bool = False) -> tuple[str, str]:
    """Return message and hint for a worker that went without a word."""
    if returncode is None and memory_ran_short:
        return "The worker is gone without a word, and memory ran short meanwhile.", LESS_MEMORY
    if returncode is None:
        return "The worker is gone without a word.", "Resume goes on from the last checkpoint."
    if returncode >= 0:
        return (
            f"The worker ended with exit code {returncode} without a word.",
            "Its last log lines are below.",
        )
    name = _signal_name(-returncode)
    if memory_ran_short and was_killed(returncode):
        return "The worker was killed (SIGKILL), probably out of memory.", LESS_MEMORY
    if name in FAULTS:
        return f"A fault in a library ended the worker ({name}).", "Its last log lines are below."
    return f"The worker was ended from outside ({name}).", "Resume goes on from the last checkpoint."


def unwritten_text(folder: Path) -> tuple[str, str]:
    """Return message and hint for a worker that could not write its last words into its job's folder."""
    message, hint = "The events can't be written any more", "Resume goes on from the last checkpoint."
    try:
        disk = os.statvfs(folder)
    except (OSError, AttributeError):
        return f"{message}.", f"Check the disk. {hint}"
    if disk.f_flag & os.ST_RDONLY:
        return f"{message}: the disk is read-only.", f"Let it be written again. {hint}"
    if disk.f_bavail * disk.f_frsize < LITTLE_ROOM:
        return f"{message}: the disk is full.", f"Free some space. {hint}"
    return f"{message}.", f"Check the disk. {hint}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
