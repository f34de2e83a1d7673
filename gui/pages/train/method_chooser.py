"""Choose a method from the engine's registry, and read its explanation.

Knows only the entries of the registry; the recipe form sets the method in use.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QImage, QPixmap, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.api import (
    FAMILIES,
    METHODS,
    BaseFacts,
    Box,
    Family,
    Method,
    Options,
    Problem,
    Sketch,
    Variant,
    method,
)
from gui.core import actions
from gui.graphics.block_drawing import legend_line, part_box
from gui.inputs.fields import SearchField
from gui.look import style
from gui.look.fonts import px
from gui.look.format import compact, plain
from gui.look.language import mark, tr, translate
from gui.models.grouped_table import Cell, Column, GroupedTable, Heading, IconTextCell, NameCell, TextCell
from gui.tables.grouped_view import GroupedTableView
from gui.widgets.buttons import quiet
from gui.widgets.cards import Card
from gui.widgets.labels import IconLabel, Label
from gui.widgets.layouts import FlowBox, Line, Scroll, discard, fill, hbox, vbox
from gui.widgets.text_view import Mark, TextView

WIDTH = 264
QUANTIZATIONS = {"int8": "int8", "nf4": "NF4", "fp4": "FP4"}
FACTS = {"quantizations": mark("Quantized bases"), "merges": mark("Can be merged"), "preset": mark("Preset")}


@dataclass(frozen=True)
class MethodRow:
    """A method of the list: why it can't be used, "" if it can, and how many parameters it trains, as text."""

    entry: Method
    reason: str = ""
    trainable: str = ""
    is_in_use: bool = False
    is_busy: bool = False

    @property
    def id(self) -> str:
        """The method's id, the key in the table."""
        return self.entry.id

    def matches(self, text: str) -> bool:
        """Return whether each word of a search occurs in its name, summary, group or variants."""
        variants = [part for each in self.entry.variants for part in (each.title, each.summary)]
        texts = (self.entry.title, self.entry.summary, self.entry.group, *variants)
        found = " ".join(map(translate, texts)).lower()
        return all(word in found for word in text.lower().split())


class MethodTable(GroupedTable[MethodRow]):
    """The methods by group; the number of parameters is dimmed while it may be out of date."""

    columns = (
        Column("name", mark("Method"), 196),
        Column("summary", mark("What it does"), least=200),
        Column("trainable", mark("Trainable"), 104, right=True),
    )

    def cell(self, item: MethodRow, key: str) -> Cell:
        if key == "name":
            return NameCell(translate(item.entry.title), (tr("in use"),) if item.is_in_use else ())
        if key == "trainable":
            return TextCell(item.trainable, "figure", "off" if item.is_busy else "muted", right=True)
        if item.reason:
            return IconTextCell("warning", item.reason, "warning")
        return TextCell(translate(item.entry.summary))

    def explanation(self, item: MethodRow, key: str) -> str:
        return item.reason if key == "summary" else ""


