"""Bars for progress and fractions, 4 pixels high, and rows with a label."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QProgressBar, QSizePolicy, QWidget

from gui.look import style
from gui.look.format import percent
from gui.widgets.labels import Label
from gui.widgets.layouts import hbox, vbox

# A bar's length in whole steps, as Qt counts.
STEPS = 1000


class Bar(QProgressBar):
    """A bar of 4 pixels, filled from the leading side, always from zero."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setRange(0, STEPS)
        self.setTextVisible(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_fraction(0.0)

    @property
    def fraction(self) -> float:
        return self.value() / STEPS

    def set_fraction(self, fraction: float) -> None:
        self.setValue(round(STEPS * min(1.0, max(0.0, fraction))))
        self.setAccessibleDescription(percent(self.fraction))

    def set_token(self, token: str) -> None:
        """Change the colour of the filled part: "accent" or "warning"."""
        style.set_property(self, "token", token)

    def sizeHint(self) -> QSize:
        return QSize(80, 4)


class MeterRow(QWidget):
    """A bar with a label above, a value at its right, and two texts below: "Memory 5.9 of 12.0 GB"."""

    def __init__(self, label: str = "", parent: QWidget | None = None, above: bool = True) -> None:
        super().__init__(parent)
        self._label = Label(label, "label", "muted")
        self._value = Label("", "figure_small", "muted")
        self.bar = Bar()
        texts = hbox((self._label, 1), self._value, spacing=8)
        vbox(*((texts, self.bar) if above else (self.bar, texts)), of=self, spacing=4)

    def set_value(self, fraction: float, value: str, label: str | None = None) -> None:
        self.bar.set_fraction(fraction)
        self._value.setText(value)
        if label is not None:
            self._label.setText(label)
        self.setAccessibleName(f"{self._label.text()} {value}")


class BusyRow(QWidget):
    """Work in progress: its name, a bar, progress and remaining time, and a Cancel button at the right."""

    def __init__(self, what: str = "", action: QWidget | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._what = Label(what, "label", "text", wrap=True)
        self._how_far = Label("", "figure_small", "hint", wrap=True)
        self.bar = Bar()
        row = hbox((vbox(self._what, self.bar, self._how_far, spacing=4), 1), of=self, spacing=12)
        if action is not None:
            row.addWidget(action, alignment=Qt.AlignmentFlag.AlignVCenter)

    def set_progress(self, fraction: float, how_far: str, what: str | None = None) -> None:
        """Show a fraction, 0 to 1, and its text: "412 of 990 MB, 1 min left"."""
        self.bar.set_fraction(fraction)
        self._how_far.setText(how_far)
        if what is not None:
            self._what.setText(what)
        self.setAccessibleName(f"{self._what.text()} {how_far}")
