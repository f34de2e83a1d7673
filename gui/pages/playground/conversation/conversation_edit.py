"""The editor of a conversation: plain text; the part behind the limit has its own background."""

from __future__ import annotations

from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit

from gui.look import style
from gui.look.fonts import font
from gui.look.language import tr
from gui.widgets.text_view import Mark, utf16


class ConversationEdit(QPlainTextEdit):
    """The editor; `show_cut` marks the text behind the limit."""

    def __init__(self) -> None:
        super().__init__()
        self._cut_at: int | None = None
        self.setPlaceholderText(tr("Name: what they say"))
        self.setAccessibleName(tr("Conversation as text"))
        self.setTabChangesFocus(True)
        style.follow(self._restyle)

    def conversation(self) -> str:
        """Return the text without surrounding space."""
        return self.toPlainText().strip()

    def show_cut(self, cut_at: int | None) -> None:
        """Mark the text from this character on as cut off; None marks nothing."""
        self._cut_at = cut_at
        self._mark()

    def cut_text(self) -> str:
        """Return the text marked as cut off."""
        return "".join(each.cursor.selectedText() for each in self.extraSelections())

    def _restyle(self) -> None:
        self.setFont(font("body"))
        self._mark()

    def _mark(self) -> None:
        if self._cut_at is None:
            self.setExtraSelections([])
            return
        text = self.toPlainText()
        before = len(text) - len(text.lstrip()) + self._cut_at
        start, _ = utf16(text, Mark(min(before, len(text)), 0))
        cut = QTextEdit.ExtraSelection()
        cursor = self.textCursor()
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.setPosition(start, QTextCursor.MoveMode.KeepAnchor)
        cut.cursor = cursor
        cut.format.setBackground(style.color("copper_soft"))
        self.setExtraSelections([cut])
