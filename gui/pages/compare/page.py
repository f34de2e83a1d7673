"""Compares adapters with their base model, with each other, and with what other systems wrote.

One choice of systems, in three tabs: their scores, their conversations, blind votes on them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QStackedWidget, QWidget

from engine.api import AppError, run_comparison
from gui.core.actions import menu_action
from gui.core.background_tasks import BackgroundTasks
from gui.inputs.choices import SegmentedControl
from gui.look.format import gain, number_text, score
from gui.look.language import mark, tr, tr_count, translate
from gui.models.adapter_table import MOST
from gui.models.example_table import GAIN_WIDTH
from gui.models.grouped_table import Cell, CheckCell, Column, GroupedTable, Heading, IconTextCell, TextCell
from gui.models.list_text import protocol_text
from gui.pages.compare import systems
from gui.pages.compare.conversations_view import ConversationsView
from gui.pages.compare.scores_view import ScoresView
from gui.pages.compare.systems import Found, Wanted
from gui.pages.compare.votes_view import VotesView
from gui.shell.page import Page
from gui.tables.grouped_view import GroupedTableView
from gui.widgets.buttons import plain, primary
from gui.widgets.cards import ClosableNotice, EmptyState
from gui.widgets.labels import Label
from gui.widgets.layouts import fill, hbox, vbox

SCORES, CONVERSATIONS, VOTES = "scores", "conversations", "votes"
TABS = {SCORES: mark("Scores"), CONVERSATIONS: mark("Conversations"), VOTES: mark("Blind votes")}


class ComparePage(Page):
    """`open` compares systems; without any, the newest run with scores is compared with its base model.

    `try_requested(adapter ids, example)` opens the playground, `library_requested(adapter id)` an adapter.
    """

    try_requested = Signal(list, object)
    library_requested = Signal(str)

    def __init__(self, _manager: Any = None, parent: QWidget | None = None) -> None:
        super().__init__(tr("Compare"), "", parent)
        self.found: Found | None = None
        # What the votes were opened for.
        self._voted: tuple[Wanted, ...] = ()
        self._is_chosen = self.is_reading = False
        self._background = BackgroundTasks(self)
        self._stack = QStackedWidget(self.content)
        self.scores, self.conversations = ScoresView(self._stack), ConversationsView(self._stack)
        self.votes, self.chooser = VotesView(self._stack), SystemChooser(self._stack)
        self._empty = EmptyState(
            "equals",
            tr("Nothing to compare yet"),
            tr("Train an adapter, then compare it with its base model here."),
            parent=self._stack,
        )
        self.notice = ClosableNotice(self.content)
        titles = [(key, tr(title)) for key, title in TABS.items()]
        self.tabs = SegmentedControl(titles, name=tr("Compare"))
        self.add_button, self.export_button = plain(tr("Add…"), "plus"), plain(tr("Export…"), "export")
        self.try_button = primary(tr("Try in playground"), "playground", press=self._try)
        votes = self.votes
        for part in (self.tabs, votes.choice, votes.finish_button, self.add_button, self.export_button):
            self.header.add(part)
        for button in (votes.more_button, self.try_button):
            self.header.add(button)
        fill(self._stack, self._empty, self.scores, self.conversations, self.votes, self.chooser)
        fill(self.body, self.notice, (self._stack, 1))
        self.tabs.currentChanged.connect(lambda _tab: self._show_tab())
        self.add_button.clicked.connect(self._offer_systems)
        self.export_button.clicked.connect(self.conversations.ask_to_export)
        self.scores.library_requested.connect(self.library_requested)
        self.conversations.try_requested.connect(self.try_requested)
        self.conversations.changed.connect(self._show_header)
        self.votes.changed.connect(self._show_header)
        self.chooser.chosen.connect(self._add)
        self.chooser.cancelled.connect(self._show)
        self._show()

    # Opening

    def open(self, wanted: Sequence[Wanted], tab: str = "") -> None:
        """Compare systems, read off the GUI thread, in the tab shown or another one."""
        self._is_chosen = True
        self._read(wanted)
        self.show_tab(tab or self.tabs.current())

    def open_adapters(self, adapter_ids: Sequence[str], tab: str = SCORES) -> None:
        self.open([Wanted(each) for each in adapter_ids], tab)

    def open_runs(self, origins: Sequence[tuple[str, str]], tab: str) -> None:
        """Compare runs or other systems' summaries, each an origin with a label ("" for the usual one)."""
        self.open([Wanted(origin=origin, label=label) for origin, label in origins], tab)

    def show_tab(self, tab: str) -> None:
        if tab != self.tabs.current():
            self.tabs.set_current(tab)
        else:
            self._show_tab()

    def shown(self) -> None:
        """Compare the newest run with scores per conversation, unless something was chosen."""
        if not self._is_chosen:
            self._background.run(run_comparison.newest, self._read_newest)
        self._show_tab()

    def _read_newest(self, origin: str) -> None:
        if origin and not self._is_chosen:
            self._read([Wanted(origin=origin)])

    def _read(self, wanted: Sequence[Wanted]) -> None:
        self.is_reading = True
        self.notice.hide()
        self.header.set_subtitle(tr("Reading scores"))
        self._background.run_latest(partial(systems.read, wanted), self._take, self._fail)

    def _take(self, found: Found) -> None:
        self.found, self.is_reading = found, False
        self.scores.show_found(found)
        self.conversations.show_found(found)
        self._show_tab()

    def _fail(self, error: AppError) -> None:
        self.is_reading = False
        self.notice.show_error(error, "problem", "error")
        self._show()

    # Display

    def _show_tab(self) -> None:
        """Show the tab in front; the votes go on, or begin for what is compared."""
        if self.tabs.current() == VOTES:
            self._open_votes()
        self._show()

    def _open_votes(self) -> None:
        if self.is_reading:
            return
        wanted, controller = tuple(self._wanted()), self.votes.controller
        is_new = self._is_chosen and wanted != self._voted
        is_open = controller.work is not None or bool(controller.sources) or controller.is_busy
        if not is_new and not is_open:
            is_open = controller.open_last()
        if wanted and (is_new or not is_open):
            self._voted = wanted
            self.votes.open_systems(wanted)
        self.votes.begin()

    def _wanted(self) -> list[Wanted]:
        """Return what is compared, for votes: only what has summaries."""
        return (
            [Wanted(origin=each.origin, label=each.label) for each in self.found.scored] if self.found else []
        )

    def _show(self) -> None:
        parts = {SCORES: self.scores, CONVERSATIONS: self.conversations, VOTES: self.votes}
        part: QWidget = parts[self.tabs.current()]
        if self.found is None and part is not self.votes:
            part = self._empty
        self._stack.setCurrentWidget(part)
        self._show_header()

    def _show_header(self) -> None:
        """Show what the tab in front offers; nothing while systems are chosen."""
        tab, chooses = self.tabs.current(), self._stack.currentWidget() is self.chooser
        votes, is_voting = tab == VOTES and not chooses, tab == VOTES and self.votes.is_voting
        has_some = self.found is not None and not chooses
        self.tabs.setVisible(not chooses)
        self.votes.choice.setVisible(
            votes and self.votes.choice.count() > 1 and self.votes.controller.work is not None
        )
        self.votes.finish_button.setVisible(is_voting)
        self.votes.more_button.setVisible(votes and self.votes.controller.work is not None)
        self.add_button.setVisible(has_some and not is_voting)
        self.export_button.setVisible(has_some and not is_voting)
        self.export_button.setEnabled(self._has_rows())
        self.try_button.setVisible(has_some and not votes)
        why_not = self._why_not_try()
        self.try_button.setEnabled(why_not is None)
        self.try_button.setToolTip(why_not or "")
        self.header.set_subtitle(self._subtitle(tab))

    def _subtitle(self, tab: str) -> str:
        if tab == VOTES:
            return self.votes.subtitle()
        cards = [each.card for each in self.found.systems if each.card is not None] if self.found else []
        return protocol_text(cards[0].protocol) if cards else ""

    # Systems

    def _offer_systems(self) -> None:
        if self.found is not None:
            self._background.run(partial(systems.offered, self.found.systems), self._open_chooser)

    def _open_chooser(self, found: list[run_comparison.Candidate]) -> None:
        if self.found is not None:
            self.chooser.offer(found, [each.key for each in self.found.systems[1:]])
            self._stack.setCurrentWidget(self.chooser)
            self._show_header()

    def _add(self, chosen: Sequence[run_comparison.Candidate]) -> None:
        if self.found is not None:
            first = self.found.systems[0]
            origin = first.scored.origin if first.scored is not None else ""
            adapter, label = (first.adapter.id, "") if first.adapter is not None else ("", first.label)
            others = [
                Wanted(each.adapter, each.origin, "" if each.adapter else each.label) for each in chosen
            ]
            self.open([Wanted(adapter, origin, label), *others])

    # Actions

    def _adapter_ids(self) -> list[str]:
        return (
            [each.adapter.id for each in self.found.systems if each.adapter is not None] if self.found else []
        )

    def _why_not_try(self) -> str | None:
        """Return why nothing can be tried in the playground, None if it can."""
        if self.tabs.current() == CONVERSATIONS:
            return None if self.conversations.can_try() else ""
        adapters = (
            [each.adapter for each in self.found.systems if each.adapter is not None] if self.found else []
        )
        bases = {each.metadata.base_model.id for each in adapters}
        if len(bases) > 1:
            return tr("The playground loads one base model at a time")
        return None if adapters else ""

    def _try(self) -> None:
        if self.tabs.current() == CONVERSATIONS:
            self.conversations.try_row(self.conversations.view.current())
        else:
            self.try_requested.emit(self._adapter_ids(), None)

    def _has_rows(self) -> bool:
        return self.found is not None and bool(self.found.rows)

    def entries(self) -> list[QAction]:
        table = menu_action(tr("Export as CSV…"), self.conversations.ask_to_export)
        return [
            *([table] if self._has_rows() else []),
            *(self.votes.entries() if self.tabs.current() == VOTES else []),
        ]

    def adapt(self, width: int) -> None:
        """Show a conversation below the table if the window is narrower than 1200."""
        self.conversations.adapt(width)

    # Saved state

    def saved_state(self) -> dict[str, str]:
        return super().saved_state() | {"tab": self.tabs.current(), "voter": self.votes.controller.voter}

    def restore_state(self, saved: Mapping[str, str]) -> None:
        super().restore_state(saved)
        self.votes.controller.voter = saved.get("voter") or self.votes.controller.voter
        if saved.get("tab") in TABS and not self._is_chosen:
            self.tabs.set_current(saved["tab"])


