"""Choices that all stand in sight: a segmented control, toggle chips, and cards. Know keys and texts alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from engine.api import escaping
from gui.look import style
from gui.look.fonts import px
from gui.look.shown_texts import plain_tooltip
from gui.widgets.cards import OptionButton
from gui.widgets.labels import Label
from gui.widgets.layouts import FlowBox, FlowLayout, discard, gridbox, hbox, vbox

MARGIN = 3


class SegmentedControl(FlowBox):
    """Chooses one of a few: `items` are (key, text) pairs, or plain texts that are their own keys. Wraps if it must.

    `short` is 28 high, for tool rows. `currentChanged(key)` reports a change by the user or by `set_current`.
    """

    currentChanged = Signal(str)

    def __init__(
        self,
        items: Sequence[tuple[str, str] | str],
        short: bool = False,
        stretch: bool = False,
        name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__([], 0, parent, shares=True)
        self._flow.setContentsMargins(*[MARGIN] * 4)
        self._short = short
        self._group = QButtonGroup(self)
        self.segments: dict[str, QPushButton] = {}
        for item in items:
            key, text = (item, item) if isinstance(item, str) else item
            button = self.segments[key] = QPushButton(self)
            button.setText(text)
            button.setCheckable(True)
            # A screen reader then tells of radio buttons.
            button.setAutoExclusive(True)
            button.setAutoDefault(False)
            button.setAccessibleDescription(name)
            style.set_font(button, "label_medium")
            self._group.addButton(button)
            self.add(button)
        first = next(iter(self.segments.values()))
        first.setChecked(True)
        self._group.buttonToggled.connect(self._on_toggled)
        wide = QSizePolicy.Policy.Expanding if stretch else QSizePolicy.Policy.Maximum
        self.setSizePolicy(wide, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setProperty("kind", "segments")
        self.setProperty("short", short)
        self.setAccessibleName(name)
        self.setFocusProxy(first)

    def current(self) -> str:
        return next(key for key, button in self.segments.items() if button.isChecked())

    def set_current(self, key: str) -> None:
        """Choose a key. Raises ValueError if it is unknown."""
        if key not in self.segments:
            raise ValueError(key)
        self.segments[key].setChecked(True)

    def set_text(self, key: str, text: str) -> None:
        self.segments[key].setText(text)

    def texts(self) -> list[str]:
        return [button.text() for button in self.segments.values()]

    def _on_toggled(self, button: QAbstractButton, checked: bool) -> None:
        if checked:
            self.setFocusProxy(button)
            self.currentChanged.emit(self.current())

    def sizeHint(self) -> QSize:
        """Return the size of segments of equal width, or in a tool row of each text's own width."""
        hints = [button.sizeHint() for button in self.segments.values()]
        widths = [hint.width() for hint in hints]
        wide = sum(widths) if self._short else max(widths) * len(widths)
        return QSize(wide + 2 * MARGIN, hints[0].height() + 2 * MARGIN)


class Chip(QToolButton):
    """One chip, 28 high."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(escaping.in_one_line(text))
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("kind", "chip")
        style.set_font(self, "label_medium")

    def set_read_only(self, read_only: bool) -> None:
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, read_only)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus if read_only else Qt.FocusPolicy.StrongFocus)
        style.set_property(self, "read_only", "true" if read_only else "false")


class ToggleChips(QWidget):
    """Several toggle chips that wrap: (key, text) pairs, or plain texts that are their own keys.

    `changed(list)` carries the keys that are on, in order.
    """

    changed = Signal(list)

    def __init__(self, items: Sequence[tuple[str, str] | str] = (), on: Iterable[str] = ()) -> None:
        super().__init__()
        self.chips: dict[str, Chip] = {}
        self._is_read_only = False
        self._flow = FlowLayout(self, 6)
        self.set_items(items, on)

    def set_items(self, items: Sequence[tuple[str, str] | str], on: Iterable[str] = ()) -> None:
        for chip in self.chips.values():
            self._flow.removeWidget(chip)
            discard(chip)
        chosen = set(on)
        self.chips = {}
        for item in items:
            key, text = (item, item) if isinstance(item, str) else item
            chip = Chip(text, self)
            chip.setChecked(key in chosen)
            chip.set_read_only(self._is_read_only)
            chip.toggled.connect(self._emit_chosen)
            self.chips[key] = chip
            self._flow.addWidget(chip)
            chip.show()
        self.updateGeometry()

    def on(self) -> list[str]:
        return [key for key, chip in self.chips.items() if chip.isChecked()]

    def set_on(self, keys: Iterable[str]) -> None:
        chosen = set(keys)
        for key, chip in self.chips.items():
            chip.setChecked(key in chosen)

    def set_refused(self, reasons: Mapping[str, str]) -> None:
        """Grey out the chips that can't be chosen, each with its reason as a tooltip; they are switched off."""
        for key, chip in self.chips.items():
            chip.setEnabled(key not in reasons)
            chip.setToolTip(plain_tooltip(reasons.get(key, "")))
            chip.setAccessibleDescription(reasons.get(key, ""))
            if key in reasons:
                chip.blockSignals(True)
                chip.setChecked(False)
                chip.blockSignals(False)

    def set_read_only(self, read_only: bool) -> None:
        self._is_read_only = read_only
        for chip in self.chips.values():
            chip.set_read_only(read_only)

    def _emit_chosen(self) -> None:
        self.changed.emit(self.on())


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
        self.buttons: dict[str, _CardButton] = {}
        self._grid = gridbox(self, across=SPACING, down=SPACING)
        self._group.buttonClicked.connect(self._emit_chosen)
        style.on_style_changed(self._arrange)

    def offer(self, cards: Sequence[Card], current: str) -> None:
        for button in self.buttons.values():
            self._group.removeButton(button)
            discard(button)
        self.buttons = {card.key: _CardButton(card) for card in cards}
        for key, button in self.buttons.items():
            self._group.addButton(button)
            button.setChecked(key == current)
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put cards side by side where there is room."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        count, width = max(1, len(self.buttons)), self.width()
        halves = (count + 1) // 2
        fitting = (each for each in (count, halves) if (width + SPACING) / each - SPACING >= px(MIN_WIDTH))
        columns = next(fitting, 1)
        for at, button in enumerate(self.buttons.values()):
            button.set_low(columns < count)
            self._grid.addWidget(button, *divmod(at, columns))
        for column in range(self._grid.columnCount()):
            self._grid.setColumnStretch(column, column < columns)

    def current(self) -> str:
        return next((key for key, button in self.buttons.items() if button.isChecked()), "")

    def offered(self) -> list[str]:
        return list(self.buttons)

    def set_current(self, key: str) -> None:
        self.buttons[key].setChecked(True)

    def choose(self, key: str) -> None:
        """Choose a card as if the user had."""
        self.buttons[key].click()

    def say(self, key: str, small: str) -> None:
        """Change the small line of a card, if it is shown."""
        if key in self.buttons:
            self.buttons[key].say(small)

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
        self.setAccessibleDescription(". ".join(part for part in (self._line, small) if part))

    def set_low(self, low: bool) -> None:
        """Take no more height than the texts, as in a list."""
        self.setMinimumHeight(0 if low else px(134))
