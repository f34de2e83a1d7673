"""Choose a method from the engine's registry, and read what it does.

Knows methods by their entries only; which one is in use is told by the recipe form.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QWidget

from engine.api import FAMILIES, METHODS, Family, Method, method
from gui.look import icons, style
from gui.look.format import compact
from gui.look.type import font, px
from gui.pages.train.method_sketch import MethodSketch
from gui.widgets.cards import Card
from gui.widgets.labels import Label
from gui.widgets.line import Line
from gui.widgets.reading import ReadingText
from gui.widgets.scroll import Scroll
from gui.widgets.search_field import SearchField

EXPLANATION_WIDTH = 264
QUANTIZATIONS = {"int8": "int8", "nf4": "NF4", "fp4": "FP4"}


class MethodChooser(Card):
    """The list at the left, the explanation at the right. `chosen(id)` when another method is picked."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, margin=0, spacing=0)
        self.column.setContentsMargins(1, 1, 1, 1)
        self._rows: dict[str, MethodRow] = {}
        self._headings: dict[str, Label] = {}
        self._current = ""
        self._search = SearchField("Search methods")
        self._search.searched.connect(self._filter)
        self._explanation = MethodExplanation()
        self._list = Scroll(margins=(8, 12, 8, 12), spacing=0)
        self._fill()
        self._lay_out()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(16, 12, 20, 12)
        head.setSpacing(16)
        head.addWidget(self._search, 1)
        head.addWidget(Label("trainable at this preset", "label", "ink2"))
        self.column.addLayout(head)
        self.column.addWidget(Line())
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self._list, 1)
        row.addWidget(Line(vertical=True))
        row.addWidget(self._explanation)
        self.column.addLayout(row, 1)

    def _fill(self) -> None:
        for group, entries in groupby(METHODS, key=lambda entry: entry.group):
            heading = Label(group, "label_medium", "ink2")
            heading.setContentsMargins(12, 8, 12, 6)
            self._headings[group] = heading
            self._list.column.addWidget(heading)
            for entry in entries:
                row = MethodRow(entry)
                row.clicked.connect(lambda _checked=False, method_id=entry.id: self._choose(method_id))
                self._rows[entry.id] = row
                self._list.column.addWidget(row)
        self._list.column.addStretch(1)

    def set_current(self, method_id: str, family: Family) -> None:
        """Mark the method in use, and say of each whether it works with the base model's family."""
        self._current = method_id
        for row in self._rows.values():
            row.show_state(row.entry.id == method_id, family)
        self._explanation.explain(method(method_id), family)

    def show_plan(self, plan: Mapping[str, Any]) -> None:
        """Show how many numbers the method in use trains."""
        row = self._rows.get(self._current)
        if row is not None:
            row.set_trainable(plan.get("trainable_parameters"))

    def set_count(self, method_id: str, count: int | None) -> None:
        """Show how many numbers a method trains at its preset."""
        self._rows[method_id].set_trainable(count)

    def row(self, method_id: str) -> MethodRow:
        """Return a method's row."""
        return self._rows[method_id]

    def _choose(self, method_id: str) -> None:
        if method_id != self._current:
            self.chosen.emit(method_id)

    def _filter(self, text: str) -> None:
        for row in self._rows.values():
            row.setVisible(row.matches(text))
        for group, heading in self._headings.items():
            heading.setVisible(
                any(row.matches(text) for row in self._rows.values() if row.entry.group == group)
            )


