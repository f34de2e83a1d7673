"""Blind votes: choose the better of two summaries without names; the names come out at the end.

Lays out its parts and wires them to the controller.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from engine.api import voting
from gui.core.actions import menu_action
from gui.inputs.combo_box import ComboBox
from gui.inputs.fields import Field, NameRow
from gui.inputs.number_inputs import IntField
from gui.look import style
from gui.look.format import number_text, percent
from gui.look.language import mark, tr, tr_count, translate
from gui.models.grouped_table import Cell, Column, GroupedTable, NameCell, ScoreCell, TextCell
from gui.models.metric_text import ConfidenceInterval
from gui.pages.compare import voting_text
from gui.pages.compare.systems import Wanted
from gui.pages.compare.vote_view import VoteView
from gui.pages.compare.voting_controller import VotingController
from gui.tables.grouped_view import ShortTableView
from gui.widgets import file_dialogs
from gui.widgets.buttons import IconButton, below, make_menu, plain, primary
from gui.widgets.cards import Card, ClosableNotice, EmptyState, UndoStrip
from gui.widgets.labels import IconLabel, Label
from gui.widgets.layouts import FlowBox, Scroll, at_most_so_wide, fill, hbox, vbox

SUBTITLE = mark("Which summaries do people prefer?")
JSON_LINES = mark("JSON lines (*.jsonl);;All files (*)")


class VotesView(QWidget):
    """`open_systems` compares systems, `open_comparison` goes on with a comparison; `changed` reports another state.

    Its buttons stand in the header of the page.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.controller = VotingController(self)
        self._shown: tuple[object, ...] = ()
        self.choice = ComboBox()
        self.choice.setAccessibleName(tr("Comparison"))
        style.scale(self.choice, QWidget.setFixedWidth, 200)
        self.finish_button = plain(tr("Finish"), "check")
        self.finish_button.setToolTip(tr("Shows names and results. You can continue later."))
        self.more_button = IconButton("more", tr("More"))
        self.notice = ClosableNotice(self)
        self.undo_strip = UndoStrip(self, foot=True)
        self.name_row = NameRow(tr("Your name"))
        self._stack = QStackedWidget(self)
        self.setup = SetupView(self._stack)
        self.vote = VoteView(self._stack)
        self.results = ResultsView(self._stack)
        self._empty = EmptyState(
            "equals",
            tr("No blind comparison yet"),
            tr("Train an adapter first, to compare its summaries without names."),
            parent=self._stack,
        )
        self._busy = EmptyState("clock", tr("Reading the summaries"), parent=self._stack)
        strips = vbox(self.name_row, self.notice, margins=(24, 0, 24, 0))
        fill(self._stack, self._empty, self._busy, self.setup, self.vote, self.results)
        vbox(strips, (self._stack, 1), self.undo_strip, of=self, spacing=0)
        self._connect()
        self._show()

    def _connect(self) -> None:
        controller = self.controller
        controller.changed.connect(self._show)
        controller.asked.connect(self._ask)
        controller.prepared.connect(self._on_prepared)
        self.choice.chosen.connect(self.open_comparison)
        self.finish_button.clicked.connect(controller.reveal)
        self.more_button.clicked.connect(
            lambda: make_menu(self, self.entries()).popup(below(self.more_button))
        )
        self.setup.started.connect(self._start)
        self.vote.voted.connect(self._vote)
        self.vote.undone.connect(self._undo)
        self.results.go_on_wanted.connect(controller.go_on)
        self.results.pairs_wanted.connect(self._ask_for_pairs)
        self.name_row.named.connect(self._name_voter)

    # Opening

    def open_systems(self, wanted: Sequence[Wanted]) -> None:
        """Compare systems; a single one with its base model."""
        self.notice.hide()
        self.controller.prepare(wanted)

    def open_comparison(self, comparison_id: str) -> None:
        self.notice.hide()
        self.controller.open(comparison_id)

    def begin(self) -> None:
        """Count the time of the pair from now on, and take the keys."""
        self.controller.start_clock()
        if self._stack.currentWidget() is self.vote:
            self.vote.setFocus()

    def _on_prepared(self) -> None:
        self.setup.show_sources(self.controller.sources, self.controller.voter)
        self.setup.start_button.setFocus()

    def _start(self, with_base: bool, pairs: int, voter: str) -> None:
        self.controller.set_voter(voter)
        self.controller.start(with_base=with_base, pairs=pairs)

    # Voting

    def _ask(self) -> None:
        work = self.controller.work
        if work is not None and self.controller.question is not None:
            self.vote.show_question(work)
            self.vote.setFocus()

    def _vote(self, choice: voting.Choice, note: str) -> None:
        self.undo_strip.dismiss()
        self.controller.vote(choice, note)

    def _undo(self) -> None:
        note = self.controller.undo()
        if note:
            self.vote.note.setText(note)

    def _name_voter(self, name: str, _replace: bool) -> None:
        self.name_row.close_row()
        self.controller.set_voter(name)

    # Showing

    @property
    def is_voting(self) -> bool:
        """Whether a pair is shown, so that nothing may name a system."""
        return self._stack.currentWidget() is self.vote

    def subtitle(self) -> str:
        """Return what is compared, without a name of a system."""
        work = self.controller.work
        return voting_text.subtitle(work) if work is not None else tr(SUBTITLE)

    def _show(self) -> None:
        controller = self.controller
        part, work = self._part(), controller.work
        shown = (part, work, controller.results)
        if shown != self._shown:
            self._shown = shown
            self._stack.setCurrentWidget(part)
            self._show_part(part)
            self._show_choice()
        self.finish_button.setEnabled(work is not None and bool(work.votes.votes))
        if controller.error is not None:
            self.notice.show_error(controller.error, "problem", "error")
        self.changed.emit()

    def _part(self) -> QWidget:
        controller = self.controller
        if controller.work is not None:
            if not controller.shows_results:
                return self.vote
            return self.results if controller.results is not None else self._busy
        if controller.is_busy:
            return self._busy
        return self.setup if controller.sources else self._empty

    def _show_part(self, part: QWidget) -> None:
        """Fill the results, or leave no name of a system in a part that is not shown while a person votes."""
        work, found = self.controller.work, self.controller.results
        if part is self.results and work is not None and found is not None:
            self.results.show_results(work, found)
        elif work is not None:
            self.results.clear()
            self.setup.clear()

    def _show_choice(self) -> None:
        work = self.controller.work
        if work is not None:
            self.choice.set_items(voting_text.comparison_titles(voting.list_comparisons()))
            self.choice.set_key(work.info.id)

    # Menus

    def entries(self) -> list[QAction]:
        if self.controller.work is None:
            return []
        return [
            menu_action(tr("Vote as another person…"), self._ask_for_voter),
            menu_action(tr("Delete the comparison"), self._delete),
        ]

    def _ask_for_voter(self) -> None:
        self.name_row.ask(tr("Vote"), self.controller.voter)

    def _delete(self) -> None:
        trashed = self.controller.delete()
        if trashed is not None:
            self.undo_strip.offer(tr("Moved the comparison to the trash."), partial(self._restore, trashed))

    def _restore(self, trashed: Path) -> None:
        self.open_comparison(voting.restore_comparison(trashed).id)

    # Export

    def _ask_for_pairs(self) -> None:
        title, name = tr("Export preference pairs"), "preference-pairs.jsonl"
        path = file_dialogs.save_file(self, "export", title, name, tr(JSON_LINES))
        if path:
            self.export_pairs(path)

    def export_pairs(self, path: Path) -> None:
        count = self.controller.export_pairs(path)
        if count:
            pairs = tr_count(count, "{n} preference pair", "{n} preference pairs")
            self.undo_strip.offer(tr("{what} exported to {place}.", what=pairs, place=path))


