"""The result of a finished run: the verdict as text, then conversations, intervals, facts, and ways to compare.

Reads the scores in a run's events. Signals lead to other pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from engine.api import RunState, added, language_notes, metrics, untold_notes
from gui.graphics.interval_bar import IntervalBar
from gui.look import style
from gui.look.fonts import font
from gui.look.format import UNKNOWN, gain, interval, number_text, score
from gui.look.language import mark, tr, translate
from gui.models.list_text import UNKNOWN_VERDICT, VERDICTS
from gui.models.metric_text import (
    ConfidenceInterval,
    amount,
    as_text,
    confidence_interval,
    confidence_text,
    notes_text,
)
from gui.pages.train.run_text import (
    BeforeAndAfter,
    base_form_sentence,
    excluded_sentence,
    facts_of,
    forgetting_sentence,
    has_trained,
    side_heads,
    sides,
    verdict_of,
    verdict_sentence,
)
from gui.widgets.buttons import link, plain
from gui.widgets.cards import Card, NoticeStrip
from gui.widgets.flow_layout import FlowLayout
from gui.widgets.labels import IconLabel, Label
from gui.widgets.layouts import Line, hbox, vbox
from gui.widgets.text_view import Mark, TextView

TITLES = metrics.HEADLINE_TITLES
Scores = dict[str, dict[str, Any]]
# Read after a score by screen readers.
VERDICT_WORDS = {"better": mark("better"), "worse": mark("worse")}
VERDICT_COLORS = {"better": "accent", "worse": "error"}
INTERVAL_MARGIN = 6
# 0 to 100 points, for every score.
SCORE_AXIS = (0.0, 1.0)
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
Spread = dict[str, Any]
# Below the verdict and its sentence.
CONVERSATIONS_PLACE = 2
# Characters of a conversation that is shown beside its summaries.
MAX_BEGINNING = 120
# The metric that counts names.
NOTED = "unsupported"


class VerdictCard(Card):
    """The result of a run; signals report presses.

    `scored_each` says that the run has scores per conversation, which can be compared; `is_practice` that the practice
    model was trained on data of one's own.
    """

    examples_wanted = Signal()
    blind_wanted = Signal()
    real_model_wanted = Signal()
    score_wanted = Signal()

    def __init__(self, state: RunState, scored_each: bool = False, is_practice: bool = False) -> None:
        super().__init__()
        self._scored_each = scored_each
        self.is_scored = bool(state.difference and state.tuned_scores and state.base_scores)
        if self.is_scored:
            difference = (state.difference or {})["rouge1"]
            protocol = (state.tuned_scores or {}).get("protocol") or {}
            examples, split = int(protocol.get("examples") or 0), str(protocol.get("split") or "test")
            icon_name, headline, token = verdict_of(difference, examples, trains=has_trained(state))
            sentences = (
                verdict_sentence(difference, examples, split),
                base_form_sentence(protocol),
                notes_text(language_notes(protocol)),
                forgetting_sentence(state),
            )
            self._add_head(
                icon_name, headline, token, _with_exclusions(" ".join(filter(None, sentences)), state)
            )
            base, tuned, differences = _headline_scores(state)
            names = [name for name in TITLES if name in tuned and name in base and name in differences]
            difference_axis = axis_of([*(differences[name] for name in names), {"mean": 0.0}])
            grid = QGridLayout()
            grid.setHorizontalSpacing(16)
            grid.setVerticalSpacing(0)
            for column, stretch in ((1, 3), (4, 2)):
                grid.setColumnStretch(column, stretch)
            compared = side_heads(state)
            for column, head in ((2, compared[0]), (3, compared[1]), (5, tr("Difference"))):
                title = Label(head, "head", "muted", wrap=True)
                title.setAlignment(RIGHT)
                grid.addWidget(title, 0, column)
            for index, name in enumerate(names):
                grid.addWidget(Line(), 1 + 2 * index, 0, 1, 6)
                row = ScoreRow(TITLES[name], base[name], tuned[name], differences[name], compared)
                row.place(grid, 2 + 2 * index, difference_axis)
            marks = [(at / 100, number_text(at)) for at in (0, 50, 100)]
            grid.addWidget(AxisMarks(SCORE_AXIS, marks), 2 + 2 * len(names), 1)
            grid.addWidget(AxisMarks(difference_axis, [(0.0, number_text(0))]), 2 + 2 * len(names), 4)
            self.column.addLayout(grid)
            self.column.addWidget(_Legend(sides(state)))
            self.metrics = MetricsView(state)
            self.column.addWidget(self.metrics)
        else:
            self._add_plain_head(state)
        self._add_facts(state)
        if is_practice:
            text = tr("The practice model is for trying the app.")
            self.practice = NoticeStrip(text, tr("Choose a real model"), "info", "muted")
            self.practice.acted.connect(self.real_model_wanted)
            self.column.addWidget(self.practice)
        self._add_foot(state)

    def _add_head(self, icon_name: str, headline: str, token: str, text: str) -> None:
        head = hbox(IconLabel(icon_name, token, 20), (Label(headline, "title", wrap=True), 1), spacing=12)
        self.column.addLayout(head)
        self.column.addWidget(TextView.from_markup(text))
        self.setAccessibleName(headline)
        self.setAccessibleDescription(text.replace("<b>", "").replace("</b>", ""))

    def _add_plain_head(self, state: RunState) -> None:
        if state.adapter is not None:
            text = _with_exclusions(tr("Not compared with the base model."), state)
            self._add_head("check", tr("The adapter is saved"), "accent", text)
        else:
            text = tr("The run ended before its first step.")
            self._add_head("info", tr("No adapter was created"), "muted", text)

    def show_conversations(self, shown: Sequence[BeforeAndAfter]) -> None:
        """Show conversations with their summaries before and after the training, above the numbers."""
        grid = QGridLayout()
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(8)
        heads = (tr("Conversation"), tr("Base model"), tr("Your adapter"), TITLES["rouge1"])
        for column, head in enumerate(heads):
            grid.setColumnStretch(column, 0 if column == len(heads) - 1 else 1)
            grid.addWidget(Label(head, "head", "muted"), 0, column)
        for at, each in enumerate(shown):
            grid.addWidget(Line(), 2 * at + 1, 0, 1, len(heads))
            tuned = TextView(role="body")
            tuned.set_text(
                each.tuned, [Mark(start, end - start) for start, end in added(each.tuned, each.base)]
            )
            texts = (
                TextView(beginning(each.conversation), role="body"),
                TextView(each.base, role="body", token="muted"),
                tuned,
            )
            for column, part in enumerate(texts):
                grid.addWidget(part, 2 * at + 2, column)
            top = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop
            grid.addWidget(Label(gain(each.gain), "figure_medium", "muted"), 2 * at + 2, len(texts), top)
        if shown:
            grid.setContentsMargins(0, 8, 0, 16)
            self.column.insertLayout(CONVERSATIONS_PLACE, grid)

    def _add_facts(self, state: RunState) -> None:
        facts = QWidget()
        flow = FlowLayout(facts, 32)
        flow.setContentsMargins(0, 8, 0, 4)
        for name, value in facts_of(state):
            around = QWidget()
            vbox(Label(name, "label", "muted"), Label(value, "figure_medium"), of=around, spacing=2)
            flow.addWidget(around)
        self.column.addWidget(facts)

    def _add_foot(self, state: RunState) -> None:
        foot = QWidget()
        buttons = FlowLayout(foot, 8)
        if state.adapter is not None and not self.is_scored:
            # A stopped run, or one whose recipe asks for no scores.
            score = plain(tr("Score now"), "check")
            score.clicked.connect(self.score_wanted)
            buttons.addWidget(score)
        if self._scored_each:
            examples = plain(tr("Compare conversations"), "data")
            examples.clicked.connect(self.examples_wanted)
            buttons.addWidget(examples)
            blind = plain(tr("Compare blind…"), "equals")
            blind.clicked.connect(self.blind_wanted)
            buttons.addWidget(blind)
        self.column.addWidget(foot)


def beginning(conversation: str) -> str:
    """Return what a conversation is about, in one line."""
    line = " ".join(conversation.split())
    return line if len(line) <= MAX_BEGINNING else f"{line[:MAX_BEGINNING].rsplit(' ', 1)[0]}…"


def _with_exclusions(text: str, state: RunState) -> str:
    """Append what the recipe left out to a sentence; the figures are of the rest alone."""
    return " ".join(filter(None, (text, excluded_sentence(state.excluded))))


def _headline_scores(state: RunState) -> tuple[Scores, Scores, Scores]:
    """Return base scores, tuned scores and paired differences, those of chrF among them."""
    base, tuned = state.base_scores or {}, state.tuned_scores or {}
    return (
        {**(base.get("measures") or {}), **base["scores"]},
        {**(tuned.get("measures") or {}), **tuned["scores"]},
        {**(tuned.get("measure_difference") or {}), **(state.difference or {})},
    )


class ScoreRow:
    """One score in the grid: name, both intervals, both means, the paired difference."""

    def __init__(
        self,
        title: str,
        base: dict[str, float],
        tuned: dict[str, float],
        difference: dict[str, Any],
        compared: tuple[str, str],
    ) -> None:
        self._title, self._base, self._tuned, self._difference = title, base, tuned, difference
        self._compared = compared

    def place(self, grid: QGridLayout, row: int, difference_axis: tuple[float, float]) -> None:
        """Put the row into a grid; the scores of all rows share one scale, and so do the differences."""
        base, tuned = confidence_interval(self._base, "grey"), confidence_interval(self._tuned, "accent")
        verdict = str(self._difference.get("verdict", ""))
        token = VERDICT_COLORS.get(verdict, "muted")
        scores, paired = IntervalBar(), IntervalBar()
        first, second = (f"{side} {self._title}" for side in self._compared)
        verdict_text = tr(VERDICT_WORDS[verdict]) if verdict in VERDICT_WORDS else translate(verdict)
        text = f"{as_text(first, base)}. {as_text(second, tuned, verdict_text)}"
        scores.show_intervals([base, tuned], SCORE_AXIS, text)
        change = confidence_interval(self._difference, token)
        between = tr(
            "{score} difference {gain}, {spread}",
            score=self._title,
            gain=gain(change.mean),
            spread=confidence_text(change),
        )
        paired.show_intervals([change], difference_axis, between, zero=True)
        grid.addWidget(Label(self._title, "body"), row, 0)
        grid.addWidget(scores, row, 1)
        grid.addWidget(Label(score(base.mean), "figure", "muted"), row, 2, RIGHT)
        grid.addWidget(Label(score(tuned.mean), "figure_medium"), row, 3, RIGHT)
        grid.addWidget(paired, row, 4)
        grid.addWidget(self._amount(change, token), row, 5, RIGHT)

    def _amount(self, change: ConfidenceInterval, token: str) -> QWidget:
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 6, 0, 6)
        column.setSpacing(0)
        # The sentence above says why there is none.
        spread = interval(change.low, change.high) if change.low is not None else tr("no interval")
        for text, role, color in (
            (gain(change.mean), "figure_medium", token),
            (spread, "figure_small", "muted"),
        ):
            label = Label(text, role, color)
            label.setAlignment(RIGHT)
            column.addWidget(label)
        return box


def axis_of(intervals: list[dict[str, Any]]) -> tuple[float, float]:
    """Return an axis that holds all intervals, with a small margin."""
    ends = [end for each in intervals for end in confidence_interval(each).ends]
    low, high = min(ends), max(ends)
    room = max(0.002, (high - low) * 0.06)
    return low - room, high + room


class _Legend(QWidget):
    """The legend: the two colours and the error bars."""

    def __init__(self, compared: tuple[str, str]) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        for token, text in zip(("grey", "accent"), compared, strict=True):
            row.addWidget(_Dot(token))
            row.addWidget(Label(text, "label", "muted"))
            row.addSpacing(10)
        row.addWidget(Label(tr("error bars: 95 % interval"), "label", "muted"))
        row.addStretch(1)


class AxisMarks(QWidget):
    """The labelled values of an axis, below its bars."""

    def __init__(self, axis: tuple[float, float], marks: list[tuple[float, str]]) -> None:
        super().__init__()
        self._axis, self.marks = axis, marks
        style.scale(self, QWidget.setFixedHeight, 16)
        style.on_style_changed(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(font("axis"))
        painter.setPen(style.color("muted"))
        low, high = self._axis
        for value, text in self.marks:
            x = INTERVAL_MARGIN + (value - low) / (high - low) * (self.width() - 2 * INTERVAL_MARGIN)
            wide = painter.fontMetrics().horizontalAdvance(text)
            left = min(max(0.0, x - wide / 2), self.width() - wide)
            painter.drawText(QRectF(left, 0, wide, self.height()), Qt.AlignmentFlag.AlignCenter, text)
        painter.end()


class _Dot(IntervalBar):
    """The dot of an interval without its line."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self.setMinimumSize(0, 0)
        self.setFixedSize(20, 14)
        self.show_intervals([ConfidenceInterval(0.5, token=token)], (0.0, 1.0), "")


