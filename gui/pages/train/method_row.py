"""A row of the method chooser: name, summary or reason against it, and number of trained parameters.

Knows one entry of the registry.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from engine.api import METHODS, BaseFacts, Method, Options, Problem
from gui.look import icons, style
from gui.look.focus_rim import has_rim
from gui.look.fonts import font, metrics, px, text_scale
from gui.look.format import compact
from gui.look.language import translate

EDGE, GAP, LINE = 12, 8, 20
# With less space beside the name, the text is below it.
NARROWEST = 200
WRAPPED = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop
# The maximum height of a text, for measuring it.
BELOW = 1000
MOVES = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_Home: -1000, Qt.Key.Key_End: 1000}


class MethodRow(QAbstractButton):
    """`moved(rows)` requests the focus for another row, `looked_at` reports that this row has the focus.

    `searched(text)` passes typed letters on to the search, or "" after Esc.
    """

    moved = Signal(int)
    looked_at = Signal()
    searched = Signal(str)

    def __init__(self, entry: Method, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.entry = entry
        self._trainable = ""
        self._reason = ""
        self._is_busy = False
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        style.on_style_changed(self._restyle)
        self._describe()

    def show_state(self, in_use: bool, base: BaseFacts) -> None:
        """Show whether it is in use, and the reason if its preset does not work on this base model."""
        self.setChecked(in_use)
        self._reason = reason(self.entry, base)
        self._describe()
        self._restyle()

    def reason(self) -> str:
        """Return why it does not work on the base model, or ""."""
        return self._reason

    def set_trainable(self, count: int | None) -> None:
        """Show how many parameters it trains; None if unknown."""
        self._trainable = "" if count is None else compact(count)
        self._describe()
        self.update()

    def show_busy(self, busy: bool) -> None:
        """Dim the number while it may be out of date."""
        self._is_busy = busy
        self.update()

    def matches(self, text: str) -> bool:
        """Return whether each word of a search occurs in its name, summary, group or variants."""
        variants = [part for each in self.entry.variants for part in (each.title, each.summary)]
        texts = (self.entry.title, self.entry.summary, self.entry.group, *variants)
        found = " ".join(map(translate, texts)).lower()
        return all(word in found for word in text.lower().split())

    def sizeHint(self) -> QSize:
        """Return the size of one line."""
        return QSize(px(360), px(32))

    def minimumSizeHint(self) -> QSize:
        """Return the size of a narrow row."""
        return QSize(px(200), px(32))

    def hasHeightForWidth(self) -> bool:
        """Return True: a narrow row takes more lines."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height of the name and all lines of the text."""
        rect = self._text_place(width)
        text = metrics("body").boundingRect(rect, WRAPPED, self._text()).height()
        return max(px(32), ceil(rect.top() + text) + (px(32) - px(LINE)) // 2)

    def nextCheckState(self) -> None:
        """Keep the state of the recipe; a click is only a request."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move with the arrow keys, choose with Return or Space."""
        key = Qt.Key(event.key())
        if key in MOVES:
            self.moved.emit(MOVES[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.click()
        elif key == Qt.Key.Key_Escape or (event.text().strip().isprintable() and event.text().strip()):
            self.searched.emit("" if key == Qt.Key.Key_Escape else event.text())
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Report the focus."""
        super().focusInEvent(event)
        self.looked_at.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw background, mark, name, text and number."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        background = "accent_soft" if self.isChecked() else "hover" if self.underMouse() else ""
        box = QRectF(self.rect())
        if background or has_rim(self):
            painter.setBrush(style.color(background) if background else Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(style.color("accent"), 2) if has_rim(self) else Qt.PenStyle.NoPen)
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 6, 6)
        if self._reason or self.isChecked():
            sign, token = ("warning", "warning") if self._reason else ("check", "accent")
            icons.paint(painter, QRectF(EDGE, 0, px(16), px(32)), sign, token)
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        first = QRectF(0, 0, self.width(), px(32))
        painter.setFont(font("body_medium"))
        painter.setPen(style.color("muted" if self._reason else "text"))
        painter.drawText(first.adjusted(_name_left(), 0, 0, 0), middle, translate(self.entry.title))
        painter.setFont(font("figure"))
        painter.setPen(style.color("off" if self._is_busy else "muted"))
        count = "" if self._reason else self._trainable
        painter.drawText(first.adjusted(0, 0, -EDGE, 0), Qt.AlignmentFlag.AlignRight | middle, count)
        painter.setFont(font("body"))
        painter.setPen(style.color("warning" if self._reason else "muted"))
        painter.drawText(self._text_place(self.width()), WRAPPED, self._text())
        painter.end()

    def _text(self) -> str:
        return self._reason or translate(self.entry.summary)

    def _text_place(self, width: int) -> QRectF:
        """Return the rectangle of the text: between name and number, or below both in a narrow row.

        A reason replaces the number.
        """
        right = EDGE if self._reason else EDGE + px(64)
        left = _name_left() + name_width() + px(16)
        top = (px(32) - metrics("body").height()) / 2
        beside = QRectF(left, top, width - right - left, BELOW)
        if beside.width() >= px(NARROWEST):
            return beside
        return QRectF(_name_left(), top + px(LINE), width - EDGE - _name_left(), BELOW)

    def _describe(self) -> None:
        texts = (translate(self.entry.title), self._text(), self._trainable)
        self.setAccessibleName(", ".join(part for part in texts if part))

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()


def _name_left() -> int:
    return EDGE + px(16) + GAP


def name_width() -> int:
    """Return the width of the longest name, so that all texts are aligned."""
    return _name_width(text_scale())


@lru_cache(maxsize=4)
def _name_width(_scale: float) -> int:
    return round(max(metrics("body_medium").horizontalAdvance(translate(entry.title)) for entry in METHODS))


def reason(entry: Method, base: BaseFacts) -> str:
    """Return why a method's preset does not work on a base model, without the method's name; "" if it does."""
    found = refusal(entry, base)
    if found is None:
        return ""
    text = translate(found.message).removeprefix(translate(entry.title)).strip()
    return f"{text[:1].upper()}{text[1:]} {translate(found.hint)}".strip()


def refusal(entry: Method, base: BaseFacts) -> Problem | None:
    """Return the registry's error for a method's preset on a base model, or None."""
    family = base.family or entry.families[0]
    return entry.refusal(_at_preset(entry.id, family) if family in entry.presets else None, base)


@lru_cache(maxsize=256)
def _at_preset(method_id: str, family: str) -> Options:
    entry = next(entry for entry in METHODS if entry.id == method_id)
    values = entry.preset_options("encoder-decoder" if family == "encoder-decoder" else "decoder-only")
    return entry.options(**values)
