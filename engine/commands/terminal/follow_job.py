"""Runs a job for a command: starts its worker, follows its events, handles signals, and returns an exit code.

first Ctrl+C, SIGTERM, SIGHUP    asks the worker to stop: a run writes a checkpoint and saves an adapter
second Ctrl+C                    kills the worker; a run can be resumed from its last checkpoint
closed output pipe               as the first Ctrl+C, without a remark

A run at another computer continues there when the terminal is closed (SIGHUP), and after a second Ctrl+C.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

from engine.commands.terminal.output import Output
from engine.commands.terminal.progress import ProgressPrinter
from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.errors import Problem
from engine.jobs.events import Event
from engine.jobs.job import Job, JobKind, create_job
from engine.jobs.supervisor import Ending, Supervisor
from engine.system.files import remove
from engine.system.paths import jobs_folder

STOPPED = 130
INPUT_ERRORS = ("RecipeError", "DataError", "SettingError")

OnEvent = Callable[[Event], None]
Result = dict[str, Any]


class _Left(Exception):
    """The terminal was closed, and the job continues without it."""


class Follower:
    """Follows one worker to its end."""

    def __init__(self, job: Job, output: Output) -> None:
        self._job = job
        self._supervisor = Supervisor(job)
        self._output = output
        self._stop_requested = False
        self._signals_received = 0
        self._forced = self._left = False
        self._is_bridged = job.is_bridged()

    def run(self, on_event: OnEvent, *, attach: bool = False) -> Ending:
        """Start the worker, or `attach` to a running one; call `on_event` with each event, and return how it ended.

        After an exception here or in `on_event` the worker is stopped cleanly: no step is lost, no process stays.
        """
        with self._signals():
            try:
                if not attach:
                    self._job.drop_commands()
                    self._supervisor.start()
                for event in self._supervisor.follow(tick=self._handle_signals):
                    try:
                        self._output.json(event)
                        on_event(event)
                    except BrokenPipeError:
                        self.stop()
            except _Left:
                self._supervisor.detach()
                return Ending("away", "It goes on at another computer.", "Resume follows it again.")
            finally:
                if not self._left:
                    if self._supervisor.alive():
                        self.stop()
                        # A second Ctrl+C ends this wait too.
                        for _ in self._supervisor.follow(tick=self._handle_signals):
                            pass
                    self._supervisor.force()
                    self._supervisor.close()
        ending = self._supervisor.ending()
        if self._forced and ending.outcome != "away":
            return Ending("stopped", "Ended at once.", "Resume continues from the last checkpoint.")
        return ending

    def send(self, command: str, **arguments: Any) -> None:
        """Send a command to the worker."""
        self._supervisor.send(command, **arguments)

    def stop(self) -> None:
        """Ask the worker to stop, once."""
        if not self._stop_requested:
            self._stop_requested = True
            self._supervisor.send("stop")

    def _handle_signals(self) -> None:
        """Act on signals between events, since a signal handler must not write output."""
        if self._left:
            raise _Left
        if self._signals_received and not self._stop_requested:
            self.stop()
            again = "leaves it to the other computer" if self._is_bridged else "ends the worker at once"
            self._output.remark(f"Stopping after this step. Ctrl+C again {again}.")
        elif self._signals_received > 1 and not self._forced:
            self._forced = True
            self._supervisor.force()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        def count(number: int, _: FrameType | None) -> None:
            if self._is_bridged and number == getattr(signal, "SIGHUP", None):
                self._left = True
                return
            # Only Ctrl+C is counted twice; the system may repeat the other signals.
            self._signals_received += 1 if number == signal.SIGINT or not self._signals_received else 0

        names = ("SIGINT", "SIGTERM", "SIGHUP")
        numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
        # Under nohup SIGHUP is ignored and stays so.
        before = {number: signal.getsignal(number) for number in numbers}
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, count)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def conclude(ending: Ending, output: Output) -> int:
    """Print how a worker ended, unless its last event has said so, and return the exit code."""
    if ending.outcome == "crashed" or ending.event is None:
        facts = {"outcome": ending.outcome, "message": ending.message, "hint": ending.hint}
        output.json(facts | ({"log": ending.log_tail} if ending.log_tail else {}))
    if ending.outcome == "failed" and ending.event and ending.event.get("kind") in INPUT_ERRORS:
        output.problems(_problems(ending))
        return 2
    if ending.outcome in ("failed", "crashed") and not output.as_json:
        output.remark(" ".join(filter(None, (ending.message, ending.hint))))
        # An AppError of no subclass is unexpected: the log says more than its message.
        if ending.event is None or ending.event.get("kind") == "AppError":
            output.remark(ending.log_tail)
    return ending.exit_code


def _problems(ending: Ending) -> list[Problem]:
    assert ending.event is not None
    problems = ending.event.get("problems") or []
    return [Problem(**problem) for problem in problems] or [
        Problem(ending.field or "", ending.message, ending.hint)
    ]


def ask(
    kind: JobKind,
    arguments: Mapping[str, Any],
    output: Output,
    show: Callable[[Result], list[str]],
    recipe: Recipe | None = None,
    complete: Callable[[Result], Result] = lambda result: result,
    on_event: OnEvent = lambda _event: None,
) -> tuple[int, Result]:
    """Run a job and write its result: as the last JSON line, or as the lines that `show` returns.

    `complete` may add to the result from other files in the job's folder, which is deleted on success; `on_event` gets
    every event. Returns the exit code, and the result, which is empty unless the job was completed.
    """
    text = recipes.dumps(recipe) if recipe else ""
    job = create_job(jobs_folder(), kind, arguments, recipe=text)
    progress = ProgressPrinter(output)
    results: list[Result] = []

    def follow(event: Event) -> None:
        progress.show(event)
        on_event(event)
        if event["event"] == "result_made":
            results.append(event["result"])

    ending = Follower(job, output).run(follow)
    code = conclude(ending, output)
    if code or not results:
        return code, {}
    result = complete(results[-1])
    remove(job.folder)
    output.lines(show(result))
    output.json(result)
    return code, result


def quiet_result(kind: JobKind, arguments: Mapping[str, Any]) -> Result:
    """Run a job without output and return its result, empty if it failed. Raises KeyboardInterrupt if stopped."""
    job = create_job(jobs_folder(), kind, arguments)
    results: list[Result] = []

    def follow(event: Event) -> None:
        if event["event"] == "result_made":
            results.append(event["result"])

    ending = Follower(job, Output(as_json=False)).run(follow)
    remove(job.folder)
    if ending.outcome == "stopped":
        raise KeyboardInterrupt
    return results[-1] if results and ending.outcome == "completed" else {}
