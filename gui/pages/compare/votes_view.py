"""Blind votes: choose the better of two summaries without names; the names come out at the end.

Lays out its parts and wires them to the controller.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from engine.api import escaping, voting
from gui.core.actions import Entry
from gui.inputs.combo_box import ComboBox
from gui.inputs.fields import NameRow
from gui.look import style
from gui.look.language import mark, tr, tr_count, translate
from gui.pages.compare import voting_text
from gui.pages.compare.results_view import ResultsView
from gui.pages.compare.setup_view import SetupView
from gui.pages.compare.systems import Wanted
from gui.pages.compare.vote_view import VoteView
from gui.pages.compare.voting_controller import VotingController
from gui.widgets import file_dialogs
from gui.widgets.buttons import SEPARATOR, IconButton, below, make_menu, plain
from gui.widgets.cards import NoticeStrip
from gui.widgets.empty_state import EmptyState
from gui.widgets.layouts import vbox
from gui.widgets.undo_strip import UndoStrip

SUBTITLE = mark("Which summaries do people prefer?")
CHOICE_WIDTH = 200
JSON_LINES = mark("JSON lines (*.jsonl);;All files (*)")
JSON = mark("Blind comparisons (*.json);;All files (*)")


class VotesView(QWidget):
    """`open_systems` compares systems, `open_comparison` goes on with a comparison; `changed` reports another state.

    Its buttons stand in the header of the page.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.controller = VotingController(self)
        self.files = VotingFiles(self.controller, self)
        self._shown: tuple[object, ...] = ()
        self._make_parts()
        self._lay_out()
        self._connect()
        self._show()

    def _make_parts(self) -> None:
        self.choice = ComboBox()
        self.choice.setAccessibleName(tr("Comparison"))
        style.scale(self.choice, QWidget.setFixedWidth, CHOICE_WIDTH)
        self.finish_button = plain(tr("Finish"), "check")
        self.finish_button.setToolTip(tr("The names and the results come out. You can go on voting later."))
        self.more_button = IconButton("more", tr("More"))
        self.notice = NoticeStrip(parent=self)
        self.notice.hide()
        self.undo_strip = UndoStrip(self, foot=True)
        self.name_row = NameRow(tr("Your name"))
        self._stack = QStackedWidget(self)
        self.setup = SetupView(self._stack)
        self.vote = VoteView(self._stack)
        self.results = ResultsView(self._stack)
        self._empty = EmptyState(
            "equals",
            tr("No blind comparison yet"),
            tr("Train an adapter first. Its summaries are then compared without names."),
            parent=self._stack,
        )
        self._busy = EmptyState("clock", tr("Reading the summaries"), parent=self._stack)

    def _lay_out(self) -> None:
        strips = vbox(self.name_row, self.notice, margins=(24, 0, 24, 0))
        for part in (self._empty, self._busy, self.setup, self.vote, self.results):
            self._stack.addWidget(part)
        vbox(strips, (self._stack, 1), self.undo_strip, of=self, spacing=0)

    def _connect(self) -> None:
        controller = self.controller
        controller.changed.connect(self._show)
        controller.asked.connect(self._ask)
        controller.prepared.connect(self._on_prepared)
        self.choice.chosen.connect(self.open_comparison)
        self.finish_button.clicked.connect(controller.reveal)
        self.more_button.clicked.connect(lambda: make_menu(self, self._menu()).popup(below(self.more_button)))
        self.notice.acted.connect(self.notice.hide)
        self.setup.started.connect(self._start)
        self.vote.voted.connect(self._vote)
        self.vote.undone.connect(self._undo)
        self.results.go_on_wanted.connect(controller.go_on)
        self.results.pairs_wanted.connect(self.files.ask_for_pairs)
        self.files.done.connect(self.undo_strip.offer)
        self.name_row.named.connect(self._name_voter)

    # Opening

    def open_systems(self, wanted: Sequence[Wanted]) -> None:
        """Compare systems; a single one with its base model."""
        self.notice.hide()
        self.controller.prepare(wanted)

    def open_comparison(self, comparison_id: str) -> None:
        """Go on with a comparison."""
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
            text = translate(f"{controller.error.message} {controller.error.hint}".strip())
            self.notice.show_notice(text, tr("Close"), "problem", "error")
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

    def exports(self) -> list[Entry]:
        """Return what can be exported of the open comparison."""
        if self.controller.work is None:
            return []
        return [
            (tr("Export votes…"), self.files.ask_for_votes, ""),
            (tr("Export for another voter…"), self.files.ask_to_share, ""),
        ]

    def entries(self) -> list[Entry]:
        """Return the actions of the open comparison."""
        return [each for each in self._menu() if each[0]]

    def _menu(self) -> list[Entry]:
        files = self.files
        opened: list[Entry] = [(tr("Open a comparison of another person…"), files.ask_for_shared, "")]
        if self.controller.work is None:
            return opened
        return [
            (tr("Vote as another person…"), self._ask_for_voter, ""),
            (tr("Add votes of others…"), files.ask_for_votes_of_others, ""),
            *opened,
            SEPARATOR,
            (tr("Delete the comparison"), self._delete, ""),
        ]

    def _ask_for_voter(self) -> None:
        self.name_row.ask(tr("Vote"), self.controller.voter)

    def _delete(self) -> None:
        trashed = self.controller.delete()
        if trashed is not None:
            self.undo_strip.offer(tr("Moved the comparison to the trash."), partial(self._restore, trashed))

    def _restore(self, trashed: Path) -> None:
        self.open_comparison(voting.restore_comparison(trashed).id)


