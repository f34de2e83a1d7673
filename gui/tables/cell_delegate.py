"""Draws the cells of a grouped table: backgrounds, names with tags, verdicts, intervals, two lines."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QHelpEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
    QWidget,
)

from gui.look import icons, style
from gui.look.fonts import font, px
from gui.look.language import tr
from gui.look.shown_texts import elided_name
from gui.models.grouped_table import (
    CELL_ROLE,
    HEADING_ROLE,
    CheckCell,
    Heading,
    IconTextCell,
    LinkCell,
    NameCell,
    ScoreCell,
    TextCell,
    TwoLineCell,
    text_of,
)
from gui.models.metric_text import ConfidenceInterval

INSET = 12
CHECK = 16
BAR = 3
ICON = 14
HOVER_ALPHA = 0.6

Index = QModelIndex | QPersistentModelIndex


class RowDelegate(QStyledItemDelegate):
    """Draws headings and rows. The texts are in the model's display and accessible roles."""

    def __init__(self, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._view: Any = view

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        head = index.data(HEADING_ROLE)
        if isinstance(head, Heading):
            _paint_head(painter, option.rect, head, has_lines=self._view.has_lines)
        else:
            hovered, first = index.row() == self._view.hovered_row, index.column() == 0
            selected = draw_background(
                painter, option, hovered=hovered, first=first, line=self._view.has_lines
            )
            cell = index.data(CELL_ROLE)
            inner = option.rect.adjusted(px(INSET), 0, -px(INSET), -1)
            painter.setClipRect(option.rect)
            PAINTERS[type(cell)](painter, inner, cell, selected)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(px(96), px(36))

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = QLineEdit(parent)
        editor.setAccessibleName(tr("Name"))
        return editor

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """Show the name, but not in place of what was typed meanwhile."""
        assert isinstance(editor, QLineEdit)
        if not editor.isModified():
            super().setEditorData(editor, index)

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        rect = option.rect.adjusted(px(4), 2, 0, -2)
        rect.setWidth(max(rect.width(), px(140)))
        editor.setGeometry(rect)

    def helpEvent(
        self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index
    ) -> bool:
        """Show a cell's tooltip, or the full text of an elided cell."""
        tooltip = index.data(Qt.ItemDataRole.ToolTipRole)
        cell = index.data(CELL_ROLE)
        if not tooltip and isinstance(cell, NameCell | TextCell):
            room = option.rect.width() - 2 * px(INSET)
            role = "body_medium" if isinstance(cell, NameCell) else cell.role
            wide = QFontMetrics(font(role)).horizontalAdvance(text_of(cell))
            tooltip = text_of(cell) if wide > room else ""
        # As rich text, so that long lines wrap; escaped, since cells contain untrusted texts.
        QToolTip.showText(event.globalPos(), f"<qt>{html.escape(tooltip)}</qt>" if tooltip else "", view)
        return True


def _paint_head(painter: QPainter, rect: QRect, head: Heading, *, has_lines: bool) -> None:
    inner = rect.adjusted(px(INSET), 0, -px(INSET), -1)
    if has_lines:
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, style.color("line"))
    taken = 0
    if head.facts:
        right = inner.adjusted(inner.width() - inner.width() * 2 // 3, 0, 0, 0)
        taken = draw_text(painter, right, head.facts, "body", "hint", right=True) + px(16)
    role, token = ("body_semibold", "text") if has_lines else ("label_medium", "muted")
    draw_text(painter, inner.adjusted(0, 0, -taken, 0), head.title, role, token)


def draw_text(
    painter: QPainter,
    rect: QRect,
    text: str,
    role: str,
    token: str,
    *,
    right: bool = False,
    tail: str = "",
) -> int:
    """Draw an elided line in a font role and a colour, which keeps its `tail`; return its width."""
    painter.setFont(font(role))
    painter.setPen(style.color(token))
    measured = painter.fontMetrics()
    room = max(0, rect.width() - measured.horizontalAdvance(tail))
    shown = measured.elidedText(text.removesuffix(tail), Qt.TextElideMode.ElideRight, room) + tail
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    painter.drawText(rect, side | Qt.AlignmentFlag.AlignVCenter, shown)
    return measured.horizontalAdvance(shown)


def draw_background(
    painter: QPainter, option: QStyleOptionViewItem, *, hovered: bool, first: bool = True, line: bool = True
) -> bool:
    """Draw what is behind a cell: selection with its bar in the `first` column, hover, hairline; return if selected."""
    rect, selected = option.rect, bool(option.state & QStyle.StateFlag.State_Selected)
    if selected:
        painter.fillRect(rect, style.color("accent_soft"))
    elif hovered:
        painter.fillRect(rect, style.color("hover", HOVER_ALPHA))
    if line:
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, style.color("line"))
    if selected and first:
        ltr = option.direction == Qt.LayoutDirection.LeftToRight
        left = rect.left() if ltr else rect.right() - BAR + 1
        painter.fillRect(left, rect.top(), BAR, rect.height(), style.color("accent"))
    return selected


