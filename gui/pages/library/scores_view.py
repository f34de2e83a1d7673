"""An adapter's scores with their gain over the base model and intervals, and facts under a heading."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from engine.api import ScoreCard, metrics
from gui.graphics.interval_bar import IntervalBar
from gui.look import style
from gui.look.fonts import px
from gui.look.format import gain, score
from gui.look.language import mark, tr, translate
from gui.models.list_text import UNKNOWN_VERDICT, VERDICTS
from gui.models.metric_text import ConfidenceInterval, as_text, confidence_interval
from gui.widgets.labels import ElidedLabel, IconLabel, Label
from gui.widgets.layouts import vbox

NAMES = metrics.HEADLINE_TITLES
TO_BASE = {"better": mark("better than base"), "worse": mark("worse than base")}
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class ScoresView(QWidget):
    """A row for each score: name, value, interval and gain. The dashed line is the mean of the base model."""

    def __init__(self) -> None:
        super().__init__()
        self._rows = QWidget()
        self._column = vbox(self._rows, of=self)

    def show_card(self, card: ScoreCard | None) -> None:
        """Show other scores; None clears."""
        scores = {**card.measures, **card.scores} if card is not None else {}
        base = {**card.base_measures, **card.base} if card is not None else {}
        between = {**card.measure_difference, **card.difference} if card is not None else {}
        shown = [name for name in NAMES if name in scores]
        fresh = QWidget()
        grid = QGridLayout(fresh)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(2, 1)
        intervals = [_from_base(scores[name], base.get(name)) for name in shown]
        axis, texts = _axis(intervals), []
        for row, (name, interval) in enumerate(zip(shown, intervals, strict=True)):
            difference = between.get(name) or {}
            texts.append(_row_text(name, scores[name], str(difference.get("verdict", ""))))
            bar = IntervalBar()
            style.scale(bar, QWidget.setFixedHeight, 26)
            bar.show_intervals([interval], axis, texts[-1], base=name in base)
            grid.addWidget(Label(NAMES[name], "body", "muted"), row, 0)
            grid.addWidget(Label(score(scores[name]["mean"]), "figure_medium"), row, 1, RIGHT)
            grid.addWidget(bar, row, 2)
            if difference:
                icon, _, token = VERDICTS.get(difference.get("verdict", ""), UNKNOWN_VERDICT)
                grid.addWidget(IconLabel(icon, token, 14), row, 3)
                grid.addWidget(Label(gain(difference.get("mean")), "figure_medium", token), row, 4, RIGHT)
        self._column.replaceWidget(self._rows, fresh)
        self._rows.hide()
        self._rows.deleteLater()
        self._rows = fresh
        self.setAccessibleName(tr("Scores"))
        self.setAccessibleDescription("; ".join(texts))


def _row_text(name: str, spread: dict[str, float], verdict: str) -> str:
    text = tr(TO_BASE[verdict]) if verdict in TO_BASE else translate(verdict)
    return as_text(NAMES[name], confidence_interval(spread), text)


def _from_base(spread: dict[str, float], base: dict[str, float] | None) -> ConfidenceInterval:
    """Return a score's interval relative to the base's mean."""
    middle = (base or {}).get("mean", spread["mean"])
    return confidence_interval({part: value - middle for part, value in spread.items()})


def _axis(intervals: Sequence[ConfidenceInterval]) -> tuple[float, float]:
    """Return the ends of an axis for all scores, with some air, the base's mean inside."""
    ends = [0.0, *(end for interval in intervals for end in interval.ends)]
    air = max(0.002, (max(ends) - min(ends)) * 0.06)
    return min(ends) - air, max(ends) + air


Fact = tuple[str, str]


class FactsView(QWidget):
    """A heading and its facts; a long value is elided in the middle, with the full text in its tooltip."""

    def __init__(self, heading: str) -> None:
        super().__init__()
        self._facts: list[Fact] = []
        self._rows: list[tuple[Label, ElidedLabel]] = []
        column = vbox(Label(heading, "label_medium", "muted"), of=self, spacing=6)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        column.addLayout(self._grid)
        style.on_style_changed(self._restyle)

    def show_facts(self, facts: Sequence[Fact]) -> None:
        """Show other facts; those without a value are left out."""
        self._facts = [(label, value) for label, value in facts if value]
        while len(self._rows) < len(self._facts):
            row = (
                Label("", "body", "muted", self),
                ElidedLabel("", parent=self, elide=Qt.TextElideMode.ElideMiddle),
            )
            for column, part in enumerate(row):
                self._grid.addWidget(part, len(self._rows), column)
            self._rows.append(row)
        for at, (label, value) in enumerate(self._rows):
            shown = at < len(self._facts)
            label.setVisible(shown)
            value.setVisible(shown)
            if shown:
                _fill(label, value, *self._facts[at])
        # New rows report their height only in later turns of the event loop; the section would be squeezed until then.
        self._grid.activate()
        self.updateGeometry()

    def facts(self) -> list[Fact]:
        return list(self._facts)

    def _restyle(self) -> None:
        self._grid.setColumnMinimumWidth(0, px(116))


def _fill(label: Label, value: ElidedLabel, name: str, text: str) -> None:
    label.setText(name)
    value.set_role("figure" if text[:1].isdigit() and "-" not in text else "body")
    value.setText(text)
    value.setAccessibleName(f"{name}: {text}")


class TextSection(QWidget):
    """A heading and a paragraph for each text; without any it takes no room."""

    def __init__(self, heading: str) -> None:
        super().__init__()
        self._labels: list[Label] = []
        self._column = vbox(
            Label(heading, "label_medium", "muted"), of=self, margins=(0, 0, 0, 18), spacing=6
        )

    def show_texts(self, texts: Sequence[str]) -> None:
        while len(self._labels) < len(texts):
            self._labels.append(Label("", "body", parent=self, wrap=True, selectable=True))
            self._column.addWidget(self._labels[-1])
        for at, label in enumerate(self._labels):
            label.setText(texts[at] if at < len(texts) else "")
            label.setVisible(at < len(texts))
        self.setVisible(bool(texts))