class MethodChooser(Card):
    """The list at the left, the explanation at the right. `chosen(id)` reports a choice, `closed` that it is over.

    The arrow keys move through the list and explain each method; a click or Return chooses it. Return in the search
    chooses the first usable match.
    """

    chosen = Signal(str)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, margin=0, spacing=0)
        self.column.setContentsMargins(1, 1, 1, 1)
        self.current = METHODS[0].id
        self._base = BaseFacts()
        self._options: Options | None = None
        self._reasons: dict[str, str] = {}
        self._counts: dict[str, int | None] = {}
        self._is_busy = False
        self.search = SearchField(tr("Search methods and variants"), self)
        self.search.searched.connect(self._filter)
        self.table = MethodTable(self)
        self.view = GroupedTableView(self.table, tr("Methods"))
        self.explanation = MethodExplanation(self)
        self.nothing = Label("", "body", "muted", wrap=True)
        self.nothing.setContentsMargins(24, 16, 24, 16)
        self.back = quiet(tr("Back to the recipe"), "arrow-left", press=self.closed)
        head = hbox(self.back, (self.search, 1), margins=(12, 12, 20, 12), spacing=12)
        left = vbox((self.view, 1), self.nothing, margins=(8, 0, 8, 8), spacing=0)
        left.setAlignment(self.nothing, Qt.AlignmentFlag.AlignTop)
        body = hbox((left, 1), Line(vertical=True), self.explanation, spacing=0)
        fill(self.column, head, Line(), (body, 1))
        self.view.chosen.connect(self._explain)
        self.view.clicked.connect(lambda index: self._choose(self.table.item_at(index.row())))
        self.view.opened.connect(self._choose)
        self.search.returnPressed.connect(self._take_first)
        actions.bind(self.search, "train.methods", self._enter, Qt.ShortcutContext.WidgetShortcut)
        self._filter("")

    def set_current(self, method_id: str, base: BaseFacts, options: Options | None = None) -> None:
        """Mark the method in use, and show which methods work on the base model.

        `options` are the method's options, None while they are invalid.
        """
        moved = method_id != self.current
        self.current, self._base, self._options = method_id, base, options
        self._reasons = {entry.id: reason(entry, base) for entry in METHODS}
        self._show_rows()
        if moved or self.view.current() is None:
            self.view.choose(method_id)
        self._explain(self.view.current())

    def showEvent(self, event: QShowEvent) -> None:
        """Scroll to the method in use."""
        super().showEvent(event)
        self.view.choose(self.current)

    def set_count(self, method_id: str, count: int | None) -> None:
        """Show how many parameters a method trains at its preset; None if unknown."""
        self._counts[method_id] = count
        self._show_rows()

    def show_busy(self, busy: bool) -> None:
        """Dim the numbers while a plan is being made."""
        self._is_busy = busy
        self._show_rows()

    def forget_counts(self) -> None:
        """Clear the numbers, since they belong to another base model."""
        self._counts.clear()
        self._show_rows()

    def row(self, method_id: str) -> MethodRow:
        """Return what is said of a method, listed or not."""
        count, why = self._counts.get(method_id), self._reasons.get(method_id, "")
        trainable = "" if count is None or why else compact(count)
        return MethodRow(method(method_id), why, trainable, method_id == self.current, self._is_busy)

    def _show_rows(self) -> None:
        rows: list[Heading | MethodRow] = []
        for group, entries in groupby(METHODS, key=lambda entry: entry.group):
            found = [row for entry in entries if (row := self.row(entry.id)).matches(self.search.text())]
            rows += [Heading(translate(group)), *found] if found else []
        self.table.set_rows(rows)

    def _filter(self, text: str) -> None:
        self._show_rows()
        self.nothing.setText(tr("No method or variant is called “{name}”.", name=text))
        self.view.setVisible(self.table.rowCount() > 0)
        self.nothing.setHidden(self.table.rowCount() > 0)
        if not text:
            self.view.choose(self.current)

    def _choose(self, row: MethodRow | None) -> None:
        if row is None:
            return
        if row.id != self.current:
            self.chosen.emit(row.id)
        self.closed.emit()

    def _explain(self, row: MethodRow | None) -> None:
        """Explain the method that the keyboard is on, else the one in use."""
        shown = row or self.row(self.current)
        options = self._options if shown.id == self.current else None
        self.explanation.explain(shown.entry, self._base, self._reasons.get(shown.id, ""), options)

    def _enter(self) -> None:
        """Move from the search to the first match."""
        self.view.choose_first()
        self.view.setFocus(Qt.FocusReason.TabFocusReason)

    def _take_first(self) -> None:
        """Choose the first usable match."""
        if self.search.text().strip():
            self._choose(next((row for row in self.table.items() if not row.reason), None))


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
def _at_preset(method_id: str, family: Family) -> Options:
    entry = method(method_id)
    return entry.options(**entry.preset_options(family))