def _paint_text(painter: QPainter, rect: QRect, cell: TextCell, selected: bool) -> None:
    if cell.note:
        wide = draw_text(painter, rect, cell.note, "figure_small", "muted", right=True)
        rect = rect.adjusted(0, 0, -wide - px(8), 0)
    token = "muted" if selected and cell.token == "hint" else cell.token
    draw_text(painter, rect, cell.text, cell.role, token, right=cell.right)


def _paint_named(painter: QPainter, rect: QRect, cell: NameCell, selected: bool) -> None:
    tags = list(cell.tags)
    measured = QFontMetrics(font("body_medium"))
    whole = measured.horizontalAdvance(cell.text)
    while tags and whole + sum(_tag_width(tag) + px(8) for tag in tags) > rect.width():
        tags.pop()
    room = rect.width() - sum(_tag_width(tag) + px(8) for tag in tags)
    name = QRect(rect.left(), rect.top(), room, rect.height())
    shown = elided_name(cell.text, measured, room)
    left = rect.left() + draw_text(painter, name, shown, "body_medium", "text")
    for tag in tags:
        left = _paint_tag(painter, left + px(8), rect, tag, selected=selected)


def _tag_width(tag: str) -> int:
    return QFontMetrics(font("small_medium")).horizontalAdvance(tag) + 2 * px(6)


def _paint_tag(painter: QPainter, left: int, rect: QRect, tag: str, *, selected: bool) -> int:
    box = QRectF(left, rect.center().y() - px(9), _tag_width(tag), px(18))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(style.color("surface" if selected else "hover"))
    painter.drawRoundedRect(box, 4, 4)
    painter.setFont(font("small_medium"))
    painter.setPen(style.color("muted"))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, tag)
    return left + _tag_width(tag)


def _paint_checked(painter: QPainter, rect: QRect, cell: CheckCell, _selected: bool) -> None:
    side = px(CHECK)
    box = QRectF(rect.left() + 0.5, rect.center().y() - side / 2 + 0.5, side - 1, side - 1)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(style.color("accent_fill" if cell.on else "outline"))
    painter.setBrush(style.color("accent_fill" if cell.on else "surface"))
    painter.drawRoundedRect(box, 4, 4)
    if cell.on:
        icons.paint(painter, box.adjusted(1.5, 1.5, -1.5, -1.5), "check", "on_accent")
    texts = rect.adjusted(side + px(10), 0, 0, 0)
    name = elided_name(cell.text, QFontMetrics(font("body_medium")), texts.width())
    wide = draw_text(painter, texts, name, "body_medium", "text")
    draw_text(painter, texts.adjusted(wide + px(8), 0, 0, 0), cell.detail, "label", "muted")


def _paint_scored(painter: QPainter, rect: QRect, cell: ScoreCell, selected: bool) -> None:
    draw_text(painter, rect, cell.text, "figure_medium", "text")
    area = QRectF(rect.adjusted(px(48), 6, 0, -6))
    if cell.base is not None:
        _paint_base_line(painter, area, cell.axis, cell.base)
    drawn = replace(cell.interval, token="accent") if selected else cell.interval
    _paint_interval(painter, area, cell.axis, drawn)


