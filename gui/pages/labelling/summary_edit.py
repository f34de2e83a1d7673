"""The editor of a summary: plain text, with claims marked that the conversation does not support.

It keeps no history: undo and redo are signals.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
)
from PySide6.QtWidgets import QTextEdit

from engine.api import Claim
from gui.core import actions
from gui.look import style
from gui.look.fonts import READING_PITCH, font, px
from gui.look.language import tr
from gui.widgets.text_view import Mark, utf16

MIN_HEIGHT, MAX_HEIGHT = 104, 236


class SummaryEdit(QTextEdit):
    """The editor. It accepts plain text only, at the line height of reading text.

    Signals: `typed(text)` by the user; `undo_wanted` and `redo_wanted` for their keys; `scroll_wanted(pages)` for
    the page keys, which scroll the conversation beside it; `left` when it loses the focus.
    """

    typed = Signal(str)
    undo_wanted = Signal()
    redo_wanted = Signal()
    scroll_wanted = Signal(int)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAcceptRichText(False)
        self.setTabChangesFocus(True)
        self.setUndoRedoEnabled(False)
        self.setPlaceholderText(tr("Who wants what, what was agreed, and what is still open"))
        self.setAccessibleName(tr("Summary"))
        self._text = ""
        self.claims: tuple[Claim, ...] = ()
        self.textChanged.connect(self._on_text_changed)
        style.follow(self._restyle)

    def replace(self, text: str) -> None:
        """Show another text with the cursor at its end."""
        if text != self.toPlainText():
            self.blockSignals(True)
            self.setPlainText(text)
            self._space_lines()
            self.blockSignals(False)
        self._text = self.toPlainText()
        self.moveCursor(QTextCursor.MoveOperation.End)

    def _on_text_changed(self) -> None:
        """Report typed text; formatting also emits Qt's signal, but leaves the text unchanged."""
        if self.toPlainText() != self._text:
            self._text = self.toPlainText()
            self.typed.emit(self._text)

    def _space_lines(self) -> None:
        spaced = QTextBlockFormat()
        spaced.setLineHeight(px(READING_PITCH), QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.mergeBlockFormat(spaced)

    def set_writing(self, writing: bool) -> None:
        """Make the text read-only while a model writes it."""
        self.setReadOnly(writing)
        style.set_property(self, "fixed", "true" if writing else "false")

    def show_claims(self, claims: Sequence[Claim]) -> None:
        """Mark unsupported claims."""
        self.claims = tuple(claims)
        self._mark()

    def _mark(self) -> None:
        text = self.toPlainText()
        look = QTextCharFormat()
        look.setForeground(style.color("copper"))
        look.setFontWeight(500)
        look.setFontUnderline(True)
        look.setUnderlineColor(style.color("copper"))
        marks = []
        for claim in self.claims:
            start, length = utf16(text, Mark(claim.start, claim.end - claim.start))
            marked = QTextEdit.ExtraSelection()
            cursor = QTextCursor(self.document())
            cursor.setPosition(start)
            cursor.setPosition(start + length, QTextCursor.MoveMode.KeepAnchor)
            marked.cursor, marked.format = cursor, look
            marks.append(marked)
        self.setExtraSelections(marks)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Emit signals for undo, redo and the page keys."""
        for name, tell in (
            ("undo", self.undo_wanted.emit),
            ("redo", self.redo_wanted.emit),
            ("read_on", partial(self.scroll_wanted.emit, 1)),
            ("read_back", partial(self.scroll_wanted.emit, -1)),
        ):
            if actions.pressed(event, f"labelling.{name}"):
                tell()
                return
        super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Report the loss of the focus."""
        super().focusOutEvent(event)
        self.left.emit()

    def _restyle(self) -> None:
        self.setFont(font("reading"))
        self.setMinimumHeight(px(MIN_HEIGHT))
        self.setMaximumHeight(px(MAX_HEIGHT))
        self._space_lines()
        self._mark()
