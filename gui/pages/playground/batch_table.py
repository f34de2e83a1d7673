"""A batch as a Qt model and as a spreadsheet: the conversation, and the summary of each column with its score."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.api import metrics
from gui.look.elided_name import told_apart
from gui.look.format import score
from gui.look.language import mark, tr
from gui.models.cells import Cell, IconTextCell, TextCell
from gui.models.grouped_table import Column, GroupedTable
from gui.pages.playground.batch import BatchRow, state_text
from gui.pages.playground.columns.column_results import Column as Results
from gui.pages.playground.columns.column_results import ColumnModel
from gui.pages.playground.history.history_entry import headline

# Longer than any cell is wide.
MAX_LINE_CHARACTERS = 240
CONVERSATION_WIDTH, LEAST_WIDTH = 220, 180


class BatchTable(GroupedTable[BatchRow]):
    """The table of a batch; `show_batch` sets its rows and columns."""

    def show_batch(self, rows: Sequence[BatchRow], entries: Sequence[ColumnModel]) -> None:
        """Show rows; the same rows are only drawn again."""
        columns = _columns(entries, scored=any(row.example.summary for row in rows))
        if columns != self.columns:
            self.beginResetModel()
            self.columns, self._rows = columns, list(rows)
            self.endResetModel()
        else:
            self.set_rows(rows)

    def key_of(self, item: BatchRow) -> str:
        return str(item.number)

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


def _column(item: BatchRow, key: str) -> Results:
    """Return the results of a row in the column "summary INDEX"."""
    return item.results.columns[int(key.rpartition(" ")[2])]


def _columns(entries: Sequence[ColumnModel], *, scored: bool) -> tuple[Column, ...]:
    names = [entries[0].title, *told_apart([entry.title for entry in entries[1:]])] if entries else []
    heads = [tr("{name}, ROUGE-1", name=name) if scored else name for name in names]
    return (
        Column("conversation", mark("Conversation"), CONVERSATION_WIDTH),
        *(Column(f"summary {at}", head, as_is=True, least=LEAST_WIDTH) for at, head in enumerate(heads)),
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
