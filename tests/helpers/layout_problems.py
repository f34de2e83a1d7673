"""Finds layout problems of a page: truncated text, overlapping widgets, what is out of reach, untranslated text.

Text that is shortened on purpose has a tooltip. Nothing is asserted here.
"""

from collections.abc import Iterator
from itertools import combinations

from PySide6.QtCore import QRect
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QRadioButton,
    QScrollArea,
    QToolButton,
    QWidget,
)

from gui.look import language
from gui.widgets.labels import ElidedLabel
from gui.widgets.text_view import TextView

# Glyphs reach a pixel beyond their font's box, and Qt rounds.
SLACK = 2
LEAVES = (QLabel, QAbstractButton, QLineEdit, QComboBox, QAbstractSpinBox, TextView)
# A button's least padding beside its text.
PADDING = 8


def layout_problems(page: QWidget) -> list[str]:
    leaves = [each for each in page.findChildren(QWidget) if isinstance(each, LEAVES) and _is_seen(each)]
    found = [f"cut off: {_name(each)}" for each in leaves if _is_cut_off(each)]
    found += [f"overlapping: {_name(one)} and {_name(other)}" for one, other in _overlapping(leaves, page)]
    found += [f"too wide: {_name(area)}" for area in _too_wide(page)]
    found += [f"out of reach: {_name(each)}" for each in _out_of_reach(page)]
    return found + [f"not translated: {text!r}" for each in leaves if (text := _untranslated(each))]


def _is_seen(each: QWidget) -> bool:
    return each.isVisible() and not each.visibleRegion().isEmpty()


def _name(each: QWidget) -> str:
    text = getattr(each, "text", lambda: "")() or each.accessibleName()
    return f"{type(each).__name__} {text[:60]!r} ({each.width()} × {each.height()})"


def _is_cut_off(each: QWidget) -> bool:
    if isinstance(each, QLabel):
        return _is_label_cut_off(each)
    if isinstance(each, TextView):
        return each.heightForWidth(each.width()) > each.height() + SLACK
    if isinstance(each, (QLineEdit, QComboBox)):
        return each.height() + SLACK < each.minimumSizeHint().height()
    if isinstance(each, (QCheckBox, QRadioButton)):
        return each.sizeHint().width() > each.width() + SLACK
    if isinstance(each, QAbstractButton) and each.text() and not isinstance(each, QToolButton):
        return _width(each, each.text().replace("&", "")) + PADDING > each.width() and not each.toolTip()
    return False


def _is_label_cut_off(each: QLabel) -> bool:
    if isinstance(each, ElidedLabel) or not each.text():
        return False
    room = each.contentsRect()
    if each.wordWrap():
        return each.heightForWidth(each.width()) > each.height() + SLACK
    lines = each.text().split("\n")
    tall = len(lines) * each.fontMetrics().height() > room.height() + 2 * SLACK
    return tall or max(_width(each, line) for line in lines) > room.width() + SLACK


def _width(each: QWidget, text: str) -> int:
    return each.fontMetrics().horizontalAdvance(text)


def _overlapping(leaves: list[QWidget], page: QWidget) -> Iterator[tuple[QWidget, QWidget]]:
    """Yield pairs that overlap visibly; a widget and its parent don't count."""
    boxes = [(each, _shown_box(each, page)) for each in leaves]
    for (one, box), (other, other_box) in combinations(boxes, 2):
        common = box.intersected(other_box)
        if common.width() > SLACK and common.height() > SLACK and not _is_part(one, other):
            yield one, other


def _shown_box(each: QWidget, page: QWidget) -> QRect:
    seen = each.visibleRegion().boundingRect()
    return QRect(each.mapTo(page, seen.topLeft()), seen.size())


def _is_part(one: QWidget, other: QWidget) -> bool:
    return one.isAncestorOf(other) or other.isAncestorOf(one)


def _too_wide(page: QWidget) -> Iterator[QScrollArea]:
    for area in page.findChildren(QScrollArea):
        if area.isVisible() and area.horizontalScrollBar().maximum() > 0:
            yield area


def _out_of_reach(page: QWidget) -> Iterator[QWidget]:
    """Yield what its ancestors cut off where no scrolling shows the rest."""
    for each in page.findChildren(QWidget):
        if isinstance(each, LEAVES) and each.isVisible() and _is_clipped(each):
            yield each


def _is_clipped(each: QWidget) -> bool:
    box, widget = each.rect(), each
    while (parent := widget.parentWidget()) is not None and not widget.isWindow():
        box = QRect(widget.mapTo(parent, box.topLeft()), box.size())
        if isinstance(parent.parentWidget(), QAbstractScrollArea):
            return False
        room = parent.rect().adjusted(-SLACK, -SLACK, SLACK, SLACK)
        if not room.contains(box):
            return True
        widget = parent
    return False


def _untranslated(each: QWidget) -> str:
    """Return a control's text if the language in use has a translation that is not shown."""
    if not isinstance(each, (QLabel, QAbstractButton, TextView)):
        return ""
    text = each.text()
    return text if language.known(text) not in {"", text} else ""
