"""Cards to choose one from: a title, a line, a small line, and a radio mark. All of their texts wrap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QPainter, QPaintEvent, QPen, QResizeEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QGridLayout, QSizePolicy, QWidget

from gui.look import style
from gui.look.focus_rim import has_rim
from gui.look.fonts import BODY_PITCH, font, px

MARK = 14
SPACING, MARGIN_X, MARGIN_Y, GAP = 16, 16, 12, 4
# Cards that would be narrower stand below each other.
MIN_WIDTH = 150
PITCH = {"body_semibold": BODY_PITCH, "body": BODY_PITCH, "label": 18}


@dataclass(frozen=True)
class Card:
    """The texts of a card; `small` may be set later."""

    key: str
    title: str
    line: str = ""
    small: str = ""


class ChoiceCards(QWidget):
    """Cards of equal width, side by side or below each other. `chosen(key)` reports a choice by the user."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._group = QButtonGroup(self)
        self._buttons: dict[str, _CardButton] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(SPACING)
        self._group.buttonClicked.connect(self._emit_chosen)
        style.on_style_changed(self._arrange)

    def offer(self, cards: Sequence[Card], current: str) -> None:
        for button in self._buttons.values():
            self._group.removeButton(button)
            button.hide()
            button.deleteLater()
        self._buttons = {card.key: _CardButton(card) for card in cards}
        for key, button in self._buttons.items():
            self._group.addButton(button)
            button.setChecked(key == current)
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put cards side by side where there is room."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        count, width = max(1, len(self._buttons)), self.width()
        halves = (count + 1) // 2
        fitting = (each for each in (count, halves) if (width + SPACING) / each - SPACING >= px(MIN_WIDTH))
        columns = next(fitting, 1)
        for at, button in enumerate(self._buttons.values()):
            button.set_low(columns < count)
            self._grid.addWidget(button, *divmod(at, columns))
        for column in range(self._grid.columnCount()):
            self._grid.setColumnStretch(column, column < columns)

    def current(self) -> str:
        return next((key for key, button in self._buttons.items() if button.isChecked()), "")

    def offered(self) -> list[str]:
        return list(self._buttons)

    def set_current(self, key: str) -> None:
        self._buttons[key].setChecked(True)

    def choose(self, key: str) -> None:
        """Choose a card as if the user had."""
        self._buttons[key].click()

    def say(self, key: str, small: str) -> None:
        """Change the small line of a card, if it is shown."""
        if key in self._buttons:
            self._buttons[key].say(small)

    def _emit_chosen(self) -> None:
        self.chosen.emit(self.current())


@dataclass(frozen=True)
class _Text:
    """A text of a card, laid out in lines, and where they stand."""

    lines: QTextLayout
    token: str
    left: float
    top: float
    height: float


class _CardButton(QAbstractButton):
    accessible_role = QAccessible.Role.RadioButton

    def __init__(self, card: Card) -> None:
        super().__init__()
        self._card, self._small, self._is_low = card, card.small, False
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._describe()
        style.on_style_changed(self.updateGeometry)

    def say(self, small: str) -> None:
        self._small = small
        self._describe()
        self.updateGeometry()
        self.update()

    def set_low(self, low: bool) -> None:
        """Take no more height than the texts, as in a list."""
        if low != self._is_low:
            self._is_low = low
            self.updateGeometry()

    def _describe(self) -> None:
        self.setAccessibleName(self._card.title)
        texts = (self._card.line, self._small)
        self.setAccessibleDescription(". ".join(part for part in texts if part))

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        last = self._texts(width)[-1]
        texts = last.top + last.height + MARGIN_Y
        return round(texts if self._is_low else max(px(134), texts))

    def sizeHint(self) -> QSize:
        width = max(self.width(), px(MIN_WIDTH))
        return QSize(px(MIN_WIDTH), self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        return QSize(px(MARK) + 2 * MARGIN_X + px(40), self.heightForWidth(max(self.width(), px(MIN_WIDTH))))

    def _texts(self, width: int) -> list[_Text]:
        inside, top, found = width - 2 * MARGIN_X, float(MARGIN_Y), []
        for text, role, token, room in (
            (self._card.title, "body_semibold", "text", inside - px(MARK) - 8),
            (self._card.line, "body", "muted", inside),
            (self._small, "label", "muted", inside),
        ):
            lines = _laid_out(text, role, room)
            height = lines.lineCount() * float(px(PITCH[role]))
            is_rtl = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
            found.append(_Text(lines, token, width - MARGIN_X - room if is_rtl else MARGIN_X, top, height))
            top += height + GAP
        return found

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        on, focused = self.isChecked(), has_rim(self)
        painter.setBrush(style.color("accent_soft" if on else "hover" if self.underMouse() else "surface"))
        rim = "text" if focused and on else "accent" if on or focused else "edge"
        painter.setPen(QPen(style.color(rim), 2 if on or focused else 1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 8, 8)
        inside = QRectF(self.rect()).adjusted(MARGIN_X, MARGIN_Y, -MARGIN_X, -MARGIN_Y)
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
        texts = self._texts(self.width())
        for each in texts:
            # The small line stands at the bottom of a card that is higher than its texts.
            top = max(each.top, inside.bottom() - each.height) if each is texts[-1] else each.top
            painter.setPen(style.color(each.token))
            each.lines.draw(painter, QPointF(each.left, top))
        painter.end()


def _laid_out(text: str, role: str, width: float) -> QTextLayout:
    """Return a text laid out in lines of a width, with the role's line height."""
    layout = QTextLayout(text.replace("\n", "\u2028"), font(role))
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    pitch, y = float(px(PITCH[role])), 0.0
    layout.beginLayout()
    while (line := layout.createLine()).isValid():
        line.setLineWidth(max(16.0, width))
        line.setPosition(QPointF(0, y + (pitch - line.height()) / 2))
        y += pitch
    layout.endLayout()
    return layout
