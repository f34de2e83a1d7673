"""One column of the playground: the model, its summary with marks, its figures, and the feedback on it.

Shows a `Column`; knows neither the worker nor the other columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QWidget

from gui.core import actions
from gui.core.clipboard import copy_text
from gui.inputs.fields import Field
from gui.look import style
from gui.look.fonts import px
from gui.look.format import UNKNOWN, duration_text, number_text, score
from gui.look.language import sentences, tr, tr_count
from gui.look.shown_texts import plain_tooltip
from gui.models.list_text import NOTHING_WRITTEN
from gui.pages.playground.column_results import Column, ColumnModel, Feedback, Marks, Thumb
from gui.widgets.buttons import IconButton, link, plain, quiet
from gui.widgets.labels import ElidedLabel, IconLabel, Label
from gui.widgets.layouts import Line, Scroll, fill, hbox, vbox
from gui.widgets.text_view import Mark, TextView

MIN_WIDTH = 176


class ColumnView(QWidget):
    """A column, at least 176 pixels wide, with its figures at the bottom.

    `act` is the button in its head: choose another base model, or remove the adapter. Signals: `cancelled` to cancel
    the request, `feedback_given(Feedback)` for feedback on the summary.
    """

    cancelled = Signal()
    feedback_given = Signal(object)

    def __init__(self, is_base: bool) -> None:
        super().__init__()
        self._is_base = is_base
        self._name = ElidedLabel("", "body_semibold")
        self._detail = ElidedLabel("", "label", "muted")
        self.chunks = ChunksView()
        self._text = TextView()
        self._state = Label("", "label", "hint", wrap=True)
        self._error = _Error()
        self._copy = IconButton("copy", tr("Copy this summary"), press=lambda: copy_text(self._text.text()))
        self._cancel = plain(tr("Cancel"), press=self.cancelled)
        self.tools = FeedbackTools()
        self.notes = FeedbackNotes()
        self.tools.given.connect(self.feedback_given)
        self.tools.pen.clicked.connect(self._edit_notes)
        self.notes.given.connect(self.feedback_given)
        self._figures = _Figures()
        column = vbox(self._head(), of=self, margins=(16, 12, 16, 12), spacing=0)
        column.addSpacing(12)
        column.addWidget(Line())
        reading = self._reading = Scroll((0, 12, 10, 8), spacing=8)
        fill(reading.column, self.chunks, self._text, self._state, self._error, self.notes, 1)
        column.addWidget(reading, 1)
        acts = hbox(self._copy, self.tools, self._cancel, 1, spacing=4)
        acts.addStrut(px(34))
        column.addLayout(acts)
        column.addSpacing(8)
        column.addWidget(Line())
        column.addSpacing(10)
        column.addWidget(self._figures)
        style.scale(self, QWidget.setMinimumWidth, MIN_WIDTH)

    def _edit_notes(self) -> None:
        self.notes.edit()
        if self.notes.is_open:
            # After the layout has placed the editor.
            show = partial(self._reading.ensureWidgetVisible, self.notes.done_button)
            QTimer.singleShot(0, self, show)

    def _head(self) -> QHBoxLayout:
        texts = vbox(self._name, self._detail, spacing=0)
        icon_name, title = (
            ("chevron-down", tr("Choose another base model"))
            if self._is_base
            else ("close", tr("Remove this adapter"))
        )
        self.act = IconButton(icon_name, title)
        return hbox((texts, 1), (self.act, 0, Qt.AlignmentFlag.AlignVCenter), spacing=4)

    def text(self) -> str:
        return self._text.text()

    def marks(self) -> tuple[Mark, ...]:
        return self._text.marks()

    def state_text(self) -> str:
        """Return the text in place of a summary: waiting, loading, or an error."""
        return self._error.text() or self._state.text()

    def figures(self) -> dict[str, str]:
        return self._figures.shown()

    def name(self) -> str:
        return self._name.text()

    def show_name(self, name: str, entry: ColumnModel) -> None:
        """Show whose column it is, by the part of its name that the others don't have."""
        self._name.setText(name)
        self._detail.setText(entry.about)
        self.setAccessibleName(f"{entry.title} {entry.about}")

    def show_column(
        self,
        column: Column,
        marks: Marks,
        waiting_text: str = "",
        can_rate: bool = False,
        can_cancel: bool = False,
    ) -> None:
        """Show a column; `waiting_text` is shown while it waits; one that runs can be cancelled too."""
        running = column.status == "running"
        drawn = _drawn(marks)
        if (column.text, tuple(drawn)) != (self._text.text(), self._text.marks()):
            self._text.set_text(column.text, drawn)
        self._text.set_streaming(running)
        self._text.setVisible(bool(column.text) or running)
        waiting = {
            "empty": tr("No summary yet"),
            "waiting": waiting_text or tr("Waiting"),
            "cancelled": tr("Cancelled"),
            "finished": "" if column.text else tr(NOTHING_WRITTEN),
        }
        self.chunks.show_rounds(column.rounds)
        self._state.show_text(waiting.get(column.status) or _state_text(column))
        failed = column.status == "failed"
        self._error.show_text(sentences(column.message, column.hint) if failed else "")
        self._copy.setVisible(column.status in ("finished", "cancelled") and bool(column.text))
        self._cancel.setVisible(running or can_cancel)
        self.tools.setVisible(can_rate and column.status == "finished" and bool(column.text))
        self.tools.show_feedback(column.feedback)
        self.notes.show_feedback(column.feedback, column.text)
        self._figures.show_column(column, marks)


