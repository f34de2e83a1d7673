"""Prints a job's progress from its events: as a status line on a terminal, as plain lines otherwise.

The run's state is computed by `engine.jobs.run_state`.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.commands.terminal import text_tables
from engine.commands.terminal.output import Output
from engine.jobs.events import Event
from engine.jobs.run_state import RunState, stage_title
from engine.scoring import score_text
from engine.scoring.metrics import CHRF
from engine.system.units import size

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
            "notice": lambda event: output.line(text_tables.notice(event)),
        }

    def show(self, event: Event) -> None:
        """Apply an event to the state and print it."""
        self.state.apply(event)
        printer = self._printers.get(event["event"])
        if printer:
            printer(event)

    def _stage_entered(self, event: Event) -> None:
        self._stage = stage_title(event["stage"])
        if self._output.live:
            self._output.status(f"{self._stage} …")
        elif event["stage"] in ("load_base", "evaluate"):
            self._output.line(f"{self._stage}.")

    def _stage_progressed(self, event: Event) -> None:
        done, total = int(event["done"]), int(event["total"])
        amount = (
            f"{size(done)} of {size(total)}"
            if event["unit"] == "bytes"
            else f"{done:,} of {total:,} {event['unit']}"
        )
        self._output.status(f"{self._stage} · {amount}")

    def _run_started(self, event: Event) -> None:
        examples = event["examples"]
        trained, everything = event["trainable_parameters"], event["all_parameters"]
        reason = f" ({event['precision_reason']})" if event.get("precision_reason") else ""
        replicas = event.get("replicas", 1)
        sharing = " that share out the base model" if event.get("sharded") else ""
        kernels = f" by Liger {event['liger']}" if event.get("liger") else ""
        apart = f", each step in {replicas} processes{sharing}," if replicas > 1 else ""
        self._output.line(
            f"{score_text.counted(examples['train'], 'conversation')} to train on, "
            f"{examples['validation']:,} to validate on, {examples['test']:,} to test on."
        )
        self._output.line(
            f"{score_text.counted(event['total_steps'], 'step')} on {event['device']} with "
            f"{score_text.counted(event['threads'], 'thread')}{apart} in {event['precision']}{reason}{kernels}. "
            f"Trains {trained:,} of {everything:,} parameters ({trained / max(1, everything):.2%})."
        )

    def _step_finished(self, event: Event) -> None:
        step, total = self.state.step, self.state.total_steps
        parts = [f"Step {step:,} of {total:,}", f"loss {event['loss']:.3f}"]
        if event.get("examples_per_second"):
            parts.append(f"{event['examples_per_second']:.1f} conversations/s")
        left = self.state.seconds_left()
        if left is not None and step < total:
            parts.append(f"{score_text.duration(left)} left")
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
                count = score_text.counted(event["protocol"]["examples"], "conversation")
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
            self._output.line(f"Stopped at step {state.step:,} of {state.total_steps:,}.")
        if state.excluded:
            self._output.line(f"{score_text.counted(state.excluded, 'conversation')} excluded by the recipe.")
        if state.adapter:
            location = f" in {state.adapter['path']}" if "path" in state.adapter else ""
            self._output.line(f"Adapter {state.adapter['adapter']}{location}")
        if state.seconds is not None:
            self._output.line(f"Took {score_text.duration(state.seconds)}.")
