"""Adapters side by side: a row for each score and each fact, a column for each adapter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QWidget

from engine.api import Adapter, ScoreCard, metrics
from gui.look.format import UNKNOWN, gain, interval, score
from gui.look.language import mark, tr
from gui.models.adapter_table import SCORE
from gui.models.grouped_table import (
    Cell,
    Column,
    GroupedTable,
    Heading,
    IconTextCell,
    ScoreCell,
    TextCell,
    text_of,
)
from gui.models.list_text import UNKNOWN_VERDICT, VERDICTS, data_text, protocol_source, protocol_text
from gui.models.metric_text import IntervalCell, confidence_interval
from gui.pages.library.library_text import compared_facts
from gui.tables.grouped_view import GroupedTableView
from gui.widgets.buttons import plain
from gui.widgets.cards import NoticeStrip
from gui.widgets.flow_layout import FlowBox
from gui.widgets.layouts import vbox

FEWEST, MOST = 2, 6
TITLE_WIDTH, LEAST_WIDTH = 176, 148
NOT_COMPARABLE = mark(
    "These scores can't be compared with each other: conversations, decoding or base model differ. Compare each with "
    "its own base model."
)


@dataclass(frozen=True)
class ComparedRow:
    """A score or a fact of each adapter."""

    key: str
    title: str
    cells: tuple[Cell, ...]

    @property
    def differs(self) -> bool:
        """Whether not all adapters have the same."""
        return len({text_of(cell) for cell in self.cells}) > 1


def comparison_rows(adapters: Sequence[Adapter]) -> list[Heading | ComparedRow]:
    """Return the rows of a comparison: the scores, then all that is known of the adapters."""
    facts = [compared_facts(adapter) for adapter in adapters]
    rows: list[Heading | ComparedRow] = [
        Heading(tr("Scores, each bar from 0 to 100")),
        *_score_rows(adapters),
    ]
    for section in facts[0]:
        named = [dict(each[section]) for each in facts]
        titles = dict.fromkeys(title for each in named for title in each)
        rows.append(Heading(section))
        rows += [
            ComparedRow(f"{section} {title}", title, tuple(_fact(each.get(title, "")) for each in named))
            for title in titles
            if any(each.get(title) for each in named)
        ]
    return rows


def _fact(text: str) -> Cell:
    return TextCell(text or UNKNOWN, "body", "text" if text else "hint")


def are_comparable(adapters: Sequence[Adapter]) -> bool:
    """Return whether the scores of these adapters can be compared; those without scores do not count."""
    return len({adapter.score_group for adapter in adapters} - {None}) < 2


def _score_rows(adapters: Sequence[Adapter]) -> list[ComparedRow]:
    cards = [adapter.metadata.score_card for adapter in adapters]
    rows = [ComparedRow("scored_on", tr("Scored on"), tuple(map(_scored_on, adapters)))]
    for name, title in metrics.HEADLINE_TITLES.items():
        found = [_scores(card) for card in cards]
        if any(name in each for each in found):
            rows.append(ComparedRow(name, title, tuple(_interval(card, name) for card in cards)))
    return [
        *rows,
        ComparedRow("gain", tr("ROUGE-1 gain"), tuple(map(_gain, cards))),
        ComparedRow("verdict", tr("Paired with base"), tuple(map(_verdict, cards))),
    ]


def _scored_on(adapter: Adapter) -> Cell:
    card = adapter.metadata.score_card
    if card is None:
        return TextCell(tr("Not scored yet"), "body", "hint")
    return TextCell(f"{data_text(protocol_source(card, adapter.metadata))}, {protocol_text(card.protocol)}")


def _scores(card: ScoreCard | None) -> dict[str, dict[str, float]]:
    return {**card.measures, **card.scores} if card is not None else {}


def _base(card: ScoreCard) -> dict[str, dict[str, float]]:
    return {**card.base_measures, **card.base}


def _interval(card: ScoreCard | None, name: str) -> Cell:
    found = _scores(card).get(name)
    if card is None or found is None:
        return TextCell(UNKNOWN, "body", "hint")
    base = _base(card).get(name, {}).get("mean")
    return ScoreCell(score(found["mean"]), IntervalCell(confidence_interval(found, "muted"), 0.0, 1.0, base))


def _gain(card: ScoreCard | None) -> Cell:
    difference = _difference(card)
    if difference is None:
        return TextCell(UNKNOWN, "body", "hint")
    spread = interval(difference.get("low"), difference.get("high"))
    return TextCell(
        ", ".join(filter(None, (gain(difference["mean"]), spread.strip(UNKNOWN)))), "figure", "text"
    )


def _verdict(card: ScoreCard | None) -> Cell:
    difference = _difference(card)
    if difference is None:
        return TextCell(UNKNOWN, "body", "hint")
    icon, text, token = VERDICTS.get(str(difference.get("verdict", "")), UNKNOWN_VERDICT)
    return IconTextCell(icon, tr(text), token)


def _difference(card: ScoreCard | None) -> dict[str, Any] | None:
    return card.difference.get(SCORE) if card is not None else None


class ComparisonTable(GroupedTable[ComparedRow]):
    """Scores and facts of adapters; `show_rows` can leave out what is the same of all."""

    columns: tuple[Column, ...] = (Column("title", "", TITLE_WIDTH),)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all: list[Heading | ComparedRow] = []

    def show_adapters(self, adapters: Sequence[Adapter]) -> None:
        self.beginResetModel()
        self.columns = (
            Column("title", "", TITLE_WIDTH),
            *(
                Column(str(at), adapter.name, as_is=True, least=LEAST_WIDTH)
                for at, adapter in enumerate(adapters)
            ),
        )
        self.endResetModel()
        self._all = comparison_rows(adapters)

    def show_rows(self, *, only_differences: bool) -> None:
        """Show all rows, or those in which the adapters differ, with the headings of what is left."""
        kept = [row for row in self._all if isinstance(row, Heading) or row.differs or not only_differences]
        following = [*kept[1:], Heading("")]
        self.set_rows(
            [
                row
                for row, after in zip(kept, following, strict=True)
                if not (isinstance(row, Heading) and isinstance(after, Heading))
            ]
        )

    def key_of(self, item: ComparedRow) -> str:
        return item.key

    def cell(self, item: ComparedRow, key: str) -> Cell:
        return TextCell(item.title, "body", "muted") if key == "title" else item.cells[int(key)]

    def accessible_text(self, item: ComparedRow) -> str:
        values = [
            f"{column.head} {text_of(cell)}"
            for column, cell in zip(self.columns[1:], item.cells, strict=True)
        ]
        return ", ".join([item.title, *values])


class ComparisonView(QWidget):
    """Shows a comparison in place of the list: `back_pressed` leaves it, `try_pressed(ids)` opens the playground."""

    back_pressed = Signal()
    try_pressed = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._adapters: list[Adapter] = []
        self.back_button = plain(tr("Back to the list"), "arrow-left")
        self.differences = QCheckBox(tr("Only differences"))
        self.try_button = plain(tr("Try in playground"))
        self.table = ComparisonTable(self)
        self.view = GroupedTableView(self.table, tr("Comparison"))
        self.remark = NoticeStrip(tr(NOT_COMPARABLE), "", "info", "muted")
        self._lay_out()
        self.back_button.clicked.connect(self.back_pressed)
        self.differences.toggled.connect(lambda _on: self._show_rows())
        self.try_button.clicked.connect(lambda: self.try_pressed.emit([each.id for each in self._adapters]))

    def _lay_out(self) -> None:
        tools = FlowBox([self.back_button, self.differences, self.try_button], gap=16)
        vbox(tools, self.remark, (self.view, 1), of=self, margins=(24, 16, 24, 16), spacing=12)

    def show_adapters(self, adapters: Sequence[Adapter]) -> None:
        """Show other adapters, two to six."""
        self._adapters = list(adapters)
        self.remark.setVisible(not are_comparable(adapters))
        bases = {adapter.metadata.base_model.id for adapter in adapters}
        self.try_button.setEnabled(len(bases) == 1)
        self.try_button.setToolTip(
            "" if len(bases) == 1 else tr("The playground loads one base model at a time")
        )
        self.table.show_adapters(adapters)
        self._show_rows()

    def adapters(self) -> list[Adapter]:
        """Return the adapters that are compared."""
        return list(self._adapters)

    def _show_rows(self) -> None:
        self.table.show_rows(only_differences=self.differences.isChecked())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go back with Esc."""
        if event.key() == Qt.Key.Key_Escape:
            self.back_pressed.emit()
            return
        super().keyPressEvent(event)
