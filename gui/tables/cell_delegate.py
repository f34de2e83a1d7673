"""Draws the cells of a grouped table: backgrounds, names with tags, verdicts, intervals, runs."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QHelpEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
)

from gui.graphics.interval_bar import paint_base_line, paint_interval
from gui.look import icons, style
from gui.look.fonts import font, px
from gui.look.shown_texts import elided_name
from gui.models.grouped_table import (
    CELL_ROLE,
    HEADING_ROLE,
    CheckCell,
    Heading,
    IconTextCell,
    LinkCell,
    NameCell,
    RunCell,
    ScoreCell,
    TextCell,
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
            selected = bool(option.state & QStyle.StateFlag.State_Selected)
            self._paint_background(painter, option.rect, index, selected=selected)
            cell = index.data(CELL_ROLE)
            inner = option.rect.adjusted(px(INSET), 0, -px(INSET), -1)
            painter.setClipRect(option.rect)
            PAINTERS[type(cell)](painter, inner, cell, selected)
        painter.restore()

    def _paint_background(self, painter: QPainter, rect: QRect, index: Index, *, selected: bool) -> None:
        if selected:
            painter.fillRect(rect, style.color("accent_soft"))
        elif index.row() == self._view.hovered_row:
            painter.fillRect(rect, style.color("hover", HOVER_ALPHA))
        if self._view.has_lines:
            painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, style.color("line"))
        if selected and index.column() == 0:
            ltr = self._view.layoutDirection() == Qt.LayoutDirection.LeftToRight
            left = rect.left() if ltr else rect.right() - BAR + 1
            painter.fillRect(left, rect.top(), BAR, rect.height(), style.color("accent"))

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(px(96), px(36))

    def helpEvent(
        self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index
    ) -> bool:
        """Show a cell's tooltip, or the full text of an elided cell."""
        tooltip = index.data(Qt.ItemDataRole.ToolTipRole)
        cell = index.data(CELL_ROLE)
        if not tooltip and isinstance(cell, NameCell | TextCell):
            room = option.rect.width() - 2 * px(INSET)
            wide = QFontMetrics(font(_role(cell))).horizontalAdvance(text_of(cell))
            tooltip = text_of(cell) if wide > room else ""
        # As rich text, so that long lines wrap; escaped, since cells contain untrusted texts.
        QToolTip.showText(event.globalPos(), f"<qt>{html.escape(tooltip)}</qt>" if tooltip else "", view)
        return True


def _role(cell: NameCell | TextCell) -> str:
    return "body_medium" if isinstance(cell, NameCell) else cell.role


def _paint_head(painter: QPainter, rect: QRect, head: Heading, *, has_lines: bool) -> None:
    inner = rect.adjusted(px(INSET), 0, -px(INSET), -1)
    if has_lines:
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, style.color("line"))
    taken = 0
    if head.facts:
        painter.setFont(font("body"))
        painter.setPen(style.color("hint"))
        room = inner.width() * 2 // 3
        facts = painter.fontMetrics().elidedText(head.facts, Qt.TextElideMode.ElideRight, room)
        painter.drawText(inner, _aligned(right=True), facts)
        taken = painter.fontMetrics().horizontalAdvance(facts) + px(16)
    painter.setFont(font("body_semibold" if has_lines else "label_medium"))
    painter.setPen(style.color("text" if has_lines else "muted"))
    _draw_cut(painter, inner.adjusted(0, 0, -taken, 0), head.title)


def _aligned(*, right: bool) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def _draw_cut(painter: QPainter, rect: QRect, text: str, *, right: bool = False, tail: str = "") -> int:
    """Draw an elided line, which keeps its `tail`; return its width."""
    measured = painter.fontMetrics()
    room = max(0, rect.width() - measured.horizontalAdvance(tail))
    shown = measured.elidedText(text.removesuffix(tail), Qt.TextElideMode.ElideRight, room) + tail
    painter.drawText(rect, _aligned(right=right), shown)
    return painter.fontMetrics().horizontalAdvance(shown)


def _paint_text(painter: QPainter, rect: QRect, cell: TextCell, selected: bool) -> None:
    if cell.note:
        painter.setFont(font("figure_small"))
        painter.setPen(style.color("muted"))
        rect = rect.adjusted(0, 0, -_draw_cut(painter, rect, cell.note, right=True) - px(8), 0)
    painter.setFont(font(cell.role))
    painter.setPen(style.color("muted" if selected and cell.token == "hint" else cell.token))
    _draw_cut(painter, rect, cell.text, right=cell.right)


