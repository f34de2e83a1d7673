"""Six figures of a run in a row, and its progress."""

from __future__ import annotations

import time

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.api import RunState
from gui.graphics.bars import Bar
from gui.look.format import UNKNOWN, bytes_text, duration_text, number_text
from gui.look.language import mark, tr
from gui.pages.train.run.run_text import done_at_text, seconds_so_far
from gui.widgets.labels import Figure
from gui.widgets.line import Line
from gui.workers.run_model import RunModel

TITLES = {
    "step": mark("Step"),
    "epoch": mark("Epoch"),
    "time": mark("Time left"),
    "speed": mark("Speed"),
    "memory": mark("Memory"),
    "loss": mark("Loss"),
}


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
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(row)
        column.addWidget(self.bar)

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
