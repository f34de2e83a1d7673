"""An empty state in place of content: an icon, what is missing, what to do, and one or two buttons."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from gui.widgets.cards import Card
from gui.widgets.labels import IconLabel, Label
from gui.widgets.layouts import fill, hbox, vbox


class EmptyState(QWidget):
    """Centred in the space of the content; `card` draws the rim of a card around it."""

    def __init__(
        self,
        icon_name: str,
        line: str,
        what_to_do: str = "",
        buttons: Sequence[QPushButton] = (),
        card: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._line = Label(line, "section", "text", wrap=True)
        self._what_to_do = Label(what_to_do, "body", "muted", wrap=True)
        self._icon = IconLabel(icon_name, "hint", 24)
        for text in (self._line, self._what_to_do, self._icon):
            text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        outer = vbox(of=self)
        column = outer
        if card:
            frame = Card()
            outer.addWidget(frame)
            column = frame.column
        self._fill(column, buttons)
        self.setAccessibleName(line)
        self.setAccessibleDescription(what_to_do)

    def set_what_to_do(self, text: str) -> None:
        self._what_to_do.setText(text)
        self.setAccessibleDescription(text)

    def _fill(self, column: QVBoxLayout, buttons: Sequence[QPushButton]) -> None:
        column.setSpacing(4)
        fill(column, 1, self._icon)
        column.addSpacing(4)
        fill(column, self._line, self._what_to_do)
        if buttons:
            column.addLayout(hbox(1, *buttons, 1, margins=(0, 12, 0, 0), spacing=8))
        column.addStretch(1)