Candidate = run_comparison.Candidate


class SystemChooser(QWidget):
    """`chosen(list of candidates)` reports what to compare with the first; `cancelled` keeps the current ones."""

    chosen = Signal(list)
    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = CandidateTable(self)
        self.view = GroupedTableView(self.table, tr("Add to the comparison"))
        self.compare_button = primary(tr("Compare"), press=self._choose)
        self.cancel_button = plain(tr("Cancel"), press=self.cancelled)
        self._count = Label("", "label", "muted")
        self._nothing = EmptyState(
            "history", tr("Nothing else to compare with"), tr("Train or import another adapter.")
        )
        self._stack = QStackedWidget()
        fill(self._stack, self.view, self._nothing)
        foot = hbox(self.compare_button, self.cancel_button, (self._count, 1), spacing=8)
        vbox(
            Label(tr("Add to the comparison"), "section", "text"),
            (self._stack, 1),
            foot,
            of=self,
            margins=(24, 16, 24, 16),
            spacing=12,
        )
        self.view.check_pressed.connect(self._toggle)
        self.view.opened.connect(self._toggle)

    def offer(self, found: Sequence[run_comparison.Candidate], checked: Sequence[str]) -> None:
        """Offer systems; those whose keys are in `checked` are checked."""
        self.table.set_candidates(found, checked)
        self._stack.setCurrentWidget(self.view if found else self._nothing)
        self.view.choose_first()
        self._show_count()

    def _toggle(self, candidate: run_comparison.Candidate | None) -> None:
        if candidate is not None:
            self.table.toggle(candidate)
            self._show_count()

    def _show_count(self) -> None:
        count = len(self.table.chosen())
        too_many = count + 1 > MOST
        self._count.setText(
            tr("At most {most} can be compared. Uncheck some.", most=number_text(MOST))
            if too_many
            else tr_count(count, "{n} compared with the first", "{n} compared with the first")
            if count
            else tr("None: compare with its base model")
        )
        self.compare_button.setEnabled(not too_many)

    def _choose(self) -> None:
        self.chosen.emit(self.table.chosen())


