"""A conversation, two summaries without names, and the keys to choose the better one."""

from __future__ import annotations

from typing import get_args

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLineEdit, QSizePolicy, QWidget

from engine.api import turns, voting
from gui.core import actions
from gui.graphics.bars import Bar
from gui.look import style
from gui.look.fonts import px
from gui.look.language import mark, tr
from gui.models.list_text import NOTHING_WRITTEN
from gui.pages.compare import voting_text
from gui.widgets.buttons import Button, IconButton, plain
from gui.widgets.cards import Card
from gui.widgets.labels import Label, ShortcutsLine
from gui.widgets.layouts import FlowBox, Line, Scroll, Splitter, fill, hbox, vbox
from gui.widgets.text_view import TextView, Turn

CONVERSATION_FRACTION = 0.42
# Below it the conversation is above the summaries; they are below each other if each has less than the second.
STACKED_WIDTH, MIN_SUMMARY_WIDTH = 900, 260
BUTTONS: dict[voting.Choice, tuple[str, str]] = {
    "left": (mark("1 is better"), "first"),
    "tie": (mark("Tie"), "tie"),
    "right": (mark("2 is better"), "second"),
}


class VoteView(QWidget):
    """Shows one pair. `voted(choice, note)` carries a vote, `undone` takes the last one back."""

    voted = Signal(str, str)
    undone = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAccessibleName(tr("Which summary is better?"))
        self.progress = Label("", "label", "muted", wrap=True)
        self.bar = Bar()
        self.undo_button = IconButton("undo", actions.titled(tr("Undo the last vote"), "compare.undo"))
        self.undo_button.clicked.connect(self.undone)
        self._turns = TextView()
        self.reading = Scroll((0, 0, 10, 0), spacing=8)
        self.summaries = (
            _Summary(tr("Summary {number}", number=1)),
            _Summary(tr("Summary {number}", number=2)),
        )
        self.buttons: dict[voting.Choice, Button] = {}
        for choice, (title, action) in BUTTONS.items():
            button = plain(tr(title))
            button.setToolTip(actions.keys_text(f"compare.{action}"))
            button.clicked.connect(lambda _checked=False, choice=choice: self._vote(choice))
            self.buttons[choice] = button
        self.note = _NoteEdit()
        self.note.left.connect(self.setFocus)
        self.splitter = Splitter("blind")
        self._left = QWidget()
        style.set_background(self._left, "surface")
        fill(self.reading.column, self._turns, 1)
        vbox(
            Label(tr("Conversation"), "section"),
            (self.reading, 1),
            of=self._left,
            margins=(24, 14, 14, 16),
            spacing=12,
        )
        self.splitter.addWidget(self._left)
        pane = Scroll((24, 14, 24, 16), spacing=12)
        self._pair = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._pair.setSpacing(12)
        for summary in self.summaries:
            self._pair.addWidget(summary, 1)
        label = Label(tr("Note"), "label", "muted")
        label.setBuddy(self.note)
        note = hbox(label, (self.note, 1), spacing=12)
        fill(
            pane.column,
            Label(tr("Which summary is better?"), "section"),
            self._pair,
            FlowBox(list(self.buttons.values())),
            note,
            1,
            ShortcutsLine("compare"),
        )
        self._right = pane
        self.splitter.addWidget(self._right)
        vbox(self._progress_row(), Line(), (self.splitter, 1), of=self, spacing=0)
        self._bind()
        style.on_style_changed(self._arrange)

    def _progress_row(self) -> QHBoxLayout:
        return hbox(
            (vbox(self.progress, self.bar, spacing=4), 1),
            self.undo_button,
            margins=(24, 10, 24, 10),
            spacing=16,
        )

    def _bind(self) -> None:
        within = Qt.ShortcutContext.WidgetWithChildrenShortcut
        for choice, (_, name) in BUTTONS.items():
            actions.bind(self, f"compare.{name}", self.buttons[choice], within)
        actions.bind(self, "compare.undo", self.undo_button, within)
        actions.bind(self, "compare.note", self.note.setFocus, within)
        actions.bind(self, "compare.read_on", lambda: self._scroll(1), within)
        actions.bind(self, "compare.read_back", lambda: self._scroll(-1), within)

    # Showing

    def show_question(self, work: voting.Voting) -> None:
        """Show the pair that is asked now; nothing of it names a system."""
        question = work.question
        if question is None:
            return
        asked = work.comparison.conversations[question.conversation]
        self._turns.set_turns([Turn(turn.speaker, turn.text) for turn in turns(asked.conversation)])
        for summary, system in zip(self.summaries, (question.left, question.right), strict=True):
            summary.show_text(asked.summaries[system])
        self.note.clear()
        for pane in (self.reading, self._right):
            pane.verticalScrollBar().setValue(0)
        self.show_progress(work.progress())

    def show_progress(self, progress: voting.Progress) -> None:
        self.progress.setText(voting_text.progress_text(progress))
        self.bar.set_fraction(progress.done / progress.goal if progress.goal else 0.0)
        self.undo_button.setEnabled(progress.done > 0)

    def shown_texts(self) -> tuple[str, str]:
        first, second = (summary.text.text() for summary in self.summaries)
        return first, second

    # Acting

    def _vote(self, choice: voting.Choice) -> None:
        assert choice in get_args(voting.Choice)
        self.voted.emit(choice, self.note.text())
        self.setFocus()

    def _scroll(self, pages: int) -> None:
        bar = self.reading.verticalScrollBar()
        bar.setValue(bar.value() + round(pages * bar.pageStep() * 0.85))

    # Layout

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the parts below each other where they have no room side by side."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        stacked = self.width() < px(STACKED_WIDTH)
        wanted = Qt.Orientation.Vertical if stacked else Qt.Orientation.Horizontal
        if self.splitter.orientation() != wanted:
            self.splitter.setOrientation(wanted)
        room = self.height() if stacked else self.width()
        first = round(room * CONVERSATION_FRACTION)
        self._left.setMinimumWidth(0 if stacked else min(px(280), first))
        self._right.setMinimumWidth(0 if stacked else min(px(320), room - first))
        self.splitter.share([max(1, first), max(1, room - first)])
        width = self.width() if stacked else self.width() - first
        beside = width - 60 >= 2 * px(MIN_SUMMARY_WIDTH)
        direction = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        self._pair.setDirection(direction)


class _Summary(Card):
    """One summary, which has a number in place of a name."""

    def __init__(self, name: str) -> None:
        super().__init__(margin=16, spacing=6)
        self.text = TextView()
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        fill(self.column, Label(name, "head", "muted"), (self.text, 0, Qt.AlignmentFlag.AlignTop), 1)

    def show_text(self, text: str) -> None:
        self.text.set_text(text.strip() or tr(NOTHING_WRITTEN))


class _NoteEdit(QLineEdit):
    """A note on the pair; `left` is emitted when Return or Esc ends it."""

    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setPlaceholderText(tr("Why? Saved with the vote"))
        self.setAccessibleName(tr("Note"))
        self.setMaxLength(2_000)
        self.returnPressed.connect(self.left)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)
