"""Choose a method from the engine's registry, and read its explanation.

Knows only the entries of the registry; the recipe form sets the method in use.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import groupby

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QPainter, QPaintEvent, QPen, QShowEvent
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
from gui.inputs.fields import SearchField
from gui.look import style
from gui.look.fonts import font, metrics, px
from gui.look.format import compact, plain
from gui.look.language import mark, tr, translate
from gui.models.grouped_table import Cell, Column, GroupedTable, Heading, IconTextCell, NameCell, TextCell
from gui.tables.grouped_view import GroupedTableView
from gui.widgets.buttons import quiet
from gui.widgets.cards import Card
from gui.widgets.labels import IconLabel, Label
from gui.widgets.layouts import Line, Scroll, fill, hbox, vbox
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
        self._current = METHODS[0].id
        self._base = BaseFacts()
        self._options: Options | None = None
        self._reasons: dict[str, str] = {}
        self._counts: dict[str, int | None] = {}
        self._is_busy = False
        self._search = SearchField(tr("Search methods and variants"), self)
        self._search.searched.connect(self._filter)
        self.table = MethodTable(self)
        self.view = GroupedTableView(self.table, tr("Methods"))
        self.explanation = MethodExplanation(self)
        self._nothing = Label("", "body", "muted", wrap=True)
        self._nothing.setContentsMargins(24, 16, 24, 16)
        self.back = quiet(tr("Back to the recipe"), "arrow-left", press=self.closed)
        head = hbox(self.back, (self._search, 1), margins=(12, 12, 20, 12), spacing=12)
        left = vbox((self.view, 1), self._nothing, margins=(8, 0, 8, 8), spacing=0)
        left.setAlignment(self._nothing, Qt.AlignmentFlag.AlignTop)
        body = hbox((left, 1), Line(vertical=True), self.explanation, spacing=0)
        fill(self.column, head, Line(), (body, 1))
        self.view.chosen.connect(self._explain)
        self.view.clicked.connect(lambda index: self._choose(self.table.item_at(index.row())))
        self.view.opened.connect(self._choose)
        self._search.returnPressed.connect(self._take_first)
        actions.bind(self._search, "train.methods", self._enter, Qt.ShortcutContext.WidgetShortcut)
        self._filter("")

    def set_current(self, method_id: str, base: BaseFacts, options: Options | None = None) -> None:
        """Mark the method in use, and show which methods work on the base model.

        `options` are the method's options, None while they are invalid.
        """
        moved = method_id != self._current
        self._current, self._base, self._options = method_id, base, options
        self._reasons = {entry.id: reason(entry, base) for entry in METHODS}
        self._show_rows()
        if moved or self.view.current() is None:
            self.view.choose(method_id)
        self._explain(self.view.current())

    def showEvent(self, event: QShowEvent) -> None:
        """Scroll to the method in use."""
        super().showEvent(event)
        self.view.choose(self._current)

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
        return MethodRow(method(method_id), why, trainable, method_id == self._current, self._is_busy)

    def _show_rows(self) -> None:
        rows: list[Heading | MethodRow] = []
        for group, entries in groupby(METHODS, key=lambda entry: entry.group):
            found = [row for entry in entries if (row := self.row(entry.id)).matches(self._search.text())]
            rows += [Heading(translate(group)), *found] if found else []
        self.table.set_rows(rows)

    def _filter(self, text: str) -> None:
        self._show_rows()
        self._nothing.setText(tr("No method or variant is called “{name}”.", name=text))
        self.view.setVisible(self.table.rowCount() > 0)
        self._nothing.setHidden(self.table.rowCount() > 0)
        if not text:
            self.view.choose(self._current)

    def _choose(self, row: MethodRow | None) -> None:
        if row is None:
            return
        if row.id != self._current:
            self.chosen.emit(row.id)
        self.closed.emit()

    def _explain(self, row: MethodRow | None) -> None:
        """Explain the method that the keyboard is on, else the one in use."""
        shown = row or self.row(self._current)
        options = self._options if shown.id == self._current else None
        self.explanation.explain(shown.entry, self._base, self._reasons.get(shown.id, ""), options)

    def _enter(self) -> None:
        """Move from the search to the first match."""
        self.view.choose_first()
        self.view.setFocus(Qt.FocusReason.TabFocusReason)

    def _take_first(self) -> None:
        """Choose the first usable match."""
        if self._search.text().strip():
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
        self._sketch = MethodSketch()
        self._facts = {name: Label("", "label_medium") for name in FACTS}
        self._line, self._variants_title = Line(), Label(tr("Variants"), "label", "muted")
        self._variants = TextView(role="body", token="muted")
        self._lay_out()
        style.on_style_changed(self._restyle)

    def _lay_out(self) -> None:
        hbox(vbox(IconLabel("warning", "warning", 14), 1), (self._reason, 1), of=self._warning, spacing=6)
        for part in (self._title, self._warning, self._text, self._sketch):
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
        self._sketch.show_method(entry, options)
        names = [QUANTIZATIONS[kind] for kind in entry.quantizations if kind in QUANTIZATIONS]
        self._facts["quantizations"].setText(", ".join(names) or tr("no"))
        self._facts["merges"].setText(tr("yes") if entry.merges else tr("no"))
        self._facts["preset"].setText(preset_text(entry, base.family or FAMILIES[0]))
        for part in (self._line, self._variants_title, self._variants):
            part.setVisible(bool(entry.variants))
        self._variants.set_text(*variants_text(entry.variants))

    def text(self) -> str:
        """Return the whole explanation as text."""
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


GAP, SIGN = 4, 24
CAPTION, CAPTION_GAP = 20, 8


def trained_caption(sketch: Sketch, options: Options | None) -> str:
    """Return the caption of the trained part: its rank, the set one or r."""
    if sketch.has_rank:
        return tr("trained, rank {rank}", rank=getattr(options, "rank", "r"))
    return translate(sketch.trained_caption) or tr("trained")


def _is_trained(drawn: tuple[Box | str, QRectF]) -> bool | None:
    """Return whether a box is trained; None for signs."""
    return drawn[0].trained if isinstance(drawn[0], Box) else None


class MethodSketch(QWidget):
    """Draws what a method trains beside what stays frozen."""

    accessible_role = QAccessible.Role.Graphic

    def __init__(self) -> None:
        super().__init__()
        self._sketch: Sketch | None = None
        self._trained = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        style.on_style_changed(self.updateGeometry)

    def show_method(self, entry: Method, options: Options | None = None) -> None:
        """Draw another method, with its options if it is in use."""
        self._sketch = entry.sketch_of(options)
        self._trained = trained_caption(self._sketch, options)
        self.setAccessibleName(f"{translate(self._sketch.description)}: {self._trained}")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size of the tallest box with captions."""
        return QSize(px(200), px(12) + px(self._tallest()) + px(CAPTION) + 8)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the sketch."""
        if self._sketch is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        for part, rect in self._places():
            if isinstance(part, Box) and part.cells:
                self._cells(painter, rect, part.cells)
            elif isinstance(part, Box):
                self._box(painter, rect, part)
            else:
                self._sign(painter, rect, part)
        painter.setFont(font("small"))
        for text, token, rect in self._captions():
            painter.setPen(style.color(token))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
        painter.end()

    def _middle(self) -> float:
        return px(12) + px(self._tallest()) / 2

    def _places(self) -> list[tuple[Box | str, QRectF]]:
        """Return the rectangles of boxes and signs."""
        found: list[tuple[Box | str, QRectF]] = []
        middle, left = self._middle(), 0.5
        for part in self._sketch.parts if self._sketch else ():
            if isinstance(part, str):
                found.append((part, QRectF(left - GAP, middle - px(12), px(SIGN), px(24))))
                left += px(SIGN) - GAP
            else:
                height = px(part.height)
                found.append((part, QRectF(left, middle - height / 2, px(part.width), height)))
                left += px(part.width) + GAP
        return found

    def _captions(self) -> list[tuple[str, str, QRectF]]:
        """Return the captions: text, colour token and rectangle.

        "trained" is centred below all trained parts, "frozen" below the weight. If they would overlap, the left one
        moves left, and the right one moves right if there is no space.
        """
        ends: dict[bool | None, QRectF] = {}
        for trained, run in groupby(self._places(), key=_is_trained):
            rects = [rect for _, rect in run]
            if trained or trained not in ends:
                ends[trained] = reduce(QRectF.united, rects, ends.get(trained, rects[0]))
        ends.pop(None, None)
        frozen = translate(self._sketch.frozen_caption) if self._sketch else ""
        captions: list[tuple[str, str, QRectF]] = []
        right, foot = float(self.width()), self._middle() + px(self._tallest()) / 2 + 4
        for trained, across in sorted(ends.items(), key=lambda end: end[1].center().x(), reverse=True):
            text, token = (self._trained, "accent") if trained else (frozen or tr("frozen"), "muted")
            width = metrics("small").horizontalAdvance(text) + 4
            left = max(0.0, min(across.center().x() - width / 2, right - width))
            captions.append((text, token, QRectF(left, foot, width, px(16))))
            right = left - CAPTION_GAP
        edge = 0.0
        for _text, _token, rect in reversed(captions):
            rect.moveLeft(max(edge, rect.left()))
            edge = rect.right() + CAPTION_GAP
        return captions

    def _tallest(self) -> int:
        parts = self._sketch.parts if self._sketch else ()
        return max((part.height for part in parts if isinstance(part, Box)), default=0)

    @staticmethod
    def _box(painter: QPainter, rect: QRectF, box: Box) -> None:
        painter.setPen(QPen(style.color("accent_fill" if box.trained else "grey_soft"), 1))
        painter.setBrush(style.color("accent_fill" if box.trained else "sunken"))
        painter.drawRoundedRect(rect, 4, 4)
        painter.setFont(font("label_medium"))
        painter.setPen(style.color("on_accent" if box.trained else "muted"))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, box.symbol or translate(box.caption))

    @staticmethod
    def _cells(painter: QPainter, rect: QRectF, cells: tuple[str, ...]) -> None:
        width, height = rect.width() / len(cells[0]), rect.height() / len(cells)
        for down, row in enumerate(cells):
            for across, cell in enumerate(row):
                if cell != " ":
                    strength = int(cell) / 4 if cell.isdigit() else 1.0
                    painter.setPen(Qt.PenStyle.NoPen)
                    token = "grey_soft" if cell == "." else "accent_fill"
                    painter.setBrush(style.color(token, 0.5 if cell == "." else strength))
                    left, top = rect.left() + across * width, rect.top() + down * height
                    painter.drawRect(QRectF(left + 0.5, top + 0.5, width - 1, height - 1))

    @staticmethod
    def _sign(painter: QPainter, rect: QRectF, text: str) -> None:
        painter.setFont(font("body_medium"))
        painter.setPen(style.color("muted"))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
