"""The view of a batch: source, table, progress, and the scores of the columns.

Shows a `Batch`; knows neither files nor the worker.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from engine.api import comparison, metrics
from gui.forms.value_text import unit_text
from gui.graphics.bars import BusyRow
from gui.inputs.combo_box import ComboBox
from gui.inputs.fields import SearchField
from gui.inputs.number_inputs import IntField
from gui.look import style
from gui.look.format import gain, number_text, score
from gui.look.language import mark, tr
from gui.look.shown_texts import told_apart
from gui.models.grouped_table import Cell, GroupedTable, IconTextCell, TextCell
from gui.models.grouped_table import Column as TableColumn
from gui.models.metric_text import interval_text
from gui.pages.playground.batch import Batch, BatchRow, state_text
from gui.pages.playground.column_results import Column, ColumnModel
from gui.pages.playground.history import headline
from gui.tables.grouped_view import GroupedTableView
from gui.widgets.buttons import plain, quiet
from gui.widgets.cards import EmptyState, NoticeStrip
from gui.widgets.labels import Label
from gui.widgets.layouts import FlowBox, fill, vbox

USUAL_COUNT = 20
# The verdict on a column, paired with the base, where it is not equal.
STANDS = {
    "better": mark("{name}: {score}. Better than base: {gain}"),
    "worse": mark("{name}: {score}. Worse than base: {gain}"),
    "too few to tell": mark("{name}: {score}. Too few conversations to compare: {gain}"),
}
STANDS_EQUAL = mark("{name}: {score}. No measurable difference: {gain}")


class BatchView(QWidget):
    """The parts, laid out. `chosen` reports other conversations, `selected` another row."""

    chosen = Signal()
    selected = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.source = ComboBox()
        self.source.setAccessibleName(tr("Source of the conversations"))
        self.search = SearchField(tr("Search conversations"))
        self.count = IntField(
            1, 1, 1, suffix=tr("conversations"), suffix_of_one=unit_text("conversations", 1)
        )
        self.count.setPrefix(f"{tr('First')} ")
        self._wanted, self._is_filling = USUAL_COUNT, False
        self.count.setAccessibleName(tr("Number of conversations"))
        self.open_button = plain(tr("Open files…"), "folder")
        self.export_button = quiet(tr("Export as CSV…"), "export")
        self.table = BatchTable(self)
        self.view = GroupedTableView(self.table, tr("Conversations and summaries"))
        self.notice = NoticeStrip()
        self.cancel_button = plain(tr("Cancel"))
        self.busy = BusyRow("", self.cancel_button)
        self.score_row = QWidget()
        self._empty = EmptyState(
            "playground", tr("No conversations yet"), tr("Open files of conversations, or drop them here.")
        )
        tools = FlowBox([self.source, self.search, self.count, self.open_button, self.export_button], 12)
        self._stack = QStackedWidget()
        fill(self._stack, self.view, self._empty)
        self._labels: list[Label] = []
        self._lines = vbox(of=self.score_row, spacing=2)
        vbox(
            tools,
            (self._stack, 1),
            self.notice,
            self.busy,
            self.score_row,
            of=self,
            margins=(24, 16, 14, 16),
            spacing=12,
        )
        style.scale(self.source, QWidget.setFixedWidth, 300)
        style.scale(self.search, QWidget.setFixedWidth, 200)
        style.scale(self.count, QWidget.setFixedWidth, 200)
        style.scale(self._stack, QWidget.setMinimumHeight, 180)
        self.source.chosen.connect(self.chosen)
        self.search.searched.connect(self.chosen)
        self.count.valueChanged.connect(self._want)
        self.view.chosen.connect(self.selected)

    @property
    def row(self) -> BatchRow | None:
        """Return the selected row."""
        row: BatchRow | None = self.view.current()
        return row

    def _want(self, count: int) -> None:
        if not self._is_filling:
            self._wanted = count
            self.chosen.emit()

    # Showing

    def show_sources(self, names: Sequence[tuple[str, str]], key: str) -> None:
        self.source.set_items(list(names))
        self.source.set_key(key)
        self.source.setVisible(bool(names))

    def show_most(self, there: int) -> None:
        # The number a person wanted comes back with more conversations.
        self._is_filling = True
        self.count.setMaximum(max(1, there))
        self.count.setValue(self._wanted)
        self._is_filling = False
        self.count.setVisible(there > 0)

    def show_batch(self, batch: Batch) -> None:
        """Show the rows, their progress, and the scores once all is done."""
        self.table.show_batch(batch.rows, batch.entries)
        if self.row is None:
            self.view.choose_first()
        self._stack.setCurrentWidget(self.view if batch.rows else self._empty)
        self.export_button.setEnabled(batch.done > 0)
        for part in (self.source, self.search, self.count, self.open_button):
            part.setEnabled(not batch.is_busy and not batch.waits_for)
        self.busy.setVisible(batch.is_busy or bool(batch.waits_for))
        if batch.is_busy:
            share, how_far = batch.progress()
            self.busy.set_progress(share, how_far, tr("Summarising"))
        elif batch.waits_for:
            self.busy.set_progress(0.0, batch.waits_for, tr("In the queue"))
        lines = [] if batch.is_busy else score_lines(batch)
        if list(lines) != self.score_texts():
            for label in self._labels:
                self._lines.removeWidget(label)
                label.deleteLater()
            self._labels = [
                Label(line, "label", "muted" if at else "hint", wrap=True) for at, line in enumerate(lines)
            ]
            for label in self._labels:
                self._lines.addWidget(label)
        self.score_row.setVisible(bool(lines))

    def show_reading(self, name: str, share: float, how_far: str) -> None:
        self.busy.show()
        self.busy.set_progress(share, how_far, tr("Reading {name}", name=name))

    def show_notice(self, text: str, action: str = "", icon_name: str = "info") -> None:
        """Show a text below the table; "" hides it."""
        if text:
            self.notice.show_notice(text, action, icon_name, "muted" if icon_name == "info" else "error")
        else:
            self.notice.hide()

    def score_texts(self) -> list[str]:
        return [label.text() for label in self._labels]


def score_lines(batch: Batch) -> list[str]:
    """Return the number of scored conversations, then a line for the scores of each column."""
    column_scores = batch.column_scores()
    if not column_scores:
        return []
    count = len(batch.scored()[0])
    if count == 1:
        head = tr("ROUGE-1 and chrF on one conversation with a reference, so no interval.")
    else:
        head = tr(
            "ROUGE-1 and chrF, mean and 95 % interval, on {count} conversations with a reference.",
            count=number_text(count),
        )
    lines = [head]
    chrf = batch.column_scores(metrics.CHRF.name)
    for index, (entry, column) in enumerate(zip(batch.entries, column_scores, strict=True)):
        beside = f". {_chrf(chrf[index])}" if chrf else ""
        mean = _figure(score(column.score["mean"]), column.score)
        found = column.difference
        if found is None or count == 1:
            lines.append(f"{entry.title}: {mean}{beside}")
        else:
            text = STANDS.get(found["verdict"], STANDS_EQUAL)
            gained = _figure(gain(found["mean"]), found)
            lines.append(tr(text, name=entry.title, score=mean, gain=gained) + beside)
    return lines


def _chrf(column: comparison.ColumnScore) -> str:
    """Return chrF of a column, and its paired difference from the base."""
    text = f"{metrics.CHRF.title} {_figure(score(column.score['mean']), column.score)}"
    found = column.difference
    return f"{text}, {_figure(gain(found['mean']), found)}" if found and "low" in found else text


def _figure(mean: str, found: dict[str, float]) -> str:
    return f"{mean} ({interval_text(found)})" if "low" in found else mean


# Longer than any cell is wide.
MAX_LINE_CHARACTERS = 240


class BatchTable(GroupedTable[BatchRow]):
    """The table of a batch; `show_batch` sets its rows and columns."""

    key_attribute = "number"

    def show_batch(self, rows: Sequence[BatchRow], entries: Sequence[ColumnModel]) -> None:
        """Show rows; the same rows are only drawn again."""
        self.set_rows(rows, _columns(entries, scored=any(row.example.summary for row in rows)))

    def cell(self, item: BatchRow, key: str) -> Cell:
        if key == "conversation":
            return TextCell(headline(item.example.conversation), "body_medium", "text")
        column = _column(item, key)
        if column.status == "failed":
            return IconTextCell("problem", state_text(column), "error")
        if column.status == "finished":
            rouge1 = column.scores.get("rouge1")
            note = "" if rouge1 is None else score(rouge1)
            return TextCell(_line(column.text) or tr("Empty summary"), token="text", note=note)
        return TextCell(_line(state_text(column)), token="hint")

    def accessible_text(self, item: BatchRow) -> str:
        written = [
            f"{column.entry.title}: {column.text or state_text(column) or tr('not yet')}"
            for column in item.results.columns
        ]
        return f"{headline(item.example.conversation)}; {'; '.join(written)}"

    def explanation(self, item: BatchRow, key: str) -> str:
        if key == "conversation":
            return item.example.conversation[:MAX_LINE_CHARACTERS]
        column = _column(item, key)
        return "\n".join(filter(None, (column.text or state_text(column), scores_text(column.scores))))


def _column(item: BatchRow, key: str) -> Column:
    """Return the results of a row in the column "summary INDEX"."""
    return item.results.columns[int(key.rpartition(" ")[2])]


def _columns(entries: Sequence[ColumnModel], *, scored: bool) -> tuple[TableColumn, ...]:
    names = [entries[0].title, *told_apart([entry.title for entry in entries[1:]])] if entries else []
    heads = [tr("{name}, ROUGE-1", name=name) if scored else name for name in names]
    return (
        TableColumn("conversation", mark("Conversation"), 220),
        *(TableColumn(f"summary {at}", head, as_is=True, least=180) for at, head in enumerate(heads)),
    )


def scores_text(scores: Mapping[str, float]) -> str:
    """Return all scores of a summary: "ROUGE-1 44.1, ROUGE-2 20.0 … chrF 40.3"."""
    titles = metrics.HEADLINE_TITLES
    return ", ".join(f"{title} {score(scores[name])}" for name, title in titles.items() if name in scores)


def _line(text: str) -> str:
    return " ".join(text[:MAX_LINE_CHARACTERS].split())


def spreadsheet(
    rows: Sequence[BatchRow], entries: Sequence[ColumnModel]
) -> tuple[list[str], Iterator[list[str | int | float]]]:
    """Return the header and the rows of a spreadsheet: full texts and all scores."""
    head = ["id", "conversation", "reference"]
    for entry in entries:
        head += [
            f"{entry.name}: {what}" for what in ("summary", *metrics.HEADLINE_TITLES, "tokens", "seconds")
        ]
    return head, (_cells(row) for row in rows)


def _cells(row: BatchRow) -> list[str | int | float]:
    cells: list[str | int | float] = [row.example.id, row.example.conversation, row.example.summary]
    for column in row.results.columns:
        cells.append(column.text if column.status != "failed" else state_text(column))
        cells += [column.scores.get(name, "") for name in metrics.HEADLINE_TITLES]
        cells += ["" if column.tokens is None else column.tokens]
        cells += ["" if column.seconds is None else column.seconds]
    return cells