class VotingFiles(QObject):
    """Asks for places and files; `done(text)` reports what was written or read. Errors are the controller's."""

    done = Signal(str)

    def __init__(self, controller: VotingController, parent: QWidget) -> None:
        super().__init__(parent)
        self._controller = controller
        self._window = parent

    def _ask_where(self, title: str, name: str, kinds: str, act: Callable[[Path], object]) -> None:
        path = file_dialogs.save_file(self._window, "export", title, name, tr(kinds))
        if path:
            act(path)

    def ask_for_pairs(self) -> None:
        """Ask where to write the preference pairs."""
        self._ask_where(
            tr("Export preference pairs"), "preference-pairs.jsonl", JSON_LINES, self.export_pairs
        )

    def export_pairs(self, path: Path) -> None:
        """Write the preference pairs."""
        count = self._controller.export_pairs(path)
        if count:
            pairs = tr_count(count, "{n} preference pair", "{n} preference pairs")
            self.done.emit(tr("{what} exported to {place}.", what=pairs, place=path))

    def ask_for_votes(self) -> None:
        """Ask where to write the votes."""
        name = f"votes-{escaping.file_name(self._controller.voter) or 'me'}.jsonl"
        self._ask_where(tr("Export votes"), name, JSON_LINES, self.export_votes)

    def export_votes(self, path: Path) -> None:
        """Write all votes, for a person who counts them together with others."""
        if self._controller.export_votes(path):
            self.done.emit(tr("Votes exported to {place}.", place=path))

    def ask_to_share(self) -> None:
        """Ask where to write the comparison."""
        self._ask_where(tr("Export for another voter"), "blind-comparison.json", JSON, self.share)

    def share(self, path: Path) -> None:
        """Write the comparison for another voter."""
        if self._controller.share(path):
            count = len(self._controller.work.comparison.conversations) if self._controller.work else 0
            self.done.emit(
                tr(
                    "Exported to {place}, with the texts of {conversations} and the names of the systems.",
                    place=path,
                    conversations=tr_count(count, "{n} conversation", "{n} conversations"),
                )
            )

    def ask_for_shared(self) -> None:
        """Ask for a comparison of another person."""
        path = file_dialogs.open_file(self._window, "import", tr("Open a comparison"), tr(JSON))
        if path:
            self._controller.open_shared(path)

    def ask_for_votes_of_others(self) -> None:
        """Ask for files of votes of other people."""
        paths = file_dialogs.open_files(self._window, "import", tr("Add votes"), tr(JSON_LINES))
        if paths:
            self.add_votes(paths)

    def add_votes(self, paths: Sequence[Path]) -> None:
        """Count the votes of other files as well."""
        added = self._controller.add_votes(paths)
        if added is not None:
            self.done.emit(voting_text.added_text(added))
