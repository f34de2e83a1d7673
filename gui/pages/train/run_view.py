"""The right pane of the train page during and after a run: figures, result or error, loss, samples.

Draws a RunModel, for live, replayed and re-attached runs alike. Signals lead to other pages.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from PySide6.QtCore import QCoreApplication, QEvent, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.api import (
    OUT_OF_MEMORY,
    Adapter,
    MemoryFallback,
    RunState,
    ScoreCard,
    example_scores,
    memory_fallbacks,
    run_text,
)
from gui.core.background_tasks import BackgroundTasks
from gui.graphics.bars import Bar, BusyRow
from gui.look.format import UNKNOWN, about_text, bytes_text, duration_text, number_text
from gui.look.language import mark, tr, translate
from gui.pages.train.run_notices import FailureCard, RemarksView, StopStrip
from gui.pages.train.run_text import (
    BeforeAndAfter,
    done_at_text,
    is_practice,
    resume_text,
    scored_since,
    seconds_so_far,
    typical,
)
from gui.pages.train.samples_view import SamplesView
from gui.pages.train.verdict_card import VerdictCard
from gui.plots.loss_plot import LossPlot
from gui.widgets.cards import NoticeStrip
from gui.widgets.file_dialogs import open_path
from gui.widgets.labels import Figure
from gui.widgets.layouts import Line, Scroll, discard, vbox
from gui.workers.run_model import RunModel

# So many are shown before and after.
CONVERSATIONS = 3
TITLES = {
    "step": mark("Step"),
    "epoch": mark("Epoch"),
    "time": mark("Time left"),
    "speed": mark("Speed"),
    "memory": mark("Memory"),
    "loss": mark("Loss"),
}


class RunView(Scroll):
    """Shows a run; signals report presses.

    `score_requested(adapter id)`, `examples_requested(job)` and `blind_requested(runs)` lead to other pages.
    """

    resume_wanted = Signal()
    plan_wanted = Signal(object)
    copy_wanted = Signal()
    examples_requested = Signal(object)
    blind_requested = Signal(list)
    real_model_wanted = Signal()
    score_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(margins=(24, 16, 24, 16), spacing=16, parent=parent)
        self._model: RunModel | None = None
        self._background = BackgroundTasks(self)
        self._ended = False
        self.metrics_row = MetricsRow()
        self.stop_strip = StopStrip()
        self.busy = BusyRow()
        self.remarks = RemarksView()
        self.card: VerdictCard | FailureCard | None = None
        self._card_place = QVBoxLayout()
        self._scores: Mapping[str, ScoreCard] = {}
        self.plot = LossPlot()
        # Takes the place of the plot if nothing is trained.
        self._rest = QWidget()
        self.samples = SamplesView()
        self._samples_line = Line()
        self.stopped = NoticeStrip()
        self.stopped.acted.connect(self.resume_wanted)
        for part in (self.metrics_row, self.stop_strip, self.busy, self.stopped):
            self.column.addWidget(part)
        self.column.addLayout(self._card_place)
        self.column.addWidget(self.remarks)
        self.column.addWidget(self.plot, 1)
        self.column.addWidget(self._rest, 1)
        self.column.addWidget(self._samples_line)
        self.column.addWidget(self.samples)

    def show_run(self, model: RunModel) -> None:
        self._model = model
        self._ended = False
        self.remarks.begin()
        self._set_card(None)
        self.refresh()
        self.verticalScrollBar().setValue(0)

    def refresh(self) -> None:
        """Show the current state of the run; called at most ten times a second."""
        model = self._model
        if model is None:
            return
        trains = model.recipe.method.method.trains
        self.metrics_row.setVisible(trains and model.state.outcome != "completed")
        self.plot.setVisible(trains)
        self._rest.setVisible(not trains)
        self.metrics_row.show_run(model)
        self._show_stage(model)
        self.remarks.show_notices(model.state.notices)
        self.plot.follow(model.state, ended=model.ending is not None)
        self._show_samples(model)
        self.stop_strip.follow(model if model.stopping else None)
        if model.ending is not None and not self._ended:
            self._ended = True
            self._show_ending(model)

    # The parts

    def _show_stage(self, model: RunModel) -> None:
        """Show a progress bar of its own for stages other than training."""
        state = model.state
        waits = model.running and state.stage != "train" and not model.stopping
        self.busy.setVisible(waits)
        if waits:
            done, total, _unit = state.progress or (0, 0, "")
            left = model.stage_seconds_left()
            how_far = [
                translate(run_text.progress(state)),
                tr("{time} left", time=about_text(left)) if left is not None else "",
            ]
            share = done / total if total else 0.0
            self.busy.set_progress(
                share, ", ".join(part for part in how_far if part), translate(run_text.stage(state))
            )
        waiting = ""
        if model.running and not state.step:
            waiting = f"{translate(run_text.stage(state))}. {tr('The curve starts with the first step.')}"
        self.plot.set_waiting(waiting)

    def _show_samples(self, model: RunModel) -> None:
        state = model.state
        shown = bool(state.samples)
        self.samples.setVisible(shown)
        self._samples_line.setVisible(shown)
        if shown:
            self.samples.show_samples(state.samples, state.total_steps)

    # The ending

    def _show_ending(self, model: RunModel) -> None:
        state, ending = model.state, model.ending
        assert ending is not None
        if ending.outcome in {"failed", "crashed"}:
            seeks = ending.kind == OUT_OF_MEMORY and ending.event is None
            self._set_failure(None if seeks else memory_fallbacks.read(state.memory_exceeded or {}))
        elif ending.outcome == "completed" or (state.adapter is not None and not state.device_released):
            self._show_verdict(model)
        self._show_stopped(model)

    def _show_verdict(self, model: RunModel) -> None:
        scores = self._later_scores(model)
        state = model.state if scores is None else scored_since(model.state, scores)
        scored_each = example_scores.exists(model.job.folder)
        card = VerdictCard(state, scored_each=scored_each, is_practice=is_practice(model.recipe))
        card.examples_wanted.connect(partial(self.examples_requested.emit, model.job))
        card.blind_wanted.connect(partial(self.blind_requested.emit, [(model.id, "")]))
        card.real_model_wanted.connect(self.real_model_wanted)
        if state.adapter is not None:
            card.score_wanted.connect(partial(self.score_requested.emit, str(state.adapter["adapter"])))
        self._set_card(card)
        if scored_each:
            self._background.run(
                partial(typical, model.job.folder, CONVERSATIONS), partial(self._show_conversations, card)
            )

    def _show_conversations(self, card: VerdictCard, shown: list[BeforeAndAfter]) -> None:
        if card is self.card:
            card.show_conversations(shown)

    def take_scores(self, adapters: Iterable[Adapter]) -> None:
        """Take the library's scores, for a run whose adapter was scored after its end."""
        cards = {adapter.id: adapter.metadata.score_card for adapter in adapters}
        self._scores = {name: card for name, card in cards.items() if card is not None}
        model = self._model
        if model is not None and isinstance(self.card, VerdictCard) and self._later_scores(model) is not None:
            self._show_verdict(model)
            self._show_stopped(model)

    def _later_scores(self, model: RunModel) -> ScoreCard | None:
        """Return the scores of an adapter that its run did not score; None if there are none."""
        saved = model.state.adapter
        return None if saved is None or model.state.difference else self._scores.get(str(saved["adapter"]))

    def show_plans(self, model: RunModel, plans: Sequence[MemoryFallback]) -> None:
        """Show memory fallbacks that were found after a run had ended."""
        if model is self._model and self._ended and isinstance(self.card, FailureCard):
            self._set_failure(plans)

    def _set_failure(self, plans: Sequence[MemoryFallback] | None) -> None:
        assert self._model is not None
        assert self._model.ending is not None
        failure = FailureCard(self._model.ending, self._model.state, plans)
        failure.resume_wanted.connect(self.resume_wanted)
        failure.copy_wanted.connect(self.copy_wanted)
        failure.plan_wanted.connect(self.plan_wanted)
        failure.linked.connect(self._open_log)
        self._set_card(failure)

    def _show_stopped(self, model: RunModel) -> None:
        state = model.state
        stopped = model.ending is not None and model.ending.outcome == "stopped"
        self.stopped.setVisible(stopped)
        if stopped:
            self.stopped.show_notice(
                translate(run_text.stopped(state)),
                resume_text(model),
                "pause" if state.device_released else "stop",
                "warning" if state.device_released else "muted",
            )

    def _set_card(self, card: VerdictCard | FailureCard | None) -> None:
        if self.card is not None:
            self._card_place.removeWidget(self.card)
            discard(self.card)
        self.card = card
        self.stopped.hide()
        if card is not None:
            self._card_place.addWidget(card)
            # Else added widgets are shown at the next turn of the event loop, and squeezed until the one after.
            card.show()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)

    def _open_log(self) -> None:
        if self._model is not None:
            open_path(self._model.job.log_path)


