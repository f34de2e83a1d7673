"""Cards to choose one from: a title, a line, a small line, and a radio mark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QSizePolicy, QWidget

from gui.look import style
from gui.look.fonts import font, metrics, px

HEIGHT, MARK = 134, 14


@dataclass(frozen=True)
class Card:
    """The texts of a card; `small` may be set later."""

    key: str
    title: str
    line: str = ""
    small: str = ""


class ChoiceCards(QWidget):
    """Cards of equal width, side by side. `chosen(key)` reports a choice by the user."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._group = QButtonGroup(self)
        self._buttons: dict[str, _CardButton] = {}
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(16)
        self._group.buttonClicked.connect(self._emit_chosen)

    def offer(self, cards: Sequence[Card], current: str) -> None:
        """Show other cards, one chosen."""
        for button in self._buttons.values():
            self._group.removeButton(button)
            button.hide()
            button.deleteLater()
        self._buttons = {card.key: _CardButton(card) for card in cards}
        for key, button in self._buttons.items():
            self._group.addButton(button)
            self._row.addWidget(button, 1)
            button.setChecked(key == current)

    def current(self) -> str:
        """Return the key of the chosen card."""
        return next((key for key, button in self._buttons.items() if button.isChecked()), "")

    def choose(self, key: str) -> None:
        """Choose a card as if the user had."""
        self._buttons[key].click()

    def say(self, key: str, small: str) -> None:
        """Change the small line of a card, if it is shown."""
        if key in self._buttons:
            self._buttons[key].say(small)

    def _emit_chosen(self) -> None:
        self.chosen.emit(self.current())


class _CardButton(QAbstractButton):
    accessible_role = QAccessible.Role.RadioButton

    def __init__(self, card: Card) -> None:
        super().__init__()
        self._card, self._small = card, card.small
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._describe()
        style.follow(self.updateGeometry)

    def say(self, small: str) -> None:
        self._small = small
        self._describe()
        self.update()

    def _describe(self) -> None:
        self.setAccessibleName(self._card.title)
        texts = (self._card.line, self._small)
        self.setAccessibleDescription(". ".join(part for part in texts if part))

    def sizeHint(self) -> QSize:
        return QSize(px(152), px(HEIGHT))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        on, focused = self.isChecked(), self.hasFocus()
        painter.setBrush(style.color("accent_soft" if on else "hover" if self.underMouse() else "surface"))
        rim = "ink" if focused and on else "accent" if on or focused else "edge"
        painter.setPen(QPen(style.color(rim), 2 if on or focused else 1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 8, 8)
        inside = QRectF(self.rect()).adjusted(16, 12, -16, -12)
        self._paint_mark(painter, inside, on=on)
        leading, middle = Qt.AlignmentFlag.AlignLeading, Qt.AlignmentFlag.AlignVCenter
        wrapped = Qt.TextFlag.TextWordWrap
        title = self._title_box(inside)
        lower = title.height() - px(22)
        line = QRectF(inside.left(), inside.top() + px(26) + lower, inside.width(), px(58) - lower)
        small = QRectF(inside.left(), inside.top() + px(86), inside.width(), px(22))
        for text, role, token, box, flags in (
            (self._card.title, "body_semibold", "ink", title, leading | middle | wrapped),
            (self._card.line, "body", "ink2", line, leading | wrapped),
            (self._small, "label", "ink2", small, leading | middle),
        ):
            painter.setFont(font(role))
            painter.setPen(style.color(token))
            painter.drawText(box, flags, text)
        painter.end()

    def _title_box(self, inside: QRectF) -> QRectF:
        """Return the rectangle of the title beside the mark: one line, or two for a long one."""
        room = inside.width() - px(MARK) - 8
        measured = metrics("body_semibold")
        lines = 1 if measured.horizontalAdvance(self._card.title) <= room else 2
        box = QRectF(inside.left(), inside.top(), room, px(22) + (lines - 1) * measured.lineSpacing())
        if self.layoutDirection() == Qt.LayoutDirection.RightToLeft:
            box.moveRight(inside.right())
        return box

    def _paint_mark(self, painter: QPainter, inside: QRectF, *, on: bool) -> None:
        side = px(MARK)
        mark = QRectF(inside.right() - side, inside.top() + 4, side, side)
        if self.layoutDirection() == Qt.LayoutDirection.RightToLeft:
            mark.moveLeft(inside.left())
        painter.setPen(QPen(style.color("accent_fill" if on else "outline"), 1))
        painter.setBrush(style.color("accent_fill" if on else "surface"))
        painter.drawEllipse(mark)
        if on:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(style.color("on_accent"))
            painter.drawEllipse(mark.center(), side / 5, side / 5)
