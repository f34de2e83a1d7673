"""Counts what a page offers at first sight: buttons and fields; a group of buttons is one choice, a list is none."""

from collections import Counter

from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QScrollBar,
    QWidget,
)

from gui.inputs.choices import ChoiceCards, SegmentedControl, ToggleChips
from gui.inputs.number_inputs import SliderSpin

# Each counts as one choice, whatever it is made of.
WHOLES = (
    SegmentedControl,
    ToggleChips,
    ChoiceCards,
    SliderSpin,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
)
CHOICES = (*WHOLES, QAbstractButton, QPlainTextEdit, QAbstractSlider)


def choices_in(page: QWidget) -> list[str]:
    """Return the names of the choices that can be seen on a page, each as often as it is offered."""
    seen: dict[QWidget, None] = {}
    for each in page.findChildren(QWidget):
        if isinstance(each, CHOICES) and not isinstance(each, QScrollBar) and _is_seen(each):
            seen[_whole(each, page)] = None
    return [_name(each) for each in seen]


def offered_twice(choices: list[str]) -> list[str]:
    return [name for name, times in Counter(choices).items() if times > 1]


def _is_seen(each: QWidget) -> bool:
    is_read_only = isinstance(each, (QLineEdit, QPlainTextEdit)) and each.isReadOnly()
    return each.isVisible() and not each.visibleRegion().isEmpty() and not is_read_only


def _whole(each: QWidget, page: QWidget) -> QWidget:
    """Return the outermost choice that a widget is a part of."""
    found, parent = each, each.parentWidget()
    while parent is not None and parent is not page:
        if isinstance(parent, WHOLES):
            found = parent
        parent = parent.parentWidget()
    return found


def _name(each: QWidget) -> str:
    text = each.text() if isinstance(each, QAbstractButton) else ""
    return text or each.accessibleName() or each.toolTip() or type(each).__name__
