"""Number fields: whole numbers, floats that keep every digit, and a number with a slider."""

from __future__ import annotations

import math
import re

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QValidator, QWheelEvent
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QSlider, QSpinBox, QWidget

from gui.look import style
from gui.look.fonts import font, px
from gui.look.language import tr
from gui.widgets.layouts import hbox


class IntField(QSpinBox):
    """A whole number within bounds, with arrows unless `without_arrows`. `valueChanged(int)` as in any spin box."""

    def __init__(
        self,
        low: int = 0,
        high: int = 2_147_483_647,
        value: int = 0,
        parent: QWidget | None = None,
        suffix: str = "",
        suffix_of_one: str = "",
    ) -> None:
        super().__init__(parent)
        self._suffixes = suffix, suffix_of_one or suffix
        self.setRange(low, high)
        self.setValue(value)
        self._set_suffix_of(self.value())
        self.valueChanged.connect(self._set_suffix_of)
        self._has_arrows = True
        self._show_arrows()
        self.setCorrectionMode(QSpinBox.CorrectionMode.CorrectToNearestValue)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumWidth(64)
        style.on_style_changed(self._restyle)

    def _set_suffix_of(self, value: int) -> None:
        many, one = self._suffixes
        suffix = f" {one if value == 1 else many}".rstrip()
        if suffix != self.suffix():
            self.setSuffix(suffix)

    def set_read_only(self, read_only: bool) -> None:
        self.setReadOnly(read_only)
        self._show_arrows()
        style.set_property(self, "read_only", "true" if read_only else "false")
        self.update()

    def without_arrows(self) -> None:
        """Leave their space to the text; the keys still step."""
        self._has_arrows = False
        self._show_arrows()

    def _show_arrows(self) -> None:
        shown = self._has_arrows and not self.isReadOnly()
        style.set_property(self, "arrows", "true" if shown else "false")

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), px(30) + 2)

    def stepEnabled(self) -> QSpinBox.StepEnabledFlag:
        return QSpinBox.StepEnabledFlag.StepNone if self.isReadOnly() else super().stepEnabled()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Pass the wheel to the page, so that scrolling changes no value."""
        event.ignore()

    def _restyle(self) -> None:
        self.setFont(font("figure"))
        self.lineEdit().setFont(font("figure"))
        self.lineEdit().setTextMargins(8, 0, 0, 0)
        self.update()


class FloatField(QLineEdit):
    """A float as text that keeps every digit: 2e-5 stays 2e-5, 0.05 stays 0.05.

    `valueChanged(float)` is emitted when a valid number has been typed; Up and Down step by the leading digit.
    Both "." and the locale's decimal point are taken. `optional` allows an empty field, whose value is None.
    """

    valueChanged = Signal(object)

    def __init__(self, value: float | None = 0.0, *, optional: bool = False) -> None:
        super().__init__()
        self._value = value
        self.setValidator(_FloatValidator(self, optional))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(64)
        self.set_value(value)
        self.textEdited.connect(self._edited)
        self.editingFinished.connect(self._settle)
        # Not tabular figures: they would widen the hyphen of 2e-5.
        style.set_font(self, "body")

    def value(self) -> float | None:
        return self._value

    def set_value(self, value: float | None) -> None:
        """Show another number, without emitting."""
        self._value = value
        shown = "" if value is None else float_text(value)
        if read_float(self.text()) != value or not self.text():
            self.setText(shown)

    def set_read_only(self, read_only: bool) -> None:
        self.setReadOnly(read_only)
        style.set_property(self, "read_only", "true" if read_only else "false")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if (
            event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down)
            and not self.isReadOnly()
            and self._value is not None
        ):
            direction = 1 if event.key() == Qt.Key.Key_Up else -1
            self._take(float(f"{_decade_step(self._value, direction):.12g}"))
            self._settle()
            return
        super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Restore the last valid number if the text is none."""
        super().focusOutEvent(event)
        if not self.hasAcceptableInput():
            self._settle()

    def _edited(self, text: str) -> None:
        if not self.hasAcceptableInput():
            return
        self._take(read_float(text))

    def _take(self, value: float | None) -> None:
        if value != self._value:
            self._value = value
            self.valueChanged.emit(value)

    def _settle(self) -> None:
        if read_float(self.text()) != self._value:
            self.setText("" if self._value is None else float_text(self._value))


