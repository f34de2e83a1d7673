"""The playground page: one or several conversations, summarised by the base model and adapters side by side.

Lays out the parts in `gui.pages.playground` and connects them to the controller. Decides nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QMenu, QWidget

from engine.api import AppError, DataError, Example, StorageError, labelling, model_info
from gui.core import actions
from gui.core.background_tasks import BackgroundTasks
from gui.core.clipboard import copy_text
from gui.core.file_opening import dropped
from gui.core.preferences import SavedState
from gui.inputs.choices import SegmentedControl
from gui.look import style
from gui.look.fonts import text_scale
from gui.look.language import mark, sentences, tr, tr_count
from gui.pages.playground import choices, parts, sources
from gui.pages.playground.batch import BatchRow
from gui.pages.playground.batch_controller import BatchController
from gui.pages.playground.column_results import ColumnResults, Feedback, as_markdown
from gui.pages.playground.columns_view import PlaygroundView
from gui.pages.playground.controller import Controller
from gui.pages.playground.decoding_row import DecodingPresets, DecodingRow
from gui.pages.playground.history import HistoryEntry, collect
from gui.pages.playground.parts import StripView
from gui.pages.playground.token_meter import Length, TokenCount
from gui.shell.page import NARROW, Page
from gui.widgets import file_dialogs
from gui.widgets.buttons import open_below, plain, primary, quiet
from gui.widgets.layouts import fill
from gui.workers.worker_manager import WorkerManager

ONE, SEVERAL = "one", "several"
COPY = mark("Copy as Markdown")


class PlaygroundPage(Page):
    """The page. `open` and `open_conversation` give it something to show.

    Signals: `label_rows_requested(list of Example)` to write summaries of conversations, the first one shown;
    `data_requested(str)` to open an exported file of training data.
    """

    label_rows_requested = Signal(list)
    data_requested = Signal(str)

    def __init__(self, manager: WorkerManager, parent: QWidget | None = None) -> None:
        super().__init__(tr("Playground"), "", parent)
        self._manager = manager
        self.controller = Controller(manager, self)
        self.token_count = TokenCount(manager, self)
        self.batch_controller = BatchController(manager, self.controller, self)
        self.decoding = DecodingRow(DecodingPresets(), self.controller.refusals)
        view = self.view = PlaygroundView(self.batch_controller.view, self.decoding)
        self.panel, self.columns, self.folded = view.panel, view.columns, view.folded
        self.history, self.undo_strip = view.history, view.undo_strip
        self.strip = StripView()
        self._sources: dict[str, Sequence[Example]] = {}
        self._is_narrow = False
        self._background = BackgroundTasks(self)
        modes = [(ONE, tr("One conversation")), (SEVERAL, tr("Several"))]
        self.mode = SegmentedControl(modes, name=tr("Conversations"))
        self.add_button = plain(tr("Add adapter"), "plus", press=self._offer_adapters)
        self.copy_button = plain(tr(COPY), "copy", press=self._copy)
        self.copy_button.setAccessibleName(tr(COPY))
        self.copy_button.setToolTip(tr(COPY))
        self.unload_button = quiet(tr("Unload"))
        self.unload_button.setToolTip(tr("Frees the base model's memory."))
        self.summarise_button = primary(tr("Summarise"), "play", press=self.summarise)
        self.summarise_button.setToolTip(actions.keys_text("playground.summarise"))
        # What comes and goes is at the left, so that no other button moves.
        for part in (self.unload_button, self.copy_button, self.add_button, self.mode, self.summarise_button):
            self.header.add(part)
        fill(self.body, self.strip, (view, 1))
        self._connect()
        self.setAcceptDrops(True)
        style.on_style_changed(self._restyle)
        self.history.show_entries([])
        self._refresh()
        SavedState(self, "columns", self.controller.saved_columns, self.controller.restore_columns)

    def _restyle(self) -> None:
        # As wide as either text needs, so that no button beside it moves.
        widths = []
        for waits in (True, False):
            self._show_wait(waits)
            widths.append(self.summarise_button.sizeHint().width())
        self.summarise_button.setMinimumWidth(max(widths))
        self.adapt(self.window().width())

    def _connect(self) -> None:
        controller = self.controller
        controller.changed.connect(self._refresh)
        controller.counted.connect(self._show_counted)
        self.batch_controller.changed.connect(self._refresh)
        self._manager.device_queue.changed.connect(self._show_asking)
        self.batch_controller.view.selected.connect(self._refresh)
        self.batch_controller.view.view.opened.connect(self._open_alone)
        self.panel.alone_wanted.connect(self._open_alone)
        self.panel.list_wanted.connect(self._offer_list)
        self.mode.currentChanged.connect(self._switch)
        self.token_count.counted.connect(self._show_length)
        self.unload_button.clicked.connect(controller.unload)
        self.columns.closed.connect(controller.remove)
        self.columns.base.act.clicked.connect(self._offer_bases)
        self.columns.add_button.clicked.connect(self._offer_adapters)
        self.columns.cancelled.connect(self._cancel)
        self.columns.feedback_given.connect(self._take_feedback)
        self.panel.changed.connect(controller.unsay)
        self.panel.typed.connect(controller.unsay)
        self.panel.changed.connect(self._refresh)
        self.panel.piecewise_chosen.connect(self.decoding.set_piecewise)
        self.decoding.changed.connect(self._show_piecewise)
        self.panel.typed.connect(self._count)
        self.panel.file_wanted.connect(self._choose_file)
        self.panel.label_button.clicked.connect(self._label)
        self.history.label_button.clicked.connect(self._label)
        self.history.chosen.connect(self._restore)
        self.history.clear_button.clicked.connect(self._clear_history)
        self.history.export_button.clicked.connect(self._choose_export)
        self.strip.acted.connect(self._act)
        actions.bind(self, "playground.summarise", self.summarise_button)
        actions.bind(self, "playground.paste", self._paste)

    # Opening

    def shown(self) -> None:
        """Offer the bundled conversations, and read the library again."""
        if choices.SAMPLES_NAME not in self._sources:
            try:
                self._sources[choices.SAMPLES_NAME] = sources.samples()
            except StorageError as error:
                self.controller.say(sentences(error.message, error.hint))
            self.batch_controller.offer(self._sources)
        self.controller.rescan()
        self._background.run(model_info.ids_here, self._take_models)

    def open(self, adapter_ids: Iterable[str]) -> None:
        self.controller.open_adapters(adapter_ids)
        self._use_adapters_decoding()

    def open_conversation(self, text: str, reference: str = "", origin: str = "") -> None:
        self.mode.set_current(ONE)
        self.panel.show_conversation(text, reference, origin)

    def open_example(self, example: Example) -> None:
        self.open_conversation(example.conversation, example.summary, tr("Row {id}", id=example.id))

    def offer_conversations(self, name: str, examples: Sequence[Example]) -> None:
        """Offer the rows of checked data to pick from, in place of earlier ones."""
        bundled = {known: found for known, found in self._sources.items() if known == choices.SAMPLES_NAME}
        self._sources = {name: examples} | bundled
        self.batch_controller.offer(self._sources)

    def _take_models(self, models: list[str]) -> None:
        self.controller.local_models = models

    # Operations

    @property
    def shows_several(self) -> bool:
        return self.mode.current() == SEVERAL

    @property
    def row(self) -> BatchRow | None:
        """Return the selected one of several conversations, None with a single one."""
        return self.batch_controller.view.row if self.shows_several else None

    @property
    def results(self) -> ColumnResults:
        """Return the results in the columns."""
        return self.row.results if self.row is not None else self.controller.results

    def _switch(self, _mode: str) -> None:
        self._refresh()

    def _offer_list(self) -> None:
        self.mode.set_current(SEVERAL)
        self.batch_controller.view.search.setFocus()

    def _cancel(self) -> None:
        (self.batch_controller if self.shows_several else self.controller).cancel()

    def summarise(self) -> None:
        """Request summaries; a run that uses the device is paused."""
        if self.controller.is_busy or self.batch_controller.is_busy:
            return
        self.panel.settle()
        if not self.decoding.is_valid:
            self.controller.say(tr("Some settings are invalid; see their fields."))
            return
        try:
            self.decoding.save_last()
        except AppError as error:
            self.controller.say(sentences(error.message, error.hint))
        self.controller.with_base(self._summarise_shown)

    def _summarise_shown(self) -> None:
        if self.shows_several:
            self.batch_controller.summarise(self.decoding.decoding(), self._prompt())
        else:
            shown = (self.panel.conversation, self.panel.reference)
            self.controller.summarise(*shown, self.decoding.decoding(), self._prompt())

    def _prompt(self) -> dict[str, Any] | None:
        return self.controller.prompt(self.decoding.prompt.template())

    def _show_piecewise(self) -> None:
        self.panel.piecewise.setChecked(self.decoding.decoding().long_conversations == "piecewise")
        self.view.show_length()

    def _act(self) -> None:
        """Run the action of the strip, if there is a conversation."""
        wants_one = not self.shows_several and bool(self.panel.conversation)
        if not self.controller.is_asking and self.controller.device_lock.run_is_computing and wants_one:
            self.summarise()
        else:
            self.controller.act(again=not self.shows_several)

    def _offer_adapters(self) -> None:
        open_below(self.add_button, self.adapter_menu())

    def adapter_menu(self) -> QMenu:
        """Return a menu of all adapters; those that don't fit are disabled and show the reason."""
        menu = parts.adapter_menu(self, self.controller)
        menu.triggered.connect(self._add)
        return menu

    def _add(self, action: QAction) -> None:
        self.controller.add(action.data())
        self._use_adapters_decoding()

    def _use_adapters_decoding(self) -> None:
        """Decode as the first adapter was scored; what computes stays as chosen."""
        decoding = self.controller.decoding()
        if decoding is not None:
            runtime = self.decoding.decoding().runtime
            self.decoding.show_decoding(decoding.model_copy(update={"runtime": runtime}))

    def _offer_bases(self) -> None:
        menu = parts.base_menu(self, self.controller)
        menu.triggered.connect(self._choose_base)
        open_below(self.columns.base.act, menu)

    def _choose_base(self, action: QAction) -> None:
        if action.data():
            self.controller.choose_base(action.data())

    def _copy(self) -> None:
        results, batch = self.results, self.batch_controller.batch
        if results.entry is not None:
            shown = (results.entry.reference, results.entry.decoding, results.entry.prompt)
        elif self.row is not None:
            shown = (self.panel.reference, batch.options, str((batch.prompt or {}).get("template", "")))
        else:
            shown = (self.panel.reference, self.decoding.decoding(), self.decoding.prompt.template())
        copy_text(as_markdown(results, *shown))

    def _restore(self, entry: HistoryEntry) -> None:
        self.controller.restore(entry)
        self._show_entry(entry, tr("From the history"))

    def _open_alone(self) -> None:
        """Leave the table with the selected conversation, as a history entry if it has summaries."""
        row = self.row
        if row is None:
            return
        if any(column.text for column in row.results.columns):
            self.batch_controller.store(row)
        if row.results.entry is not None:
            self.controller.restore(row.results.entry)
            self._show_entry(row.results.entry, tr("One of several"))
        else:
            self.open_example(row.example)

    def _show_entry(self, entry: HistoryEntry, origin: str) -> None:
        self.open_conversation(entry.conversation, entry.reference, origin)
        self.decoding.show_decoding(entry.decoding)
        self.decoding.prompt.show_template(entry.prompt)

    def _take_feedback(self, adapter: str | None, feedback: Feedback) -> None:
        """Store feedback, and say where a correction counts."""
        results = self.results
        column = results.column(adapter)
        before = column.feedback.edited if column is not None else ""
        if self.row is not None:
            self.batch_controller.store(self.row)
        self.controller.give_feedback(results, adapter, feedback)
        if column is not None and column.feedback.edited not in ("", before):
            where = tr("Saved to your training data in “Write summaries”.")
            self.undo_strip.offer(where, self._label, tr("Write summaries"))

    def _label(self) -> None:
        self.panel.settle()
        shown = [(self.panel.conversation, self.panel.reference)] if self.panel.conversation else []
        entry = [(one.conversation, one.reference) for one in self.controller.history.items]
        self.label_rows_requested.emit([Example("", *texts) for texts in (*shown, *entry)])

    # History

    def _clear_history(self) -> None:
        gone = self.controller.clear_history()
        if gone:
            text = tr_count(len(gone), "{n} entry was deleted.", "{n} entries were deleted.")
            self.undo_strip.offer(text, lambda: self.controller.put_back(gone))

    def _choose_export(self) -> None:
        title = tr("Export good summaries")
        path = file_dialogs.save_file(self, "export", title, "good-summaries.jsonl", tr(sources.ROWS))
        if path:
            self.export_good_ones(path)

    def export_good_ones(self, path: Path) -> None:
        found = collect(self.controller.history.items)
        try:
            labelling.write_rows(path, found.items, found.notes)
        except AppError as error:
            self.undo_strip.offer(sentences(error.message, error.hint))
        else:
            self.undo_strip.offer(
                f"{found.text}: {path}", lambda: self.data_requested.emit(str(path)), tr("Check it as data")
            )

    # Files

    def _choose_file(self) -> None:
        path = file_dialogs.open_file(self, "data", tr("Open a conversation"), tr(sources.KINDS))
        if path:
            self.open_file(path)

    def open_file(self, path: Path) -> None:
        try:
            self.panel.receive(sources.read_conversation(path), path.name)
        except DataError as error:
            self.controller.say(sentences(error.message, error.hint))

    def _paste(self) -> None:
        self.mode.set_current(ONE)
        self.panel.paste()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() or event.mimeData().hasText():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Show a dropped file; several files, or any file in the view of several conversations, go into the table."""
        found = dropped(event.mimeData())
        if found and (self.shows_several or len(found) > 1):
            self.mode.set_current(SEVERAL)
            self.batch_controller.read(found)
        elif found:
            self.open_file(found[0])
        elif event.mimeData().hasText():
            self.mode.set_current(ONE)
            self.panel.receive(event.mimeData().text(), tr("Dropped"))
        event.acceptProposedAction()

    # Showing

    def adapt(self, width: int) -> None:
        """Fold the conversation to a strip below a width of 1200, and shorten the header."""
        self.view.adapt(width)
        narrow = width < NARROW * text_scale()
        self.mode.set_text(ONE, tr("One") if narrow else tr("One conversation"))
        self.copy_button.setText("" if narrow else tr(COPY))
        self._is_narrow = narrow
        self._show_unload()

    def _show_unload(self) -> None:
        """Offer to unload what is loaded; in a narrow window the base model's menu does."""
        self.unload_button.setVisible(self.controller.can_unload and not self._is_narrow)

    def _show_counted(self, tokens: int) -> None:
        self.panel.show_counted(tokens)
        self._refresh()

    def _count(self) -> None:
        self.token_count.count(self.panel.conversation, self.controller.limit(), self.controller.base_id)

    def _show_length(self, text: str, length: Length) -> None:
        self.panel.show_length(text, length)
        self.view.show_length()

    def _refresh(self) -> None:
        controller = self.controller
        ready = controller.summarizer.state == "ready"
        self.header.set_subtitle(controller.subtitle(), "accent" if ready else "")
        self._show_unload()
        self.batch_controller.follow_columns()
        several, row, results = self.shows_several, self.row, self.results
        if row is not None:
            self.panel.look_at(row.example)
        else:
            self.panel.look_away()
        self.view.show_several(several, has_row=row is not None)
        self.view.share_width(len(results.columns))
        can_rate = row.is_done if row is not None else results.entry is not None
        self.columns.show_results(results, controller.summarizer.status_text, can_rate, is_fixed=several)
        self.strip.show_strip(controller.strip())
        self.panel.show_limit(controller.limit())
        self.decoding.check_again()
        self.decoding.prompt.show_trained(controller.trained_prompt())
        self.view.show_length()
        self._count()
        self._show_asking()
        self.copy_button.setVisible(any(column.text for column in results.columns))
        # Without adapters, the empty column has the button.
        self.add_button.setVisible(bool(results.adapters))
        if controller.history.items != self.history.entries():
            self.history.show_entries(controller.history.items)

    def _show_wait(self, waits: bool) -> None:
        self.summarise_button.setText(tr("Add to queue") if waits else tr("Summarise"))
        self.summarise_button.set_icon("plus" if waits else "play")

    def _show_asking(self) -> None:
        """Enable or disable the primary button; it keeps the focus while disabled.

        Several conversations can always be asked for, and wait for their turn.
        """
        waits = self.shows_several and self._manager.device_queue.must_wait("batch")
        can_ask = (waits or self.controller.can_ask) and not self.batch_controller.is_busy
        self._show_wait(waits and not self.batch_controller.is_busy)
        if not can_ask and self.summarise_button.hasFocus():
            self.setFocus()
        self.summarise_button.setEnabled(can_ask)
        if can_ask and self.hasFocus():
            self.summarise_button.setFocus()
