"""Follows what was sent to a cluster: connects, sends what is not there yet, and takes over what it tells.

A connection that is lost, to a cluster that was started anew too, is made again, and what the cluster has forgotten is
sent again.
"""

from __future__ import annotations

import time
from typing import Any

from engine.cluster.connection import connected
from engine.cluster.places import Places
from engine.cluster.sent_run import SentRun
from engine.cluster.store_client import JobStoreClient
from engine.computers.computer import Computer
from engine.errors import AppError, ComputerError, WorkerError

POLL_SECONDS = 0.3
RETRY_SECONDS = 3.0
# After that, whoever wants to know asks again by resuming.
LOST_SECONDS = 900.0

Facts = dict[str, Any]


class Following:
    """Runs at one computer, followed until all have ended: one alone, whose own events say all."""

    def __init__(self, computer: Computer, runs: dict[str, SentRun], asked: Facts, cards: int = 1) -> None:
        """`asked` is what the runs ask of the cluster beside their recipes; a node needs to have so many `cards`."""
        self._computer = computer
        self._runs = runs
        self._asked = asked
        self._cards = cards
        self._lost_at: float | None = None

    def open(self) -> list[SentRun]:
        """Return the runs that have not ended."""
        return [run for run in self._runs.values() if not run.ended]

    def look(self, job_store: JobStoreClient) -> None:
        """Pass on what people want meanwhile; called again and again."""
        for run in self.open():
            if run.is_open:
                run.pass_commands_on(job_store)

    def asked(self, run: SentRun) -> Facts:
        """Return what a run asks of the cluster beside its recipe."""
        return self._asked

    def failed(self, run: SentRun, error: AppError) -> None:
        """Take a failure to send a run: nothing else could go on."""
        raise error

    def took(self, run: SentRun, told: Facts) -> None:
        """Take notice of what the cluster told of a run, after its events were taken over."""

    def tell(self, message: str, hint: str = "", level: str = "notice") -> None:
        """Tell the person something that ends nothing."""
        for run in self.open():
            run.notice(message, hint, level)

    def work(self) -> None:
        """Follow the runs to their ends. Raises AppError, ComputerError if there is no connection for long."""
        while True:
            try:
                with connected(self._computer) as job_store:
                    if self._cards > 1:
                        Places(**job_store.offer()).require(self._cards, self._computer.name)
                        # The first time alone: later what was sent waits there.
                        self._cards = 1
                    self._follow(job_store)
            except ComputerError as error:
                self._wait(error)
            else:
                return

    def _wait(self, error: ComputerError) -> None:
        """Wait before the next try. Raises the error if nothing was sent yet, and after a quarter of an hour."""
        now, has_sent = time.monotonic(), any(run.is_sent for run in self.open())
        if has_sent and self._lost_at is None:
            self._lost_at = now
            hint = f"What was sent goes on at {self._computer.name}. It is tried again."
            self.tell(error.message, hint, "warning")
        if self._lost_at is None or now - self._lost_at > LOST_SECONDS:
            raise error
        time.sleep(RETRY_SECONDS)

    def _follow(self, job_store: JobStoreClient) -> None:
        known: set[str] = set()
        while True:
            self.look(job_store)
            fresh = [run for run in self.open() if run.entry_id not in known]
            self._send(job_store, fresh)
            known |= {run.entry_id for run in fresh}
            if not self.open():
                return
            is_new = self._exchange(job_store)
            if self._lost_at is not None:
                # Not before: a cluster that never answers as it should would be tried for ever.
                self._lost_at = None
                self.tell(f"The connection to {self._computer.name} is there again.")
            if not is_new:
                time.sleep(POLL_SECONDS)

    def _send(self, job_store: JobStoreClient, runs: list[SentRun]) -> None:
        """Send the runs that the cluster does not know."""
        there = set(job_store.known([run.entry_id for run in runs if run.is_sent])) if runs else set()
        for run in runs:
            try:
                if run.is_sent and run.entry_id not in there:
                    run.lost()
                    run.notice(f"{self._computer.name} has forgotten the run: it is sent again.")
                if not run.is_sent:
                    run.emit("stage_entered", stage="send")
                    run.send(job_store, self._computer, **self.asked(run))
            except ComputerError as error:
                # Without a field it is the connection that failed.
                if error.field is None:
                    raise
                self.failed(run, error)
            except AppError as error:
                self.failed(run, error)

    def _exchange(self, job_store: JobStoreClient) -> bool:
        """Take over what is new; return whether anything was."""
        runs = {run.entry_id: run for run in self.open()}
        told = job_store.poll({entry_id: run.offset for entry_id, run in runs.items()})
        if forgotten := runs.keys() - told.keys():
            raise ComputerError(f"{self._computer.name} has forgotten {runs[forgotten.pop()].job.id}.")
        is_new = False
        for entry_id, run in runs.items():
            try:
                is_new |= run.take(job_store, told[entry_id])
            except WorkerError:
                # Another process of this computer follows it.
                run.ended = is_new = True
            else:
                self.took(run, told[entry_id])
        return is_new
