"""Cards to choose one from: a title, a line, a small line, and a radio mark. All of their texts wrap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QSizePolicy, QWidget

from gui.look import style
from gui.look.fonts import px
from gui.widgets.cards import OptionButton
from gui.widgets.labels import Label
from gui.widgets.layouts import hbox, vbox

SPACING = 16
# Cards that would be narrower stand below each other.
MIN_WIDTH = 150


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


class _CardButton(OptionButton):
    def __init__(self, card: Card) -> None:
        super().__init__(card.title)
        self._line, self._small = card.line, Label("", "label", "muted", wrap=True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        top, title = Qt.AlignmentFlag.AlignTop, Label(card.title, "body_semibold", wrap=True)
        # On one line with the mark.
        title.setContentsMargins(0, 6, 0, 0)
        head = hbox((title, 1, top), (self.mark, 0, top), spacing=8)
        line = Label(card.line, "body", "muted", wrap=True)
        # The small line stands at the bottom of a card that is higher than its texts.
        self.lay_out(vbox(head, line, 1, self._small, margins=(16, 8, 8, 12), spacing=4))
        self.say(card.small)

    def say(self, small: str) -> None:
        self._small.setText(small)
        self._small.setVisible(bool(small))
        self.setAccessibleDescription(". ".join(part for part in (self._line, small) if part))

    def set_low(self, low: bool) -> None:
        """Take no more height than the texts, as in a list."""
        self.setMinimumHeight(0 if low else px(134))
