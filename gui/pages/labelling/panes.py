"""The panes beside the list: the conversation at the left; the summary, its author, claims and buttons at the right.

They show an item. Their owner stores the text and runs the operations.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent, QTextBlockFormat, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QSizePolicy, QTextEdit, QWidget

from engine.api import Claim, labelling, turns, unsupported
from gui.core import actions
from gui.core.background_tasks import once
from gui.graphics.bars import Bar
from gui.inputs.combo_box import ComboBox
from gui.inputs.fields import ProblemLine
from gui.look import style
from gui.look.fonts import READING_PITCH, px
from gui.look.format import number_text
from gui.look.language import mark, tr
from gui.pages.labelling import labelling_text
from gui.pages.labelling.draft_writer import DraftWriter
from gui.pages.labelling.items_view import ORDERS
from gui.widgets.buttons import IconButton, plain, primary, quiet
from gui.widgets.labels import ElidedLabel, IconLabel, Label, ShortcutsLine
from gui.widgets.layouts import FlowLayout, Line, Scroll, fill, gridbox, hbox, vbox
from gui.widgets.text_view import Mark, TextView, Turn, utf16

# For each button: its name, and its name with the step it would undo or redo.
BACK_AND_FORTH = {"undo": (mark("Undo"), mark("Undo: {step}")), "redo": (mark("Redo"), mark("Redo: {step}"))}


class SummaryPane(QWidget):
    """The summary of one conversation.

    Signals: `typed(text)` by the user; `accepted`, `skipped`, `undone`, `redone`, `draft_wanted` and
    `draft_cancelled` for the buttons.
    """

    typed = Signal(str)
    accepted = Signal()
    skipped = Signal()
    undone = Signal()
    redone = Signal()
    draft_wanted = Signal()
    draft_cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._item: labelling.Item | None = None
        self._accepted: list[labelling.Item] = []
        self._status_icon = IconLabel("edit", "muted", 14)
        self._status = ElidedLabel("", "label", "muted")
        self.edit = SummaryEdit()
        self.edit.typed.connect(self._on_typed)
        self.problem = ProblemLine()
        self._length = Label("", "figure_small", "muted")
        self._usual = ElidedLabel("", "figure_small", "hint")
        self._claims_icon = IconLabel("warning", "warning", 14)
        self._claims = Label("", "label", "warning", wrap=True)
        self.writer = ComboBox()
        self.writer.setAccessibleName(tr("Drafts by"))
        self.draft_button = plain(tr("Draft"), "play", press=self._draft_or_cancel)
        self._writing = ElidedLabel("", "label", "muted")
        self.accept_button = primary(tr("Accept and continue"), "check")
        self.skip_button = plain(tr("Skip"))
        self.undo_button = IconButton("undo", tr("Undo"))
        self.redo_button = IconButton("redo", tr("Redo"))
        for button, key, signal in (
            (self.accept_button, "accept", self.accepted),
            (self.skip_button, "skip", self.skipped),
            (self.undo_button, "undo", self.undone),
            (self.redo_button, "redo", self.redone),
        ):
            button.setToolTip(actions.keys_text(f"labelling.{key}"))
            button.clicked.connect(signal)
        head = hbox(Label(tr("Summary"), "section"), spacing=6)
        head.addSpacing(10)
        fill(head, self._status_icon, (self._status, 1), self.undo_button, self.redo_button)
        length = hbox(self._length, (self._usual, 1), spacing=16)
        claims = hbox(self._claims_icon, (self._claims, 1), spacing=6)
        acts = hbox(self.accept_button, self.skip_button, 1, spacing=8)
        right = Scroll((24, 14, 24, 16), spacing=8, parent=self)
        column = right.column
        fill(column, head, (self.edit, 3), self.problem, length, claims)
        column.addSpacing(4)
        column.addLayout(acts)
        column.addSpacing(4)
        fill(column, Line(), self._draft_row(), 1, ShortcutsLine("labelling"))
        vbox(right, of=self)
        self._marking = once(self, 150, self._look_at_text)

    def _draft_row(self) -> QGridLayout:
        label = Label(tr("Drafts &by"), "label", "muted")
        label.setBuddy(self.writer)
        self.writer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        grid = gridbox(across=12, down=4)
        grid.addWidget(label, 0, 0)
        grid.addWidget(self.writer, 0, 1)
        grid.addWidget(self.draft_button, 0, 2)
        grid.addWidget(self._writing, 1, 1, 1, 2)
        grid.setColumnStretch(1, 1)
        return grid

    # Showing

    def show_text(self, item: labelling.Item) -> None:
        self._item = item
        self.edit.replace(item.text)
        self._look_at_text()

    def show_item(self, item: labelling.Item, accepted: list[labelling.Item], problem: str) -> None:
        self._item, self._accepted = item, accepted
        found = labelling_text.status(item)
        self._status.setText(found.text)
        self._status.set_token(found.token)
        self._status_icon.set_icon(found.icon, found.token)
        self.problem.show_problem(problem)
        style.set_property(self.edit, "problem", "true" if problem else "false")
        self._show_length()

    def show_undo(self, last: labelling.Step | None, following: labelling.Step | None) -> None:
        for button, key, step in ((self.undo_button, "undo", last), (self.redo_button, "redo", following)):
            name, with_step = BACK_AND_FORTH[key]
            title = tr(with_step, step=labelling_text.step_text(step)) if step else tr(name)
            button.set_name(f"{title} ({actions.keys_text(f'labelling.{key}')})")
            button.setEnabled(step is not None)

    def show_draft_writer(self, draft_writer: DraftWriter) -> None:
        writers = [(one.key, one.title) for one in draft_writer.writers]
        if [self.writer.itemData(at) for at in range(self.writer.count())] != [key for key, _ in writers]:
            self.writer.set_items(writers)
        self.writer.set_key(draft_writer.writer.key)
        writing = self._item is not None and draft_writer.writes_for(self._item.number)
        self.draft_button.setText(tr("Cancel") if writing else tr("Draft"))
        self.draft_button.set_icon("close" if writing else "play")
        self.draft_button.setToolTip("" if writing else actions.keys_text("labelling.draft"))
        self.draft_button.setEnabled(
            writing or (draft_writer.device_lock.is_ours and not draft_writer.is_busy)
        )
        self._writing.setText(draft_writer.status_text)
        self._writing.setVisible(writing)
        for button in (self.accept_button, self.skip_button):
            button.setEnabled(not writing)
        self.writer.setEnabled(not draft_writer.is_busy)
        if writing or self.edit.isReadOnly():
            draft = draft_writer.text if writing else None
            self.edit.set_writing(draft is not None)
            if draft:
                self.edit.replace(draft)
            elif draft is None and self._item is not None:
                self.show_text(self._item)

    # The text

    def text(self) -> str:
        return self.edit.toPlainText()

    def _on_typed(self, text: str) -> None:
        self._marking.start()
        self.typed.emit(text)

    def _look_at_text(self) -> None:
        self._show_length()
        conversation = self._item.conversation if self._item else ""
        claims = unsupported(self.text(), conversation)
        self.edit.show_claims(claims)
        named = ", ".join(dict.fromkeys(claim.text for claim in claims))
        self._claims.setText(tr("Not in the conversation: {named}", named=named) if claims else "")
        self._claims_icon.setVisible(bool(claims))

    def _show_length(self) -> None:
        if self._item is None:
            return
        found = labelling_text.length(self.text(), self._item.conversation, self._accepted)
        self._length.setText(found.text)
        self._usual.setText(found.usual)
        self._usual.set_token("warning" if found.is_unusual else "hint")

    def hints(self) -> list[str]:
        """Return the hints about the text: its length, the usual length, and the unsupported claims."""
        return [self._length.text(), self._usual.text(), self._claims.text()]

    def status(self) -> str:
        return self._status.text()

    def _draft_or_cancel(self) -> None:
        (self.draft_cancelled if self.edit.isReadOnly() else self.draft_wanted).emit()


class ConversationPane(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        style.set_background(self, "surface")
        self._shown = ("", "")
        self.position = Label("", "figure_small", "muted")
        self.back = IconButton("chevron-left", tr("Previous conversation"))
        self.forward = IconButton("chevron-right", tr("Next conversation, without changing this one"))
        self._about = ElidedLabel("", "label", "muted")
        self.turns = TextView()
        self.reading = Scroll((0, 0, 10, 0), spacing=0)
        head = hbox(
            (Label(tr("Conversation"), "section"), 1), self.back, self.position, self.forward, spacing=4
        )
        fill(self.reading.column, self.turns, 1)
        column = vbox(head, self._about, of=self, margins=(24, 14, 14, 16), spacing=8)
        column.addSpacing(4)
        column.addWidget(self.reading, 1)

    def show_item(self, item: labelling.Item, total: int, can_go_back: bool) -> None:
        self.position.setText(
            tr("{number} of {total}", number=number_text(item.number), total=number_text(total))
        )
        self.back.setEnabled(can_go_back)
        if (item.id, item.conversation) != self._shown:
            self._shown = (item.id, item.conversation)
            self._about.setText(labelling_text.about_conversation(item))
            said = turns(item.conversation)
            self.turns.set_turns([Turn(turn.speaker, turn.text) for turn in said])
            self.reading.verticalScrollBar().setValue(0)

    def turn_pages(self, pages: int) -> None:
        """Scroll the conversation by pages, each a little less than the visible height."""
        bar = self.reading.verticalScrollBar()
        bar.setValue(bar.value() + round(pages * bar.pageStep() * 0.85))


class SummaryEdit(QTextEdit):
    """The editor of a summary: plain text only, at the line height of reading text, with unsupported claims marked.

    It keeps no history: undo and redo are signals.

    Signals: `typed(text)` by the user; `undo_wanted` and `redo_wanted` for their keys; `scroll_wanted(pages)` for
    the page keys, which scroll the conversation beside it; `left` when it loses the focus.
    """

    typed = Signal(str)
    undo_wanted = Signal()
    redo_wanted = Signal()
    scroll_wanted = Signal(int)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAcceptRichText(False)
        self.setTabChangesFocus(True)
        self.setUndoRedoEnabled(False)
        self.setPlaceholderText(tr("Who wants what, what was agreed, what is open"))
        self.setAccessibleName(tr("Summary"))
        self._text = ""
        self.claims: tuple[Claim, ...] = ()
        self.textChanged.connect(self._on_text_changed)
        style.set_font(self, "reading")
        style.scale(self, QWidget.setMinimumHeight, 104)
        style.scale(self, QWidget.setMaximumHeight, 236)
        style.on_style_changed(self._restyle)

    def replace(self, text: str) -> None:
        if text != self.toPlainText():
            self.blockSignals(True)
            self.setPlainText(text)
            self._space_lines()
            self.blockSignals(False)
        self._text = self.toPlainText()
        self.moveCursor(QTextCursor.MoveOperation.End)

    def _on_text_changed(self) -> None:
        """Report typed text; formatting also emits Qt's signal, but leaves the text unchanged."""
        if self.toPlainText() != self._text:
            self._text = self.toPlainText()
            self.typed.emit(self._text)

    def _space_lines(self) -> None:
        spaced = QTextBlockFormat()
        spaced.setLineHeight(px(READING_PITCH), QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.mergeBlockFormat(spaced)

    def set_writing(self, writing: bool) -> None:
        """Make the text read-only while a model writes it."""
        self.setReadOnly(writing)
        style.set_property(self, "read_only", "true" if writing else "false")

    def show_claims(self, claims: Sequence[Claim]) -> None:
        self.claims = tuple(claims)
        self._mark()

    def _mark(self) -> None:
        text = self.toPlainText()
        look = QTextCharFormat()
        look.setForeground(style.color("warning"))
        look.setFontWeight(500)
        look.setFontUnderline(True)
        look.setUnderlineColor(style.color("warning"))
        marks = []
        for claim in self.claims:
            start, length = utf16(text, Mark(claim.start, claim.end - claim.start))
            marked = QTextEdit.ExtraSelection()
            cursor = QTextCursor(self.document())
            cursor.setPosition(start)
            cursor.setPosition(start + length, QTextCursor.MoveMode.KeepAnchor)
            marked.cursor, marked.format = cursor, look
            marks.append(marked)
        self.setExtraSelections(marks)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        for name, tell in (
            ("undo", self.undo_wanted.emit),
            ("redo", self.redo_wanted.emit),
            ("read_on", partial(self.scroll_wanted.emit, 1)),
            ("read_back", partial(self.scroll_wanted.emit, -1)),
        ):
            if actions.pressed(event, f"labelling.{name}"):
                tell()
                return
        super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.left.emit()

    def _restyle(self) -> None:
        self._space_lines()
        self._mark()


# What the progress needs beside the tools; with less it stands above them.
PROGRESS_WIDTH = 300
SHOWN_TITLES = {
    "to_do": mark("To do"),
    "drafted": mark("Drafts"),
    "accepted": mark("Accepted"),
    "skipped": mark("Skipped"),
    "all": mark("All"),
}


class LabellingToolbar(QWidget):
    """Progress at the left, choosers at the right; `list_wanted(on)` shows or hides the list."""

    list_wanted = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._progress = ElidedLabel("", "label", "muted")
        self.bar = Bar()
        self.shown = ComboBox([(key, tr(title)) for key, title in SHOWN_TITLES.items()])
        self.order = ComboBox([(key, tr(title)) for key, (title, _) in ORDERS.items()])
        for at, (_, purpose) in enumerate(ORDERS.values()):
            self.order.setItemData(at, tr(purpose), Qt.ItemDataRole.ToolTipRole)
        self._lists = False
        self.list_button = quiet("", press=lambda: self.list_wanted.emit(not self._lists))
        self.list_button.setToolTip(
            f"{tr('All conversations of this set')} ({actions.keys_text('labelling.to_list')})"
        )
        self.add_button = quiet(tr("Add conversations…"))
        self.add_button.setToolTip(tr("Add conversations from a file"))
        self.draft_all_button = quiet("")
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(24, 10, 24, 10)
        self._box.setSpacing(12)
        self._box.addLayout(vbox(self._progress, self.bar, spacing=4), 1)
        self._tools = QWidget(self)
        tools = FlowLayout(self._tools)
        for button in (self.add_button, self.draft_all_button, self.list_button):
            tools.addWidget(button)
        for title, choice in ((tr("S&how"), self.shown), (tr("&Order"), self.order)):
            tools.addWidget(_labelled(title, choice, self._tools))
        self._box.addWidget(self._tools)
        style.scale(self.shown, QWidget.setFixedWidth, 150)
        style.scale(self.order, QWidget.setFixedWidth, 210)
        style.on_style_changed(self._turn)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the choosers below the progress in a narrow window."""
        super().resizeEvent(event)
        self._turn()

    def _turn(self) -> None:
        narrow = self.width() < self._tools.sizeHint().width() + px(PROGRESS_WIDTH)
        direction = QBoxLayout.Direction
        self._box.setDirection(direction.TopToBottom if narrow else direction.LeftToRight)

    def show_progress(self, found: labelling.Progress) -> None:
        self._progress.setText(labelling_text.progress(found))
        self.bar.set_fraction((found.accepted + found.skipped) / found.total if found.total else 0.0)
        self.bar.setAccessibleName(tr("Accepted or skipped"))
        counts = {
            "to_do": found.open + found.drafted,
            "drafted": found.drafted,
            "accepted": found.accepted,
            "skipped": found.skipped,
            "all": found.total,
        }
        for at, (key, title) in enumerate(SHOWN_TITLES.items()):
            self.shown.setItemText(at, f"{tr(title)} ({number_text(counts[key])})")

    def show_drafting(self, *, drafts_all: bool, waits: bool, must_wait: bool, possible: bool) -> None:
        """Show whether all open conversations are being drafted, wait for it, or can be."""
        begin = tr("Add drafts to queue") if must_wait else tr("Draft all")
        stop = tr("Stop drafting") if drafts_all else tr("Remove from the queue")
        self.draft_all_button.setText(stop if drafts_all or waits else begin)
        self.draft_all_button.setEnabled(drafts_all or waits or possible)

    def show_choices(self, shown: str, order: str, *, lists: bool) -> None:
        self._lists = lists
        self.list_button.setText(tr("Hide list") if lists else tr("Show list"))
        self.shown.set_key(shown)
        self.order.set_key(order)
        self.order.setToolTip(tr(ORDERS[order][1]))

    def progress(self) -> str:
        return self._progress.text()


def _labelled(title: str, choice: ComboBox, parent: QWidget) -> QWidget:
    """Return a chooser with its label, which stay together."""
    pair = QWidget(parent)
    label = Label(title, "label", "muted")
    label.setBuddy(choice)
    choice.setAccessibleName(title.replace("&", ""))
    choice.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    hbox(label, choice, of=pair, margins=(8, 0, 0, 0), spacing=8)
    return pair
