"""The metadata panel of an adapter: scores, origin, method, tags, notes, and file integrity.

Shows and edits; the page acts on its signals. It stands beside the table, or over its right half in a narrow window.
"""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from engine.api import Adapter, AdapterMetadata, ScoreCard, language_notes
from engine.api import metrics as metrics_of_summaries
from gui.look import style
from gui.look.fonts import metrics, px
from gui.look.format import percent
from gui.look.language import tr, translate
from gui.models.list_text import base_text, moment_text, protocol_text
from gui.models.metric_text import notes_text
from gui.models.score_table import ScoreRow, ScoreTable, score_rows
from gui.pages.library.facts_view import FactsView, TextSection
from gui.pages.library.library_text import changes, made_from, method_facts, past_exports
from gui.tables.grouped_view import ShortTableView
from gui.widgets.buttons import IconButton, link, plain, primary
from gui.widgets.labels import ElidedLabel, IconLabel, Label
from gui.widgets.layouts import FlowBox, Line, Scroll, fill, hbox, vbox

WIDTH = 384
MANY_CAPPED = 0.05
MAX_NOTE_LINES = 10


class NotesField(QPlainTextEdit):
    """A notes field that grows with its text; `left` is emitted when it loses the focus."""

    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setPlaceholderText(tr("What is it good at?"))
        self.setAccessibleName(tr("Notes"))
        self.setTabChangesFocus(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.document().setDocumentMargin(2)
        self.textChanged.connect(self.fit)
        style.on_style_changed(self.fit)

    def fit(self) -> None:
        lines = max(2, min(MAX_NOTE_LINES, round(self.document().size().height())))
        scrolls = round(self.document().size().height()) > MAX_NOTE_LINES
        policy = Qt.ScrollBarPolicy
        self.setVerticalScrollBarPolicy(policy.ScrollBarAsNeeded if scrolls else policy.ScrollBarAlwaysOff)
        self.setFixedHeight(round(lines * metrics("body").lineSpacing()) + px(18))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.left.emit()


class MetadataPanel(QWidget):
    """Shows one adapter; the page acts on its buttons. Both signals carry the adapter and the new text."""

    tags_changed = Signal(object, list)
    notes_changed = Signal(object, str)

    def __init__(self) -> None:
        super().__init__()
        self._adapter: Adapter | None = None
        style.set_background(self, "surface")
        self._name = ElidedLabel("", "section", "text")
        self.about = ElidedLabel("", "label", "muted")
        self.more_button = IconButton("more", tr("More"))
        self.close_button = IconButton("close", tr("Close"))
        self.close_button.hide()
        self.try_button = primary(tr("Try in playground"))
        self.export_button = plain(tr("Export…"))
        self.compare_button = plain(tr("Compare"))
        self._protocol = ElidedLabel("", "label", "hint")
        self.scores = ScoreTable(parent=self)
        self._scores = ShortTableView(self.scores, tr("Scores"), lambda _row: None)
        self._remarks = Label("", "label", "hint", wrap=True)
        self.metrics_link = link(tr("Further metrics"))
        self._unscored = Label(tr("Not scored yet"), "body", "muted")
        self.score_button = link(tr("Score now"))
        self._made_from = FactsView(tr("Origin"))
        self._method = FactsView(tr("Method"))
        self._exports = TextSection(tr("Exports"))
        self._changes = TextSection(tr("Changed during training"))
        self.tags_field = QLineEdit()
        self.tags_field.setPlaceholderText(tr("Tags, separated by commas"))
        self.tags_field.setAccessibleName(tr("Tags"))
        self.notes_field = NotesField()
        self._mark = IconLabel("clock", "hint")
        self.integrity = Label("", "label", "muted", wrap=True)
        self.folder_button = link(tr("Open folder"))
        self._notes_rest = QTimer(self)
        self._notes_rest.setSingleShot(True)
        self._notes_rest.setInterval(800)
        self._scroll = Scroll((24, 20, 24, 0), 0)
        vbox((self._scroll, 1), self._foot(), of=self, spacing=0)
        self._fill(self._scroll.column)
        self.metrics_link.clicked.connect(self.compare_button.click)
        self.tags_field.editingFinished.connect(self._save_tags)
        self.notes_field.textChanged.connect(self._notes_rest.start)
        self.notes_field.left.connect(self.save_notes)
        self._notes_rest.timeout.connect(self.save_notes)

    def _fill(self, column: QVBoxLayout) -> None:
        fill(column, _row(self._name, self.more_button, self.close_button), self.about)
        column.addSpacing(12)
        column.addWidget(FlowBox([self.try_button, self.compare_button, self.export_button]))
        column.addSpacing(20)
        column.addWidget(Line())
        column.addSpacing(14)
        head = _row(Label(tr("Scores"), "label_medium", "muted"), self._protocol)
        head.setStretch(0, 0)
        head.setStretch(1, 1)
        self._protocol.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        column.addLayout(head)
        column.addSpacing(4)
        fill(column, self._scores, self._remarks, (self.metrics_link, 0, Qt.AlignmentFlag.AlignLeading))
        unscored = _row(self._unscored, self.score_button)
        unscored.setStretch(0, 0)
        unscored.addStretch(1)
        column.addLayout(unscored)
        column.addSpacing(16)
        column.addWidget(Line())
        column.addSpacing(16)
        for view in (self._made_from, self._method):
            column.addWidget(view)
            column.addSpacing(18)
        fill(column, self._exports, self._changes)
        for label, field in ((tr("Tags"), self.tags_field), (tr("Notes"), self.notes_field)):
            column.addWidget(Label(label, "label_medium", "muted"))
            column.addSpacing(6)
            column.addWidget(field)
            column.addSpacing(12)
        column.addStretch(1)

    def _foot(self) -> QWidget:
        foot = QWidget()
        hbox(self._mark, (self.integrity, 1), self.folder_button, of=foot, margins=(24, 8, 20, 12), spacing=8)
        holder = QWidget()
        vbox(hbox(Line(), margins=(24, 0, 24, 0)), foot, of=holder, spacing=0)
        return holder

    # Display.
    def adapter(self) -> Adapter | None:
        return self._adapter

    def show_adapter(self, adapter: Adapter) -> None:
        """Show an adapter; unsaved notes of another one are saved first."""
        self.save_notes()
        another = self._adapter is None or self._adapter.id != adapter.id
        self._adapter = adapter
        metadata = adapter.metadata
        self._name.setText(adapter.name)
        self.about.setText(_about(metadata))
        self._show_scores(metadata.score_card)
        self._made_from.show_facts(made_from(metadata))
        self._method.show_facts(method_facts(metadata))
        self._exports.show_texts(past_exports(metadata))
        self._changes.show_texts(changes(metadata))
        self._show_words(another=another)
        if another:
            self.show_integrity(None)
            self._scroll.verticalScrollBar().setValue(0)

    def _show_scores(self, card: ScoreCard | None) -> None:
        scored = card is not None
        self._protocol.setText(protocol_text(card.protocol) if card is not None else "")
        rows = [] if card is None else _rows(card)
        self.scores.set_rows(rows)
        many = card is not None and card.capped > MANY_CAPPED
        share = percent(card.capped) if card is not None else ""
        cut = tr("{share} of the summaries reached the length limit.", share=share)
        read = notes_text(language_notes(card.protocol)) if card is not None else ""
        self._remarks.setText(" ".join(filter(None, (read, cut if many else ""))))
        for part, shown in (
            (self._scores, scored),
            (self._remarks, bool(self._remarks.text())),
            (self._unscored, not scored),
            (self.score_button, not scored),
            (self.metrics_link, card is not None and bool(card.measures)),
        ):
            part.setVisible(shown)

    def show_waits(self, waits: bool) -> None:
        """Show whether scoring would begin now, or wait for its turn."""
        self.score_button.setText(tr("Add to queue") if waits else tr("Score now"))

    def _show_words(self, *, another: bool) -> None:
        """Show tags and notes, unless they are being edited."""
        assert self._adapter is not None
        metadata = self._adapter.metadata
        if another or not self.tags_field.hasFocus():
            self.tags_field.setText(", ".join(metadata.tags))
        if another or not self.notes_field.hasFocus():
            self.notes_field.blockSignals(True)
            self.notes_field.setPlainText(metadata.notes)
            self.notes_field.blockSignals(False)
            self.notes_field.fit()
            self._notes_rest.stop()

    def show_integrity(self, changed: list[str] | None) -> None:
        if changed is None:
            self._mark.set_icon("clock", "hint")
            self.integrity.setText(tr("Checking the files"))
        elif changed:
            self._mark.set_icon("warning", "warning")
            self.integrity.setText(tr("Changed or missing: {files}", files=", ".join(changed)))
        else:
            self._mark.set_icon("check", "accent")
            self.integrity.setText(tr("Files are unchanged"))

    # Editing.
    def _save_tags(self) -> None:
        if self._adapter is None:
            return
        tags = list(
            dict.fromkeys(
                tag for word in self.tags_field.text().split(",") if (tag := " ".join(word.split()))
            )
        )
        if tags != self._adapter.metadata.tags:
            self.tags_changed.emit(self._adapter, tags)

    def save_notes(self) -> None:
        self._notes_rest.stop()
        text = self.notes_field.toPlainText().strip()
        if self._adapter is not None and text != self._adapter.metadata.notes.strip():
            self.notes_changed.emit(self._adapter, text)

    def set_rimmed(self, rimmed: bool) -> None:
        """Show a hairline at the left, while the panel is over the table."""
        style.set_property(self, "rimmed", "true" if rimmed else "false")


def _about(metadata: AdapterMetadata) -> str:
    """Return method, base model and date of an adapter: when it was imported, where that is known."""
    title, base = translate(metadata.method.title or metadata.method.id), base_text(metadata.base_model.id)
    moment = moment_text(metadata.imported or metadata.made, datetime.now(UTC))
    if metadata.imported:
        return tr("{method} for {base}, imported {moment}", method=title, base=base, moment=moment)
    return tr("{method} for {base}, created {moment}", method=title, base=base, moment=moment)


def _row(first: QWidget, *others: QWidget) -> QHBoxLayout:
    return hbox((first, 1), *others, spacing=8)


class Drawer(QObject):
    """Places `panel` in `row` or over `left`; shown only while an adapter is selected."""

    def __init__(self, row: QHBoxLayout, left: QWidget, panel: MetadataPanel) -> None:
        super().__init__(left)
        self._row, self._left, self._panel = row, left, panel
        self._line = Line(vertical=True)
        self.is_narrow = False
        self._open = False
        self._filled = False
        fill(row, self._line, panel)
        left.installEventFilter(self)
        style.on_style_changed(self._place)

    @property
    def is_open(self) -> bool:
        return self.is_narrow and self._open

    def set_narrow(self, narrow: bool) -> None:
        if narrow == self.is_narrow:
            return
        self.is_narrow, self._open = narrow, False
        self._panel.hide()
        self._panel.close_button.setVisible(narrow)
        if narrow:
            self._row.removeWidget(self._panel)
            self._panel.setParent(self._left)
        else:
            self._row.addWidget(self._panel)
        self._place()

    def set_filled(self, filled: bool) -> None:
        self._filled = filled
        self._place()

    def open(self) -> None:
        """Open the panel over the table, if it is not beside it."""
        self._open = self.is_narrow
        self._place()

    def close(self) -> None:
        self._open = False
        self._place()

    def _place(self) -> None:
        beside = self._filled and not self.is_narrow
        self._line.setVisible(beside)
        self._panel.setVisible(beside or (self._filled and self.is_open))
        self._panel.set_rimmed(self.is_narrow)
        if self.is_narrow:
            width = min(self._left.width(), max(px(WIDTH), self._left.width() // 2))
            self._panel.setFixedWidth(width)
            self._panel.setGeometry(self._left.width() - width, 0, width, self._left.height())
            self._panel.raise_()
        else:
            self._panel.setFixedWidth(px(WIDTH))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.is_open:
            self._place()
        return super().eventFilter(watched, event)


def _rows(card: ScoreCard) -> list[ScoreRow]:
    """Return ROUGE and chrF of an adapter beside its base model's."""
    own = {**card.measures, **card.scores}
    shown = [each for each in metrics_of_summaries.HEADLINE if each.name in own]
    between = {**card.measure_difference, **card.difference}
    return score_rows(shown, {**card.base_measures, **card.base}, own, between)
