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

from engine.commands.output import Output, notice_line
from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.errors import Problem
from engine.jobs import run_text
from engine.jobs.events import Event
from engine.jobs.job import Job, JobKind, create_job
from engine.jobs.run_state import RunState
from engine.jobs.supervisor import Ending, Supervisor
from engine.messages import counted
from engine.runs import plan_text
from engine.scoring import score_text
from engine.scoring.metrics import CHRF
from engine.system.files import remove
from engine.system.paths import jobs_folder
from engine.system.units import duration

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
        # The last result that the job has made.
        self.result: Result = {}

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
                    if event["event"] == "result_made":
                        self.result = event["result"]
                    try:
                        self._output.json(event)
                        on_event(event)
                    except BrokenPipeError:
                        self.stop()
            except _Left:
                self._supervisor.detach()
                return Ending("away", "It continues on another computer.", "Resume follows it again.")
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
            return Ending("stopped", "Ended immediately.", self._supervisor.job.resume_hint())
        return ending

    def send(self, command: str, **arguments: Any) -> None:
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
            again = "leaves it to the other computer" if self._is_bridged else "ends the worker immediately"
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
    progress, follower = ProgressPrinter(output), Follower(job, output)

    def follow(event: Event) -> None:
        progress.show(event)
        on_event(event)

    code = conclude(follower.run(follow), output)
    if code or not follower.result:
        return code, {}
    result = complete(follower.result)
    remove(job.folder)
    output.lines(show(result))
    output.json(result)
    return code, result


def quiet_result(kind: JobKind, arguments: Mapping[str, Any]) -> Result:
    """Run a job without output and return its result, empty if it failed. Raises KeyboardInterrupt if stopped."""
    job = create_job(jobs_folder(), kind, arguments)
    follower = Follower(job, Output(as_json=False))
    outcome = follower.run(lambda _event: None).outcome
    remove(job.folder)
    if outcome == "stopped":
        raise KeyboardInterrupt
    return follower.result if outcome == "completed" else {}


LINES_A_RUN = 20


class ProgressPrinter:
    """Prints events as they come, and a run's result at its end."""

    def __init__(self, output: Output, state: RunState | None = None) -> None:
        """Start; `state` is the run's state after earlier attempts."""
        self.state = state or RunState()
        self._output = output
        self._stage = ""
        self._printers: dict[str, Callable[[Event], None]] = {
            "stage_entered": self._stage_entered,
            "stage_progressed": self._stage_progressed,
            "run_started": self._run_started,
            "run_resumed": lambda event: output.line(
                f"Resumes from the checkpoint at step {event['step']:,}."
            ),
            "run_paused": lambda event: output.line(f"Paused at step {event.get('step', 0):,}."),
            "run_continued": lambda _: output.line("Training continues."),
            "step_finished": self._step_finished,
            "evaluated": self._evaluated,
            "notice": lambda event: output.line(notice_line(event)),
        }

    def show(self, event: Event) -> None:
        """Apply an event to the state and print it."""
        self.state.apply(event)
        printer = self._printers.get(event["event"])
        if printer:
            printer(event)

    def _stage_entered(self, event: Event) -> None:
        stage = run_text.stage(self.state)
        if self._output.live:
            self._output.status(f"{stage} …")
        elif event["stage"] in ("load_base", "evaluate"):
            self._output.line(f"{stage}.")

    def _stage_progressed(self, _: Event) -> None:
        self._output.status(f"{run_text.stage(self.state)} · {run_text.progress(self.state)}")

    def _run_started(self, event: Event) -> None:
        examples = event["examples"]
        reason = f" ({event['precision_reason']})" if event.get("precision_reason") else ""
        replicas = event.get("replicas", 1)
        sharing = " that shard the base model" if event.get("sharded") else ""
        kernels = f" by Liger {event['liger']}" if event.get("liger") else ""
        apart = f", each step in {replicas} processes{sharing}," if replicas > 1 else ""
        self._output.line(f"{', '.join(plan_text.examples(examples))}.")
        self._output.line(
            f"{counted(event['total_steps'], 'step')} on {event['device']} with "
            f"{counted(event['threads'], 'thread')}{apart} in {event['precision']}{reason}{kernels}. "
            f"Trains {plan_text.trained(event)}."
        )

    def _step_finished(self, event: Event) -> None:
        step, total = self.state.step, self.state.total_steps
        parts = [f"Step {step:,} of {total:,}", f"loss {event['loss']:.3f}"]
        if event.get("examples_per_second"):
            parts.append(f"{event['examples_per_second']:.1f} conversations/s")
        left = self.state.seconds_left()
        if left is not None and step < total:
            parts.append(f"{duration(left)} left")
        text = " · ".join(parts)
        if self._output.live:
            self._output.status(text)
        elif step % max(1, total // LINES_A_RUN) == 0 or step == total:
            self._output.line(text)

    def _evaluated(self, event: Event) -> None:
        whose = "base model" if event["of"] == "base" else "adapter"
        scores, chrf = event.get("scores"), score_text.measure(event, CHRF.name)
        if event.get("loss") is not None:
            text = f"Validation loss at step {event['step']:,}: {event['loss']:.3f}"
            if scores:
                # By another protocol than the run's final scores.
                count = counted(event["protocol"]["examples"], "conversation")
                rouge = score_text.score(scores["rouge1"]["mean"])
                text += f", ROUGE-1 on {count} of that split: {rouge}"
                text += f", chrF {score_text.score(chrf['mean'])}" if chrf else ""
            self._output.line(text)
        elif scores:
            beside = f"; chrF {score_text.interval(chrf)}" if chrf else ""
            rouge = score_text.interval(scores["rouge1"])
            self._output.line(f"ROUGE-1 of the {whose}: {rouge}{beside}")

    def show_result(self) -> None:
        """Print the result of a run: verdict, adapter, time."""
        state = self.state
        if state.difference:
            protocol = (state.tuned_scores or {}).get("protocol") or {}
            self._output.line(score_text.verdict(state.difference["rouge1"], protocol))
            for note in score_text.language_notes(protocol):
                self._output.line(f"{note}.")
        elif state.outcome == "stopped":
            self._output.line(run_text.stopped(state))
        self._output.lines([text for text in [run_text.excluded(state.excluded)] if text])
        if state.adapter:
            location = f" in {state.adapter['path']}" if "path" in state.adapter else ""
            self._output.line(f"Adapter {state.adapter['adapter']}{location}")
        if state.seconds is not None:
            self._output.line(f"Took {duration(state.seconds)}.")
