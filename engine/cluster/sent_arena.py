"""The entries of an arena that a cluster works: all are sent at once, and followed by one process.

What is changed here while they are followed is passed on: entries that are added, removed or moved, and the pause of
the queue. Knows nothing of results.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from engine.arena import Arena, Reader, jobs_of, open_arena, why_not
from engine.arena.entry_status import OPEN
from engine.cluster.following import Facts, Following
from engine.cluster.places import cards_of
from engine.cluster.sent_run import SentRun
from engine.cluster.store_client import JobStoreClient
from engine.computers import store
from engine.computers.computer import Computer
from engine.errors import AppError
from engine.jobs import sent_job
from engine.jobs.job import Job
from engine.runs import run_store

LOOK_SECONDS = 2.0
# Appends an event of the arena's job: its name and facts.
Emit = Callable[..., object]


class ArenaFollowing(Following):
    """The runs of an arena's entries at one computer."""

    def __init__(self, computer: Computer, arena: Arena, job: Job, emit: Emit, asked: Facts) -> None:
        """`job` is the arena's own, which takes commands; `asked` is what each entry asks of the cluster."""
        group = f"{arena.id}-{store.desk_id()}"
        super().__init__(computer, {}, asked | {"group": group}, cards_of(asked.get("demand")))
        self._arena = arena
        self._job = job
        self._emit = emit
        self._reader = Reader()
        self._told: dict[str, str] = {}
        self._priorities: dict[str, int] = {}
        self._looked_at: float | None = None
        self._is_paused = False
        self._to_stop: list[SentRun] = []
        self.is_stopped = False

    def look(self, job_store: JobStoreClient) -> None:
        """Pass a wish to stop on, and every other second what has changed in the arena."""
        if any(command["command"] == "stop" for command in self._job.take_commands()):
            self.is_stopped, self._to_stop = True, self.open()
        while self._to_stop:
            self._command(job_store, self._to_stop[:1], "stop")
            # Not before: where the connection is lost, the others are stopped later.
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
        """Take up entries that are open and not at another computer. Raises AppError."""
        statuses = [
            status
            for status in self._reader.read(self._arena)
            if status.state in OPEN and status.entry.id not in self._runs
        ]
        for entry_id, job in jobs_of(self._arena, statuses, self._computer.name).items():
            sent = sent_job.read(job)
            if sent is None or sent.computer == self._computer.name:
                if sent is None:
                    run_store.move_to(job, self._computer.name, cards_of(self._asked.get("demand")))
                self._runs[entry_id] = SentRun(job)

    def _pass_changes_on(self, job_store: JobStoreClient) -> None:
        order = {entry.id: -index for index, entry in enumerate(self._arena.entries)}
        open_runs = {entry_id: run for entry_id, run in self._runs.items() if not run.ended and run.is_sent}
        self._command(
            job_store, [run for entry_id, run in open_runs.items() if entry_id not in order], "stop"
        )
        priorities = {run.entry_id: order.get(entry_id, 0) for entry_id, run in open_runs.items()}
        if priorities != self._priorities:
            job_store.prioritize(priorities)
            self._priorities = priorities
        if self._arena.paused != self._is_paused:
            waiting = [run for run in open_runs.values() if self._told.get(run.entry_id) != "running"]
            self._command(job_store, waiting, "pause" if self._arena.paused else "continue")
            self._is_paused = self._arena.paused

    def _command(self, job_store: JobStoreClient, runs: list[SentRun], command: str) -> None:
        for run in runs:
            job_store.command(run.entry_id, {"command": command})

    def asked(self, run: SentRun) -> Facts:
        """Return what an entry asks of the cluster: a place in the arena's order, and not too many at once."""
        ids = [entry.id for entry in self._arena.entries]
        return self._asked | {"priority": -ids.index(self._entry_id(run))}

    def failed(self, run: SentRun, error: AppError) -> None:
        """End the run of an entry that can't be sent; the others go on."""
        run.fail(error)
        run.rest()
        self.tell(why_not(error), level="warning")

    def took(self, run: SentRun, told: Facts) -> None:
        """Say when an entry starts and ends; only what runs keeps its folder open."""
        before, now = self._told.get(run.entry_id, ""), "ended" if run.ended else str(told["state"])
        self._told[run.entry_id] = now
        if now != "running":
            run.rest()
        if now != before and now in {"running", "ended"}:
            name = "entry_started" if now == "running" else "entry_ended"
            self._emit(name, entry=self._entry_id(run), run=run.job.id, outcome=run.outcome)

    def _entry_id(self, run: SentRun) -> str:
        return next(entry_id for entry_id, each in self._runs.items() if each is run)

    def tell(self, message: str, hint: str = "", level: str = "notice") -> None:
        """Tell it in the arena's job."""
        self._emit("notice", message=message, hint=hint, level=level)
