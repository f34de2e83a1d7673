"""Follows what was sent to a cluster: connects, sends what is not there yet, and takes over what it tells.

A connection that is lost, to a cluster that was started anew too, is made again, and what the cluster has forgotten is
sent again.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Sequence
from functools import partial
from typing import Any

from engine.cluster import keeper_actor
from engine.cluster.connection import connected
from engine.cluster.hub_access import every_node_has
from engine.cluster.remote_keeper import RemoteKeeper
from engine.cluster.sent_run import SentRun
from engine.computers.computer import Computer
from engine.errors import AppError, ComputerError

POLL_SECONDS = 0.3
RETRY_SECONDS = 3.0
# After that, whoever wants to know asks again by resuming.
LOST_SECONDS = 900.0


class Following:
    """Runs at one computer, followed until all have ended."""

    def __init__(self, computer: Computer, runs: Sequence[SentRun]) -> None:
        self._computer = computer
        self._runs = list(runs)
        self._lost_at: float | None = None

    def work(self) -> None:
        """Follow the runs to their ends. Raises AppError, ComputerError if there is no connection for long."""
        while self._open():
            try:
                with connected(self._computer) as ray:
                    self._follow(ray, keeper_actor.find_or_start(ray, self._computer))
            except AppError as error:
                if not isinstance(error, ComputerError):
                    raise
                self._wait(error)
            except Exception as error:  # noqa: BLE001 - Ray's client raises many kinds when a connection is lost
                traceback.print_exc()
                last = str(error).strip().splitlines()[-1:] or [type(error).__name__]
                self._wait(
                    ComputerError(f"The connection to {self._computer.name} was lost: {last[0][:200]}")
                )

    def _open(self) -> list[SentRun]:
        return [run for run in self._runs if not run.ended]

    def _wait(self, error: ComputerError) -> None:
        """Wait before the next try. Raises the error for runs that were never sent, or after a quarter of an hour."""
        now = time.monotonic()
        if self._lost_at is None:
            self._lost_at = now
            for run in self._open():
                run.notice(
                    error.message, f"The run goes on at {self._computer.name}. It is tried again.", "warning"
                )
        if now - self._lost_at > LOST_SECONDS or not all(run.is_sent for run in self._open()):
            raise error
        time.sleep(RETRY_SECONDS)

    def _follow(self, ray: Any, keeper: RemoteKeeper) -> None:
        for run in self._open():
            self._send(ray, keeper, run)
        if self._lost_at is not None:
            self._lost_at = None
            for run in self._open():
                run.notice(f"The connection to {self._computer.name} is there again.")
        while self._open():
            if not self._exchange(keeper):
                time.sleep(POLL_SECONDS)

    def _send(self, ray: Any, keeper: RemoteKeeper, run: SentRun) -> None:
        if run.is_sent and not keeper.knows(run.entry_id):
            run.lost()
            run.notice(f"{self._computer.name} has forgotten the run: it is sent again.")
        if not run.is_sent:
            run.emit("stage_entered", stage="send")
            run.send(keeper, self._computer, partial(every_node_has, ray))

    def _exchange(self, keeper: RemoteKeeper) -> bool:
        """Pass commands on and take over what is new; return whether anything was."""
        runs = {run.entry_id: run for run in self._open()}
        for run in runs.values():
            for command in run.job.take_commands():
                keeper.command(run.entry_id, command)
        told = keeper.poll({entry_id: run.offset for entry_id, run in runs.items()})
        for entry_id in runs.keys() - told.keys():
            raise ComputerError(f"{self._computer.name} has forgotten {runs[entry_id].job.id}.")
        news = [runs[entry_id].take(keeper, facts) for entry_id, facts in told.items()]
        return any(news)
