"""Read-only text that can be selected, copied and read aloud: summaries with marks, sentences, conversations.

Knows the positions of marks, not their meaning. Text is shown literally, never as markup; Markdown is for texts of
Tunesmith itself, which `set_markdown` shows.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QMimeData, QSize, Qt
from PySide6.QtGui import (
    QFont,
    QKeyEvent,
    QResizeEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextOption,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextEdit

from engine.api import escaping
from gui.look import style
from gui.look.fonts import BODY_PITCH, READING_PITCH, font, metrics, px
from gui.look.format import number_text
from gui.look.language import tr


@dataclass(frozen=True)
class Mark:
    """A marked passage.

    Kinds: "new" has a background of the accent, "attention" medium weight and an underline in the warning colour,
    "strong" is semibold in the colour of text.
    """

    start: int
    length: int
    kind: str = "new"


@dataclass(frozen=True)
class Turn:
    """One turn of a conversation."""

    speaker: str
    text: str


# Of a conversation in a preview: laying out all of a book would hold the window.
MAX_PREVIEW_CHARACTERS = 20_000
_PITCH = {"reading": READING_PITCH, "body": BODY_PITCH, "label": 18}
# Between turns, and between a speaker and the text.
_TURN_GAP, _SPEAKER_GAP = 8, 16
# In Markdown: above a heading, a paragraph and an item of a list, and how far an item stands in.
_HEADING_GAP, _PARAGRAPH_GAP, _ITEM_GAP, _ITEM_INDENT = 16, 8, 4, 24
_MARKDOWN = QTextDocument.MarkdownFeature.MarkdownDialectGitHub | QTextDocument.MarkdownFeature.MarkdownNoHTML
# Shown after a text that is still written: a hair space and a dot.
_CARET = "\u200a\u25cf"


def preview(text: str) -> str:
    """Return the lines of a text that a preview shows: all, or the first ones of a long text."""
    if len(text) <= MAX_PREVIEW_CHARACTERS:
        return text
    return text[:MAX_PREVIEW_CHARACTERS].rpartition("\n")[0] or text[:MAX_PREVIEW_CHARACTERS]


def preview_text(shown: str, text: str) -> str:
    """Return what a preview says of the rest of a text, "" if all of it is shown."""
    if shown == text:
        return ""
    count, most = number_text(len(text)), number_text(len(shown))
    return tr("Showing the first {most} of {count} characters.", most=most, count=count)


def utf16(text: str, mark: Mark) -> tuple[int, int]:
    """Return a mark's start and length in UTF-16 units, as Qt uses."""
    if text.isascii():
        return mark.start, mark.length
    before = len(text[: mark.start].encode("utf-16-le", "surrogatepass")) // 2
    inside = len(text[mark.start : mark.start + mark.length].encode("utf-16-le", "surrogatepass")) // 2
    return before, inside