class SetupView(Scroll):
    """`started(with_base, pairs, voter)` begins the voting."""

    started = Signal(bool, int, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__((24, 24, 24, 24), 16, parent)
        self._names = Label("", "body", "text", wrap=True)
        self._about = Label("", "label", "muted", wrap=True)
        self.with_base = QCheckBox(tr("Also compare with the &base model"))
        self.voter = QLineEdit()
        self.pairs = IntField(1, 10_000, voting.USUAL_PAIRS)
        self.start_button = primary(tr("Start voting"), "play", press=self._start)
        self._card = Card()
        column = self._card.column
        fill(
            column,
            Label(tr("Which summaries are better?"), "title", "text", wrap=True),
            Label(
                tr(
                    "You see a conversation and two summaries without names. Choose the better one with "
                    "1 or 2, or = for a tie."
                ),
                "body",
                "muted",
                wrap=True,
            ),
            Label(tr("Compared"), "label_medium", "muted"),
            self._names,
            self._about,
            self.with_base,
        )
        foot = tr("Saved with each vote, to combine those of several people.")
        column.addWidget(Field(tr("&Your name"), self.voter, foot))
        foot = tr("Stop and continue at any time.")
        fill(column, Field(tr("&Pairs to vote on"), self.pairs, foot), FlowBox([self.start_button]))
        fill(self.column, at_most_so_wide(self._card), 1)
        self.with_base.toggled.connect(self._on_toggled)
        self._count = 0
        style.scale(self._card, QWidget.setMaximumWidth, 640)

    def show_sources(self, sources: Sequence[voting.Source], voter: str) -> None:
        """Show the runs to compare; a single one is compared with its base model."""
        self._count = len(sources)
        names = [_name(each) for each in sources[:12]]
        more = len(sources) - len(names)
        if more > 0:
            names.append(tr_count(more, "and {n} more", "and {n} more"))
        self._names.setText("\n".join(names))
        conversations = len(voting.common(sources)) if sources else 0
        self._about.setText(
            tr_count(conversations, "on {n} conversation", "on the same {n} conversations") if sources else ""
        )
        runs = sum(each.base is not None for each in sources)
        self.with_base.setEnabled(self._count > 1 and runs > 0)
        self.with_base.setChecked(runs > 0)
        self.voter.setText(voter)
        self._on_toggled()

    def clear(self) -> None:
        """Forget the names, so that none of them stays while a person votes."""
        self.show_sources((), "")

    def _on_toggled(self) -> None:
        self.start_button.setEnabled(self._count + self.with_base.isChecked() > 1)

    def _start(self) -> None:
        self.started.emit(self.with_base.isChecked(), self.pairs.value(), self.voter.text())


def _name(source: voting.Source) -> str:
    name, detail = translate(source.label), source.system.detail
    return f"{name} ({detail})" if detail else name


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
        table = VotesTable(work, card)
        table.set_rows(found.systems)
        self.texts += map(table.accessible_text, found.systems)
        card.column.addWidget(ShortTableView(table, tr("Blind votes"), lambda _row: None))
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


class VotesTable(GroupedTable[voting.SystemResult]):
    """How often each system is preferred; the bar goes from never to always, with the middle dashed."""

    key_attribute = "system"
    columns = (
        Column("name", mark("System"), least=160),
        Column("preferred", mark("Preferred"), least=160),
        Column("interval", mark("Interval"), 104, right=True),
        Column("tally", mark("Won, tied, lost"), 136, right=True),
    )

    def __init__(self, work: voting.Voting, parent: QObject) -> None:
        super().__init__(parent)
        self._systems = work.comparison.systems

    def cell(self, item: voting.SystemResult, key: str) -> Cell:
        if key == "name":
            system = self._systems[item.system]
            return NameCell(voting_text.name_of(system), (system.detail,) if system.detail else ())
        found = item.preferred
        if key == "preferred":
            shown = ConfidenceInterval(found.mean, found.low, found.high)
            return ScoreCell(percent(found.mean), shown, base=0.5)
        if key == "interval":
            low, high = (number_text(end * 100, 0) for end in (found.low, found.high))
            return TextCell(tr("{low} to {high}", low=low, high=high), "figure", right=True)
        counts = (item.tally.wins, item.tally.ties, item.tally.losses)
        return TextCell(" · ".join(map(number_text, counts)), "figure", right=True)

    def accessible_text(self, item: voting.SystemResult) -> str:
        detail = self._systems[item.system].detail
        return ", ".join(filter(None, (super().accessible_text(item), detail)))