def _state_text(column: Column) -> str:
    """Return the state beside a summary: the progress in a long conversation, or what cut it."""
    if column.status == "running" and column.chunks > 1 and not column.text:
        done = sum(bool(summary) for chunks in column.rounds for summary in chunks)
        how_far = tr_count(
            column.chunks,
            "Split into {n} part, {done} summarised",
            "Split into {n} parts, {done} summarised",
            done=number_text(done),
        )
        return column.left.beside(how_far)
    return tr("Cut off at the length limit") if column.is_capped else ""


def _drawn(marks: Marks) -> list[Mark]:
    """Return the marks as drawn; a claim inside an added passage is drawn over it."""
    added = [Mark(start, end - start, "new") for start, end in marks.added]
    return added + [Mark(claim.start, claim.end - claim.start, "attention") for claim in marks.unsupported]


class _Error(QWidget):
    """An error of this column alone."""

    def __init__(self) -> None:
        super().__init__()
        self._text = Label("", "label", "error", wrap=True, selectable=True)
        hbox(
            (IconLabel("problem", "error", 14), 0, Qt.AlignmentFlag.AlignTop),
            (self._text, 1),
            of=self,
            spacing=6,
        )
        self.hide()

    def show_text(self, text: str) -> None:
        """Show an error; "" hides it."""
        self._text.setText(text)
        self.setVisible(bool(text))

    def text(self) -> str:
        return self._text.text()


