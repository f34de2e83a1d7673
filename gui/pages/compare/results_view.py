"""The results of a blind comparison: the verdict, the systems by strength, and the notes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from engine.api import voting
from gui.graphics.interval_bar import IntervalBar
from gui.look import style
from gui.look.format import number_text, percent
from gui.look.language import tr, tr_count
from gui.models.metric_text import ConfidenceInterval
from gui.pages.compare import voting_text
from gui.widgets.buttons import plain, primary
from gui.widgets.cards import Card
from gui.widgets.flow_layout import FlowBox
from gui.widgets.labels import IconLabel, Label
from gui.widgets.layouts import Line, fill, hbox, vbox
from gui.widgets.scroll import Scroll, at_most_so_wide

USUAL_MORE = 20
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
ICONS = {
    "first": ("check", "accent"),
    "second": ("check", "accent"),
    "not_told_apart": ("equals", "muted"),
    "too_few": ("info", "warning"),
}


class ResultsView(Scroll):
    """Shows results; it is made anew for each of them.

    `go_on_wanted(pairs)` votes on more pairs, `pairs_wanted` exports preference pairs.
    """

    go_on_wanted = Signal(int)
    pairs_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__((24, 20, 24, 24), 16, parent)
        self._card: Card | None = None
        self.texts: list[str] = []
        self.go_on_button = plain("")
        self.pairs_button = primary("")

    def show_results(self, work: voting.Voting, found: voting.Results) -> None:
        self.clear()
        self._card = card = Card()
        style.scale(card, QWidget.setMaximumWidth, 960)
        self.texts = []
        pairs = _neighbours(found)
        self._add_head(card.column, work, pairs[0], found)
        card.column.addLayout(self._table(work, found))
        if len(found.systems) > 2:
            self._add_sentences(
                card.column,
                tr("Head to head"),
                [
                    f"{voting_text.verdict_title(work, pair)}. {voting_text.pair_text(work, pair)}"
                    for pair in pairs
                ],
            )
        noted = [vote for vote in work.votes.votes.values() if vote.note]
        if noted:
            self._add_sentences(card.column, tr("Notes"), [_note(work, vote) for vote in noted[:100]])
        card.column.addWidget(self._foot(work, is_missing=pairs[0].verdict == "too_few"))
        fill(self.column, at_most_so_wide(card), 1)
        card.setAccessibleName(voting_text.verdict_title(work, pairs[0]))
        card.show()
        self.verticalScrollBar().setValue(0)

    def clear(self) -> None:
        """Forget the results, so that no name stays while a person votes."""
        if self._card is not None:
            self._card.hide()
            self._card.setParent(None)
            self._card.deleteLater()
        self._card = None
        while self.column.count():
            self.column.takeAt(0)

    def _add_head(
        self, column: QVBoxLayout, work: voting.Voting, pair: voting.PairResult, found: voting.Results
    ) -> None:
        icon, token = ICONS[pair.verdict]
        head = hbox(
            (IconLabel(icon, token, 20), 0, Qt.AlignmentFlag.AlignTop),
            (self._label(voting_text.verdict_title(work, pair), "title", "text"), 1),
            spacing=12,
        )
        fill(
            column,
            head,
            self._label(voting_text.pair_text(work, pair), "body", "muted"),
            self._label(voting_text.votes_text(found), "label", "muted"),
        )

    def _label(self, text: str, role: str, token: str) -> Label:
        self.texts.append(text)
        return Label(text, role, token, wrap=True)

    def _table(self, work: voting.Voting, found: voting.Results) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 2)
        grid.setColumnStretch(1, 3)
        heads = (tr("System"), tr("Preferred"), "", tr("Interval"), tr("Won, tied, lost"))
        for at, head in enumerate(heads):
            label = Label(head, "head", "muted", wrap=True)
            label.setAlignment(RIGHT if at > 1 else Qt.AlignmentFlag.AlignLeft)
            grid.addWidget(label, 0, at, Qt.AlignmentFlag.AlignBottom)
        for index, each in enumerate(found.systems):
            grid.addWidget(Line(), 1 + 2 * index, 0, 1, len(heads))
            self._add_row(grid, 2 + 2 * index, work.comparison.systems[each.system], each)
        return grid

    def _add_row(self, grid: QGridLayout, row: int, system: voting.System, each: voting.SystemResult) -> None:
        preferred, name = each.preferred, voting_text.name_of(system)
        bar = IntervalBar()
        shown = ConfidenceInterval(preferred.mean - 0.5, preferred.low - 0.5, preferred.high - 0.5)
        bar.show_intervals(
            [shown], (-0.5, 0.5), f"{name}: {voting_text.probability_text(preferred)}", zero=True
        )
        tally = " · ".join(map(number_text, (each.tally.wins, each.tally.ties, each.tally.losses)))
        spread = tr(
            "{low} to {high}",
            low=number_text(preferred.low * 100, 0),
            high=number_text(preferred.high * 100, 0),
        )
        grid.addWidget(self._system(name, system.detail), row, 0)
        grid.addWidget(bar, row, 1)
        for at, (text, role) in enumerate(
            ((percent(preferred.mean), "figure_medium"), (spread, "figure"), (tally, "figure")), start=2
        ):
            self.texts.append(text)
            grid.addWidget(Label(text, role, "text" if at == 2 else "muted"), row, at, RIGHT)

    def _system(self, name: str, detail: str) -> QWidget:
        cell = QWidget()
        column = vbox(self._label(name, "body", "text"), of=cell, margins=(0, 6, 0, 6), spacing=0)
        if detail:
            column.addWidget(self._label(detail, "label", "hint"))
        return cell

    def _add_sentences(self, column: QVBoxLayout, title: str, sentences: Sequence[str]) -> None:
        column.addSpacing(4)
        column.addWidget(Label(title, "label_medium", "muted"))
        for sentence in sentences:
            column.addWidget(self._label(sentence, "body", "muted"))

    def _foot(self, work: voting.Voting, *, is_missing: bool) -> QWidget:
        """Return the buttons; where votes are missing, voting comes first."""
        progress = work.progress()
        more = min(USUAL_MORE, progress.total - progress.done)
        is_missing = is_missing and more > 0
        self.pairs_button = (plain if is_missing else primary)(tr("Export preference pairs…"), "export")
        self.pairs_button.clicked.connect(self.pairs_wanted)
        self.go_on_button = (primary if is_missing else plain)(
            tr_count(max(1, more), "Vote on {n} more pair", "Vote on {n} more pairs"), "play"
        )
        self.go_on_button.setEnabled(more > 0)
        self.go_on_button.clicked.connect(lambda: self.go_on_wanted.emit(more))
        both = [self.pairs_button, self.go_on_button]
        return FlowBox(both[::-1] if is_missing else both)


def _neighbours(found: voting.Results) -> list[voting.PairResult]:
    """Return the pairs of systems that follow each other in the table, the stronger one first."""
    order = [each.system for each in found.systems]
    pairs = {(pair.first, pair.second): pair for each in found.pairs for pair in (each, each.turned())}
    return [pairs[two] for two in itertools.pairwise(order)]


def _note(work: voting.Voting, vote: voting.Vote) -> str:
    conversation = work.comparison.conversations[vote.conversation].id
    if vote.preferred is None:
        return tr("Conversation {id}, tie: {note}", id=conversation, note=vote.note)
    name = voting_text.name_of(work.comparison.systems[vote.preferred])
    return tr("Conversation {id}, {name} preferred: {note}", id=conversation, name=name, note=vote.note)
