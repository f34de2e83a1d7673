"""The labelling page: write summaries for conversations that have none, and make a data set of them.

Lays out the parts in `gui.pages.labelling` and connects them to the controller and the draft writer. The data page
and the playground lead to it. Decides nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from engine.api import AppError, Example, StorageError, labelling, model_info
from gui.core import actions
from gui.core.background_tasks import BackgroundTasks
from gui.core.file_opening import file_filter
from gui.graphics.bars import BusyRow
from gui.inputs.combo_box import ComboBox
from gui.look import style
from gui.look.fonts import px
from gui.look.language import mark, sentences, tr
from gui.pages.labelling import labelling_text
from gui.pages.labelling.draft_writer import AllDrafts, DraftWriter
from gui.pages.labelling.items_view import ItemsPane
from gui.pages.labelling.labelling_controller import LabellingController, Reader
from gui.pages.labelling.panes import SHOWN_TITLES, ConversationPane, LabellingToolbar, SummaryPane
from gui.pages.playground.batch import BatchReader
from gui.pages.playground.history import HistoryEntry, HistoryStore
from gui.pages.playground.parts import StripView
from gui.shell.page import Page
from gui.widgets import file_dialogs
from gui.widgets.buttons import plain
from gui.widgets.cards import EmptyState
from gui.widgets.layouts import Line, Splitter, fill, vbox
from gui.workers.device_lock import Strip
from gui.workers.worker_manager import WorkerManager

CONVERSATION_SHARE = 0.44
# In a narrower page the list is a drawer, opened by its key.
ROOM_FOR_LIST = 1000
TITLE = mark("Write summaries")


class LabellingPage(Page):
    """The page. `open_source` and `open_conversations` give it conversations.

    Signals: `view_requested(key)` to the data page; `use_requested(dict)` with the `[data]` values of a recipe.
    """

    view_requested = Signal(str)
    use_requested = Signal(dict)

    def __init__(self, manager: WorkerManager, parent: QWidget | None = None) -> None:
        super().__init__(tr(TITLE), "", parent)
        self._manager = manager
        self.controller = LabellingController(self)
        self.draft_writer = DraftWriter(manager, self)
        self.reader = Reader(manager, self)
        self.additions = BatchReader(manager, self)
        self._message = ""
        self._was_asked = False
        self._adapted_to = 0
        self._wants_list: bool | None = None
        self._background = BackgroundTasks(self)
        self._is_exporting = False
        self.all_drafts = AllDrafts(
            manager.device_queue, self.controller, self.draft_writer, self.isVisible, self
        )
        self.sets = ComboBox()
        self.sets.setAccessibleName(tr("Conversations"))
        self.use_button = plain(tr("Train on this data"), "arrow-right", press=self._use)
        for part in (self.sets, self.use_button):
            self.header.add(part)
        self.strip = StripView(self.content)
        self._stack = QStackedWidget(self.content)
        self.data_button = plain(tr("Choose them in Data sets"))
        self.data_button.clicked.connect(lambda: self.view_requested.emit("data"))
        self.playground_button = plain(tr("Use the playground's"), "playground")
        self.playground_button.setToolTip(tr("All playground conversations"))
        self.playground_button.clicked.connect(lambda: self.open_conversations(()))
        self._empty = EmptyState(
            "edit",
            tr("No conversations to summarise"),
            tr("Choose “Write summaries” in Data sets."),
            [self.data_button, self.playground_button],
            parent=self._stack,
        )
        self._reading = QWidget(self._stack)
        self.cancel_button = plain(tr("Cancel"))
        self.cancel_button.clicked.connect(self.reader.stop)
        self.busy = BusyRow("", self.cancel_button, self._reading)
        self._work = QWidget(self._stack)
        self.toolbar = LabellingToolbar(self._work)
        self.splitter = Splitter("labelling", parent=self._work)
        self.items = ItemsPane(self.splitter)
        self.conversation = ConversationPane(self.splitter)
        self.summary = SummaryPane(self.splitter)
        fill(self.splitter, self.items, self.conversation, self.summary)
        vbox(self.toolbar, Line(), (self.splitter, 1), of=self._work, spacing=0)
        vbox(self.busy, 1, of=self._reading, margins=24)
        fill(self._stack, self._empty, self._reading, self._work)
        fill(self.body, self.strip, (self._stack, 1))
        style.on_style_changed(self._restyle)
        self._connect()
        self._show()

    def _restyle(self) -> None:
        self.sets.setMinimumWidth(px(180))
        self._adapted_to = 0
        self.adapt(self.window().width())

    def adapt(self, width: int) -> None:
        """Share the width among the panes, until the user moves a handle."""
        if width == self._adapted_to:
            return
        self._adapted_to = width
        self._share_out()

    def _share_out(self) -> None:
        listed = px(248) if self._lists else 0
        room = max(1, self.width() - listed)
        share = round(room * CONVERSATION_SHARE)
        rest = max(1, room - share)
        self.items.setVisible(self._lists)
        self.items.setMinimumWidth(min(px(180), listed))
        self.conversation.setMinimumWidth(min(px(300), share))
        self.summary.setMinimumWidth(min(px(400), rest))
        self.splitter.share([listed, share, rest])

    @property
    def _lists(self) -> bool:
        """Whether the list is open: as the user chose, else if there is space for it."""
        return self.width() >= px(ROOM_FOR_LIST) if self._wants_list is None else self._wants_list

    def _connect(self) -> None:
        controller, draft_writer, summary = self.controller, self.draft_writer, self.summary
        controller.opened.connect(self._on_opened)
        controller.moved.connect(self._on_moved)
        controller.changed.connect(self._show)
        draft_writer.changed.connect(self._show)
        draft_writer.written.connect(self.all_drafts.take)
        self.all_drafts.changed.connect(self._show)
        self._manager.device_queue.changed.connect(self._show)
        self.all_drafts.failed.connect(self._show_message)
        self.additions.changed.connect(self._show)
        self.additions.found.connect(self._add)
        self.reader.changed.connect(self._show)
        self.reader.made.connect(self._take_set)
        self.sets.chosen.connect(self.open_set)
        self.strip.acted.connect(draft_writer.act)
        self.toolbar.list_wanted.connect(self._open_list)
        self.toolbar.add_button.clicked.connect(self._ask_for_files)
        self.toolbar.draft_all_button.clicked.connect(self.all_drafts.begin_or_stop)
        self.items.search.searched.connect(controller.search)
        self.items.view.chosen.connect(self._go)
        self.items.view.opened.connect(lambda _number: summary.edit.setFocus())
        self.toolbar.shown.chosen.connect(lambda key: self._leave(lambda: controller.choose_shown(key)))
        self.toolbar.order.chosen.connect(lambda key: self._leave(lambda: controller.choose_order(key)))
        summary.typed.connect(controller.typed)
        summary.edit.left.connect(controller.save)
        summary.edit.scroll_wanted.connect(self.conversation.turn_pages)
        summary.writer.chosen.connect(draft_writer.choose)
        for wanted, act in (
            (summary.edit.undo_wanted, self.undo),
            (summary.edit.redo_wanted, self.redo),
            (summary.undone, self.undo),
            (summary.redone, self.redo),
            (summary.accepted, self.accept),
            (summary.skipped, self.skip),
            (summary.draft_wanted, self.draft),
            (summary.draft_cancelled, self.all_drafts.cancel),
            (self.conversation.back.clicked, self.back),
            (self.conversation.forward.clicked, self.forward),
        ):
            wanted.connect(act)
        # The editor nearly always has the focus, so no shortcut is a key that types.
        for action in actions.in_scope("labelling"):
            if action.is_pressed:
                continue
            within = Qt.ShortcutContext.WidgetWithChildrenShortcut
            actions.bind(self, action.id, getattr(self, action.id.partition(".")[2]), within)
        actions.bind(self, "window.close", self._close)

    # Opening conversations

    def shown(self) -> None:
        """Read the models on this computer and what was corrected meanwhile, and focus the editor."""
        # Whoever leads here asks for conversations next; a tab asks for none.
        QTimer.singleShot(0, self, self._open_last_unasked)
        self.draft_writer.rescan()
        self.controller.take_corrections()
        self._background.run(model_info.ids_here, self.draft_writer.offer_models)
        self.summary.edit.setFocus()

    def open_source(self, values: dict[str, Any], base_model: str = "") -> None:
        """Open the source in these `[data]` values of a recipe; without any, go on as before.

        Excluded rows are left out; exclusions by tokens use the tokenizer of `base_model`.
        """
        self._put_away()
        if values:
            self.controller.close()
            self.reader.read(values, base_model)
        else:
            self.open_last()

    def open_conversations(self, examples: Sequence[Example]) -> None:
        """Open conversations of the playground, and go to the first of them.

        A summary rated good there is the first draft, and one corrected there is accepted.
        """
        self._put_away()
        self._background.run(lambda: HistoryStore().items, partial(self._open_playground, examples))

    def _open_playground(self, examples: Sequence[Example], entries: list[HistoryEntry]) -> None:
        examples = examples or [Example("", entry.conversation, entry.reference) for entry in entries]
        if not examples:
            self._show_message(tr("Summarise a conversation in the playground first."))
            return
        try:
            about = labelling.find(labelling_text.PLAYGROUND) or labelling.create(
                labelling_text.PLAYGROUND_NAME, labelling_text.PLAYGROUND, ()
            )
        except StorageError as error:
            self._show_message(sentences(error.message, error.hint))
        else:
            self.controller.open(about.id, examples)

    def _open_last_unasked(self) -> None:
        if not self._was_asked:
            self.open_last()

    def open_last(self) -> None:
        self._was_asked = True
        sets = labelling.list_sets()
        if self.controller.work is None and not self.controller.is_busy and sets:
            self.controller.open(sets[0].id)

    def _take_set(self, set_id: str, result: dict[str, Any]) -> None:
        self._message = labelling_text.read_in(result["left_out"], result.get("brought", 0))
        self.controller.open(set_id)

    def open_set(self, set_id: str) -> None:
        self._put_away()
        self.controller.open(set_id)

    def _put_away(self) -> None:
        """Cancel the reader and the draft, and clear the message."""
        self._message, self._was_asked = "", True
        self.reader.stop()
        self.additions.stop()
        self.all_drafts.cancel()

    def _ask_for_files(self) -> None:
        files = file_dialogs.open_files(self, "data", tr("Add conversations"), file_filter())
        if files:
            self.additions.read(files)

    def _add(self, found: list[tuple[str, list[Example]]], left_out: str) -> None:
        """Add conversations of files to the open set and go to the first of them."""
        if self.controller.work is not None:
            self.all_drafts.cancel()
            self._message = left_out
            examples = [example for _, examples in found for example in examples]
            self.controller.open(self.controller.work.about.id, examples)

    # Operations

    def accept(self) -> None:
        if not self._drafts_here:
            self.controller.accept()

    def skip(self) -> None:
        if self._drafts_here:
            self.all_drafts.end()
        self._leave(self.controller.skip)

    def undo(self) -> None:
        """Undo the last step; a draft that was undone is not written again."""
        self.all_drafts.end()
        self._leave(self.controller.undo)

    def redo(self) -> None:
        self.all_drafts.end()
        self._leave(self.controller.redo)

    def forward(self) -> None:
        self._leave(self.controller.forward)

    def back(self) -> None:
        self._leave(self.controller.back)

    def _close(self) -> None:
        """Stop writing drafts, and lead back to the text."""
        self.all_drafts.cancel()
        self.summary.edit.setFocus()

    def to_list(self) -> None:
        self._open_list(True)
        self.items.view.setFocus()

    def _open_list(self, on: bool) -> None:
        self._wants_list = on
        self._share_out()
        self._show()

    def _go(self, number: int | None) -> None:
        """Go to a conversation of the list; the list keeps the focus."""
        item = self.controller.item
        if number is not None and (item is None or number != item.number):
            self._cancel_own_draft()
            self.controller.go(number)

    def draft(self) -> None:
        item = self.controller.item
        if item is not None and self.controller.save():
            self.draft_writer.draft(item.number, item.conversation)
            self.summary.edit.setFocus()

    def _cancel_own_draft(self) -> None:
        if self.draft_writer.is_busy and not self.all_drafts.is_going:
            self.draft_writer.cancel()

    @property
    def _drafts_here(self) -> bool:
        item = self.controller.item
        return item is not None and self.draft_writer.writes_for(item.number)

    def _leave(self, act: Callable[[], None]) -> None:
        self._cancel_own_draft()
        act()
        self.summary.edit.setFocus()

    def _use(self) -> None:
        work = self.controller.work
        if work is None or not self.controller.save():
            return
        self._is_exporting = True
        self._show()
        self._background.run(lambda: labelling.export(work.about), self._hand_on, self._fail_to_export)

    def _hand_on(self, folder: Path) -> None:
        self._is_exporting = False
        self._show()
        self.use_requested.emit({"source": str(folder)})

    def _fail_to_export(self, error: AppError) -> None:
        self._is_exporting = False
        self._show_message(sentences(error.message, error.hint))

    def hideEvent(self, event: QHideEvent) -> None:
        """Save the typed text when the page is hidden."""
        self.controller.save()
        super().hideEvent(event)

    # Showing

    def _on_opened(self) -> None:
        work = self.controller.work
        assert work is not None
        drafts = [step.after.draft for step in work.history.steps if step.event == "drafted"]
        self.draft_writer.choose_as(drafts[-1] if drafts else None)
        self.header.set_title(labelling_text.set_name(work.about))
        self.sets.set_items(labelling_text.set_titles(labelling.list_sets()))
        self.sets.set_key(work.about.id)
        self.sets.setVisible(self.sets.count() > 1)
        self.items.search.clear()
        self.summary.edit.setFocus()

    def _on_moved(self) -> None:
        item = self.controller.item
        if item is not None:
            self.summary.show_text(item)

    def _show_message(self, text: str) -> None:
        self._message = text.strip()
        self._show()

    def _show(self) -> None:
        work, item = self.controller.work, self.controller.item
        busy = self.reader.is_busy or self.controller.is_busy
        self._stack.setCurrentIndex(2 if item is not None else 1 if busy else 0)
        self.strip.show_strip(self._strip())
        if work is not None and item is not None:
            progress, listing = work.progress(), self.controller.item_order
            self.header.set_subtitle(labelling_text.about_set(work.about, work.history.sittings))
            self.use_button.setEnabled(not labelling_text.to_go(progress.accepted) and not self._is_exporting)
            self.use_button.setToolTip(
                labelling_text.to_go(progress.accepted) or labelling_text.few(progress.accepted)
            )
            drafts, possible = self.all_drafts, not self.draft_writer.is_busy and progress.open > 0
            waiting, must_wait = drafts.waiting is not None, drafts.must_wait
            self.toolbar.show_drafting(
                drafts_all=drafts.is_going, waits=waiting, must_wait=must_wait, possible=possible
            )
            self.toolbar.add_button.setEnabled(not self.additions.is_busy)
            self.toolbar.show_progress(progress)
            self.toolbar.show_choices(listing.shown, listing.order, lists=self._lists)
            if self._lists:
                self.items.show_list(
                    listing.numbers(), work.item, item.number, tr(SHOWN_TITLES[listing.shown])
                )
            self.conversation.show_item(item, progress.total, self.controller.can_go_back)
            self.summary.show_item(item, work.accepted_last(), self.controller.problem())
            self.summary.show_undo(work.history.last, work.history.next)
            self.summary.show_draft_writer(self.draft_writer)
        else:
            self.header.set_title(tr(TITLE))
            reading = self.reader.is_busy
            source = labelling_text.source_text(self.reader.source)
            self.header.set_subtitle(
                tr("From {source}", source=source) if reading else tr("No conversations yet")
            )
            left = self.reader.left
            self.busy.set_progress(left.share, left.how_far, tr("Reading the conversations"))
            self.cancel_button.setVisible(reading)
            self.use_button.setEnabled(False)
            self.sets.hide()

    def _strip(self) -> Strip | None:
        """Return the most urgent notice to show above the panes."""
        error = self.controller.error or self.reader.error
        if error is not None and not self.controller.problem():
            return Strip(sentences(error.message, error.hint), "", "problem", "error")
        if self.additions.error is not None:
            return Strip(self.additions.error_text, "", "problem", "error")
        if self.additions.is_busy:
            name, how_far = self.additions.name, self.additions.left.how_far
            reading = tr("Reading {name}", name=name)
            return Strip(f"{reading}, {how_far}" if how_far else reading, "", "clock", "muted")
        strip = self.draft_writer.strip() if self.controller.item is not None else None
        texts = [self._message, labelling_text.corrected(self.controller.corrected)]
        if (work := self.controller.work) is not None:
            texts.append(labelling_text.advice(work.progress()))
        text = next(filter(None, texts), "")
        return strip or (Strip(text, "", "info", "muted") if text else None)