def _paint_named(painter: QPainter, rect: QRect, cell: NameCell, selected: bool) -> None:
    tags = list(cell.tags)
    measured = QFontMetrics(font("body_medium"))
    whole = measured.horizontalAdvance(cell.text)
    while tags and whole + sum(_tag_width(tag) + px(8) for tag in tags) > rect.width():
        tags.pop()
    room = rect.width() - sum(_tag_width(tag) + px(8) for tag in tags)
    painter.setFont(font("body_medium"))
    painter.setPen(style.color("text"))
    shown = elided_name(cell.text, measured, room)
    left = rect.left() + _draw_cut(painter, QRect(rect.left(), rect.top(), room, rect.height()), shown)
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
    painter.setFont(font("body_medium"))
    painter.setPen(style.color("text"))
    wide = _draw_cut(painter, texts, elided_name(cell.text, painter.fontMetrics(), texts.width()))
    painter.setFont(font("label"))
    painter.setPen(style.color("muted"))
    _draw_cut(painter, texts.adjusted(wide + px(8), 0, 0, 0), cell.detail)


def _paint_scored(painter: QPainter, rect: QRect, cell: ScoreCell, selected: bool) -> None:
    painter.setFont(font("figure_medium"))
    painter.setPen(style.color("text"))
    _draw_cut(painter, rect, cell.text)
    shown = cell.bar
    area = QRectF(rect.adjusted(px(48), 6, 0, -6))
    axis = (shown.axis_low, shown.axis_high)
    if shown.base is not None:
        paint_base_line(painter, area, axis, shown.base)
    drawn = shown.interval
    token = "accent" if selected else drawn.token
    paint_interval(painter, area, axis, ConfidenceInterval(drawn.mean, drawn.low, drawn.high, token))


def _paint_signed(painter: QPainter, rect: QRect, cell: IconTextCell, _selected: bool) -> None:
    side, gap = px(ICON), px(8)
    painter.setFont(font(cell.role))
    wide = min(painter.fontMetrics().horizontalAdvance(cell.text) + 2, rect.width() - side - gap)
    left = rect.right() + 1 - wide - side - gap if cell.right else rect.left()
    icons.paint(painter, QRectF(left, rect.center().y() - side / 2 + 0.5, side, side), cell.icon, cell.token)
    painter.setPen(style.color(cell.text_token or cell.token))
    box = QRect(left + side + gap, rect.top(), wide, rect.height())
    _draw_cut(painter, box, cell.text, right=cell.right, tail=cell.tail)


def _paint_link(painter: QPainter, rect: QRect, cell: LinkCell, _selected: bool) -> None:
    painter.setFont(font("body_medium"))
    painter.setPen(style.color("accent"))
    _draw_cut(painter, rect, cell.text, right=cell.right)


def _paint_run(painter: QPainter, rect: QRect, cell: RunCell, _selected: bool) -> None:
    """Draw a title with its note over a line of facts, and between them a bar of the share that is done."""
    line, bar = px(20), px(6) if cell.share is not None else 0
    top = rect.top() + (rect.height() - 2 * line - bar) // 2
    first, side = QRect(rect.left(), top, rect.width(), line), px(ICON)
    taken = 0
    if cell.icon:
        painter.setFont(font("figure_small"))
        painter.setPen(style.color(cell.token))
        wide = _draw_cut(painter, first, cell.note, right=True)
        gap = px(4) if cell.note else 0
        taken = wide + gap + side + px(8)
        left = first.right() + 1 - wide - gap - side
        icons.paint(
            painter, QRectF(left, first.center().y() - side / 2 + 0.5, side, side), cell.icon, cell.token
        )
    painter.setFont(font("body_medium"))
    painter.setPen(style.color("text"))
    _draw_cut(painter, first, elided_name(cell.title, painter.fontMetrics(), rect.width() - taken))
    if cell.share is not None:
        track = QRectF(rect.left(), first.bottom() + 2, rect.width(), 4)
        painter.fillRect(track, style.color("grey_soft"))
        track.setWidth(track.width() * cell.share)
        painter.fillRect(track, style.color("accent_fill"))
    painter.setFont(font("label"))
    painter.setPen(style.color("muted"))
    _draw_cut(painter, QRect(rect.left(), first.bottom() + bar, rect.width(), line), cell.foot)


PAINTERS: dict[type, Callable[[QPainter, QRect, Any, bool], None]] = {
    TextCell: _paint_text,
    NameCell: _paint_named,
    CheckCell: _paint_checked,
    ScoreCell: _paint_scored,
    IconTextCell: _paint_signed,
    LinkCell: _paint_link,
    RunCell: _paint_run,
}
