"""How long a run trains: epochs, steps and minutes in one row, and what they come to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from gui.forms.field_grid import FormField
from gui.inputs.number_inputs import IntField
from gui.look.format import number_text
from gui.look.language import tr, tr_count
from gui.widgets.labels import Label

LENGTH = ("training.epochs", "training.max_steps", "training.max_minutes")


class TrainingLength(QWidget):
    """The fields of `LENGTH` side by side: a run ends with the first of them."""

    def __init__(self, fields: Sequence[FormField], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fields = tuple(fields)
        self._foot = Label("", "label", "ink3", self, wrap=True)
        row = QHBoxLayout()
        row.setSpacing(8)
        for field in self._fields:
            row.addWidget(field.around, 1, Qt.AlignmentFlag.AlignTop)
            if isinstance(field.control.widget, IntField):
                # Three in a row have room for a number, or for "automatic", alone.
                field.control.widget.without_arrows()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(Label(tr("Train for, whichever comes first"), "label", "ink2", self))
        column.addLayout(row)
        column.addWidget(self._foot)

    def show_where(self, wanted: Callable[[FormField], bool]) -> None:
        """Show the wanted fields; without any the row takes no space."""
        shown = [wanted(field) for field in self._fields]
        for field, seen in zip(self._fields, shown, strict=True):
            field.around.setVisible(seen)
        self.setVisible(any(shown))

    def show_plan(self, plan: Mapping[str, Any], training: Mapping[str, Any]) -> None:
        """Show what a plan says of the run's length."""
        self._foot.setText(length_text(plan, training))


def length_text(plan: Mapping[str, Any], training: Mapping[str, Any]) -> str:
    """Return how many conversations a run sees, and how often each; "" while that is unknown."""
    steps, examples = int(plan.get("steps") or 0), int((plan.get("examples") or {}).get("train") or 0)
    if not steps or not examples:
        return ""
    batch = int(training.get("batch_size") or 1)
    an_epoch = -(-examples // batch)
    # The last batch of an epoch holds what is left.
    whole, rest = divmod(steps, an_epoch)
    seen = whole * examples + min(rest * batch, examples)
    times = number_text(steps / an_epoch, 1 if rest else 0)
    return tr_count(
        seen, "{n} conversation seen, each {times} ×.", "{n} conversations seen, each {times} ×.", times=times
    )
