"""Read-only text: summaries with marks, and conversations by speaker, with a fixed line height.

Knows the positions of marks, not their meaning. Text is drawn literally, never as markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QAccessible,
    QContextMenuEvent,
    QFont,
    QPainter,
    QPaintEvent,
    QPen,
    QTextCharFormat,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from gui.core.clipboard import copy_text
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
_WEIGHTS = {"attention": (500, "warning"), "strong": (600, "text")}
_PITCH = {"reading": READING_PITCH, "body": BODY_PITCH, "label": 18}


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
    return tr("The first {most} of {count} characters are shown.", most=most, count=count)


def laid_out(text: str, role: str, width: float, marks: Sequence[Mark] = ()) -> QTextLayout:
    """Return a text laid out in lines of a width, with the role's line height."""
    layout = QTextLayout(text.replace("\n", "\u2028"), font(role))
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.setFormats([_format(mark, role) for mark in marks if mark.kind in _WEIGHTS])
    pitch, y = float(px(_PITCH[role])), 0.0
    layout.beginLayout()
    while (line := layout.createLine()).isValid():
        line.setLineWidth(max(16.0, width))
        line.setPosition(QPointF(0, y + (pitch - line.height()) / 2))
        y += pitch
    layout.endLayout()
    return layout


def height_of(layout: QTextLayout, role: str) -> float:
    """Return the height of a text laid out by `laid_out`."""
    return layout.lineCount() * float(px(_PITCH[role]))


def paint_marks(painter: QPainter, layout: QTextLayout, at: QPointF, marks: Sequence[Mark]) -> None:
    """Draw the backgrounds and underlines of marks; call before the layout is drawn."""
    for mark in marks:
        if mark.kind == "strong":
            continue
        for rect in _rectangles(layout, mark):
            rect.translate(at)
            if mark.kind == "attention":
                painter.fillRect(
                    QRectF(rect.left(), rect.bottom() - 1, rect.width(), 2), style.color("warning")
                )
            else:
                painter.fillRect(rect.adjusted(0, -1, 0, 1), style.color("accent_soft"))


def _rectangles(layout: QTextLayout, mark: Mark) -> list[QRectF]:
    """The rectangles of a mark, one for each line."""
    found = []
    for number in range(layout.lineCount()):
        line = layout.lineAt(number)
        start = max(mark.start, line.textStart())
        end = min(mark.start + mark.length, line.textStart() + line.textLength())
        if start < end:
            left, right = _x(line, start), _x(line, end)
            found.append(QRectF(min(left, right), line.y(), abs(right - left), line.height()))
    return found


def _x(line, position: int) -> float:  # type: ignore[no-untyped-def]
    """PySide gives (x, position) where C++ gives x."""
    given = line.cursorToX(position)
    return float(given[0] if isinstance(given, tuple) else given)


def _format(mark: Mark, role: str) -> QTextLayout.FormatRange:
    made = QTextLayout.FormatRange()
    made.start, made.length = mark.start, mark.length
    look = QTextCharFormat()
    weight, token = _WEIGHTS[mark.kind]
    heavier = QFont(font(role))
    heavier.setWeight(QFont.Weight(weight))
    heavier.setVariableAxis(QFont.Tag("wght"), float(weight))
    look.setFont(heavier)
    look.setForeground(style.color(token))
    made.format = look
    return made