class MetricsView(QWidget):
    """The other metrics of a run, paired with the base, below a link that unfolds them; hidden where there are none."""

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
            if each not in metrics.HEADLINE and (each.name in known or (each.name == NOTED and untold))
        ]
        self.setVisible(bool(shown))
        grid = QGridLayout(self.rows)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(0, 1)
        for column, head in enumerate((*side_heads(state), tr("Difference")), start=1):
            grid.addWidget(Label(head, "head", "muted"), 0, column, RIGHT)
        for index, each in enumerate(shown):
            grid.addWidget(Line(), 1 + 2 * index, 0, 1, 5)
            row = 2 + 2 * index
            grid.addWidget(
                _name(each, notes_text(untold_notes(untold)) if each.name == NOTED else ""), row, 0
            )
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
    text = Label(note, "label", "muted")
    text.setWordWrap(True)
    vbox(title, text, of=box, margins=(0, 6, 0, 6), spacing=0)
    return box


def _amount(found: Spread | None, unit: metrics.Unit, *, signed: bool) -> QWidget:
    """Return a mean with its interval below it, or why there is none; a dash for what can't be measured."""
    if found is None:
        return Label(UNKNOWN, "figure_medium", "muted")
    low, high = found.get("low"), found.get("high")
    # The sentence above the scores says why there is none.
    spread = tr("no interval")
    if low is not None and high is not None:
        spread = tr(
            "{low} to {high}", low=amount(low, unit, signed=signed), high=amount(high, unit, signed=signed)
        )
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 6, 0, 6)
    column.setSpacing(0)
    for text, role, token in (
        (amount(found["mean"], unit, signed=signed), "figure_medium", "text"),
        (spread, "figure_small", "muted"),
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
