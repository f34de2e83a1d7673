"""Sample summaries: the same conversations at every evaluation, with new words marked.

Shows samples.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from engine.api import Sample, speakers
from gui.inputs.number_inputs import Slider
from gui.look import style
from gui.look.format import UNKNOWN, number_text
from gui.look.language import mark, tr
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
        self.rows: list[SampleRow] = []
        self._shows_all = False
        self._trains = True
        self._title = Label(tr("Sample summaries"), "section")
        self.scrubber = Scrubber()
        self.scrubber.chosen.connect(self._show)
        self._head = ElidedLabel("", "head", "muted")
        self._grid = QGridLayout()
        self.more_button = link("", press=self._toggle)
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

    def show_samples(self, samples: Sequence[Sample], total: int) -> None:
        """Show the samples of a run, at the newest evaluation unless another one is chosen.

        A run with a `total` of 0 steps has only the samples of its prompt.
        """
        self._trains = total > 0
        self.scrubber.setVisible(self._trains)
        if len(samples) == len(self._samples) and (not samples or samples[-1] is self._samples[-1]):
            self.scrubber.set_steps(self._steps(), total)
            return
        self._samples = list(samples)
        self.scrubber.set_steps(self._steps(), total)
        self._show(self.scrubber.current())

    def summaries(self) -> list[str]:
        return [row.summary.text() for row in self.rows if row.summary.isVisibleTo(self)]

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
        while len(self.rows) < len(shown):
            self.rows.append(SampleRow(self._grid, len(self.rows)))
        for index, row in enumerate(self.rows):
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
        self.scores = [Label("", "figure_medium") for _ in SCORES]
        conversation = QWidget()
        vbox(self._who, self._what, 1, of=conversation, spacing=0)
        row = 1 + 2 * index
        grid.addWidget(self._line, row, 0, 1, 3 + len(SCORES))
        grid.addWidget(conversation, row + 1, 0)
        grid.addWidget(self._reference, row + 1, 1)
        grid.addWidget(self.summary, row + 1, 2)
        for at, label in enumerate(self.scores, start=3):
            grid.addWidget(label, row + 1, at, alignment=Qt.AlignmentFlag.AlignRight | TOP)
        style.scale(conversation, QWidget.setMinimumHeight, 60)
        self._parts: tuple[QWidget, ...] = (
            self._line,
            conversation,
            self._reference,
            self.summary,
            *self.scores,
        )

    def set_visible(self, visible: bool) -> None:
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
        for label, value in zip(self.scores, (sample.rouge1, sample.chrf), strict=True):
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


class Scrubber(QWidget):
    """Chooses a step with samples by a slider. `chosen(step)`; step 0 is the base model."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._done: list[int] = []
        self._total = 0
        self.slider = Slider(0, 0)
        self.slider.setPageStep(1)
        self.slider.setAccessibleName(tr("Step of the samples"))
        self.slider.valueChanged.connect(self._move)
        self._text = Label("", "figure_small", "muted")
        hbox((self.slider, 1), self._text, of=self, spacing=12)
        style.scale(self, QWidget.setMaximumWidth, 420)

    def set_steps(self, done: Sequence[int], total: int) -> None:
        """Show steps with samples, and the total; the newest stays chosen if it was."""
        current, newest = self.current(), not self._done or self.current() == self._done[-1]
        self._done, self._total = sorted(set(done)), max(total, *done, 1)
        at = self._done.index(current) if current in self._done and not newest else len(self._done) - 1
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, max(0, len(self._done) - 1))
            self.slider.setValue(at)
        self.slider.setEnabled(len(self._done) > 1)
        self._describe()

    def current(self) -> int:
        """Return the chosen step."""
        return self._done[self.slider.value()] if self._done else 0

    def set_current(self, step: int) -> None:
        """Choose a step with samples; emit `chosen` if it changed."""
        if step in self._done:
            self.slider.setValue(self._done.index(step))

    def previous(self) -> int | None:
        """Return the step with samples before the chosen one, or None."""
        at = self.slider.value()
        return self._done[at - 1] if at > 0 else None

    def _move(self) -> None:
        self._describe()
        self.chosen.emit(self.current())

    def _describe(self) -> None:
        step, total = number_text(self.current()), number_text(self._total)
        pattern = mark("step {step} of {total}") if self.current() else mark("base model of {total}")
        self._text.setText(tr(pattern, step=step, total=total))
        choice = tr("{count} to choose from", count=number_text(len(self._done)))
        self.slider.setAccessibleDescription(f"{self._text.text()}, {choice}")
