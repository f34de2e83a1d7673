"""The playground page: one conversation, the base model's summary, and as many adapters' beside it.

Lays out the parts in `gui.pages.playground` and wires them to their controller. Decides nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QMenu, QSizePolicy, QSplitter, QVBoxLayout, QWidget

from engine.api import AppError, DataError, Example, StorageError, SummarizeOptions, labelling
from gui.engine import Engine
from gui.look import style
from gui.look.type import px, text_scale
from gui.pages.playground import choices, files
from gui.pages.playground.column_view import LEAST_WIDTH
from gui.pages.playground.columns_view import ColumnsView
from gui.pages.playground.controller import Controller
from gui.pages.playground.conversation_panel import ConversationPanel
from gui.pages.playground.decoding_row import DecodingRow
from gui.pages.playground.good_ones import good_ones
from gui.pages.playground.length import Length
from gui.pages.playground.live_count import LiveCount
from gui.pages.playground.markdown import as_markdown
from gui.pages.playground.parts import FoldedConversation, Legend, StripView
from gui.pages.playground.samples import samples
from gui.pages.playground.tries import Try
from gui.pages.playground.tries_view import TriesView
from gui.shell.page import NARROW, Page
from gui.widgets.buttons import plain, primary
from gui.widgets.line import Line
from gui.widgets.scroll import Scroll
from gui.widgets.toast import UndoStrip

PANEL_WIDTH, PANEL_LEAST, COLUMNS_LEAST = 368, 300, 240


class PlaygroundPage(Page):
    """Try summaries. `open` and `open_conversation` show it something.

    Signals: `label_requested(list of Example)` to write summaries of conversations, the wanted one in front;
    `data_requested(str)` to look at a file of training data that was made here.
    """

    label_requested = Signal(list)
    data_requested = Signal(str)

    def __init__(self, engine: Engine, parent: QWidget | None = None) -> None:
        super().__init__("Playground", "", parent)
        self._engine = engine
        self.controller = Controller(engine, self)
        self.live_count = LiveCount(engine, self)
        self.panel = ConversationPanel()
        self.columns = ColumnsView()
        self.decoding = DecodingRow()
        self.tries = TriesView()
        self.told = UndoStrip()
        self.strip = StripView()
        self.folded = FoldedConversation()
        self._is_narrow = False
        self._columns_shown = 0
        self._sources: dict[str, Sequence[Example]] = {}
        self._asked_for_models = False
        self._add_buttons()
        self._lay_out()
        self._connect()
        self.setAcceptDrops(True)
        self.tries.show_tries([])
        self._refresh()

    def _add_buttons(self) -> None:
        self.add_button = plain("Add adapter", "plus")
        self.copy_button = plain("Copy as Markdown", "copy")
        self.summarise_button = primary("Summarise", "play")
        self.summarise_button.setToolTip(QKeySequence("Ctrl+Return").toString())
        for button in (self.add_button, self.copy_button, self.summarise_button):
            self.header.add(button)

    def _lay_out(self) -> None:
        # In a low window, or with large text, the right side scrolls rather than clip anything.
        right = Scroll((0, 0, 10, 16), spacing=0)
        self.columns.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        right.column.addWidget(self.columns, 1)
        foot = QVBoxLayout()
        foot.setContentsMargins(24, 0, 14, 0)
        foot.setSpacing(12)
        for part in (Line(), Legend(), self.decoding, self.tries, self.told):
            foot.addWidget(part)
        right.column.addLayout(foot)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.panel)
        self.splitter.addWidget(right)
        self.splitter.setStretchFactor(1, 1)
        self.body.addWidget(self.strip)
        self.body.addWidget(self.folded)
        self.body.addWidget(self.splitter, 1)
        self.folded.hide()
        style.follow(self._restyle)

    def _restyle(self) -> None:
        """Give what is fixed its size in the present text size."""
        self.columns.setMinimumHeight(px(COLUMNS_LEAST))
        self.panel.setMinimumWidth(px(PANEL_LEAST))
        self._columns_shown = 0
        self.adapt(self.window().width())

    def _connect(self) -> None:
        controller = self.controller
        controller.changed.connect(self._refresh)
        controller.counted.connect(self._show_counted)
        self.live_count.counted.connect(self._show_length)
        self.panel.typed.connect(self._count)
        self.add_button.clicked.connect(self._offer_adapters)
        self.copy_button.clicked.connect(self._copy)
        self.summarise_button.clicked.connect(self.summarise)
        self.columns.closed.connect(controller.remove)
        self.columns.base_wanted.connect(self._offer_bases)
        self.columns.add_wanted.connect(self._offer_adapters)
        self.columns.cancelled.connect(controller.cancel)
        self.columns.feedback_given.connect(controller.give_feedback)
        self.panel.changed.connect(self._refresh)
        self.panel.file_wanted.connect(self._choose_file)
        self.panel.label_wanted.connect(self._label)
        self.tries.label_wanted.connect(self._label)
        self.strip.acted.connect(self._act)
        self.folded.toggled.connect(self._toggle_conversation)
        self.tries.chosen.connect(self._restore)
        self.tries.cleared.connect(self._clear_tries)
        self.tries.export_wanted.connect(self._choose_export)
        QShortcut(QKeySequence("Ctrl+Return"), self, self.summarise)
        QShortcut(QKeySequence.StandardKey.Paste, self, self.panel.paste)

    # Being shown something

    def shown(self) -> None:
        """Offer the bundled conversations, and look again at what there is to compare."""
        self._offer_samples()
        self.controller.rescan()
        if not self._asked_for_models:
            self._asked_for_models = True
            self._engine.ask("models", {"action": "list"}, parent=self).tell(self, result=self._take_models)

    def open(self, adapter_ids: Iterable[str]) -> None:
        """Compare these adapters of the library with their base model."""
        self.controller.open_adapters(adapter_ids)
        self._use_adapters_decoding()

    def open_conversation(self, text: str, reference: str = "", whence: str = "") -> None:
        """Show a conversation, with its reference summary if there is one."""
        self.panel.show_conversation(text, reference, whence)

    def open_example(self, example: Example) -> None:
        """Show the conversation of an example, with its reference summary."""
        self.panel.show_conversation(example.conversation, example.summary, f"Row {example.id}")

    def offer_conversations(self, name: str, examples: Sequence[Example]) -> None:
        """Offer the rows of checked data to pick from, in place of those of the data checked before."""
        kept = {known: found for known, found in self._sources.items() if known == choices.SAMPLES_NAME}
        self._sources = {name: examples} | kept
        self.panel.offer(self._sources)

    def _offer_samples(self) -> None:
        if choices.SAMPLES_NAME not in self._sources:
            try:
                self._sources[choices.SAMPLES_NAME] = samples()
            except StorageError as error:
                self.controller.say(f"{error.message} {error.hint}")
            self.panel.offer(self._sources)

    def _take_models(self, result: dict[str, list[dict[str, str]]]) -> None:
        self.controller.local_models = [model["id"] for model in result["models"]]

    # Doing

    def summarise(self) -> None:
        """Ask for summaries of what is shown, pausing a run that has the device."""
        if self.controller.board.busy:
            return
        self.panel.settle()
        if not self.decoding.is_valid:
            self.controller.say("The decoding options can't be used so. The fields say why.")
            return
        try:
            self.decoding.keep()
        except AppError as error:
            self.controller.say(f"{error.message} {error.hint}")
        self.controller.summarise(self.panel.conversation, self.panel.reference, self._options())

    def _options(self) -> SummarizeOptions:
        """Return all that is set about how summaries are written."""
        return SummarizeOptions(**self.decoding.decoding().model_dump())

    def _act(self) -> None:
        """Do what the strip offers; trying needs something to try."""
        if self.controller.turn.run_is_computing and self.panel.conversation:
            self.summarise()
        else:
            self.controller.act()

    def _offer_adapters(self) -> None:
        self.adapter_menu().popup(self.add_button.mapToGlobal(self.add_button.rect().bottomLeft()))

    def adapter_menu(self) -> QMenu:
        """Return a menu of every adapter, those that can't stand here greyed with the reason."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for choice in self.controller.adapter_choices():
            words = choice.reason or choices.entry(choice.adapter).detail
            action = menu.addAction(f"{choice.adapter.name}   {words}".replace("&", "&&"))
            action.setEnabled(choice.fits)
            action.setData(choice.adapter.id)
        if menu.isEmpty():
            menu.addAction("No adapters yet. Train one, or import one in the library.").setEnabled(False)
        menu.triggered.connect(self._add)
        return menu

    def _add(self, action: object) -> None:
        self.controller.add(action.data())  # type: ignore[attr-defined]
        self._use_adapters_decoding()

    def _use_adapters_decoding(self) -> None:
        decoding = self.controller.decoding()
        if decoding is not None:
            self.decoding.show_decoding(decoding)

    def _offer_bases(self) -> None:
        button = self.columns.base.act
        self.base_menu().popup(button.mapToGlobal(button.rect().bottomLeft()))

    def base_menu(self) -> QMenu:
        """Return a menu of the base models."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for base_id in self.controller.base_choices():
            action = menu.addAction(choices.base_title(base_id).replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(base_id == self.controller.base_id)
            action.setData(base_id)
        menu.triggered.connect(lambda action: self.controller.choose_base(action.data()))
        return menu

    def _copy(self) -> None:
        tried = self.controller.tried
        reference, options = (
            (tried.reference, tried.decoding) if tried else (self.panel.reference, self._options())
        )
        text = as_markdown(self.controller.board, reference, options)
        QGuiApplication.clipboard().setText(text)

    def _restore(self, tried: Try) -> None:
        self.controller.restore(tried)
        self.panel.show_conversation(tried.conversation, tried.reference, "Earlier try")
        self.decoding.show_decoding(tried.decoding)

    def _label(self) -> None:
        """Ask for summaries of what is shown and of the earlier tries to be written."""
        self.panel.settle()
        shown = [(self.panel.conversation, self.panel.reference)] if self.panel.conversation else []
        tried = [(one.conversation, one.reference) for one in self.controller.tries.items]
        self.label_requested.emit([Example("", *texts) for texts in (*shown, *tried)])

    # Earlier tries

    def _clear_tries(self) -> None:
        gone = self.controller.clear_tries()
        if gone:
            count = "1 try is" if len(gone) == 1 else f"{len(gone)} tries are"
            self.told.offer(f"{count} forgotten.", lambda: self.controller.bring_back(gone))

    def _choose_export(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, "Export good summaries", "good-summaries.jsonl", files.ROWS
        )
        if name:
            self.export_good_ones(Path(name))

    def export_good_ones(self, path: Path) -> None:
        """Write the summaries that were found good to a file of training data."""
        found = good_ones(self.controller.tries.items)
        try:
            labelling.write_rows(path, found.items, found.notes)
        except AppError as error:
            self.told.offer(f"{error.message} {error.hint}")
        else:
            self.told.offer(
                f"{found.words}: {path}", lambda: self.data_requested.emit(str(path)), "Check it as data"
            )

    # Files

    def _choose_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Open a conversation", "", files.KINDS)
        if name:
            self.open_file(Path(name))

    def open_file(self, path: Path) -> None:
        """Show the conversation in a text file, or say why it can't be shown."""
        try:
            self.panel.receive(files.read_conversation(path), path.name)
        except DataError as error:
            self.controller.say(f"{error.message} {error.hint}")

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take text and files."""
        if event.mimeData().hasUrls() or event.mimeData().hasText():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Show what was dropped."""
        dropped = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if dropped:
            self.open_file(dropped[0])
        elif event.mimeData().hasText():
            self.panel.receive(event.mimeData().text(), "Dropped")
        event.acceptProposedAction()

    # Showing

    def adapt(self, width: int) -> None:
        """Fold the conversation to a strip below 1200."""
        narrow = width < NARROW * text_scale()
        if narrow != self._is_narrow:
            self._is_narrow = narrow
            self.folded.setVisible(narrow)
            self._open_conversation(not narrow)

    def _share_width(self) -> None:
        """Let the conversation give way, down to its least, before the columns have to be scrolled."""
        columns = len(self.controller.board.columns)
        if columns == self._columns_shown or self._is_narrow:
            return
        self._columns_shown = columns
        rest = self.width() - columns * px(LEAST_WIDTH) - 3 * ColumnsView.MARGIN - columns
        wide = max(px(PANEL_LEAST), min(px(PANEL_WIDTH), rest))
        self.splitter.setSizes([wide, max(1, self.width() - wide)])

    def _toggle_conversation(self) -> None:
        self._open_conversation(self.panel.isHidden())

    def _open_conversation(self, is_open: bool) -> None:
        self.panel.setVisible(is_open)
        if is_open:
            wide = px(PANEL_LEAST if self._is_narrow else PANEL_WIDTH)
            self.splitter.setSizes([wide, max(1, self.width() - wide)])
        self.folded.set_open(is_open)

    def _show_counted(self, tokens: int) -> None:
        self.panel.show_counted(tokens)
        self._refresh()

    def _count(self) -> None:
        """Let what is shown or typed be counted."""
        self.live_count.count(self.panel.conversation, self.controller.limit(), self.controller.base_id)

    def _show_length(self, text: str, length: Length) -> None:
        self.panel.show_length(text, length)
        self._show_folded()

    def _show_folded(self) -> None:
        self.folded.show_conversation(self.panel.conversation, self.panel.length)

    def _refresh(self) -> None:
        controller = self.controller
        ready = controller.summarizer.state == "ready"
        self.header.set_subtitle(controller.subtitle(), "accent" if ready else "")
        self._share_width()
        can_rate = controller.tried is not None
        self.columns.show_board(controller.board, controller.summarizer.words, can_rate)
        self.strip.show_strip(controller.strip())
        self.panel.show_limit(controller.limit())
        self._show_folded()
        self._count()
        self._allow_asking(controller.can_ask)
        self.copy_button.setEnabled(any(column.text for column in controller.board.columns))
        if controller.tries.items != self.tries.tries():
            self.tries.show_tries(controller.tries.items)

    def _allow_asking(self, can_ask: bool) -> None:
        """Switch the primary button, and keep the focus for it while it is off."""
        if not can_ask and self.summarise_button.hasFocus():
            self.setFocus()
        self.summarise_button.setEnabled(can_ask)
        if can_ask and self.hasFocus():
            self.summarise_button.setFocus()
