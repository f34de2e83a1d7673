"""Sample summaries: the same conversations at every evaluation, with new words marked.

Shows samples.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from difflib import SequenceMatcher

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from engine.api import Sample, speakers
from gui.core import actions
from gui.look import style
from gui.look.focus_rim import has_rim
from gui.look.fonts import font, metrics, px
from gui.look.format import UNKNOWN, number_text
from gui.look.language import tr
from gui.models.list_text import NOTHING_WRITTEN
from gui.widgets.buttons import link
from gui.widgets.labels import ElidedLabel, Label
from gui.widgets.layouts import Line, hbox, vbox
from gui.widgets.text_view import Mark, TextView

SHOWN_CHARACTERS = 96
TOP = Qt.AlignmentFlag.AlignTop
SCORES = ("ROUGE-1", "chrF")
# The others are shown on demand, so that the plot above has room.
FIRST_ROWS = 2


class SamplesView(QWidget):
    """A scrubber over the evaluations, and a row for each sample conversation."""

    def __init__(self) -> None:
        super().__init__()
        self._samples: list[Sample] = []
        self._rows: list[SampleRow] = []
        self._shows_all = False
        self._trains = True
        self._title = Label(tr("Sample summaries"), "section")
        self.scrubber = Scrubber()
        self.scrubber.chosen.connect(self._show)
        self._head = ElidedLabel("", "head", "muted")
        self._grid = QGridLayout()
        self.more_button = link("")
        self.more_button.clicked.connect(self._toggle)
        top = hbox(self._title, (self.scrubber, 1), spacing=24)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(8)
        for column, stretch in enumerate((10, 10, 12, 0, 0)):
            self._grid.setColumnStretch(column, stretch)
        heads = (
            ElidedLabel(tr("Conversation"), "head", "muted"),
            ElidedLabel(tr("Reference summary"), "head", "muted"),
            self._head,
        )
        for column, head in enumerate((*heads, *(Label(name, "head", "muted") for name in SCORES))):
            self._grid.addWidget(head, 0, column)
        vbox(top, self._grid, (self.more_button, 0, Qt.AlignmentFlag.AlignLeading), of=self, spacing=8)

    def _toggle(self) -> None:
        self._shows_all = not self._shows_all
        self._show(self.scrubber.current())

    def show_samples(self, samples: Sequence[Sample], total: int, planned: Sequence[int]) -> None:
        """Show the samples of a run, at the newest evaluation unless another one is chosen.

        A run with a `total` of 0 steps has only the samples of its prompt.
        """
        self._trains = total > 0
        self.scrubber.setVisible(self._trains)
        if len(samples) == len(self._samples) and (not samples or samples[-1] is self._samples[-1]):
            self.scrubber.set_steps(self._steps(), total, planned)
            return
        self._samples = list(samples)
        self.scrubber.set_steps(self._steps(), total, planned)
        self._show(self.scrubber.current())

    def summaries(self) -> list[str]:
        return [row.summary.text() for row in self._rows if row.summary.isVisibleTo(self)]

    def _steps(self) -> list[int]:
        return sorted({sample.step for sample in self._samples})

    def _show(self, step: int) -> None:
        samples = [sample for sample in self._samples if sample.step == step]
        shown = samples if self._shows_all else samples[:FIRST_ROWS]
        more = len(samples) - FIRST_ROWS
        self.more_button.setVisible(more > 0)
        self.more_button.setText(
            tr("Show fewer") if self._shows_all else tr("Show {n} more", n=number_text(more))
        )
        before = self.scrubber.previous()
        earlier = {sample.example: sample.summary for sample in self._samples if sample.step == before}
        self._head.setText(self._head_text(step, before if earlier else None))
        while len(self._rows) < len(shown):
            self._rows.append(SampleRow(self._grid, len(self._rows)))
        for index, row in enumerate(self._rows):
            row.set_visible(index < len(shown))
            if index < len(shown):
                row.show_sample(shown[index], earlier.get(shown[index].example))

    def _head_text(self, step: int, before: int | None) -> str:
        """Return the step of the shown summaries, and the earlier step they are compared with."""
        if step:
            whose = tr("Summary at step {step}", step=number_text(step))
        else:
            whose = tr("Summary of the base model") if self._trains else tr("Summary with this prompt")
        if before is None:
            return whose
        if not before:
            return tr("{summary}. Words not in the base model's are marked", summary=whose)
        return tr(
            "{summary}. Words that differ from {step} are marked", summary=whose, step=number_text(before)
        )


class SampleRow:
    """The widgets of one conversation in the columns of the grid."""

    def __init__(self, grid: QGridLayout, index: int) -> None:
        self._line = Line()
        self._who = Label("", "body_medium")
        self._what = TextView(role="label", token="muted")
        self._reference = TextView(role="body", token="muted")
        self.summary = TextView(role="body")
        self._scores = [Label("", "figure_medium") for _ in SCORES]
        conversation = QWidget()
        vbox(self._who, self._what, 1, of=conversation, spacing=0)
        row = 1 + 2 * index
        grid.addWidget(self._line, row, 0, 1, 3 + len(SCORES))
        grid.addWidget(conversation, row + 1, 0)
        grid.addWidget(self._reference, row + 1, 1)
        grid.addWidget(self.summary, row + 1, 2)
        for at, label in enumerate(self._scores, start=3):
            grid.addWidget(label, row + 1, at, alignment=Qt.AlignmentFlag.AlignRight | TOP)
        style.scale(conversation, QWidget.setMinimumHeight, 60)
        self._parts: tuple[QWidget, ...] = (
            self._line,
            conversation,
            self._reference,
            self.summary,
            *self._scores,
        )

    def set_visible(self, visible: bool) -> None:
        """Show or hide the row."""
        for part in self._parts:
            part.setVisible(visible)

    def show_sample(self, sample: Sample, earlier: str | None) -> None:
        """Show a sample; words that its earlier summary lacks are marked."""
        who = ", ".join(speakers(sample.conversation)) or tr("Conversation")
        self._who.setText(who)
        self._what.set_text(shortened(sample.conversation))
        self._reference.set_text(sample.reference)
        self.summary.set_text(
            sample.summary or tr(NOTHING_WRITTEN),
            () if earlier is None else new_parts(earlier, sample.summary),
        )
        for label, value in zip(self._scores, (sample.rouge1, sample.chrf), strict=True):
            label.setText(UNKNOWN if value is None else number_text(round(value * 100)))


def shortened(conversation: str) -> str:
    """Return the beginning of a conversation on one line."""
    flat = " ".join(conversation.split())
    if len(flat) <= SHOWN_CHARACTERS:
        return flat
    return flat[:SHOWN_CHARACTERS].rsplit(" ", 1)[0] + "…"


def new_parts(earlier: str, later: str) -> list[Mark]:
    """Return marks for the words of `later` that differ from `earlier`."""
    words = [(found.group(), found.start(), found.end()) for found in re.finditer(r"\S+", later)]
    matcher = SequenceMatcher(a=earlier.split(), b=[word for word, _, _ in words], autojunk=False)
    marks = []
    for kind, _, _, first, last in matcher.get_opcodes():
        if kind in {"insert", "replace"}:
            start = words[first][1]
            marks.append(Mark(start, words[last - 1][2] - start))
    return marks


# More dots can't be told apart.
MAX_DOTS = 400


class Scrubber(QWidget):
    """Chooses a step by click, drag, Left and Right, Home and End. `chosen(step)`; step 0 is the base model."""

    accessible_role = QAccessible.Role.Slider
    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._done: list[int] = []
        self._planned: Sequence[int] = ()
        self._total = 0
        self._current = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Step of the samples"))
        style.on_style_changed(self._restyle)

    def set_steps(self, done: Sequence[int], total: int, planned: Sequence[int] = ()) -> None:
        """Show steps with samples, planned steps in their order, and the total; the newest stays chosen if it was."""
        newest = not self._done or self._current == self._done[-1]
        self._done = sorted(set(done))
        self._planned = planned[bisect_right(planned, self._done[-1]) :] if self._done else planned
        self._total = max(total, *self._done[-1:], *self._planned[-1:], 1)
        if self._done and (newest or self._current not in self._done):
            self._current = self._done[-1]
        self._describe()
        self.update()

    def current(self) -> int:
        """Return the chosen step."""
        return self._current

    def set_current(self, step: int) -> None:
        """Choose a step with samples; emit `chosen` if it changed."""
        if step in self._done and step != self._current:
            self._current = step
            self._describe()
            self.update()
            self.chosen.emit(step)

    def previous(self) -> int | None:
        """Return the step with samples before the chosen one, or None."""
        at = self._done.index(self._current) if self._current in self._done else 0
        return self._done[at - 1] if at > 0 else None

    def sizeHint(self) -> QSize:
        """Return the size of one line."""
        return QSize(px(420), px(28))

    def minimumSizeHint(self) -> QSize:
        """Return a short scrubber."""
        return QSize(px(180), px(28))

    def _track(self) -> QRectF:
        left = metrics("label").horizontalAdvance(tr("base")) + 18
        right = metrics("figure_small").horizontalAdvance(number_text(self._total)) + 18
        return QRectF(left, 0, max(10.0, self.width() - left - right), self.height())

    def _x(self, step: int, track: QRectF) -> float:
        return track.left() + track.width() * step / max(1, self._total)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the labels at the ends, the track, the steps and the handle."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        track, y = self._track(), self.height() / 2
        painter.setPen(style.color("muted"))
        painter.setFont(font("label"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, tr("base"))
        painter.setFont(font("figure_small"))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(self.rect(), right, number_text(self._total))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.color("grey_soft"))
        painter.drawRoundedRect(QRectF(track.left(), y - 2, track.width(), 4), 2, 2)
        painter.setBrush(style.color("accent"))
        painter.drawRoundedRect(
            QRectF(track.left(), y - 2, self._x(self._current, track) - track.left(), 4), 2, 2
        )
        for step in _some(self._planned):
            self._dot(painter, self._x(step, track), 3.5, "grey_soft", 1.5)
        for step in _some(self._done):
            self._dot(painter, self._x(step, track), 3.5, "accent", 1.5)
        if self._done:
            self._dot(painter, self._x(self._current, track), 7, "accent", 3 if has_rim(self) else 2)
        painter.end()

    def _dot(self, painter: QPainter, x: float, radius: float, token: str, wide: float) -> None:
        focus = wide == 3
        painter.setPen(QPen(style.color(token), wide))
        painter.setBrush(style.color("accent_soft" if focus else "background"))
        painter.drawEllipse(QPointF(x, self.height() / 2), radius, radius)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the nearest step."""
        self._go_near(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow a drag."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go_near(event.position().x())

    def _go_near(self, x: float) -> None:
        if self._done:
            track = self._track()
            self.set_current(min(self._done, key=lambda step: abs(self._x(step, track) - x)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move by steps that have samples."""
        if not self._done:
            super().keyPressEvent(event)
            return
        at, last = bisect_right(self._done, self._current) - 1, len(self._done) - 1
        for action_id, index in (
            ("scrubber.earlier", max(0, at - 1)),
            ("scrubber.later", min(last, at + 1)),
            ("scrubber.first", 0),
            ("scrubber.last", last),
        ):
            if actions.pressed(event, action_id):
                self.set_current(self._done[index])
                return
        super().keyPressEvent(event)

    def _describe(self) -> None:
        total = number_text(self._total)
        if self._current == 0:
            text = tr("base model of {total}", total=total)
        else:
            text = tr("step {step} of {total}", step=number_text(self._current), total=total)
        choice = tr("{count} to choose from", count=number_text(len(self._done)))
        self.setAccessibleDescription(f"{text}, {choice}")

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()


def _some(steps: Sequence[int]) -> Sequence[int]:
    """Return at most some hundred of the steps, evenly."""
    return steps[:: max(1, -(-len(steps) // MAX_DOTS))]