class MetricsRow(QWidget):
    """Step, epoch, time, speed, memory and loss."""

    def __init__(self) -> None:
        super().__init__()
        self.figures = {name: Figure(tr(title)) for name, title in TITLES.items()}
        self.bar = Bar()
        row = QHBoxLayout()
        row.setSpacing(16)
        for index, figure in enumerate(self.figures.values()):
            if index:
                row.addWidget(Line(vertical=True))
            row.addWidget(figure, 1)
        vbox(row, self.bar, of=self, spacing=12)

    def show_run(self, model: RunModel) -> None:
        """Show the current state of a run."""
        state, last = model.state, model.state.last_step or {}
        total = state.total_steps
        self._set("step", number_text(state.step) if total else UNKNOWN, _of(total) if total else "")
        self._set("epoch", number_text(state.epoch, 1) if total else UNKNOWN, _epochs_text(model))
        self._show_time(model)
        self._set("speed", number_text(last.get("examples_per_second"), 1), tr("examples/s"))
        self._set("memory", bytes_text(last.get("memory_bytes")), _peak_text(state.peak_memory_bytes))
        evaluations = state.evaluation_loss.values
        foot = tr("evaluation {loss}", loss=number_text(evaluations[-1], 3)) if evaluations else ""
        self._set("loss", number_text(last.get("loss"), 3), foot)
        self.bar.set_fraction(state.fraction_done)

    def _show_time(self, model: RunModel) -> None:
        figure = self.figures["time"]
        left = model.state.seconds_left() if model.running else None
        if left is not None and model.state.stage == "train":
            figure.set_label(tr(TITLES["time"]))
            figure.set_value(duration_text(float(round(left))), done_at_text(left))
            return
        now = time.time() if model.running else None
        figure.set_label(tr("Time so far"))
        figure.set_value(duration_text(seconds_so_far(model.state, now)), "")

    def _set(self, name: str, value: str, foot: str) -> None:
        self.figures[name].set_value(value, foot)


def total_epochs(state: RunState, recipe_epochs: int) -> float:
    """Return how many epochs a run's steps are, as the recipe says before its first step; 0 while that is unknown."""
    known = state.step and state.total_steps
    return state.epoch * state.total_steps / state.step if known else recipe_epochs


def _epochs_text(model: RunModel) -> str:
    epochs = total_epochs(model.state, model.recipe.training.epochs)
    return _of(epochs, 0 if abs(epochs - round(epochs)) < 0.05 else 1) if epochs else ""


def _of(total: float, digits: int = 0) -> str:
    return tr("of {total}", total=number_text(total, digits))


def _peak_text(peak: int) -> str:
    return tr("peak {size}", size=bytes_text(peak)) if peak else ""