def _paint_interval(
    painter: QPainter, rect: QRectF, axis: tuple[float, float], interval: ConfidenceInterval
) -> None:
    """Draw a dot for the mean with error bars; the sides of the rectangle are the ends of the axis."""
    y = rect.center().y()
    low, high = interval.ends
    left, at, right = (_along(rect, axis, value) for value in (low, interval.mean, high))
    color = style.color(interval.token)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(color, 1.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
    if interval.low is not None and interval.high is not None:
        painter.drawLine(QPointF(left, y), QPointF(right, y))
        for x in (left, right):
            painter.drawLine(QPointF(x, y - 3.75), QPointF(x, y + 3.75))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawEllipse(QPointF(at, y), 3.75, 3.75)
    painter.restore()


def _paint_base_line(painter: QPainter, rect: QRectF, axis: tuple[float, float], value: float) -> None:
    """Draw the base model's mean as a dashed vertical."""
    x = round(_along(rect, axis, value)) + 0.5
    painter.save()
    pen = QPen(style.color("hint"), 1)
    pen.setDashPattern([3, 2])
    painter.setPen(pen)
    painter.drawLine(QPointF(x, rect.top()), QPointF(x, rect.bottom()))
    painter.restore()


def _along(rect: QRectF, axis: tuple[float, float], value: float) -> float:
    low, high = axis
    share = 0.5 if high <= low else min(1.0, max(0.0, (value - low) / (high - low)))
    return rect.left() + share * rect.width()


def _paint_signed(painter: QPainter, rect: QRect, cell: IconTextCell, _selected: bool) -> None:
    side, gap = px(ICON), px(8)
    wide = min(QFontMetrics(font(cell.role)).horizontalAdvance(cell.text) + 2, rect.width() - side - gap)
    left = rect.right() + 1 - wide - side - gap if cell.right else rect.left()
    icons.paint(painter, QRectF(left, rect.center().y() - side / 2 + 0.5, side, side), cell.icon, cell.token)
    box = QRect(left + side + gap, rect.top(), wide, rect.height())
    token = cell.text_token or cell.token
    draw_text(painter, box, cell.text, cell.role, token, right=cell.right, tail=cell.tail)


def _paint_link(painter: QPainter, rect: QRect, cell: LinkCell, _selected: bool) -> None:
    draw_text(painter, rect, cell.text, "body_medium", "accent", right=cell.right)


def _paint_two_lines(painter: QPainter, rect: QRect, cell: TwoLineCell, _selected: bool) -> None:
    """Draw a title with its note over another line, and between them a bar of the share that is done."""
    title, below = ("body_medium", "text"), ("label", "muted")
    if cell.stresses_foot:
        title, below = ("figure_small", "hint"), ("body", "text")
    line, bar = px(20), px(6) if cell.share is not None else 0
    top = rect.top() + (rect.height() - 2 * line - bar) // 2
    first, side = QRect(rect.left(), top, rect.width(), line), px(ICON)
    taken = 0
    if cell.note:
        taken = px(4) + draw_text(painter, first, cell.note, "figure_small", cell.token, right=True)
    if cell.icon:
        left = first.right() + 1 - taken - side
        icons.paint(
            painter, QRectF(left, first.center().y() - side / 2 + 0.5, side, side), cell.icon, cell.token
        )
        taken += side + px(8)
    name = elided_name(cell.title, QFontMetrics(font(title[0])), rect.width() - taken)
    draw_text(painter, first, name, *title)
    if cell.share is not None:
        track = QRectF(rect.left(), first.bottom() + 2, rect.width(), 4)
        painter.fillRect(track, style.color("grey_soft"))
        track.setWidth(track.width() * cell.share)
        painter.fillRect(track, style.color("accent_fill"))
    foot = QRect(rect.left(), first.bottom() + bar, rect.width(), line)
    draw_text(painter, foot, cell.foot, *below)


PAINTERS: dict[type, Callable[[QPainter, QRect, Any, bool], None]] = {
    TextCell: _paint_text,
    NameCell: _paint_named,
    CheckCell: _paint_checked,
    ScoreCell: _paint_scored,
    IconTextCell: _paint_signed,
    LinkCell: _paint_link,
    TwoLineCell: _paint_two_lines,
}