class _Figures(QWidget):
    """The foot of a column: ROUGE-1, chrF, unsupported claims, time and speed."""

    def __init__(self) -> None:
        super().__init__()
        self._rouge = Label(UNKNOWN, "figure_medium")
        self._chrf = Label(UNKNOWN, "figure_medium")
        self._missing = Label(UNKNOWN, "figure_medium")
        self._warning = IconLabel("warning", "warning", 14)
        self._warning.hide()
        self._seconds = Label("", "figure_small", "muted")
        self._speed = Label("", "figure_small", "muted")
        vbox(
            _row(ElidedLabel("ROUGE-1", "label", "muted"), self._rouge),
            _row(ElidedLabel("chrF", "label", "muted"), self._chrf),
            _row(ElidedLabel(tr("Not in conversation"), "label", "muted"), self._warning, self._missing),
            _row(self._seconds, self._speed),
            of=self,
            spacing=2,
        )

    def shown(self) -> dict[str, str]:
        return {
            "rouge1": self._rouge.text(),
            "chrf": self._chrf.text(),
            "missing": self._missing.text(),
            "seconds": self._seconds.text(),
            "speed": self._speed.text(),
        }

    def show_column(self, column: Column, marks: Marks) -> None:
        finished = column.status == "finished"
        self._rouge.setText(score(column.scores.get("rouge1")))
        self._chrf.setText(score(column.scores.get("chrf")))
        for label in (self._rouge, self._chrf):
            label.setToolTip("" if column.scores else tr("Paste a reference summary to see it."))
        missing = len(marks.unsupported)
        self._missing.setText(number_text(missing) if finished and marks.is_measured else UNKNOWN)
        self._missing.set_token("warning" if missing else "text")
        claims = ", ".join(claim.text for claim in marks.unsupported)
        untold = (
            "" if marks.names_told else tr("Names can't be recognised in this script."),
            "" if marks.dates_known else tr("No day and month names for this language."),
        )
        self._missing.setToolTip(plain_tooltip("\n".join(filter(None, (claims, *untold)))))
        self._warning.setVisible(missing > 0)
        running = column.status == "running"
        self._seconds.setText(tr("running") if running else _seconds(column))
        self._seconds.set_token("accent" if running else "muted")
        speed = column.tokens_per_second
        self._speed.setText("" if speed is None else tr("{speed} tokens/s", speed=number_text(speed, 0)))


def _seconds(column: Column) -> str:
    return "" if column.seconds is None else duration_text(column.seconds)


def _row(left: QWidget, *right: QWidget) -> QHBoxLayout:
    return hbox((left, 1), *right, spacing=4)


class ChunksView(QWidget):
    """A link that unfolds the summaries; hidden for a conversation that was summarised whole."""

    def __init__(self) -> None:
        super().__init__()
        self._rounds: tuple[tuple[str, ...], ...] = ()
        self.unfold = link("", press=self._toggle)
        self._text = Label("", "label", "muted", wrap=True, selectable=True)
        self._text.hide()
        vbox((self.unfold, 0, Qt.AlignmentFlag.AlignLeft), self._text, of=self, spacing=4)
        self.hide()

    def show_rounds(self, rounds: tuple[tuple[str, ...], ...]) -> None:
        if rounds != self._rounds:
            self._rounds = rounds
            self._text.setText(as_lines(rounds))
        self.setVisible(bool(rounds))
        self._name()

    def text(self) -> str:
        """Return the text shown, or "" while it is folded."""
        return "" if self._text.isHidden() else self._text.text()

    def _toggle(self) -> None:
        self._text.setVisible(self._text.isHidden())
        self._name()

    def _name(self) -> None:
        count = number_text(sum(map(len, self._rounds)))
        show = tr("Show the summaries of {count} parts", count=count)
        hide = tr("Hide the summaries of {count} parts", count=count)
        self.unfold.setText(show if self._text.isHidden() else hide)


def as_lines(rounds: Sequence[Sequence[str]]) -> str:
    """Return the summaries of the chunks as lines, by round if there are several."""
    lines = []
    for round_, chunks in enumerate(rounds, start=1):
        if len(rounds) > 1:
            lines.append(tr("Round {round}", round=number_text(round_)))
        lines += [f"{chunk}. {summary or '…'}" for chunk, summary in enumerate(chunks, start=1)]
    return "\n".join(lines)


