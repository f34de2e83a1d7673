"""Six figures of a run in a row, and how much of it is done."""

from __future__ import annotations

import time

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from gui.look.format import bytes_text, duration_text, number
from gui.pages.train.words import clock_words, seconds_so_far
from gui.run_model import RunModel
from gui.widgets.bars import Bar
from gui.widgets.labels import Figure
from gui.widgets.line import Line

NAMES = ("Step", "Epoch", "Time left", "Speed", "Memory", "Loss")


class FiguresRow(QWidget):
    """Step, epoch, time, speed, memory and loss."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._figures = {name: Figure(name) for name in NAMES}
        self.bar = Bar()
        row = QHBoxLayout()
        row.setSpacing(16)
        for place, figure in enumerate(self._figures.values()):
            if place:
                row.addWidget(Line(vertical=True))
            row.addWidget(figure, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(row)
        column.addWidget(self.bar)

    def figure(self, name: str) -> Figure:
        """Return one figure."""
        return self._figures[name]

    def show_run(self, model: RunModel) -> None:
        """Show a run as it is now."""
        state, last = model.state, model.state.last_step or {}
        total = state.total_steps
        self._set("Step", number(state.step) if total else "–", f"of {number(total)}" if total else "")
        epochs = model.recipe.training.epochs
        self._set("Epoch", number(state.epoch, 1) if total else "–", f"of {number(epochs)}")
        self._show_time(model)
        self._set("Speed", number(last.get("examples_per_second"), 1), "examples/s")
        self._set("Memory", bytes_text(last.get("memory_bytes")), _peak_words(state.peak_memory_bytes))
        evaluations = state.evaluation_loss.values
        foot = f"evaluation {number(evaluations[-1], 3)}" if evaluations else ""
        self._set("Loss", number(last.get("loss"), 3), foot)
        self.bar.set_fraction(state.share)

    def _show_time(self, model: RunModel) -> None:
        figure = self._figures["Time left"]
        left = model.state.seconds_left() if model.running else None
        if left is not None and model.state.stage == "train":
            figure.set_label("Time left")
            figure.set_value(duration_text(float(round(left))), clock_words(left))
            return
        now = time.time() if model.running else None
        figure.set_label("Time so far")
        figure.set_value(duration_text(seconds_so_far(model.state, now)), "")

    def _set(self, name: str, value: str, foot: str) -> None:
        self._figures[name].set_value(value, foot)


def _peak_words(peak: int) -> str:
    return f"peak {bytes_text(peak)}" if peak else ""
