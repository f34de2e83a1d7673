"""Start a worker for a command, tell its events, take signals as the wish to stop, and end with an exit code.

first Ctrl+C, SIGTERM, SIGHUP    the worker is asked to stop: a run writes a checkpoint and saves an adapter
second Ctrl+C                    the worker is killed; a run goes on from its last checkpoint
nobody reads the output          as the first Ctrl+C, in silence
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from engine.commands.terminal.output import Output
from engine.errors import Problem
from engine.jobs.events import Event
from engine.jobs.job import Job
from engine.jobs.supervisor import Ending, Supervisor

STOPPED = 130
FAULTS = ("RecipeError", "DataError")

Tell = Callable[[Event], None]


class Follower:
    """One worker followed to its end."""

    def __init__(self, job: Job, output: Output) -> None:
        self._job = job
        self._supervisor = Supervisor(job)
        self._output = output
        self._asked = False
        self._wishes = 0
        self._forced = False

    def run(self, tell: Tell, *, attach: bool = False) -> Ending:
        """Start the worker and hand each event to `tell` until it is gone; return how it ended.

        `attach` follows a worker that lives already.

        Whatever happens here, no worker is left behind, and a run is stopped in order: a `tell` that raises
        costs no step.
        """
        with self._signals():
            try:
                if not attach:
                    self._job.drop_commands()
                    self._supervisor.start()
                for event in self._supervisor.follow(tick=self._look):
                    self._hand_over(event, tell)
            finally:
                self._see_off()
                self._supervisor.force()
                self._supervisor.close()
        ending = self._supervisor.ending()
        if self._forced:
            return Ending("stopped", "Ended at once.", "Resume continues from the last checkpoint.")
        return ending

    def send(self, command: str, **arguments: Any) -> None:
        """Leave a command for the worker."""
        self._supervisor.send(command, **arguments)

    def stop(self) -> None:
        """Ask the worker to stop, once."""
        if not self._asked:
            self._asked = True
            self._supervisor.send("stop")

    def _see_off(self) -> None:
        """Let a worker that is still there stop by itself; Ctrl+C twice ends that, too."""
        if self._supervisor.alive():
            self.stop()
            for _ in self._supervisor.follow(tick=self._look):
                pass

    def _hand_over(self, event: Event, tell: Tell) -> None:
        try:
            self._output.json(event)
            tell(event)
        except BrokenPipeError:
            self.stop()

    def _look(self) -> None:
        """Act on signals here, between events: a handler must not write while something else does."""
        if self._wishes and not self._asked:
            self.stop()
            self._output.remark("Stopping after the step in hand. Ctrl+C again ends the worker at once.")
        elif self._wishes > 1 and not self._forced:
            self._forced = True
            self._supervisor.force()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        def wish(number: int, _: FrameType | None) -> None:
            # Only a second Ctrl+C is impatience; the system may repeat the other signals.
            self._wishes += 1 if number == signal.SIGINT or not self._wishes else 0

        names = ("SIGINT", "SIGTERM", "SIGHUP")
        numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
        # A command under nohup ignores SIGHUP and goes on.
        before = {number: signal.getsignal(number) for number in numbers}
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, wish)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def conclude(ending: Ending, output: Output) -> int:
    """Say how a worker ended where its last event does not, and return the exit code."""
    if ending.outcome == "crashed" or ending.event is None:
        facts = {"outcome": ending.outcome, "message": ending.message, "hint": ending.hint}
        output.json(facts | ({"log": ending.log_tail} if ending.log_tail else {}))
    if ending.outcome == "failed" and ending.event and ending.event.get("kind") in FAULTS:
        output.problems(_problems(ending))
        return 2
    if ending.outcome in ("failed", "crashed") and not output.as_json:
        output.remark(" ".join(filter(None, (ending.message, ending.hint))))
        # An error that has no name of its own is a bug: the log says more than the message.
        if ending.event is None or ending.event.get("kind") == "AppError":
            output.remark(ending.log_tail)
    return ending.exit_code


def _problems(ending: Ending) -> list[Problem]:
    assert ending.event is not None
    problems = ending.event.get("problems") or []
    return [Problem(**problem) for problem in problems] or [
        Problem(ending.field or "", ending.message, ending.hint)
    ]
