"""The page of blind comparisons: choose the better of two summaries without names; the names come out at the end.

Lays out the parts in `gui.pages.blind` and wires them to the controller. It is opened from a finished run, the arena
and the library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from engine.api import escaping, run_comparison, run_summaries, voting
from gui.core.actions import Entry
from gui.core.background_tasks import BackgroundTasks
from gui.inputs.combo_box import ComboBox
from gui.inputs.fields import NameRow
from gui.look import style
from gui.look.fonts import px
from gui.look.language import mark, tr, tr_count, translate
from gui.pages.blind import blind_text
from gui.pages.blind.blind_controller import BlindController, Wanted
from gui.pages.blind.results_view import ResultsView
from gui.pages.blind.setup_view import SetupView
from gui.pages.blind.vote_view import VoteView
from gui.pages.examples.run_chooser import RunChooser
from gui.shell.page import Page
from gui.widgets import file_dialogs
from gui.widgets.buttons import SEPARATOR, IconButton, below, make_menu, plain, primary
from gui.widgets.cards import NoticeStrip
from gui.widgets.empty_state import EmptyState
from gui.widgets.layouts import vbox
from gui.widgets.undo_strip import UndoStrip

TITLE = mark("Blind comparison")
SUBTITLE = mark("Which summaries do people prefer?")
CHOICE_WIDTH = 200
JSON_LINES = mark("JSON lines (*.jsonl);;All files (*)")
JSON = mark("Blind comparisons (*.json);;All files (*)")


class BlindPage(Page):
    """`open_runs` compares runs, `open_comparison` goes on with a comparison.

    `back_requested` returns to where the page was opened from, when a new comparison is cancelled.
    """

    back_requested = Signal()

    def __init__(self, _manager: Any = None, parent: QWidget | None = None) -> None:
        super().__init__(tr(TITLE), "", parent)
        self.controller = BlindController(self)
        self.files = BlindFiles(self.controller, self)
        self._background = BackgroundTasks(self)
        self._chooses = False
        self._shown: tuple[object, ...] = ()
        self._make_parts()
        self._lay_out()
        self._connect()
        self._show()

    def _make_parts(self) -> None:
        self.choice = ComboBox()
        self.choice.setAccessibleName(tr("Comparison"))
        self.finish_button = plain(tr("Finish"), "check")
        self.finish_button.setToolTip(tr("The names and the results come out. You can go on voting later."))
        self.more_button = IconButton("more", tr("More"))
        for part in (self.choice, self.finish_button, self.more_button):
            self.header.add(part)
        self.notice = NoticeStrip(parent=self.content)
        self.notice.hide()
        self.undo_strip = UndoStrip(self.content, foot=True)
        self.name_row = NameRow(tr("Your name"))
        self._stack = QStackedWidget(self.content)
        self.setup = SetupView(self._stack)
        self.vote = VoteView(self._stack)
        self.results = ResultsView(self._stack)
        self.chooser = RunChooser(self._stack)
        self.newest_button = primary(tr("Compare the newest run"), "equals")
        self._empty = EmptyState(
            "equals",
            tr("No blind comparison yet"),
            tr("Compare the newest run, or choose “Compare blind…” in a run, in an arena or in the library."),
            [self.newest_button],
            parent=self._stack,
        )
        self._busy = EmptyState("clock", tr("Reading the summaries"), parent=self._stack)

    def _lay_out(self) -> None:
        strips = vbox(self.name_row, self.notice, margins=(24, 0, 24, 0))
        for part in (self._empty, self._busy, self.setup, self.chooser, self.vote, self.results):
            self._stack.addWidget(part)
        self.body.addLayout(strips)
        self.body.addWidget(self._stack, 1)
        self.body.addWidget(self.undo_strip)
        style.on_style_changed(self._restyle)

    def _restyle(self) -> None:
        self.choice.setFixedWidth(px(CHOICE_WIDTH))

    def _connect(self) -> None:
        controller = self.controller
        controller.changed.connect(self._show)
        controller.asked.connect(self._ask)
        controller.prepared.connect(self._on_prepared)
        controller.candidates_found.connect(self._offer_runs)
        self.choice.chosen.connect(self.open_comparison)
        self.finish_button.clicked.connect(controller.reveal)
        self.more_button.clicked.connect(lambda: make_menu(self, self._menu()).popup(below(self.more_button)))
        self.notice.acted.connect(self.notice.hide)
        self.newest_button.clicked.connect(
            lambda: self._background.run(run_comparison.newest, self._open_newest)
        )
        self.setup.started.connect(self._start)
        self.setup.cancelled.connect(self._cancel)
        self.setup.others_wanted.connect(controller.find_candidates)
        self.chooser.chosen.connect(self._add_runs)
        self.chooser.cancelled.connect(partial(self._choose_runs, False))
        self.vote.voted.connect(self._vote)
        self.vote.undone.connect(self._undo)
        self.results.go_on_wanted.connect(controller.go_on)
        self.results.pairs_wanted.connect(self.files.ask_for_pairs)
        self.files.done.connect(self.undo_strip.offer)
        self.name_row.named.connect(self._name_voter)

    # Opening

    def open_runs(self, wanted: Sequence[tuple[str, str]]) -> None:
        """Compare runs, given by id and label ("" for the usual one); a single one with its base model.

        The folder of another system's summaries may stand in place of an id.
        """
        self.notice.hide()
        self._choose_runs(False)
        self.controller.prepare([Wanted(origin, label) for origin, label in wanted])

    def _open_newest(self, found: run_summaries.RunEntry | None) -> None:
        if found is not None:
            self.open_runs([(found.id, "")])
        else:
            text = tr("No run has scores per conversation yet. Train an adapter first.")
            self.notice.show_notice(text, tr("Close"), "info", "muted")

    def open_comparison(self, comparison_id: str) -> None:
        """Go on with a comparison."""
        self.notice.hide()
        self.controller.open(comparison_id)

    def shown(self) -> None:
        """Go on with the last comparison, if nothing is open."""
        self.controller.open_last()
        self.controller.start_clock()
        if self._stack.currentWidget() is self.vote:
            self.vote.setFocus()

    def _on_prepared(self) -> None:
        self.setup.show_sources(self.controller.sources, self.controller.voter)
        self.setup.start_button.setFocus()

    def _start(self, with_base: bool, pairs: int, voter: str) -> None:
        self.controller.set_voter(voter)
        self.controller.start(with_base=with_base, pairs=pairs)

    def _cancel(self) -> None:
        self.controller.close()
        self.back_requested.emit()

    # Adding runs

    def _offer_runs(self, found: list[run_comparison.Candidate]) -> None:
        self.chooser.offer(found, [each.origin for each in self.controller.sources[1:]])
        self._choose_runs(True)

    def _choose_runs(self, chooses: bool) -> None:
        self._chooses = chooses
        self._show()

    def _add_runs(self, chosen: Sequence[run_comparison.Candidate]) -> None:
        self._choose_runs(False)
        self.controller.add([Wanted(each.job.id, each.label) for each in chosen])

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

    def _show(self) -> None:
        controller = self.controller
        part, work = self._part(), controller.work
        shown = (part, work, controller.results)
        if shown != self._shown:
            self._shown = shown
            self._stack.setCurrentWidget(part)
            self._show_part(part)
            self._show_head()
        self.finish_button.setEnabled(work is not None and bool(work.votes.votes))
        if controller.error is not None:
            text = translate(f"{controller.error.message} {controller.error.hint}".strip())
            self.notice.show_notice(text, tr("Close"), "problem", "error")

    def _part(self) -> QWidget:
        controller = self.controller
        if controller.work is not None:
            return self._part_of_work()
        if controller.is_busy:
            return self._busy
        if controller.sources:
            return self.chooser if self._chooses else self.setup
        return self._empty

    def _part_of_work(self) -> QWidget:
        if not self.controller.shows_results:
            return self.vote
        return self.results if self.controller.results is not None else self._busy

    def _show_part(self, part: QWidget) -> None:
        """Fill the results, or leave no name of a system in a part that is not shown while a person votes."""
        work, found = self.controller.work, self.controller.results
        if part is self.results and work is not None and found is not None:
            self.results.show_results(work, found)
        elif work is not None:
            self.results.clear()
            self.setup.clear()
            self.chooser.offer([], [])

    def _show_head(self) -> None:
        work = self.controller.work
        self.finish_button.setVisible(self._stack.currentWidget() is self.vote)
        self.header.set_subtitle(blind_text.subtitle(work) if work is not None else tr(SUBTITLE))
        found = voting.list_comparisons() if work is not None else []
        self.choice.setVisible(len(found) > 1)
        if work is None:
            return
        self.choice.set_items(blind_text.comparison_titles(found))
        self.choice.set_key(work.info.id)

    # Menu

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
            SEPARATOR,
            (tr("Add votes of others…"), files.ask_for_votes_of_others, ""),
            (tr("Export votes…"), files.ask_for_votes, ""),
            (tr("Export for another voter…"), files.ask_to_share, ""),
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

    # Saved state

    def saved_state(self) -> dict[str, str]:
        """Return the open comparison and the voter's name."""
        work = self.controller.work
        return super().saved_state() | {
            "comparison": work.info.id if work is not None else "",
            "voter": self.controller.voter,
        }

    def restore_state(self, saved: Mapping[str, str]) -> None:
        """Restore what `saved_state` returned at an earlier start."""
        super().restore_state(saved)
        self.controller.voter = saved.get("voter") or self.controller.voter


class BlindFiles(QObject):
    """Asks for places and files; `done(text)` reports what was written or read. Errors are the controller's."""

    done = Signal(str)

    def __init__(self, controller: BlindController, parent: QWidget) -> None:
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
            self.done.emit(blind_text.added_text(added))