class TextView(QTextEdit):
    """Shows a text with marks, or the turns of a conversation. The height depends on the width."""

    def __init__(
        self, text: str = "", marks: Sequence[Mark] = (), role: str = "reading", token: str = "text"
    ) -> None:
        super().__init__()
        self._text, self._marks, self._role, self._token = text, tuple(marks), role, token
        self._turns: tuple[Turn, ...] = ()
        self._is_markdown = False
        self._cut_after: int | None = None
        self._cut_text = ""
        self._is_streaming = False
        self._indent = 0
        self._heights: dict[int, int] = {}
        self.setProperty("kind", "text")
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        # Tab passes by: a page has many texts, and a click is enough to copy.
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # WORKAROUND: Qt counts the indent of a right-to-left turn twice, and the text could be dragged aside.
        self.horizontalScrollBar().rangeChanged.connect(lambda: self.horizontalScrollBar().setRange(0, 0))
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.document().setUndoRedoEnabled(False)
        self.document().setDocumentMargin(0)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        style.on_style_changed(self._refresh)

    @classmethod
    def from_markup(cls, text: str) -> TextView:
        """Make a view of a text with `<b>` parts; see `set_markup`."""
        made = cls(role="body", token="muted")
        made.set_markup(text)
        return made

    def text(self) -> str:
        return self._text

    def marks(self) -> tuple[Mark, ...]:
        return self._marks

    def turns(self) -> list[Turn]:
        return list(self._turns)

    def set_text(self, text: str, marks: Sequence[Mark] = ()) -> None:
        """Show another text with its marks (positions count Python characters)."""
        if (text, tuple(marks), (), False) != (self._text, self._marks, self._turns, self._is_markdown):
            self._text, self._marks, self._turns, self._is_markdown = text, tuple(marks), (), False
            self._refresh()

    def set_markdown(self, text: str) -> None:
        """Show Markdown with headings, lists, bold text and code. Only for texts of Tunesmith itself."""
        self._text, self._marks, self._turns, self._is_markdown = text, (), (), True
        self._refresh()

    def set_markup(self, text: str) -> None:
        """Show a text whose `<b>` parts are semibold in the colour of text; any other markup is shown literally."""
        plain, marks = "", []
        for at, part in enumerate(re.split(r"</?b>", escaping.escaped(text))):
            if at % 2:
                marks.append(Mark(len(plain), len(part), "strong"))
            plain += part
        self.set_text(plain, marks)

    def set_turns(self, turns: Iterable[Turn], cut_after: int | None = None, cut_text: str = "") -> None:
        """Show turns; those from index `cut_after` on are dimmed, below a line that says `cut_text`."""
        said = tuple(turns)
        text = "\n".join(f"{turn.speaker}: {turn.text}" for turn in said)
        shown = self._text, self._turns, self._cut_after, self._cut_text
        if (text, said, cut_after, cut_text) != shown:
            self._text, self._turns, self._cut_after, self._cut_text = text, said, cut_after, cut_text
            self._marks = ()
            self._refresh()

    def set_streaming(self, streaming: bool) -> None:
        if streaming != self._is_streaming:
            self._is_streaming = streaming
            self._refresh()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        if width not in self._heights:
            document, before = self.document(), self.document().textWidth()
            self._indent_turns(width)
            document.setTextWidth(max(16, width))
            self._heights[width] = max(px(_PITCH[self._role]), round(document.size().height()))
            document.setTextWidth(before)
        return self._heights[width]

    def sizeHint(self) -> QSize:
        return QSize(px(240), self.heightForWidth(self.width() if self.width() > 100 else px(280)))

    def minimumSizeHint(self) -> QSize:
        return QSize(px(80), px(_PITCH[self._role]))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._indent_turns(event.size().width())
        super().resizeEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave scrolling to the pane around the text."""
        event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take keys with Ctrl, to copy and to select all; leave all others to the page."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().keyPressEvent(event)
        else:
            event.ignore()

    def createMimeDataFromSelection(self) -> QMimeData:
        """Copy plain text; turns as `Name: text`."""
        text = self.textCursor().selection().toPlainText()
        if self._turns:
            text = re.sub(
                r"^([^\t\n]*)\t", lambda found: f"{found[1]}: " if found[1] else "", text, flags=re.MULTILINE
            )
        copied = QMimeData()
        copied.setText(text.removesuffix(_CARET))
        return copied

    def _refresh(self) -> None:
        """Fill the document anew; what the user has selected stays selected."""
        selection = self.textCursor()
        anchor, position = selection.anchor(), selection.position()
        self.setFont(font(self._role))
        self.document().setDefaultFont(font(self._role))
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.removeSelectedText()
        if self._is_markdown:
            self._write_markdown(cursor)
        elif self._turns:
            self._write_turns(cursor)
        else:
            self._write_text(cursor)
        cursor.endEditBlock()
        self._indent, self._heights = 0, {}
        self._indent_turns(self.width())
        if anchor != position and max(anchor, position) < self.document().characterCount():
            selection.setPosition(anchor)
            selection.setPosition(position, QTextCursor.MoveMode.KeepAnchor)
            self.setTextCursor(selection)
        self.updateGeometry()

    def _write_text(self, cursor: QTextCursor) -> None:
        cursor.setBlockFormat(self._block_format())
        cursor.insertText(self._text.replace("\r", " "), _colored(self._token))
        if self._is_streaming:
            cursor.insertText(_CARET, _colored("accent"))
        for mark in self._marks:
            start, length = utf16(self._text, mark)
            cursor.setPosition(start)
            cursor.setPosition(start + length, QTextCursor.MoveMode.KeepAnchor)
            cursor.mergeCharFormat(self._mark_format(mark.kind))

    def _write_turns(self, cursor: QTextCursor) -> None:
        for at, turn in enumerate(self._turns):
            block = self._block_format()
            block.setTopMargin(_TURN_GAP if at else 0)
            is_cut = self._cut_after is not None and at >= self._cut_after
            if at == self._cut_after:
                self._start_block(cursor, block)
                look = _colored("warning")
                look.setFont(font("small_medium"))
                cursor.insertText(self._cut_text, look)
            block.setLayoutDirection(_direction(turn.text))
            self._start_block(cursor, block)
            cursor.insertText(f"{_in_one_block(turn.speaker)}\t", _colored("hint" if is_cut else "muted"))
            cursor.insertText(_in_one_block(turn.text), _colored("hint" if is_cut else "text"))

    def _write_markdown(self, cursor: QTextCursor) -> None:
        self.document().setIndentWidth(px(_ITEM_INDENT))
        cursor.insertMarkdown(self._text, _MARKDOWN)
        block = self.document().begin()
        while block.isValid():
            level = block.blockFormat().headingLevel()
            gap = _HEADING_GAP if level else _ITEM_GAP if block.textList() is not None else _PARAGRAPH_GAP
            shape = self._block_format()
            shape.setTopMargin(px(gap) if block.blockNumber() else 0)
            shape.setBottomMargin(0)
            for part in block.textFormats():
                cursor.setPosition(block.position() + part.start)
                cursor.setPosition(
                    block.position() + part.start + part.length, QTextCursor.MoveMode.KeepAnchor
                )
                cursor.setCharFormat(self._part_format(part.format, is_heading=bool(level)))
            cursor.setPosition(block.position())
            cursor.mergeBlockFormat(shape)
            block = block.next()

    def _part_format(self, found: QTextCharFormat, *, is_heading: bool) -> QTextCharFormat:
        if is_heading or found.fontWeight() > QFont.Weight.Medium:
            return self._mark_format("strong")
        made = _colored(self._token)
        if found.fontFixedPitch():
            made.setFont(font("fixed"))
        return made

    @staticmethod
    def _start_block(cursor: QTextCursor, block: QTextBlockFormat) -> None:
        if cursor.atStart():
            cursor.setBlockFormat(block)
        else:
            cursor.insertBlock(block)

    def _indent_turns(self, width: int) -> None:
        """Put the speakers into a column of their own, at the side where the text begins."""
        measured = metrics(self._role)
        widest = max(
            (measured.horizontalAdvance(name) for name in {each.speaker for each in self._turns}), default=0
        )
        indent = round(min(max(px(40), widest), width * 0.36)) + _SPEAKER_GAP
        if not self._turns or indent == self._indent:
            return
        self._indent = indent
        cursor = QTextCursor(self.document())
        # All at once: Qt would lay out the whole text after each turn.
        cursor.beginEditBlock()
        block = self.document().begin()
        while block.isValid():
            if "\t" in block.text():
                shape = block.blockFormat()
                mirrored = shape.layoutDirection() == Qt.LayoutDirection.RightToLeft
                shape.setLeftMargin(0 if mirrored else indent)
                shape.setRightMargin(indent if mirrored else 0)
                shape.setTextIndent(-indent)
                side = QTextOption.TabType.RightTab if mirrored else QTextOption.TabType.LeftTab
                shape.setTabPositions([QTextOption.Tab(indent, side)])
                cursor.setPosition(block.position())
                cursor.setBlockFormat(shape)
            block = block.next()
        cursor.endEditBlock()

    def _block_format(self) -> QTextBlockFormat:
        made = QTextBlockFormat()
        made.setLineHeight(px(_PITCH[self._role]), QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        return made

    def _mark_format(self, kind: str) -> QTextCharFormat:
        made = QTextCharFormat()
        if kind == "new":
            made.setBackground(style.color("accent_soft"))
            return made
        weight, token = (600, "text") if kind == "strong" else (500, "warning")
        made.setForeground(style.color(token))
        heavier = QFont(font(self._role))
        heavier.setWeight(QFont.Weight(weight))
        heavier.setVariableAxis(QFont.Tag("wght"), float(weight))
        made.setFont(heavier)
        if kind == "attention":
            made.setFontUnderline(True)
            made.setUnderlineColor(style.color("warning"))
        return made


def _colored(token: str) -> QTextCharFormat:
    made = QTextCharFormat()
    made.setForeground(style.color(token))
    return made


def _in_one_block(text: str) -> str:
    """Return a text whose lines Qt breaks without starting a new block."""
    return text.replace("\t", " ").replace("\r", " ").replace("\n", "\u2028")


def _direction(text: str) -> Qt.LayoutDirection:
    """Return the direction of a text's first letter."""
    for kind in map(unicodedata.bidirectional, text):
        if kind in {"L", "R", "AL"}:
            return Qt.LayoutDirection.LeftToRight if kind == "L" else Qt.LayoutDirection.RightToLeft
    return Qt.LayoutDirection.LayoutDirectionAuto
