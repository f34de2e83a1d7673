"""Toggle chips, for the modules a method is applied to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QToolButton, QWidget

from engine.api import escaping
from gui.look import style
from gui.look.fonts import font
from gui.look.shown_texts import plain_tooltip
from gui.widgets.flow_layout import FlowLayout


class Chip(QToolButton):
    """One chip, 28 high."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(escaping.in_one_line(text))
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("kind", "chip")
        style.on_style_changed(self._restyle)

    def set_read_only(self, read_only: bool) -> None:
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, read_only)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus if read_only else Qt.FocusPolicy.StrongFocus)
        style.set_property(self, "read_only", "true" if read_only else "false")

    def _restyle(self) -> None:
        self.setFont(font("label_medium"))


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
            chip.hide()
            chip.deleteLater()
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