class _FloatValidator(QValidator):
    """Accepts floats; a text that could become one is intermediate."""

    def __init__(self, parent: FloatField, optional: bool) -> None:
        super().__init__(parent)
        self._optional = optional

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        value = read_float(text)
        if value is not None:
            return QValidator.State.Acceptable, text, position
        if self._optional and not text.strip():
            return QValidator.State.Acceptable, text, position
        if re.fullmatch(r"\s*[-+−]?\d*[.,]?\d*(e[-+−]?\d*)?\s*", text, re.IGNORECASE):
            return QValidator.State.Intermediate, text, position
        return QValidator.State.Invalid, text, position


def float_text(value: float) -> str:
    """Return the shortest text that reads back as the same float: "0.001", "2e-5", "1.5"."""
    text = repr(float(value))
    mantissa, _, exponent = text.partition("e")
    mantissa = mantissa.removesuffix(".0")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def read_float(text: str) -> float | None:
    """Return the finite number of a typed text, or None; accepts ",", "." and the minus sign."""
    try:
        value = float(text.strip().replace("−", "-").replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _decade_step(value: float, direction: int) -> float:
    """Step by one unit of the leading digit: 2e-5 up to 3e-5, 1e-4 down to 9e-5."""
    if value == 0:
        return 0.01 * direction
    exponent = math.floor(math.log10(abs(value)))
    unit = 10.0**exponent
    if math.isclose(abs(value), unit) and direction * value < 0:
        unit /= 10
    return value + direction * unit


class Slider(QSlider):
    """A horizontal slider, 4 pixels of track and a handle of 18."""

    def __init__(self, low: int = 0, high: int = 100, value: int = 0) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setRange(low, high)
        self.setValue(value)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def set_read_only(self, read_only: bool) -> None:
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, read_only)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus if read_only else Qt.FocusPolicy.StrongFocus)
        style.set_property(self, "read_only", "true" if read_only else "false")

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Pass the wheel to the page."""
        event.ignore()


class SliderSpin(QWidget):
    """A whole number by slider or by typing. `powers` lets the slider move over powers of two. `valueChanged(int)`."""

    valueChanged = Signal(int)

    def __init__(self, low: int, high: int, value: int, powers: bool = False) -> None:
        super().__init__()
        self._low, self._high, self._powers = low, high, powers and low > 0
        self.slider = Slider(self._to_slider(low), self._to_slider(high), self._to_slider(value))
        self.spin = IntField(low, high, value)
        self.spin.setFixedWidth(72)
        hbox((self.slider, 1), self.spin, of=self, spacing=12)
        self.setFocusProxy(self.spin)
        self.slider.valueChanged.connect(self._slid)
        self.spin.valueChanged.connect(self._typed)

    def value(self) -> int:
        return self.spin.value()

    def setValue(self, value: int) -> None:
        self.spin.setValue(value)

    def setAccessibleName(self, name: str) -> None:
        """Name both parts: screen readers announce each by itself."""
        super().setAccessibleName(name)
        self.slider.setAccessibleName(tr("{name}, by slider", name=name))
        self.spin.setAccessibleName(name)

    def setAccessibleDescription(self, description: str) -> None:
        super().setAccessibleDescription(description)
        for part in (self.slider, self.spin):
            part.setAccessibleDescription(description)

    def set_read_only(self, read_only: bool) -> None:
        self.slider.set_read_only(read_only)
        self.spin.set_read_only(read_only)

    def rimmed(self) -> QWidget:
        """Return the part that shows a problem: the number field."""
        return self.spin

    def _to_slider(self, value: int) -> int:
        return round(math.log2(max(1, value))) if self._powers else value

    def _slid(self, position: int) -> None:
        value = min(self._high, max(self._low, 2**position)) if self._powers else position
        if self._to_slider(self.spin.value()) != position:
            self.spin.setValue(value)

    def _typed(self, value: int) -> None:
        self.slider.blockSignals(True)
        self.slider.setValue(self._to_slider(value))
        self.slider.blockSignals(False)
        self.valueChanged.emit(value)
