"""Follows runs at a cluster: sends what is not there yet, and brings back events and results.

A lost connection is made again, also to a restarted cluster, and a run that the cluster no longer knows is sent again.
Of an arena all entries are sent at once and followed by one process, which passes on what changes here meanwhile:
entries added or removed, and the pause of the queue.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from engine.arena import Arena, Reader, jobs_of, open_arena, why_not
from engine.arena.entry_status import OPEN
from engine.cluster.connection import connected
from engine.cluster.sent_run import SentRun
from engine.cluster.store_client import JobStoreClient
from engine.computers.computer import Computer
from engine.errors import AppError, ComputerError, WorkerError
from engine.jobs.job import Job, failure
from engine.messages import say
from engine.runs import run_store

POLL_SECONDS = 0.3
RETRY_SECONDS = 3.0
# Then the user can resume.
LOST_SECONDS = 900.0

LOOK_SECONDS = 2.0
# Appends an event of the arena's job: its name and facts.
Emit = Callable[..., object]
Facts = dict[str, Any]


class Following:
    """Runs at one computer, followed until all have ended."""

    def __init__(self, computer: Computer, runs: dict[str, SentRun], cards: int = 1) -> None:
        """Each run asks for `cards` GPUs of one node."""
        self._computer = computer
        self._runs = runs
        self._cards = cards
        self._lost_at: float | None = None
        # Runs that the cluster lost; it has not told of them since.
        self._sent_again = set[str]()

    def open(self) -> list[SentRun]:
        """Return the runs that have not ended."""
        return [run for run in self._runs.values() if not run.ended]

    def look(self, job_store: JobStoreClient) -> None:
        """Pass commands on; called in every round."""
        for run in self.open():
            if run.is_open:
                run.pass_commands_on(job_store)

    def failed(self, run: SentRun, error: AppError) -> None:
        """Handle a failure to send a run."""
        raise error

    def took(self, run: SentRun, told: Facts) -> None:
        """Handle what the cluster told of a run, after its events were taken over."""

    def tell(self, message: str, hint: str = "", level: str = "notice") -> None:
        """Show a notice."""
        for run in self.open():
            run.notice(message, hint, level)

    def work(self) -> None:
        """Follow the runs to their ends.

        Raises AppError; ComputerError if there is no connection before anything was sent, or none for long.
        """
        while True:
            try:
                with connected(self._computer) as job_store:
                    # What was sent waits there for its GPUs.
                    if self._cards > 1 and not any(run.is_sent for run in self._runs.values()):
                        job_store.offer().require(self._cards, self._computer.name)
                    self.follow(job_store)
            except ComputerError as error:
                now, has_sent = time.monotonic(), any(run.is_sent for run in self.open())
                if has_sent and self._lost_at is None:
                    self._lost_at = now
                    hint = say("The work continues at {}. Trying to reconnect.", self._computer.name)
                    self.tell(error.message, hint, "warning")
                if self._lost_at is None or now - self._lost_at > LOST_SECONDS:
                    raise
                time.sleep(RETRY_SECONDS)
            else:
                return

    def follow(self, job_store: JobStoreClient) -> None:
        while True:
            self.look(job_store)
            self.send(job_store)
            if not self.open():
                return
            is_new = self.exchange(job_store)
            if self._lost_at is not None:
                # Not before: a cluster that never answers properly would be tried for ever.
                self._lost_at = None
                self.tell(say("Reconnected to {}.", self._computer.name))
            if not is_new:
                time.sleep(POLL_SECONDS)

    def send(self, job_store: JobStoreClient) -> None:
        """Send the runs that were not sent yet, or that the cluster lost."""
        for run in self.open():
            if run.is_sent:
                continue
            try:
                run.emit("stage_entered", stage="send")
                run.send(job_store, self._computer, self._cards)
            except ComputerError as error:
                # An error without a field is a lost connection.
                if error.field is None:
                    raise
                self.failed(run, error)
            except AppError as error:
                self.failed(run, error)

    def exchange(self, job_store: JobStoreClient) -> bool:
        """Take over new events; return whether there were any."""
        runs = {run.entry_id: run for run in self.open()}
        told = job_store.poll({entry_id: run.offset for entry_id, run in runs.items()})
        is_new = False
        for entry_id, run in runs.items():
            if entry_id not in told:
                if entry_id in self._sent_again:
                    raise ComputerError(say("{} no longer has {}.", self._computer.name, run.job.id))
                self._sent_again.add(entry_id)
                run.job.note_back()
                run.is_sent, run.offset, is_new = False, 0, True
                run.notice(say("{} no longer has the run; it is sent again.", self._computer.name))
                continue
            self._sent_again.discard(entry_id)
            try:
                is_new |= run.take(job_store, told[entry_id])
            except WorkerError:
                # Another process on this computer follows it.
                run.ended = is_new = True
            else:
                self.took(run, told[entry_id])
        return is_new


class ArenaFollowing(Following):
    """The runs of an arena's entries at one computer."""

    def __init__(self, computer: Computer, arena: Arena, job: Job, emit: Emit, cards: int = 1) -> None:
        """`job` is the arena's, which takes commands."""
        super().__init__(computer, {}, cards)
        self._arena = arena
        self._job = job
        self._emit = emit
        self._reader = Reader()
        self._told: dict[str, str] = {}
        self._looked_at: float | None = None
        self._is_paused = False
        self._to_stop: list[SentRun] = []
        self.is_stopped = False

    def look(self, job_store: JobStoreClient) -> None:
        """Pass a stop on, and every two seconds what has changed in the arena."""
        if any(command["command"] == "stop" for command in self._job.take_commands()):
            self.is_stopped, self._to_stop = True, self.open()
        while self._to_stop:
            self._command(job_store, self._to_stop[:1], "stop")
            # Not before: if the connection is lost, the others are stopped later.
            del self._to_stop[0]
        super().look(job_store)
        now = time.monotonic()
        if self._looked_at is not None and now - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = now
        self._arena = open_arena(self._arena.folder)
        if not self.is_stopped:
            self._take_up_new()
        self._pass_changes_on(job_store)

    def _take_up_new(self) -> None:
        """Follow entries that are open and not at another computer. Raises AppError."""
        statuses = [
            status
            for status in self._reader.read(self._arena)
            if status.state in OPEN and status.entry.id not in self._runs
        ]
        for entry_id, job in jobs_of(self._arena, statuses, self._computer.name).items():
            sent = job.sent_to()
            if sent is None or sent.computer == self._computer.name:
                if sent is None:
                    run_store.move_to(job, self._computer.name, self._cards)
                self._runs[entry_id] = SentRun(job)

    def _pass_changes_on(self, job_store: JobStoreClient) -> None:
        ids = {entry.id for entry in self._arena.entries}
        open_runs = {entry_id: run for entry_id, run in self._runs.items() if not run.ended and run.is_sent}
        self._command(job_store, [run for entry_id, run in open_runs.items() if entry_id not in ids], "stop")
        if self._arena.paused != self._is_paused:
            waiting = [run for run in open_runs.values() if self._told.get(run.entry_id) != "running"]
            self._command(job_store, waiting, "pause" if self._arena.paused else "continue")
            self._is_paused = self._arena.paused

    def _command(self, job_store: JobStoreClient, runs: list[SentRun], command: str) -> None:
        for run in runs:
            job_store.command(run.entry_id, {"command": command})

    def failed(self, run: SentRun, error: AppError) -> None:
        """End the run of an entry that can't be sent; the others continue."""
        run.emit("job_ended", **failure(error, run.job.log_path))
        run.ended = True
        run.rest()
        self.tell(why_not(error), level="warning")

    def took(self, run: SentRun, told: Facts) -> None:
        """Say when an entry starts and ends; only runs that are running keep their folders open."""
        before, now = self._told.get(run.entry_id, ""), "ended" if run.ended else str(told["state"])
        self._told[run.entry_id] = now
        if now != "running":
            run.rest()
        if now != before and now in {"running", "ended"}:
            name = "entry_started" if now == "running" else "entry_ended"
            entry_id = next(entry_id for entry_id, each in self._runs.items() if each is run)
            self._emit(name, entry=entry_id, run=run.job.id, outcome=run.outcome)

    def tell(self, message: str, hint: str = "", level: str = "notice") -> None:
        """Show a notice in the arena's job."""
        self._emit("notice", message=message, hint=hint, level=level)