class FeedbackTools(QWidget):
    """Thumbs and an edit button. `given(Feedback)` reports a thumb; pressing it again removes it."""

    given = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._feedback = Feedback()
        self.thumbs: dict[Thumb, IconButton] = {
            "up": IconButton("thumb", tr("A good summary")),
            "down": IconButton("thumb-down", tr("A bad summary")),
        }
        self.pen = IconButton("edit", tr("Correct the summary, or add a note"))
        for thumb in self.thumbs.values():
            thumb.setCheckable(True)
            thumb.clicked.connect(self._press)
        hbox(*self.thumbs.values(), self.pen, of=self, spacing=4)

    def _press(self) -> None:
        pressed = next(key for key, thumb in self.thumbs.items() if thumb is self.sender())
        self.given.emit(replace(self._feedback, thumb="" if pressed == self._feedback.thumb else pressed))

    def show_feedback(self, feedback: Feedback) -> None:
        self._feedback = feedback
        for key, thumb in self.thumbs.items():
            given = feedback.thumb == key
            thumb.setChecked(given)
            thumb.set_icon("thumb" if key == "up" else "thumb-down", "accent" if given else "muted")


class FeedbackNotes(QWidget):
    """The corrected summary and the note; `given(Feedback)` reports edited ones."""

    given = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._feedback, self._summary = Feedback(), ""
        self._corrected_head = Label(tr("Corrected"), "label_medium", "muted")
        self._corrected = TextView()
        self._note = Label("", "label", "muted", wrap=True, selectable=True)
        self.summary_edit = QPlainTextEdit(tabChangesFocus=True)
        self.note_edit = QLineEdit(placeholderText=tr("Note"))
        self.note_edit.returnPressed.connect(self._done)
        self.done_button, self._leave_button = plain(tr("Save"), press=self._done), quiet(tr("Cancel"))
        self._leave_button.clicked.connect(self.close_edit)
        self._editor = QWidget()
        actions.bind(self._editor, "window.close", self.close_edit)
        for button in (self.done_button, self._leave_button):
            button.set_short()
        vbox(
            Field(tr("Corrected summary"), self.summary_edit),
            Field(tr("Note"), self.note_edit),
            hbox(self.done_button, self._leave_button, 1, spacing=4),
            of=self._editor,
            spacing=8,
        )
        vbox(self._corrected_head, self._corrected, self._note, self._editor, of=self, spacing=4)
        self._editor.hide()
        style.set_font(self.summary_edit, "body")
        style.scale(self.summary_edit, QWidget.setFixedHeight, 96)

    @property
    def is_open(self) -> bool:
        return not self._editor.isHidden()

    def texts(self) -> tuple[str, str]:
        return ("" if self._corrected.isHidden() else self._corrected.text(), self._feedback.note)

    def show_feedback(self, feedback: Feedback, summary: str) -> None:
        """Show the feedback on a summary; showing another summary ends the editing."""
        if summary != self._summary:
            self.close_edit()
        self._feedback, self._summary = feedback, summary
        if feedback.edited != self._corrected.text():
            self._corrected.set_text(feedback.edited)
        self._note.setText(tr("Note: {note}", note=feedback.note) if feedback.note else "")
        self._show()

    def edit(self) -> None:
        if self.is_open:
            self._done()
            return
        self.summary_edit.setPlainText(self._feedback.edited or self._summary)
        self.note_edit.setText(self._feedback.note)
        self._editor.show()
        self._show()
        self.summary_edit.setFocus()

    def close_edit(self) -> None:
        self._editor.hide()
        self._show()

    def _done(self) -> None:
        text = self.summary_edit.toPlainText().strip()
        edited = "" if text == self._summary.strip() else text
        note = " ".join(self.note_edit.text().split())
        self.close_edit()
        self.given.emit(replace(self._feedback, note=note, edited=edited))

    def _show(self) -> None:
        reading = not self.is_open
        for part in (self._corrected_head, self._corrected):
            part.setVisible(reading and bool(self._feedback.edited))
        self._note.setVisible(reading and bool(self._feedback.note))
        self.setVisible(self.is_open or bool(self._feedback.edited or self._feedback.note))
