"""The text of a prompt, with the conversation's placeholder highlighted."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QSyntaxHighlighter, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit

from engine.api import prompts
from gui.look import style
from gui.look.fonts import px

HEIGHT = 132


class PromptText(QPlainTextEdit):
    """Highlights the placeholder; the recipe reports a missing one."""

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self._highlighter = _PlaceHighlighter(self)
        style.follow(self._restyle)

    def replace(self, text: str) -> None:
        """Replace the whole text as one undoable change."""
        cursor = self.textCursor()
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(text)

    def sizeHint(self) -> QSize:
        """Return the size of a few lines."""
        return QSize(200, px(HEIGHT))

    def _restyle(self) -> None:
        self.setFixedHeight(px(HEIGHT))
        self._highlighter.set_colors(style.color("accent"), style.color("accent_soft"))


class _PlaceHighlighter(QSyntaxHighlighter):
    """Highlights the first placeholder only: the engine takes others literally."""

    def __init__(self, area: QPlainTextEdit) -> None:
        super().__init__(area.document())
        self._look = QTextCharFormat()
        self._look.setFontWeight(500)

    def set_colors(self, ink: QColor, ground: QColor) -> None:
        """Change the colours."""
        self._look.setForeground(ink)
        self._look.setBackground(ground)
        self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        """Highlight the placeholder in a line; the block state records whether a line above has it."""
        had = self.previousBlockState() == 1
        at = -1 if had else text.find(prompts.PLACEHOLDER)
        if at >= 0:
            self.setFormat(at, len(prompts.PLACEHOLDER), self._look)
        self.setCurrentBlockState(1 if had or at >= 0 else 0)