class ReadingText(QWidget):
    """Shows a text with marks; `set_streaming(True)` adds a caret at the end. The height depends on the width."""

    accessible_role = QAccessible.Role.StaticText

    def __init__(
        self,
        text: str = "",
        marks: Sequence[Mark] = (),
        role: str = "reading",
        token: str = "text",
    ) -> None:
        super().__init__()
        self._text, self._marks, self._role, self._token = text, tuple(marks), role, token
        self._streaming = False
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName(text)
        style.on_style_changed(self._restyle)

    def text(self) -> str:
        return self._text

    def marks(self) -> tuple[Mark, ...]:
        return self._marks

    def set_text(self, text: str, marks: Sequence[Mark] = ()) -> None:
        """Show another text with its marks (positions count Python characters)."""
        self._text, self._marks = text, tuple(marks)
        self.setAccessibleName(text)
        self._restyle()

    def set_streaming(self, streaming: bool) -> None:
        """Show or hide the caret after the text."""
        self._streaming = streaming
        self.update()

    def hasHeightForWidth(self) -> bool:
        """Say that the height depends on the width."""
        return True

    def heightForWidth(self, width: int) -> int:
        return max(px(_PITCH[self._role]), round(height_of(self._laid_out(width), self._role)))

    def sizeHint(self) -> QSize:
        """Return the text's height at the present width."""
        width = self.width() if self.width() > 60 else px(240)
        return QSize(px(240), self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        """Return a narrow column of one line."""
        return QSize(px(80), px(_PITCH[self._role]))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw marks, text and caret."""
        painter = QPainter(self)
        layout = self._laid_out(self.width())
        paint_marks(painter, layout, QPointF(0, 0), self._shown_marks())
        painter.setPen(style.color(self._token))
        layout.draw(painter, QPointF(0, 0))
        if self._streaming:
            painter.fillRect(self._caret(layout), style.color("accent"))
        painter.end()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open a menu to copy the text."""
        offer_copy(self, self._text, event)

    def _laid_out(self, width: float) -> QTextLayout:
        return laid_out(self._text, self._role, width, self._shown_marks())

    def _shown_marks(self) -> list[Mark]:
        """The marks in UTF-16 units."""
        return [Mark(*utf16(self._text, mark), mark.kind) for mark in self._marks]

    def _caret(self, layout: QTextLayout) -> QRectF:
        if not layout.lineCount():
            return QRectF(0, 3, 7, 15)
        line = layout.lineAt(layout.lineCount() - 1)
        return QRectF(line.naturalTextRect().right() + 3, line.y() + 1, 7, line.height() - 2)

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()


def utf16(text: str, mark: Mark) -> tuple[int, int]:
    """Return a mark's start and length in UTF-16 units, as Qt uses."""
    if text.isascii():
        return mark.start, mark.length
    before = len(text[: mark.start].encode("utf-16-le", "surrogatepass")) // 2
    inside = len(text[mark.start : mark.start + mark.length].encode("utf-16-le", "surrogatepass")) // 2
    return before, inside


class ConversationView(QWidget):
    """Shows turns: speakers in a column, their text beside; turns beyond a limit are dimmed below a dashed line."""

    GAP = 8

    def __init__(self, role: str = "reading") -> None:
        super().__init__()
        self._role = role
        self._turns: list[Turn] = []
        self._cut_after: int | None = None
        self._cut_text = ""
        self._placed: tuple[float, list[tuple[float, QTextLayout, float]]] | None = None
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        style.on_style_changed(self._restyle)

    def set_turns(self, turns: Sequence[Turn], cut_after: int | None = None, cut_text: str = "") -> None:
        """Show turns; those from index `cut_after` on are below a line with the text `cut_text`."""
        self._turns, self._cut_after, self._cut_text = list(turns), cut_after, cut_text
        self.setAccessibleName("\n".join(f"{turn.speaker}: {turn.text}" for turn in turns))
        self._restyle()

    def turns(self) -> list[Turn]:
        return list(self._turns)

    def hasHeightForWidth(self) -> bool:
        """Say that the height depends on the width."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height of all turns at a width."""
        rows = self._rows(width)
        return round(rows[-1][0] + rows[-1][2]) if rows else px(_PITCH[self._role])

    def sizeHint(self) -> QSize:
        """Return the height at the present width."""
        return QSize(px(280), self.heightForWidth(self.width() if self.width() > 100 else px(280)))

    def minimumSizeHint(self) -> QSize:
        """Return a narrow column of one line."""
        return QSize(px(160), px(_PITCH[self._role]))

    def _speaker_width(self, width: float) -> float:
        name = "reading_medium" if self._role == "reading" else "body_medium"
        speakers, measured = {turn.speaker for turn in self._turns}, metrics(name)
        widest = max(map(measured.horizontalAdvance, speakers), default=0.0)
        return min(max(px(40), widest), width * 0.36) + 16

    def _rows(self, width: float) -> list[tuple[float, QTextLayout, float]]:
        """Each turn's top, layout and height."""
        if self._placed is not None and self._placed[0] == width:
            return self._placed[1]
        rows: list[tuple[float, QTextLayout, float]] = []
        y, indent = 0.0, self._speaker_width(width)
        for at, turn in enumerate(self._turns):
            if at == self._cut_after:
                y += px(24)
            layout = laid_out(turn.text, self._role, width - indent)
            height = height_of(layout, self._role)
            rows.append((y, layout, height))
            y += height + self.GAP
        self._placed = (width, rows)
        return rows

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the turns in view."""
        painter = QPainter(self)
        indent = self._speaker_width(self.width())
        mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        for at, (y, layout, height) in enumerate(self._rows(self.width())):
            if y > event.rect().bottom() or y + height < event.rect().top() - px(24):
                continue
            if at == self._cut_after:
                self._paint_cut(painter, y - px(12) - self.GAP / 2)
            self._paint_turn(painter, at, y, layout, indent, mirrored)
        painter.end()

    def _paint_turn(
        self, painter: QPainter, at: int, y: float, layout: QTextLayout, indent: float, mirrored: bool
    ) -> None:
        dim = self._cut_after is not None and at >= self._cut_after
        painter.setPen(style.color("hint" if dim else "muted"))
        painter.setFont(font("reading" if self._role == "reading" else "body_medium"))
        left = self.width() - indent + 16 if mirrored else 0.0
        name = painter.fontMetrics().elidedText(
            self._turns[at].speaker, Qt.TextElideMode.ElideRight, int(indent - 16) + 1
        )
        rect = QRectF(left, y, indent - 16, px(_PITCH[self._role]))
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
        painter.setPen(style.color("hint" if dim else "text"))
        layout.draw(painter, QPointF(0.0 if mirrored else indent, y))

    def _paint_cut(self, painter: QPainter, y: float) -> None:
        painter.setFont(font("small_medium"))
        room = painter.fontMetrics().horizontalAdvance(self._cut_text)
        pen = QPen(style.color("warning"), 1)
        pen.setDashPattern([3, 2])
        painter.setPen(pen)
        painter.drawLine(QPointF(0, y + 0.5), QPointF(self.width() - room - 8, y + 0.5))
        rect = QRectF(self.width() - room, y - 10, room, 20)
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, self._cut_text)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open a menu to copy the conversation."""
        offer_copy(self, self.accessibleName(), event)

    def _restyle(self) -> None:
        self._placed = None
        self.updateGeometry()
        self.update()


def offer_copy(widget: QWidget, text: str, event: QContextMenuEvent) -> None:
    """Open a menu that copies a text."""
    menu = QMenu(widget)
    menu.addAction(tr("Copy"), lambda: copy_text(text))
    menu.exec(event.globalPos())
    menu.deleteLater()