class MethodExplanation(Scroll):
    """The explanation of a method, and why it can't be used, if so."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(margins=(20, 20, 20, 20), spacing=8, parent=parent)
        self._title = Label("", "section")
        self._reason = Label("", "label", "warning", wrap=True)
        self._warning = QWidget()
        self._text = TextView(role="body", token="muted")
        self.sketch = MethodSketch()
        self._facts = {name: Label("", "label_medium") for name in FACTS}
        self._line, self._variants_title = Line(), Label(tr("Variants"), "label", "muted")
        self._variants = TextView(role="body", token="muted")
        self._lay_out()
        style.on_style_changed(self._restyle)

    def _lay_out(self) -> None:
        hbox(vbox(IconLabel("warning", "warning", 14), 1), (self._reason, 1), of=self._warning, spacing=6)
        for part in (self._title, self._warning, self._text, self.sketch):
            self.column.addWidget(part)
        self.column.addSpacing(8)
        for name, value in self._facts.items():
            self.column.addLayout(hbox(Label(tr(FACTS[name]), "label", "muted"), 1, value))
        for part in (self._line, self._variants_title, self._variants):
            self.column.addWidget(part)
        self.column.addStretch(1)

    def _restyle(self) -> None:
        self.setFixedWidth(px(WIDTH))

    def explain(self, entry: Method, base: BaseFacts, reason: str, options: Options | None = None) -> None:
        """Show another method on a base model; `reason` says why it can't be used there.

        `options` are the current ones, if it is the method in use.
        """
        self._title.setText(translate(entry.title))
        self._reason.setText(reason)
        self._warning.setVisible(bool(reason))
        self._text.set_text(translate(entry.explanation))
        self.sketch.show_method(entry, options)
        names = [QUANTIZATIONS[kind] for kind in entry.quantizations if kind in QUANTIZATIONS]
        self._facts["quantizations"].setText(", ".join(names) or tr("no"))
        self._facts["merges"].setText(tr("yes") if entry.merges else tr("no"))
        self._facts["preset"].setText(preset_text(entry, base.family or FAMILIES[0]))
        for part in (self._line, self._variants_title, self._variants):
            part.setVisible(bool(entry.variants))
        self._variants.set_text(*variants_text(entry.variants))

    def text(self) -> str:
        texts = (self._title.text(), self._reason.text(), self._text.text(), self._variants.text())
        return "\n".join(part for part in texts if part)


def variants_text(variants: tuple[Variant, ...]) -> tuple[str, list[Mark]]:
    """Return a line for each variant, and the positions of the names in them."""
    text, marks = "", []
    for variant in variants:
        text += "\n" if text else ""
        title = translate(variant.title)
        marks.append(Mark(len(text), len(title), "strong"))
        text += f"{title}: {translate(variant.summary)}" if variant.summary else title
    return text, marks


def preset_text(entry: Method, family: Family) -> str:
    """Return a method's preset for a model family: "rank 32, rate 0.001"."""
    known = family if family in entry.presets else next(one for one in FAMILIES if one in entry.presets)
    preset = entry.presets[known]
    if not entry.trains:
        return tr("nothing is trained")
    settings = translate(entry.short(entry.options(**entry.preset_options(known))))
    rate = tr("rate {rate}", rate=plain(preset.learning_rate))
    return ", ".join(part for part in (settings, rate) if part)


def trained_caption(sketch: Sketch, options: Options | None) -> str:
    """Return the caption of the trained part: its rank, the set one or r."""
    if sketch.has_rank:
        return tr("trained, rank {rank}", rank=getattr(options, "rank", "r"))
    return translate(sketch.trained_caption) or tr("trained")


class MethodSketch(QWidget):
    """Shows what a method trains beside what stays frozen."""

    accessible_role = QAccessible.Role.Graphic

    def __init__(self) -> None:
        super().__init__()
        self._content = QWidget()
        self._place = vbox(self._content, of=self)
        # A matrix does not change its direction with the text.
        self.setLayoutDirection(Qt.LayoutDirection.LeftToRight)

    def show_method(self, entry: Method, options: Options | None = None) -> None:
        """Show another method, with its options if it is in use."""
        sketch = entry.sketch_of(options)
        trained = trained_caption(sketch, options)
        self.setAccessibleName(f"{translate(sketch.description)}: {trained}")
        frozen = translate(sketch.frozen_caption) or tr("frozen")
        kinds = {part.trained for part in sketch.parts if isinstance(part, Box)}
        legend = [legend_line(trained if kind else frozen, trained=kind) for kind in sorted(kinds)]
        fresh = QWidget()
        vbox(hbox(*map(_drawn, sketch.parts), 1, spacing=4), FlowBox(legend, 16), of=fresh, spacing=12)
        self._place.replaceWidget(self._content, fresh)
        discard(self._content)
        self._content = fresh


def _drawn(part: Box | str) -> QWidget:
    if isinstance(part, str):
        return Label(part, "body_medium", "muted")
    made = (
        _Matrix(part.cells) if part.cells else part_box(part.symbol or translate(part.caption), part.trained)
    )
    made.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    style.scale(made, QWidget.setFixedWidth, part.width)
    style.scale(made, QWidget.setFixedHeight, part.height)
    return made


# How strong the colour of a matrix's cell is; a point is a frozen value.
STRENGTHS = {" ": 0.0, ".": 0.5, "1": 0.25, "2": 0.5, "3": 0.75, "4": 1.0, "#": 1.0}


class _Matrix(Label):
    def __init__(self, cells: tuple[str, ...]) -> None:
        super().__init__()
        self._cells = cells
        self.setScaledContents(True)
        style.on_style_changed(self._show_cells)

    def _show_cells(self) -> None:
        image = QImage(len(self._cells[0]), len(self._cells), QImage.Format.Format_ARGB32)
        for down, row in enumerate(self._cells):
            for across, cell in enumerate(row):
                strength = STRENGTHS[cell]
                token = "grey_soft" if cell == "." else "accent_fill"
                image.setPixelColor(across, down, style.color(token, strength))
        self.setPixmap(QPixmap.fromImage(image.scaled(image.size() * 16)))
