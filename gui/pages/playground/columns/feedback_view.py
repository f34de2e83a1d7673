"""The feedback on a summary: two thumbs, a note, and a corrected summary.

Shows a `Feedback` and emits a changed one; knows neither the request nor where it is stored.
"""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QWidget

from gui.core import actions
from gui.inputs.fields import Field
from gui.look import style
from gui.look.fonts import font, px
from gui.look.language import tr
from gui.pages.playground.columns.column_results import Feedback, Thumb
from gui.widgets.buttons import IconButton, plain, quiet
from gui.widgets.labels import Label
from gui.widgets.layouts import vbox
from gui.widgets.text_view import TextView

EDIT_HEIGHT = 96


class FeedbackTools(QWidget):
    """Thumbs and an edit button. `given(Feedback)` reports a thumb; pressing it again removes it."""

    given = Signal(object)
    edit_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._feedback = Feedback()
        self.thumbs: dict[Thumb, IconButton] = {
            "up": IconButton("thumb", tr("A good summary")),
            "down": IconButton("thumb-down", tr("A bad summary")),
        }
        self.pen = IconButton("edit", tr("Correct the summary, or note something about it"))
        self.pen.clicked.connect(self.edit_wanted)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for thumb in self.thumbs.values():
            thumb.setCheckable(True)
            thumb.clicked.connect(self._press)
            row.addWidget(thumb)
        row.addWidget(self.pen)

    def _press(self) -> None:
        pressed = next(key for key, thumb in self.thumbs.items() if thumb is self.sender())
        self.given.emit(replace(self._feedback, thumb="" if pressed == self._feedback.thumb else pressed))

    def show_feedback(self, feedback: Feedback) -> None:
        """Show the thumb, if there is one."""
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
        self.summary_edit = QPlainTextEdit()
        self.summary_edit.setTabChangesFocus(True)
        self.note_edit = QLineEdit()
        self.note_edit.setPlaceholderText(tr("What is right or wrong about it"))
        self.note_edit.returnPressed.connect(self._done)
        self.done_button, self._leave_button = plain(tr("Save")), quiet(tr("Cancel"))
        self.done_button.clicked.connect(self._done)
        self._leave_button.clicked.connect(self.close_edit)
        self._editor = QWidget()
        actions.bind(self._editor, "window.close", self.close_edit)
        self._lay_out()
        self._editor.hide()
        style.on_style_changed(self._restyle)

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        for button in (self.done_button, self._leave_button):
            button.set_short()
            buttons.addWidget(button)
        buttons.addStretch(1)
        vbox(
            Field(tr("The summary as it should be"), self.summary_edit),
            Field(tr("Note"), self.note_edit),
            buttons,
            of=self._editor,
            spacing=8,
        )
        vbox(self._corrected_head, self._corrected, self._note, self._editor, of=self, spacing=4)

    def _restyle(self) -> None:
        self.summary_edit.setFont(font("body"))
        self.summary_edit.setFixedHeight(px(EDIT_HEIGHT))

    @property
    def is_open(self) -> bool:
        """Whether they are being edited."""
        return not self._editor.isHidden()

    def texts(self) -> tuple[str, str]:
        """Return the corrected summary and the note as shown."""
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
        """Start or end editing the correction and the note."""
        if self.is_open:
            self._done()
            return
        self.summary_edit.setPlainText(self._feedback.edited or self._summary)
        self.note_edit.setText(self._feedback.note)
        self._editor.show()
        self._show()
        self.summary_edit.setFocus()

    def close_edit(self) -> None:
        """Cancel the editing."""
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
