"""The edit history of a conversation: the last few steps, each with its time."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from engine.api import labelling
from gui.look.format import clock_text
from gui.look.language import tr
from gui.pages.labelling import labelling_text
from gui.widgets.labels import ElidedLabel, Label

MAX_STEPS = 4


class EditsView(QWidget):
    """Shows the newest step on top; hidden if there are no steps."""

    def __init__(self) -> None:
        super().__init__()
        self._rows = [
            (Label("", "figure_small", "ink3"), ElidedLabel("", "label", "ink2"), Label("", "label", "ink3"))
            for _ in range(MAX_STEPS)
        ]
        self._shown: list[str] = []
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        for index, row in enumerate(self._rows):
            for at, label in enumerate(row):
                grid.addWidget(label, index, at)
            row[2].setAlignment(Qt.AlignmentFlag.AlignRight)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(Label(tr("Edit history"), "head", "ink2"))
        column.addLayout(grid)

    def show_steps(self, steps: Sequence[labelling.Step]) -> None:
        """Show the steps that are in effect, given oldest first."""
        newest = list(reversed(steps))[:MAX_STEPS]
        for index, row in enumerate(self._rows):
            step = newest[index] if index < len(newest) else None
            texts = (
                (clock_text(step.time), labelling_text.step_title(step), labelling_text.step_detail(step))
                if step
                else ("",) * 3
            )
            for label, text in zip(row, texts, strict=True):
                label.setText(text)
                label.setVisible(step is not None)
        self._shown = [labelling_text.step_title(step) for step in newest]
        self.setVisible(bool(newest))

    def texts(self) -> list[str]:
        """Return the titles shown, newest first."""
        return list(self._shown)
