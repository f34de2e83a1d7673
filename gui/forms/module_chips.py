"""Chips for a method's target modules, offered once a plan knows the modules of the base model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from gui.inputs.chips import ToggleChips
from gui.look import style
from gui.look.fonts import px
from gui.look.language import tr
from gui.widgets.layouts import vbox

ALL_LINEAR = "all-linear"
DEFAULT = ""  # the key of its chip
TWO_LINES = 62


class ModuleChips(QWidget):
    """The target modules, and a chip for the default: the preset of the method on this base model.

    None is PEFT's own choice; it is shown as the plan resolves it until the user changes a chip.
    Before the first plan, two lines of space are reserved, which most models need.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._value: tuple[str, ...] | None = None
        self._default: tuple[str, ...] | None = None
        self._modules: tuple[str, ...] = ()
        self._resolved: tuple[str, ...] = ()
        self._is_told = False
        self._chips = ToggleChips()
        self._chips.changed.connect(self._switched)
        vbox(self._chips, of=self)
        self.setFocusProxy(self._chips)
        style.on_style_changed(self._keep_room)

    def value(self) -> tuple[str, ...] | None:
        """Return the chosen names, or None for PEFT's own choice."""
        return self._value

    def set_value(self, value: Sequence[str] | None) -> None:
        """Show other names; None for PEFT's own choice."""
        self._value = None if value is None else tuple(value)
        self._show()

    def set_default(self, value: Sequence[str] | None) -> None:
        """Set the names that the chip of the default stands for."""
        self._default = None if value is None else tuple(value)
        self._show()

    def offer(self, modules: Mapping[str, int], resolved: Sequence[str]) -> None:
        """Offer the base model's linear layers; `resolved` are the recipe's target modules."""
        if self._is_told and (tuple(modules), tuple(resolved)) == (self._modules, self._resolved):
            return
        self._is_told = True
        self._modules, self._resolved = tuple(modules), tuple(resolved)
        self._show()

    def forget(self) -> None:
        """Offer no layers, and keep the room for those of another base model."""
        self._is_told, self._modules, self._resolved = False, (), ()
        self._show()

    def set_read_only(self, read_only: bool) -> None:
        """Make the choice read-only."""
        self._chips.set_read_only(read_only)

    def _show(self) -> None:
        named = tuple(name for name in self._value or () if name != ALL_LINEAR)
        on = named or (self._modules if self._value == (ALL_LINEAR,) else self._resolved)
        shown = self._modules + tuple(name for name in on if name not in self._modules)
        on = (*on, DEFAULT) if self._value == self._default else on
        self._chips.blockSignals(True)
        if list(self._chips.chips) == [DEFAULT, *shown]:
            self._chips.set_on(on)
        else:
            self._chips.set_items([(DEFAULT, tr("Default")), *shown], on)
        self._chips.blockSignals(False)
        self._keep_room()

    def _keep_room(self) -> None:
        self.setMinimumHeight(0 if self._is_told else px(TWO_LINES))

    def _switched(self, on: list[str]) -> None:
        before, names = self._value, tuple(name for name in on if name != DEFAULT)
        is_default_switched = (DEFAULT in on) != (before == self._default)
        self._value = self._default if is_default_switched or not names else names
        self._show()
        if self._value != before:
            self.changed.emit()
