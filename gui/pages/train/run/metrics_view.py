"""The other metrics of a run: each with its interval, paired with the base, and a verdict.

Folded at first: the verdict of the run rests on the scores above.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from engine.api import RunState, metrics
from gui.look.format import UNKNOWN
from gui.look.language import tr, translate
from gui.models.list_text import UNKNOWN_VERDICT, VERDICTS
from gui.models.metric_text import amount, untold_text
from gui.pages.train.run.run_text import side_heads
from gui.widgets.buttons import link
from gui.widgets.labels import IconLabel, Label
from gui.widgets.layouts import hbox, vbox
from gui.widgets.line import Line

RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
Spread = dict[str, Any]
# The metric that counts names.
NAMED = "unsupported"


class MetricsView(QWidget):
    """A link that unfolds the rows. Hidden for a run without other metrics."""

    def __init__(self, state: RunState) -> None:
        super().__init__()
        self.toggle = link(tr("Further metrics"))
        self.toggle.clicked.connect(self._fold)
        self.rows = QWidget()
        self.rows.hide()
        vbox((self.toggle, 0, Qt.AlignmentFlag.AlignLeading), self.rows, of=self, spacing=4)
        self._fill(state)

    def _fill(self, state: RunState) -> None:
        base = (state.base_scores or {}).get("measures") or {}
        tuned, between = (
            (state.tuned_scores or {}).get(name) or {} for name in ("measures", "measure_difference")
        )
        known = base.keys() & tuned.keys() & between.keys()
        untold = metrics.untold((state.tuned_scores or {}).get("protocol") or {}) if known else {}
        shown = [
            each
            for each in metrics.OTHER_METRICS
            if each not in metrics.HEADLINE and (each.name in known or (each.name == NAMED and untold))
        ]
        self.setVisible(bool(shown))
        grid = QGridLayout(self.rows)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(0, 1)
        for column, head in enumerate((*side_heads(state), tr("Paired difference")), start=1):
            grid.addWidget(Label(head, "head", "ink2"), 0, column, RIGHT)
        for index, each in enumerate(shown):
            grid.addWidget(Line(), 1 + 2 * index, 0, 1, 5)
            row = 2 + 2 * index
            grid.addWidget(_name(each, untold_text(untold) if each.name == NAMED else ""), row, 0)
            for column, found in enumerate((base.get(each.name), tuned.get(each.name)), start=1):
                grid.addWidget(_amount(found, each.unit, signed=False), row, column, RIGHT)
            grid.addWidget(_amount(between.get(each.name), each.unit, signed=True), row, 3, RIGHT)
            if each.name in between:
                grid.addWidget(_verdict(between[each.name]), row, 4)

    def _fold(self) -> None:
        self.rows.setVisible(self.rows.isHidden())


def _name(metric: metrics.Metric, note: str) -> QWidget:
    """Return a metric's title, with what can't be measured below it."""
    title = Label(translate(metric.title), "body")
    title.setToolTip(translate(metric.help))
    if not note:
        return title
    box = QWidget()
    text = Label(note, "label", "ink2")
    text.setWordWrap(True)
    vbox(title, text, of=box, margins=(0, 6, 0, 6), spacing=0)
    return box


def _amount(found: Spread | None, unit: metrics.Unit, *, signed: bool) -> QWidget:
    """Return a mean with its interval below it, or why there is none; a dash for what can't be measured."""
    if found is None:
        return Label(UNKNOWN, "figure_medium", "ink2")
    low, high = found.get("low"), found.get("high")
    # The sentence above the scores says why there is none.
    spread = tr("no interval")
    if low is not None and high is not None:
        spread = tr(
            "{low} to {high}",
            low=amount(low, unit, signed=signed),
            high=amount(high, unit, signed=signed),
        )
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 6, 0, 6)
    column.setSpacing(0)
    for text, role, token in (
        (amount(found["mean"], unit, signed=signed), "figure_medium", "ink"),
        (spread, "figure_small", "ink2"),
    ):
        label = Label(text, role, token)
        label.setAlignment(RIGHT)
        column.addWidget(label)
    return box


def _verdict(found: Spread) -> QWidget:
    icon_name, word, token = VERDICTS.get(str(found.get("verdict")), UNKNOWN_VERDICT)
    made = QWidget()
    hbox(IconLabel(icon_name, token, 14), (Label(tr(word), "body", token), 1), of=made, spacing=6)
    return made