class CandidateTable(GroupedTable[Candidate]):
    """`set_candidates` takes what can be compared; `toggle` checks a comparable one."""

    columns = (
        Column("label", mark("System")),
        Column("name", mark("Name"), 280, hidden_below=760),
        Column("score", "ROUGE-1", 84, right=True),
        Column("gain", mark("Gain"), GAIN_WIDTH, right=True),
    )

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all: tuple[Candidate, ...] = ()
        self._checked: set[str] = set()

    def set_candidates(self, found: Sequence[Candidate], checked: Sequence[str]) -> None:
        """Show other systems; those with the given keys are checked."""
        self._all, self._checked = tuple(found), set(checked)
        self._refill()

    def toggle(self, candidate: Candidate) -> None:
        """Check or uncheck a system; ignored if it is not comparable."""
        if not candidate.why_not:
            self._checked ^= {key_of(candidate)}
            self._refill()

    def chosen(self) -> list[Candidate]:
        return [each for each in self._all if key_of(each) in self._checked]

    def _refill(self) -> None:
        able = [each for each in self._all if not each.why_not]
        apart = [each for each in self._all if each.why_not]
        below: list[Heading | Candidate] = []
        if apart:
            facts = tr("scored with another protocol, not comparable")
            below = [Heading(tr("Scored differently"), facts), *apart]
        self.set_rows([*able, *below])

    def key_of(self, item: Candidate) -> str:
        return key_of(item)

    def cell(self, item: Candidate, key: str) -> Cell:
        if key == "label":
            if item.why_not:
                return TextCell(f"{translate(item.label)}. {translate(item.why_not)}", token="hint")
            return CheckCell(translate(item.label), "", key_of(item) in self._checked)
        if key == "name":
            return TextCell(item.name)
        if key == "score":
            return TextCell(score(item.mean) if _is_scored(item) else "", "figure", "text", right=True)
        if not _is_scored(item):
            return TextCell("")
        icon, token = ("arrow-up", "accent") if item.gain > 0 else ("arrow-down", "error")
        return IconTextCell(icon, gain(item.gain), token, right=True, role="figure_medium")

    def accessible_text(self, item: Candidate) -> str:
        if item.why_not:
            text = tr("{run}, {recipe}, can't be compared.", run=translate(item.label), recipe=item.name)
            return f"{text} {translate(item.why_not)}"
        parts = [translate(item.label), item.name]
        if _is_scored(item):
            parts += [f"ROUGE-1 {score(item.mean)}", tr("gain {gain}", gain=gain(item.gain))]
        parts += [_chrf(item)] if item.chrf is not None else []
        parts.append(tr("checked") if key_of(item) in self._checked else tr("not checked"))
        return ", ".join(parts)

    def explanation(self, item: Candidate, key: str) -> str:
        if key in ("score", "gain") and item.chrf is not None and not item.why_not:
            return _chrf(item)
        return translate(item.why_not)


def key_of(candidate: Candidate) -> str:
    """Return what tells a candidate apart from all others."""
    return candidate.origin or candidate.adapter


def _is_scored(item: Candidate) -> bool:
    return not item.why_not and item.mean > 0


def _chrf(item: Candidate) -> str:
    return f"chrF {score(item.chrf)}"
