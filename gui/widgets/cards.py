"""Cards for a result or a decision, and notice strips in the page.

Handles layout and clicks, not what a plan does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QSizePolicy,
    QWidget,
)

from gui.look import style
from gui.look.focus_rim import has_rim
from gui.look.fonts import font, metrics, px
from gui.look.language import tr
from gui.look.shown_texts import ShownTexts
from gui.widgets.buttons import link, plain, primary, quiet
from gui.widgets.labels import IconLabel, Label
from gui.widgets.layouts import hbox, vbox
from gui.widgets.text_view import TextView


class Card(QFrame):
    """A surface with a hairline rim; content goes into `column`."""

    def __init__(self, parent: QWidget | None = None, margin: int = 24, spacing: int = 12) -> None:
        super().__init__(parent)
        style.set_background(self, "card")
        self.column = vbox(of=self, margins=(margin, margin - 4, margin, margin - 4), spacing=spacing)


class NoticeStrip(QFrame):
    """A strip in the page, `row`: one text and at most one action. `acted` is emitted when the action is clicked."""

    acted = Signal()

    def __init__(
        self,
        text: str = "",
        action: str = "",
        icon_name: str = "",
        token: str = "warning",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        style.set_background(self, "notice")
        self._icon = IconLabel(icon_name or "info", token)
        self._text = Label(text, "body", "text", wrap=True)
        self._action = link(action)
        self._action.clicked.connect(self.acted)
        self.row = hbox(self._icon, (self._text, 1), self._action, of=self, margins=(12, 6, 8, 6), spacing=12)
        # A part that is shown before it has its place would be a window for a moment.
        self._icon.setVisible(bool(icon_name))
        self._action.setVisible(bool(action))

    def show_notice(self, text: str, action: str = "", icon_name: str = "", token: str = "warning") -> None:
        """Show another notice."""
        self._text.setText(text)
        self._action.setText(action)
        self._action.setVisible(bool(action))
        self._icon.setVisible(bool(icon_name))
        if icon_name:
            self._icon.set_icon(icon_name, token)
        self.show()
        self._limit_height()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the height to the text at this width."""
        super().resizeEvent(event)
        self._limit_height()

    def _limit_height(self) -> None:
        self.setMaximumHeight(max(px(40), self.heightForWidth(self.width())))

    def text(self) -> str:
        return self._text.text()

    def action_button(self) -> QWidget:
        """Return the action's button."""
        return self._action


@dataclass(frozen=True)
class Fallback(ShownTexts):
    """One plan after an error, as texts: "7.7 GB", "−38 %", "+6 %", "same result"."""

    title: str
    detail: str = ""
    memory: str = ""
    change: str = ""
    time: str = ""
    learning: str = ""


class FallbackRow(QAbstractButton):
    """One plan, with a radio mark."""

    def __init__(self, plan: Fallback) -> None:
        super().__init__()
        self._plan = plan
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        texts = (plan.title, plan.detail, plan.memory, plan.change, plan.time, plan.learning)
        self.setAccessibleName(", ".join(part for part in texts if part))
        style.on_style_changed(self.update)

    def sizeHint(self) -> QSize:
        """Return the height of two lines."""
        return QSize(480, px(56))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the row."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        on = self.isChecked()
        painter.setBrush(style.color("accent_soft" if on else "hover" if self.underMouse() else "surface"))
        painter.setPen(QPen(style.color("accent" if on or has_rim(self) else "edge"), 2 if on else 1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)
        self._paint_radio(painter)
        box = QRectF(self.rect()).adjusted(40, 9, -16, -9)
        columns = self._columns(box)
        taken = metrics("figure_medium").horizontalAdvance(self._plan.memory) + 16
        text_rect = QRectF(box.left(), box.top(), columns[0][1] - taken - box.left(), box.height() / 2)
        self._text(
            painter, text_rect, self._plan.title, "body_semibold", "text", Qt.AlignmentFlag.AlignLeading
        )
        text_rect.moveTop(box.center().y())
        self._text(painter, text_rect, self._plan.detail, "label", "muted", Qt.AlignmentFlag.AlignLeading)
        for text, right, role, token in columns:
            rect = QRectF(right - 160, box.top(), 160, box.height())
            self._text(painter, rect, text, role, token, Qt.AlignmentFlag.AlignTrailing)
        painter.end()

    def _columns(self, box: QRectF) -> list[tuple[str, float, str, str]]:
        plan, edges = self._plan, column_edges(box.right())
        return [
            (plan.memory, edges[0] - px(60), "figure_medium", "text"),
            (plan.change, edges[0], "figure", "accent"),
            (plan.time, edges[1], "figure_medium", "text"),
            (plan.learning, edges[2], "body", "muted"),
        ]

    def _paint_radio(self, painter: QPainter) -> None:
        mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        centre = QPointF(self.width() - 20 if mirrored else 20, self.height() / 2)
        on = self.isChecked()
        painter.setBrush(style.color("accent_fill" if on else "surface"))
        painter.setPen(QPen(style.color("accent_fill" if on else "outline"), 1))
        painter.drawEllipse(centre, 7.5, 7.5)
        if on:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(style.color("on_accent"))
            painter.drawEllipse(centre, 3, 3)

    def _text(
        self, painter: QPainter, rect: QRectF, text: str, role: str, token: str, align: Qt.AlignmentFlag
    ) -> None:
        painter.setFont(font(role))
        painter.setPen(style.color(token))
        draw_text(painter, self, rect, text, align)


def draw_text(painter: QPainter, widget: QWidget, rect: QRectF, text: str, align: Qt.AlignmentFlag) -> None:
    """Draw one elided line; the rectangle is mirrored in a right-to-left widget."""
    if widget.layoutDirection() == Qt.LayoutDirection.RightToLeft:
        rect = QRectF(widget.width() - rect.right(), rect.top(), rect.width(), rect.height())
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, math.ceil(rect.width()))
    painter.drawText(rect, align | Qt.AlignmentFlag.AlignVCenter, shown)


