"""The table model of conversations with summaries, scores and gains of base model and adapters."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject

from engine.api import run_comparison
from gui.look.format import gain, percent, score
from gui.look.language import mark, tr, translate
from gui.models.grouped_table import EMPTY, Cell, Column, GroupedTable, IconTextCell, LinkCell, TextCell
from gui.models.list_text import NOTHING_WRITTEN

Row = run_comparison.Compared
# More than any cell shows.
MAX_LINE_CHARACTERS = 240


TUNED, SUMMARY_WIDTH = "tuned:", 220
# So wide that any score and gain is whole beside its icon: "100.0  −100.0".
GAIN_WIDTH, ADAPTER_WIDTH = 100, 148
CONVERSATION = Column("conversation", mark("Conversation"))
DIFFER = Column("disagreement", mark("Difference"), 72, right=True, hidden_below=560, order="disagreement")
BASE_SCORE = Column("base_score", mark("Base"), 64, right=True)
TRY = Column("try", "", 88, right=True)
OF_ONE = (
    CONVERSATION,
    Column("reference", mark("Reference summary"), SUMMARY_WIDTH, hidden_below=1400),
    Column("base", mark("Base summary"), SUMMARY_WIDTH, hidden_below=1180),
    Column("tuned:0", mark("Tuned summary"), SUMMARY_WIDTH, hidden_below=700),
    BASE_SCORE,
    Column("score:0", mark("Tuned"), 74, right=True),
    Column("gain:0", mark("Gain"), GAIN_WIDTH, right=True, order="gain"),
    Column("chrf", mark("chrF gain"), 84, right=True, hidden_below=1080),
    DIFFER,
    TRY,
)


def columns_of(labels: Sequence[str]) -> tuple[Column, ...]:
    """Return the columns for runs with these labels: all columns for one run, else one of score and gain each."""
    if len(labels) == 1:
        return OF_ONE
    room = 320 + ADAPTER_WIDTH * len(labels)
    each = list(enumerate(labels))
    return (
        CONVERSATION,
        *(
            Column(
                f"{TUNED}{index}",
                translate(label),
                SUMMARY_WIDTH,
                hidden_below=room + SUMMARY_WIDTH * (index + 1),
                as_is=True,
            )
            for index, label in each
        ),
        BASE_SCORE,
        *(
            Column(
                f"{run_comparison.GAIN_OF}{index}",
                translate(label),
                ADAPTER_WIDTH,
                right=True,
                order=f"{run_comparison.GAIN_OF}{index}",
                as_is=True,
            )
            for index, label in each
        ),
        DIFFER,
        TRY,
    )


class ExampleTable(GroupedTable[Row]):
    """`set_rows_of` takes all conversations, `sort_by` and `search` choose order and rows."""

    columns: tuple[Column, ...] = OF_ONE
    key_attribute = "index"

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all: tuple[Row, ...] = ()
        self._labels: tuple[str, ...] = ("",)
        self.order, self.descending = "gain", True
        self._search = ""

    def set_rows_of(self, rows: Sequence[Row], labels: Sequence[str] = ("",)) -> None:
        self._all, self._labels = tuple(rows), tuple(labels)
        if self.order.startswith(run_comparison.GAIN_OF) and self.order not in {
            each.order for each in columns_of(labels)
        }:
            self.order = "gain"
        self._refill()

    def sort_by(self, order: str) -> None:
        """Sort by an order of `engine.runs.run_comparison`."""
        self.order = order
        self._refill()

    def search(self, text: str) -> None:
        """List only conversations with every word of a text in their turns or summaries."""
        self._search = text
        self._refill()

    def _refill(self) -> None:
        searched = self._search.casefold().split()
        shown = (
            [row for row in self._all if all(word in _said(row) for word in searched)]
            if searched
            else self._all
        )
        self.set_rows(run_comparison.ordered(shown, self.order), columns_of(self._labels))

    def cell(self, item: Row, key: str) -> Cell:
        if key == "try":
            return LinkCell(tr("Try"), right=True) if item.conversation else EMPTY
        if key.startswith(run_comparison.GAIN_OF):
            return self._gain(item, int(key.removeprefix(run_comparison.GAIN_OF)))
        first = item.sides[0]
        figures = {
            "disagreement": (percent(item.disagreement), "muted"),
            "base_score": (score(item.base_score), "muted"),
            "score:0": (score(first.score), "text"),
            "chrf": (gain(first.chrf_gain), "muted"),
        }
        if key in figures:
            text, token = figures[key]
            return TextCell(text, "figure", token, right=True)
        return TextCell(_line(item, key), token="text" if key == "conversation" else "muted")

    def _gain(self, item: Row, index: int) -> Cell:
        side = item.sides[index]
        icon, token = _sign(side.gain)
        alone = len(item.sides) == 1
        text = gain(side.gain) if alone else f"{score(side.score)}  {gain(side.gain)}"
        if alone:
            return IconTextCell(icon, text, token, right=True, role="figure_medium")
        return IconTextCell(icon, text, token, right=True, role="figure", text_token="text")

    def accessible_text(self, item: Row) -> str:
        names = (tr("tuned"),) if len(item.sides) == 1 else tuple(map(translate, self._labels))
        parts = [
            tr("Conversation {id}", id=item.id),
            tr("ROUGE-1 base {score}", score=score(item.base_score)),
        ]
        for name, side in zip(names, item.sides, strict=True):
            parts += [f"{name} {score(side.score)}", tr("gain {gain}", gain=gain(side.gain))]
            parts += [chrf_text(side)] if side.chrf else []
        parts.append(tr("{share} of the words differ", share=percent(item.disagreement)))
        return ", ".join(parts)

    def explanation(self, item: Row, key: str) -> str:
        several = len(item.sides) > 1
        if key == "disagreement":
            if several:
                return tr("Fraction of differing words between the two most different adapters")
            return tr("Fraction of differing words between the two summaries")
        if several and key.startswith(run_comparison.GAIN_OF):
            index = int(key.removeprefix(run_comparison.GAIN_OF))
            side = item.sides[index]
            base = tr("its base {score}", score=score(side.base_score))
            found = f"{translate(self._labels[index])}: {score(side.score)}, {base}"
            return "; ".join(filter(None, (found, chrf_text(side))))
        if not several and key in ("base_score", "score:0", f"{run_comparison.GAIN_OF}0", "chrf"):
            return chrf_text(item.sides[0])
        return tr("Summarise it in the playground") if key == "try" and item.conversation else ""


def chrf_text(side: run_comparison.Side) -> str:
    """Return chrF of the base model's and the adapter's summary; "" for runs without it."""
    if side.chrf is None:
        return ""
    base, tuned = map(score, side.chrf)
    return tr("chrF {base} to {tuned}", base=base, tuned=tuned)


def _sign(found: float) -> tuple[str, str]:
    if found == 0.0:
        return "equals", "muted"
    return ("arrow-up", "accent") if found > 0.0 else ("arrow-down", "error")


def _line(row: Row, key: str) -> str:
    """Return a text on one line; a conversation that was not saved is shown by its id."""
    if key == "conversation":
        text = row.conversation or tr("Conversation {id}", id=row.id)
    elif key == "reference":
        text = row.references[0] if row.references else ""
    else:
        written = row.base if key == "base" else row.sides[int(key.removeprefix(TUNED))].summary
        text = written or tr(NOTHING_WRITTEN)
    return " ".join(text[:MAX_LINE_CHARACTERS].split())


def _said(row: Row) -> str:
    written = (side.summary for side in row.sides)
    return "\n".join((row.id, row.conversation, *row.references, row.base, *written)).casefold()
