"""A run's conversations as a Qt model: what they say, what base and tuned wrote and scored, and what was gained."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject

from engine.api import comparison
from gui.look.format import gain, percent, score
from gui.models.cells import EMPTY, Cell, Link, Signed, Text
from gui.models.grouped_table import Column, GroupedTable
from gui.models.words import NOTHING_WRITTEN

Row = comparison.Compared
Order = comparison.Order
# Longer than any cell is wide.
LONGEST_LINE = 240


class ExampleTable(GroupedTable[Row]):
    """`set_rows_of` takes all conversations, `sort_by` and `search` say which stand where."""

    columns = (
        Column("conversation", "Conversation"),
        Column("reference", "Reference summary", 220, hidden_below=1180),
        Column("base", "Base summary", 220, hidden_below=1400),
        Column("tuned", "Tuned summary", 220, hidden_below=700),
        Column("base_score", "Base", 64, right=True),
        Column("tuned_score", "Tuned", 68, right=True),
        Column("gain", "Gain", 84, right=True),
        Column("disagreement", "Differ", 72, right=True, hidden_below=560),
        Column("try", "", 56, right=True),
    )

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all: tuple[Row, ...] = ()
        self._order: Order = "gain"
        self._search = ""

    def set_rows_of(self, rows: Sequence[Row]) -> None:
        """Take in the conversations of another run."""
        self._all = tuple(rows)
        self._refill()

    def all_rows(self) -> tuple[Row, ...]:
        """Return every conversation, listed or not, as they were scored."""
        return self._all

    def sort_by(self, order: Order) -> None:
        """List in another order."""
        self._order = order
        self._refill()

    def search(self, text: str) -> None:
        """List only the conversations with every word of a text in what was said or written."""
        self._search = text
        self._refill()

    def _refill(self) -> None:
        words = self._search.casefold().split()
        kept = [row for row in self._all if all(word in _said(row) for word in words)] if words else self._all
        self.set_rows(comparison.ordered(kept, self._order))

    def key_of(self, thing: Row) -> str:
        return str(thing.place)

    def cell(self, thing: Row, key: str) -> Cell:
        if key == "try":
            return Link("Try", right=True) if thing.conversation else EMPTY
        if key == "gain":
            icon, token = _sign(thing.gain)
            return Signed(icon, gain(thing.gain), token, right=True, role="figure_medium")
        if key == "disagreement":
            return Text(percent(thing.disagreement), "figure", right=True)
        if key in ("base_score", "tuned_score"):
            token = "ink" if key == "tuned_score" else "ink2"
            return Text(score(getattr(thing, key)), "figure", token, right=True)
        return Text(_line(thing, key), token="ink" if key == "conversation" else "ink2")

    def words(self, thing: Row) -> str:
        return (
            f"Conversation {thing.id}, ROUGE-1 base {score(thing.base_score)}, tuned {score(thing.tuned_score)}, "
            f"gain {gain(thing.gain)}, {percent(thing.disagreement)} of the words differ"
        )

    def explanation(self, thing: Row, key: str) -> str:
        if key == "disagreement":
            return "Share of words in which the two summaries differ"
        return "Summarise it in the playground" if key == "try" and thing.conversation else ""


def _sign(found: float) -> tuple[str, str]:
    if found == 0.0:
        return "equals", "ink2"
    return ("arrow-up", "accent") if found > 0.0 else ("arrow-down", "brick")


def _line(row: Row, key: str) -> str:
    """Return a text on one line; a conversation that was not kept goes by its id."""
    text = {
        "conversation": row.conversation or f"Conversation {row.id}",
        "reference": row.references[0] if row.references else "",
        "base": row.base or NOTHING_WRITTEN,
        "tuned": row.tuned or NOTHING_WRITTEN,
    }[key]
    return " ".join(text[:LONGEST_LINE].split())


def _said(row: Row) -> str:
    return "\n".join((row.id, row.conversation, *row.references, row.base, row.tuned)).casefold()
