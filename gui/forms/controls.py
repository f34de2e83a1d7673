"""Makes the control of a declared option: its widget, and how its value is read and written.

Maps kinds of options to controls. Knows options by their declaration (`engine.options.OptionInfo`), not by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Signal, SignalInstance
from PySide6.QtWidgets import QCheckBox, QLineEdit, QWidget

from engine.api import MAX_WHOLE, OptionInfo
from gui.forms.choosers import BaseModelChooser, SourceChooser
from gui.forms.prompt_editor import PromptEditor
from gui.forms.value_text import unit_text, value_text
from gui.inputs.choices import ToggleChips
from gui.inputs.combo_box import ComboBox
from gui.inputs.number_inputs import FloatField, IntField, SliderSpin
from gui.look import style
from gui.look.fonts import px
from gui.look.language import mark, tr, translate
from gui.widgets.layouts import vbox

# The upper end of sliders over powers of two.
MAX_SLIDER = 2**17
ABSENT = mark("chosen for you")


@dataclass(frozen=True)
class Control:
    """A widget that sets one option; two `narrow` ones share a row; with `labels_itself` it has its own title."""

    widget: QWidget
    read: Callable[[], Any]
    write: Callable[[Any], None]
    changed: SignalInstance
    narrow: bool = False
    labels_itself: bool = False


def make_control(info: OptionInfo) -> Control:
    """Return a new control for a declared option."""
    return _MAKERS[info.control if info.control in _MAKERS else info.kind](info)


def _int(info: OptionInfo) -> Control:
    if info.optional:
        return _optional_int()
    field = IntField(
        *_whole_bounds(info), suffix=unit_text(info.unit, 0), suffix_of_one=unit_text(info.unit, 1)
    )
    field.setSpecialValueText(value_text(info.zero))
    return Control(field, field.value, field.setValue, field.valueChanged, narrow=True)


def _optional_int() -> Control:
    """A whole number that may be absent: an empty field. A number out of bounds is shown as a problem."""
    field = FloatField(None, optional=True)
    field.setPlaceholderText(tr(ABSENT))
    return Control(field, lambda: _whole(field.value()), field.set_value, field.valueChanged, narrow=True)


def _whole(value: float | None) -> float | int | None:
    """Return a whole number as int, any other value unchanged, for the declaration to validate."""
    return int(value) if value is not None and value == int(value) else value


def _slider(info: OptionInfo) -> Control:
    low, high = _whole_bounds(info)
    field = SliderSpin(low, min(high, MAX_SLIDER), low, powers=True)
    return Control(field, field.value, field.setValue, field.valueChanged)


def _float(info: OptionInfo) -> Control:
    # Without bounds of its own: a number out of bounds is shown as a problem, not corrected silently.
    field = FloatField(None, optional=info.optional or bool(info.zero))
    if info.zero:
        field.setPlaceholderText(value_text(info.zero))
        return Control(
            field,
            lambda: field.value() or 0.0,
            lambda value: field.set_value(value or None),
            field.valueChanged,
            narrow=True,
        )
    return Control(field, field.value, field.set_value, field.valueChanged, narrow=True)


def _bool(info: OptionInfo) -> Control:
    check = QCheckBox(translate(info.title))
    return Control(check, check.isChecked, check.setChecked, check.toggled, labels_itself=True)


def _choice(info: OptionInfo) -> Control:
    choice = ComboBox([(value, value_text(value)) for value in info.choices])
    return Control(choice, choice.key, choice.set_key, choice.chosen, narrow=True)


def _text(info: OptionInfo) -> Control:
    if info.suggestions:
        choice = ComboBox(list(info.suggestions), editable=True)
        return Control(choice, choice.key, choice.set_key, choice.chosen, narrow=True)
    line = QLineEdit()
    return Control(line, line.text, line.setText, line.textEdited, narrow=True)


def _patterns(_info: OptionInfo) -> Control:
    line = PatternsField()
    return Control(line, line.patterns, line.write, line.textEdited)


def _texts(info: OptionInfo) -> Control:
    chips = ToggleChips([(each, value_text(each.replace("_", " "))) for each in info.suggestions])
    return Control(chips, chips.on, lambda on: chips.set_on(on or ()), chips.changed)


def _table(_info: OptionInfo) -> Control:
    line = PairsField()
    return Control(line, line.pairs, line.write, line.textEdited)


def _prompt(_info: OptionInfo) -> Control:
    editor = PromptEditor()
    return Control(editor, editor.text, editor.write, editor.changed)


def _chips(_info: OptionInfo) -> Control:
    chips = ModuleChips()
    return Control(chips, chips.value, chips.set_value, chips.changed)


def _model(_info: OptionInfo) -> Control:
    chooser = BaseModelChooser()
    return Control(chooser, chooser.key, chooser.set_key, chooser.picked)


def _source(_info: OptionInfo) -> Control:
    chooser = SourceChooser()
    return Control(chooser, chooser.key, chooser.set_key, chooser.picked)


_MAKERS: dict[str, Callable[[OptionInfo], Control]] = {
    "int": _int,
    "float": _float,
    "bool": _bool,
    "choice": _choice,
    "text": _text,
    "texts": _texts,
    "table": _table,
    "slider": _slider,
    "chips": _chips,
    "patterns": _patterns,
    "prompt": _prompt,
    "model": _model,
    "source": _source,
}


def _whole_bounds(info: OptionInfo) -> tuple[int, int]:
    low = -MAX_WHOLE if info.minimum is None else int(info.minimum) + info.minimum_excluded
    high = MAX_WHOLE if info.maximum is None else int(info.maximum) - info.maximum_excluded
    return low, high


class PatternsField(QLineEdit):
    """Names with `*` for any letters, separated by commas; an empty line means none."""

    def __init__(self) -> None:
        super().__init__()
        self.setPlaceholderText("*SelfAttention.q, *.wo")

    def patterns(self) -> tuple[str, ...] | None:
        """Return the names, None for an empty line."""
        return tuple(part.strip() for part in self.text().split(",") if part.strip()) or None

    def write(self, patterns: Sequence[str] | None) -> None:
        """Show other patterns; the cursor stays if they are the same."""
        if tuple(patterns or ()) != (self.patterns() or ()):
            self.setText(", ".join(patterns or ()))


class PairsField(QLineEdit):
    """Keys and their values, "key = value; key = value"; an empty line means none."""

    def __init__(self) -> None:
        super().__init__()
        self.setPlaceholderText("speaker = from; text = value")

    def pairs(self) -> dict[str, str]:
        """Return the pairs; a key without a value has an empty one, for the declaration to validate."""
        split = (part.partition("=") for part in self.text().split(";") if part.strip())
        return {key.strip(): value.strip() for key, _, value in split}

    def write(self, pairs: Mapping[str, str] | None) -> None:
        """Show other pairs; the cursor stays if they are the same."""
        if dict(pairs or {}) != self.pairs():
            self.setText("; ".join(f"{key} = {value}" for key, value in (pairs or {}).items()))


ALL_LINEAR = "all-linear"
DEFAULT = ""  # the key of its chip


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
        self.chips = ToggleChips()
        self.chips.changed.connect(self._switched)
        vbox(self.chips, of=self)
        self.setFocusProxy(self.chips)
        style.on_style_changed(self._keep_room)

    def value(self) -> tuple[str, ...] | None:
        """Return the chosen names, or None for PEFT's own choice."""
        return self._value

    def set_value(self, value: Sequence[str] | None) -> None:
        """Show other names; None for PEFT's own choice."""
        self._value = None if value is None else tuple(value)
        self._show()

    def set_default(self, value: Sequence[str] | None) -> None:
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
        self.chips.set_read_only(read_only)

    def _show(self) -> None:
        named = tuple(name for name in self._value or () if name != ALL_LINEAR)
        on = named or (self._modules if self._value == (ALL_LINEAR,) else self._resolved)
        shown = self._modules + tuple(name for name in on if name not in self._modules)
        on = (*on, DEFAULT) if self._value == self._default else on
        self.chips.blockSignals(True)
        if list(self.chips.chips) == [DEFAULT, *shown]:
            self.chips.set_on(on)
        else:
            self.chips.set_items([(DEFAULT, tr("Default")), *shown], on)
        self.chips.blockSignals(False)
        self._keep_room()

    def _keep_room(self) -> None:
        self.setMinimumHeight(0 if self._is_told else px(62))

    def _switched(self, on: list[str]) -> None:
        before, names = self._value, tuple(name for name in on if name != DEFAULT)
        is_default_switched = (DEFAULT in on) != (before == self._default)
        self._value = self._default if is_default_switched or not names else names
        self._show()
        if self._value != before:
            self.changed.emit()
