"""Choose a method from the engine's registry, and read its explanation.

Knows only the entries of the registry; the recipe form sets the method in use.
"""

from __future__ import annotations

from functools import reduce
from itertools import groupby

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from engine.api import FAMILIES, METHODS, BaseFacts, Box, Family, Method, Options, Sketch, Variant, method
from gui.core import actions
from gui.inputs.search_field import SearchField
from gui.look import style
from gui.look.fonts import font, metrics, px
from gui.look.format import plain
from gui.look.language import mark, tr, translate
from gui.pages.train.method_row import MethodRow
from gui.widgets.buttons import quiet
from gui.widgets.cards import Card
from gui.widgets.labels import IconLabel, Label
from gui.widgets.layouts import Line, hbox, vbox
from gui.widgets.scroll import Scroll
from gui.widgets.text_view import Mark, TextView

WIDTH = 264
QUANTIZATIONS = {"int8": "int8", "nf4": "NF4", "fp4": "FP4"}
FACTS = {"quantizations": mark("Quantized bases"), "merges": mark("Can be merged"), "preset": mark("Preset")}


class MethodChooser(Card):
    """The list at the left, the explanation at the right. `chosen(id)` reports a choice, `closed` that it is over.

    The arrow keys move through the list and explain each method; Return or Space chooses it. Letters go to the
    search, where Return chooses the first usable match and Esc clears the search.
    """

    chosen = Signal(str)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, margin=0, spacing=0)
        self.column.setContentsMargins(1, 1, 1, 1)
        self._rows: dict[str, MethodRow] = {}
        self._headings: dict[str, Label] = {}
        self._current = METHODS[0].id
        self._base = BaseFacts()
        self._options: Options | None = None
        self._search = SearchField(tr("Search methods and variants"), self)
        self._search.searched.connect(self._filter)
        self._counted = Label(tr("trainable parameters"), "label", "muted")
        self._list = Scroll(margins=(8, 12, 8, 12), spacing=0, parent=self)
        self.explanation = MethodExplanation(self)
        self._nothing = Label("", "body", "muted", wrap=True)
        self._fill()
        self.back = quiet(tr("Back to the recipe"), "arrow-left")
        self.back.clicked.connect(self.closed)
        head = hbox(self.back, (self._search, 1), margins=(12, 12, 20, 12), spacing=12)
        self._counted.setToolTip(tr("The method in use with its settings, others with their presets"))
        self._counted.setAlignment(Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(self._counted)
        self.column.addLayout(head)
        self.column.addWidget(Line())
        self.column.addLayout(hbox((self._list, 1), Line(vertical=True), self.explanation, spacing=0), 1)
        actions.bind(self._search, "train.methods", self._enter, Qt.ShortcutContext.WidgetShortcut)
        self._search.returnPressed.connect(self._take_first)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._focus_moved)

    def _fill(self) -> None:
        for group, entries in groupby(METHODS, key=lambda entry: entry.group):
            heading = Label(translate(group), "label_medium", "muted")
            heading.setContentsMargins(12, 8, 12, 6)
            self._headings[group] = heading
            self._list.column.addWidget(heading)
            for entry in entries:
                row = MethodRow(entry, self._list.content)
                row.clicked.connect(lambda _checked=False, method_id=entry.id: self._choose(method_id))
                row.moved.connect(lambda rows, row=row: self._move(row, rows))
                row.looked_at.connect(lambda row=row: self._look_at(row))
                row.searched.connect(self._search_for)
                self._rows[entry.id] = row
                self._list.column.addWidget(row)
        self._nothing.setContentsMargins(12, 8, 12, 6)
        self._nothing.hide()
        self._list.column.addWidget(self._nothing)
        self._list.column.addStretch(1)

    def set_current(self, method_id: str, base: BaseFacts, options: Options | None = None) -> None:
        """Mark the method in use, and show which methods work on the base model.

        `options` are the method's options, None while they are invalid.
        """
        moved = method_id != self._current
        self._current, self._base, self._options = method_id, base, options
        for row in self._rows.values():
            row.show_state(row.entry.id == method_id, base)
        self._keep_one_stop()
        self._explain(method_id)
        if moved:
            self._lead_to_current()

    def showEvent(self, event: QShowEvent) -> None:
        """Scroll to the method in use."""
        super().showEvent(event)
        self._lead_to_current()

    def _lead_to_current(self) -> None:
        """Scroll to the method in use, after the layout of the list."""
        QTimer.singleShot(0, self, lambda: self._list.ensureWidgetVisible(self._rows[self._current]))

    def set_count(self, method_id: str, count: int | None) -> None:
        """Show how many parameters a method trains at its preset."""
        self._rows[method_id].set_trainable(count)

    def show_busy(self, busy: bool) -> None:
        """Dim the numbers while a plan is being made."""
        self._counted.setMinimumWidth(self._counted.width())
        self._counted.setText(tr("Updating…") if busy else tr("trainable parameters"))
        for row in self._rows.values():
            row.show_busy(busy)

    def forget_counts(self) -> None:
        """Clear the numbers, since they belong to another base model."""
        for row in self._rows.values():
            row.set_trainable(None)

    def row(self, method_id: str) -> MethodRow:
        """Return a method's row."""
        return self._rows[method_id]

    def _choose(self, method_id: str) -> None:
        if method_id != self._current:
            self.chosen.emit(method_id)
        self.closed.emit()

    def _explain(self, method_id: str) -> None:
        options = self._options if method_id == self._current else None
        self.explanation.explain(method(method_id), self._base, self._rows[method_id].reason(), options)

    def _look_at(self, row: MethodRow) -> None:
        self._list.ensureWidgetVisible(row)
        self._explain(row.entry.id)

    def _focus_moved(self, _old: QWidget | None, new: QWidget | None) -> None:
        """Explain the method in use when the focus leaves the list."""
        if new is not None and not self._list.isAncestorOf(new):
            self._explain(self._current)

    def _shown(self) -> list[MethodRow]:
        return [row for row in self._rows.values() if row.isVisibleTo(self._list.content)]

    def _move(self, row: MethodRow, rows: int) -> None:
        shown = self._shown()
        index = min(len(shown) - 1, max(0, shown.index(row) + rows))
        shown[index].setFocus(Qt.FocusReason.TabFocusReason)

    def _enter(self) -> None:
        """Move from the search to the first match."""
        shown = self._shown()
        if shown:
            shown[0].setFocus(Qt.FocusReason.TabFocusReason)

    def _search_for(self, text: str) -> None:
        """Search for text typed in the list; "" ends the search."""
        self._search.setText(self._search.text() + text if text else "")
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search.deselect()

    def _take_first(self) -> None:
        """Choose the first usable match."""
        usable = [row for row in self._shown() if not row.reason()]
        if self._search.text().strip() and usable:
            self._choose(usable[0].entry.id)

    def _keep_one_stop(self) -> None:
        """Make Tab stop in the list once: at the method in use, else at the first visible one."""
        shown = self._shown()
        stop = self._rows[self._current] if self._rows[self._current] in shown else next(iter(shown), None)
        for row in self._rows.values():
            policy = Qt.FocusPolicy.StrongFocus if row is stop else Qt.FocusPolicy.ClickFocus
            row.setFocusPolicy(policy)

    def _filter(self, text: str) -> None:
        found = {row for row in self._rows.values() if row.matches(text)}
        for row in self._rows.values():
            row.setVisible(row in found)
        for group, heading in self._headings.items():
            heading.setVisible(any(row.entry.group == group for row in found))
        self._nothing.setText(tr("No method or variant is called “{name}”.", name=text))
        self._nothing.setVisible(not found)
        self._keep_one_stop()
        if not text:
            self._lead_to_current()


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
