"""A segmented control: one of a few texts. Knows keys and texts, not their meaning."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QFrame, QPushButton, QSizePolicy, QWidget

from gui.look import style
from gui.look.fonts import font
from gui.widgets.layouts import hbox

MARGIN = 3


class SegmentedControl(QFrame):
    """Chooses one of a few: `items` are (key, text) pairs, or plain texts that are their own keys.

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
        super().__init__(parent)
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
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            self._group.addButton(button)
        first = next(iter(self.segments.values()))
        first.setChecked(True)
        self._group.buttonToggled.connect(self._on_toggled)
        wide = QSizePolicy.Policy.Expanding if stretch else QSizePolicy.Policy.Fixed
        self.setSizePolicy(wide, QSizePolicy.Policy.Fixed)
        self.setProperty("kind", "segments")
        self.setProperty("short", short)
        self.setAccessibleName(name)
        self.setFocusProxy(first)
        share = 0 if short else 1
        hbox(*((button, share) for button in self.segments.values()), of=self, margins=MARGIN, spacing=0)
        style.on_style_changed(self._restyle)

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

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _restyle(self) -> None:
        for button in self.segments.values():
            button.setFont(font("label_medium"))