def column_edges(right: float) -> tuple[float, float, float]:
    """Return the right edges of the columns memory, time and learning."""
    return right - px(268), right - px(158), right


class _FallbackHead(QWidget):
    """The column heads of the plans."""

    def __init__(self) -> None:
        super().__init__()
        style.scale(self, QWidget.setFixedHeight, 24)
        style.on_style_changed(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(font("head"))
        painter.setPen(style.color("muted"))
        box = QRectF(self.rect()).adjusted(36, 0, -16, 0)
        rect = QRectF(box.left(), 0, px(120), box.height())
        draw_text(painter, self, rect, tr("Plan"), Qt.AlignmentFlag.AlignLeading)
        heads = (tr("Memory at peak"), tr("Time"), tr("Learning"))
        for head, edge in zip(heads, column_edges(box.right()), strict=True):
            rect = QRectF(edge - px(110), 0, px(110), box.height())
            draw_text(painter, self, rect, head, Qt.AlignmentFlag.AlignTrailing)
        painter.end()


class ErrorCard(Card):
    """What happened, what is safe, and up to three plans to choose from.

    `accepted(index)` is the primary action with the chosen plan (−1 without plans); `second`, `ended` and `linked` are
    the plain button, the quiet one and the link at the top. Empty texts leave a button out.
    """

    accepted = Signal(int)
    second = Signal()
    ended = Signal()
    linked = Signal()

    def __init__(
        self,
        title: str,
        text: str,
        plans: Sequence[Fallback] = (),
        primary_text: str = "",
        second_text: str = "",
        end_text: str = "",
        link_text: str = "",
        parent: QWidget | None = None,
        primary_icon: str = "play",
    ) -> None:
        super().__init__(parent)
        self._group = QButtonGroup(self)
        self._add_head(title, text, link_text)
        if plans:
            self._add_plans(plans)
        self._add_foot(primary_text, primary_icon, second_text, end_text)
        self.setAccessibleName(title)
        self.setAccessibleDescription(text.replace("<b>", "").replace("</b>", ""))

    def chosen(self) -> int:
        """Return the index of the chosen plan, −1 if there is none."""
        return self._group.checkedId()

    def _add_head(self, title: str, text: str, link_text: str) -> None:
        head = hbox(
            IconLabel("problem", "error", 20), (Label(title, "title", "text", wrap=True), 1), spacing=12
        )
        if link_text:
            button = link(link_text)
            button.clicked.connect(self.linked)
            head.addWidget(button)
        self.column.addLayout(head)
        self.column.addWidget(TextView.from_markup(text))

    def _add_plans(self, plans: Sequence[Fallback]) -> None:
        rows = vbox(_FallbackHead(), spacing=8)
        for at, plan in enumerate(plans):
            row = FallbackRow(plan)
            row.setChecked(at == 0)
            self._group.addButton(row, at)
            rows.addWidget(row)
        self.column.addLayout(rows)

    def _add_foot(self, primary_text: str, primary_icon: str, second_text: str, end_text: str) -> None:
        foot = QHBoxLayout()
        foot.setContentsMargins(0, 8, 0, 0)
        foot.setSpacing(8)
        if primary_text:
            main = primary(primary_text, primary_icon)
            main.clicked.connect(lambda: self.accepted.emit(self.chosen()))
            foot.addWidget(main)
        if second_text:
            other = plain(second_text)
            other.clicked.connect(self.second)
            foot.addWidget(other)
        foot.addStretch(1)
        if end_text:
            end = quiet(end_text)
            end.clicked.connect(self.ended)
            foot.addWidget(end)
        if foot.count() > 1:
            self.column.addLayout(foot)