class MethodRow(QAbstractButton):
    """One method: a check if it is in use, its name, what it does, and how many numbers it trains."""

    def __init__(self, entry: Method, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.entry = entry
        self._trainable = ""
        self._reason = ""
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        style.follow(self._restyle)
        self._describe()

    def show_state(self, in_use: bool, family: Family) -> None:
        """Show whether it is in use, and the reason if it can't work with this family."""
        self.setChecked(in_use)
        self._reason = "" if family in self.entry.families else f"Does not work with {family} models"
        self._describe()
        self.update()

    def set_trainable(self, count: int | None) -> None:
        """Show how many numbers it trains; None where not known."""
        self._trainable = "" if count is None else compact(count)
        self._describe()
        self.update()

    def matches(self, text: str) -> bool:
        """Tell whether a search finds it: by name, summary or variant."""
        titles = [variant.title for variant in self.entry.variants]
        return text.lower() in " ".join([self.entry.title, self.entry.summary, *titles]).lower()

    def sizeHint(self) -> QSize:
        """Return one line."""
        return QSize(px(420), px(32))

    def nextCheckState(self) -> None:
        """Stay as the recipe says; a click only asks."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw ground, check, name, summary and count."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = "accent_soft" if self.isChecked() else "hover" if self.underMouse() else ""
        box = QRectF(self.rect())
        if ground or self.hasFocus():
            painter.setBrush(style.color(ground) if ground else Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(style.color("accent"), 2) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 6, 6)
        if self._reason or self.isChecked():
            sign, ink = ("warning", "copper") if self._reason else ("check", "accent")
            icons.paint(painter, QRectF(12, 0, px(16), self.height()), sign, ink)
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        painter.setFont(font("body_medium"))
        painter.setPen(style.color("ink2" if self._reason else "ink"))
        painter.drawText(box.adjusted(20 + px(16), 0, 0, 0), middle, self.entry.title)
        painter.setFont(font("figure"))
        painter.setPen(style.color("ink2"))
        right = Qt.AlignmentFlag.AlignRight
        painter.drawText(box.adjusted(0, 0, -12, 0), right | middle, "" if self._reason else self._trainable)
        painter.setFont(font("body"))
        painter.setPen(style.color("copper" if self._reason else "ink2"))
        place = box.adjusted(px(160), 0, -px(72), 0)
        text = self._reason or self.entry.summary
        elided = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(place.width()))
        painter.drawText(place, middle, elided)
        painter.end()

    def _describe(self) -> None:
        told = (self.entry.title, self._reason or self.entry.summary, self._trainable)
        self.setAccessibleName(", ".join(part for part in told if part))

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()


class MethodExplanation(Scroll):
    """What a method does, a sketch of it, and where it starts."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(margins=(20, 20, 20, 20), spacing=8, parent=parent)
        self._title = Label("", "section")
        self._text = ReadingText(role="body", token="ink2")
        self._sketch = MethodSketch()
        self._facts = {name: Label("", "label_medium") for name in ("Works with", "Can be merged", "Preset")}
        self._variants_title = Label("Variants", "label", "ink2")
        self._variants = ReadingText(role="body", token="ink2")
        self.column.addWidget(self._title)
        self.column.addWidget(self._text)
        self.column.addWidget(self._sketch)
        for name, value in self._facts.items():
            row = QHBoxLayout()
            row.addWidget(Label(name, "label", "ink2"))
            row.addStretch(1)
            row.addWidget(value)
            self.column.addLayout(row)
        self._line = Line()
        for part in (self._line, self._variants_title, self._variants):
            self.column.addWidget(part)
        self.column.addStretch(1)
        style.follow(self._restyle)

    def _restyle(self) -> None:
        self.setFixedWidth(px(EXPLANATION_WIDTH))

    def explain(self, entry: Method, family: Family) -> None:
        """Show another method."""
        self._title.setText(entry.title)
        self._text.set_text(entry.explanation)
        self._sketch.show_group(entry.group, entry.id)
        names = [QUANTIZATIONS[kind] for kind in entry.quantizations if kind in QUANTIZATIONS]
        self._facts["Works with"].setText(", ".join(names) or "unquantized bases")
        self._facts["Can be merged"].setText("yes" if entry.merges else "no")
        self._facts["Preset"].setText(preset_words(entry, family))
        variants = ", ".join(variant.title for variant in entry.variants)
        for part in (self._line, self._variants_title, self._variants):
            part.setVisible(bool(variants))
        self._variants.set_text(f"{variants}: an option of {entry.title}, under More." if variants else "")


def preset_words(entry: Method, family: Family) -> str:
    """Return where the method starts on a family: "rank 32, rate 0.001"."""
    known = family if family in entry.presets else next(one for one in FAMILIES if one in entry.presets)
    preset = entry.presets[known]
    numbers = [f"{name} {value}" for name, value in preset.options.items() if isinstance(value, int)]
    return ", ".join([*numbers[:1], f"rate {preset.learning_rate:g}"])
