"""The playground's left panel: the conversation in turns or as text, its length, and the reference summary.

Owns the conversation and the reference. Of models it knows only the trained length limit.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication, QTextCursor
from PySide6.QtWidgets import QCheckBox, QPlainTextEdit, QStackedWidget, QTextEdit, QWidget

from engine.api import Example, chats, speakers, turns
from gui.core import actions
from gui.core.preferences import SavedState, values_of
from gui.look import style
from gui.look.fonts import font
from gui.look.language import tr, tr_count, translate
from gui.look.shown_texts import plain_tooltip
from gui.pages.playground.token_meter import Length, TokenMeter, counted, estimated, parted
from gui.widgets.buttons import link, make_menu, open_below, plain, quiet
from gui.widgets.cards import EmptyState, NoticeStrip
from gui.widgets.labels import ElidedLabel, Label
from gui.widgets.layouts import Line, Scroll, fill, hbox, vbox
from gui.widgets.text_view import Mark, TextView, Turn, utf16

# Characters of a conversation that the next start shows again.
MAX_SAVED = 100_000
# Longer texts are not parsed, since the window would wait.
MAX_CHARACTERS = 500_000
MAX_LINES_SHOWN = 20
LEFT_OUT: dict[str, Callable[[int], str]] = {
    "system": lambda count: tr_count(count, "{n} system line", "{n} system lines"),
    "media": lambda count: tr_count(count, "{n} media tag", "{n} media tags"),
    "quote": lambda count: tr_count(count, "{n} quoted message", "{n} quoted messages"),
    "signature": lambda count: tr_count(count, "{n} signature", "{n} signatures"),
    "chat": lambda count: tr_count(count, "{n} other chat", "{n} other chats"),
}


class ConversationPanel(QWidget):
    """The conversation and its reference summary.

    Signals: `changed` for another one, `typed` while the conversation is edited, `file_wanted` to open a text file,
    `list_wanted` to pick one of several, `alone_wanted` to leave them with the one that is looked at,
    `piecewise_chosen(bool)` whether a long conversation is summarised in parts.
    """

    changed = Signal()
    typed = Signal()
    piecewise_chosen = Signal(bool)
    file_wanted = Signal()
    list_wanted = Signal()
    alone_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        style.set_background(self, "surface")
        self._conversation = ""
        self._origin = ""
        # What one of several stands in for while it is looked at: conversation, reference and origin.
        self._aside: tuple[str, str, str] | None = None
        self._limit = 512
        self._length = estimated("", self._limit)
        self._measured = ""
        self._about = ElidedLabel("", "label", "muted")
        self.export_offer = ExportOffer()
        self.export_offer.chosen.connect(self._take)
        self._turns = TextView()
        self.editor = ConversationEdit()
        self.editor.textChanged.connect(self._type)
        self.meter = TokenMeter()
        self.piecewise = QCheckBox(tr("Summarise in parts"))
        self.piecewise.setToolTip(
            tr("Summarise parts that fit the limit, then their summaries. Otherwise the end is cut off.")
        )
        self.piecewise.toggled.connect(self._choose_piecewise)
        self.reference_edit = QPlainTextEdit()
        self.reference_edit.setPlaceholderText(tr("Paste one to see ROUGE and chrF"))
        self.reference_edit.setAccessibleName(tr("Reference summary, optional"))
        self.reference_edit.setTabChangesFocus(True)
        self.reference_edit.textChanged.connect(self.changed)
        self.label_button = link(tr("Write it"))
        self.label_button.setToolTip(tr("Write a summary, starting from drafts"))
        self._open_button = quiet(tr("Open…"), press=self._offer_ways)
        self._edit_button = quiet(tr("Edit"), press=self.toggle_edit)
        self.alone_button = quiet(tr("Open alone"), "arrow-right", press=self.alone_wanted)
        style.set_font(self.reference_edit, "body")
        style.scale(self.reference_edit, QWidget.setFixedHeight, 84)
        self._lay_out()
        self._show()
        SavedState(self, "conversation", self._saved, self._restore)

    def _lay_out(self) -> None:
        head = hbox((ElidedLabel(tr("Conversation"), "section", "text"), 1), spacing=0)
        for button in (self._open_button, self._edit_button, self.alone_button):
            button.set_short()
            head.addWidget(button)
        self.alone_button.hide()
        self._reading = Scroll((0, 0, 10, 0), spacing=0)
        fill(self._reading.column, self._turns, 1)
        self._stack = QStackedWidget()
        self._empty = self._empty_state()
        fill(self._stack, self._reading, self.editor, self._empty)
        self._stack.currentChanged.connect(self._show_offers)
        reference = hbox(
            (ElidedLabel(tr("Reference summary"), "label_medium", "muted"), 1),
            Label(tr("optional"), "label", "hint"),
            self.label_button,
        )
        offer = vbox(self.export_offer, margins=(0, 0, 10, 0))
        self._foot = QWidget()
        foot = vbox(self.meter, self.piecewise, of=self._foot, margins=(0, 0, 10, 0), spacing=8)
        foot.addSpacing(4)
        foot.addWidget(Line())
        foot.addSpacing(4)
        fill(foot, reference, self.reference_edit)
        parts = (head, self._about, offer, (self._stack, 1), self._foot)
        vbox(*parts, of=self, margins=(24, 14, 14, 20), spacing=8)

    def _empty_state(self) -> QWidget:
        ways = [
            plain(tr("Pick a sample"), press=self.list_wanted),
            quiet(tr("Paste"), press=self.paste),
            quiet(tr("Open…"), press=self.file_wanted),
        ]
        hint = tr("Paste one, drop a file, or pick a sample.")
        return EmptyState("playground", tr("No conversation yet"), hint, ways)

    @property
    def conversation(self) -> str:
        return self.editor.conversation() if self.is_editing else self._conversation

    @property
    def reference(self) -> str:
        """Return the reference summary, or ""."""
        return self.reference_edit.toPlainText().strip()

    @property
    def length(self) -> Length:
        """Return the conversation's length, estimated until it is counted."""
        return self._length

    @property
    def is_editing(self) -> bool:
        return self._stack.currentWidget() is self.editor

    def about(self) -> str:
        """Return the line below the head: the source and the number of speakers."""
        return self._about.text()

    def show_conversation(self, text: str, reference: str | None = "", origin: str = "") -> None:
        """Show another conversation; a reference of None keeps the current one."""
        self._conversation, self._origin = text.strip(), origin
        self.export_offer.dismiss()
        if reference is not None:
            self.reference_edit.setPlainText(reference)
        self._show()
        self.changed.emit()

    def look_at(self, example: Example) -> None:
        """Show one of several, fixed, until `look_away`."""
        if self._aside is None:
            self.settle()
            self._aside = self._present()
        self._set_fixed(True)
        if self._present()[:2] != (example.conversation.strip(), example.summary.strip()):
            self.show_conversation(example.conversation, example.summary, tr("Row {id}", id=example.id))

    def look_away(self) -> None:
        """Show the conversation from before `look_at` again."""
        aside, self._aside = self._aside, None
        self._set_fixed(False)
        if aside is not None:
            self.show_conversation(*aside)

    def _present(self) -> tuple[str, str, str]:
        return self.conversation, self.reference, self._origin

    def _set_fixed(self, is_fixed: bool) -> None:
        self.reference_edit.setReadOnly(is_fixed)
        self.alone_button.setVisible(is_fixed)
        self._edit_button.setVisible(not is_fixed)
        self._show_offers()

    def _show_offers(self) -> None:
        """Hide what the empty state offers itself, and what needs a conversation."""
        is_empty = self._stack.currentWidget() is self._empty
        self._open_button.setVisible(not is_empty and self._aside is None)
        self._foot.setVisible(not is_empty)

    def _saved(self) -> str:
        """Return the conversation, unless it is too long for the window's preferences."""
        text, reference, origin = self._aside or self._present()
        kept = {"text": text, "reference": reference, "origin": origin}
        return json.dumps(kept) if 0 < len(text) <= MAX_SAVED else ""

    def _restore(self, saved: str) -> None:
        kept = values_of(saved)
        self.show_conversation(*(str(kept.get(name, "")) for name in ("text", "reference", "origin")))

    def receive(self, text: str, origin: str) -> None:
        """Show text from a file, a drop or the clipboard; if it is a chat export, offer its turns."""
        self.show_conversation(text, origin=origin)
        self.export_offer.look_at(self._conversation)

    def _take(self, text: str) -> None:
        self.show_conversation(text, None, self._origin)

    def show_limit(self, tokens: int) -> None:
        if tokens != self._limit:
            self._limit = tokens
            self._measured = ""
            self._measure()

    def show_counted(self, tokens: int) -> None:
        if not self._length.is_counted:
            self._show_length(counted(self.conversation, tokens, self._limit))

    def show_length(self, text: str, length: Length) -> None:
        """Show the length of a text, unless the text or the limit has changed meanwhile."""
        if text == self.conversation and length.limit == self._limit:
            self._show_length(length)

    @property
    def is_piecewise(self) -> bool:
        return self.piecewise.isChecked()

    def _choose_piecewise(self, piecewise: bool) -> None:
        self._show_length(self._length)
        self.piecewise_chosen.emit(piecewise)

    def _offer_ways(self) -> None:
        ways = [
            actions.menu_action(tr("Pick a conversation"), self.list_wanted.emit),
            actions.menu_action(tr("Open a text file…"), self.file_wanted.emit),
            actions.menu_action(tr("Paste"), self.paste),
        ]
        open_below(self._open_button, make_menu(self, ways))

    def paste(self) -> None:
        """Paste the conversation from the clipboard; without text there, start editing."""
        text = QGuiApplication.clipboard().text().strip()
        if text:
            self.receive(text, tr("Pasted"))
        else:
            self.toggle_edit()

    def toggle_edit(self) -> None:
        if self.is_editing:
            if self.editor.conversation() != self._conversation:
                self._conversation = self.editor.conversation()
                self._origin = self._origin and tr("{origin}, edited", origin=self._origin)
                self.export_offer.look_at(self._conversation)
                self.changed.emit()
            self._show()
            return
        self.editor.setPlainText(self._conversation)
        self._stack.setCurrentWidget(self.editor)
        self._edit_button.setText(tr("Done"))
        self._show_editor_cut()
        self.editor.setFocus()

    def settle(self) -> None:
        if self.is_editing:
            self.toggle_edit()

    def _type(self) -> None:
        if self.is_editing:
            self._measure()
            self.typed.emit()

    def _show(self) -> None:
        said = turns(self._conversation)
        self._stack.setCurrentWidget(self._reading if said else self._empty)
        self._edit_button.setText(tr("Edit"))
        people = len(speakers(self._conversation))
        if people:
            about = [
                tr_count(people, "{n} speaker", "{n} speakers"),
                tr_count(len(said), "{n} turn", "{n} turns"),
            ]
        else:
            about = [tr("no named speakers")]
        self._about.setText(", ".join(filter(None, (self._origin, *about))) if said else "")
        self._about.setVisible(bool(said))
        self.label_button.setEnabled(bool(said))
        self._measure()

    def _measure(self) -> None:
        """Estimate the length of the text, unless it was counted."""
        text = self.conversation
        if text != self._measured or not text:
            self._show_length(estimated(text, self._limit))
        elif not self.is_editing:
            self._show_turns()

    def _show_length(self, length: Length) -> None:
        self._length, self._measured = length, self.conversation
        self.piecewise.setVisible(length.cut_at is not None)
        if self.is_editing:
            self._show_editor_cut()
        self._show_turns()

    def _show_editor_cut(self) -> None:
        self.editor.show_cut(None if self.is_piecewise else self._length.cut_at)

    def _show_turns(self) -> None:
        """Show the turns, those behind the limit below a line."""
        read, cut = parted(self.conversation, self._length.cut_at)
        self.meter.show_length(self._length, len(cut), piecewise=self.is_piecewise)
        if self.is_editing:
            return
        if self.is_piecewise:
            # Nothing is cut off: no line and no dimmed turns.
            read, cut = turns(self.conversation), ()
        said = [*read, *cut]
        shown = [Turn(turn.speaker, turn.text) for turn in said[:400]]
        more = len(said) - len(shown)
        if more:
            shown.append(Turn("", tr_count(more, "{n} more turn", "{n} more turns")))
        exact, about = tr("end of the trained limit"), tr("about the end of the trained limit")
        self._turns.set_turns(shown, len(read) if cut else None, exact if self._length.is_counted else about)


class ConversationEdit(QPlainTextEdit):
    """The editor of a conversation as plain text; `show_cut` marks the text behind the limit."""

    def __init__(self) -> None:
        super().__init__()
        self._cut_at: int | None = None
        self.setPlaceholderText(tr("Name: what they say"))
        self.setAccessibleName(tr("Conversation as text"))
        self.setTabChangesFocus(True)
        style.on_style_changed(self._restyle)

    def conversation(self) -> str:
        """Return the text without surrounding space."""
        return self.toPlainText().strip()

    def show_cut(self, cut_at: int | None) -> None:
        """Mark the text from this character on as cut off; None marks nothing."""
        self._cut_at = cut_at
        self._mark()

    def cut_text(self) -> str:
        return "".join(each.cursor.selectedText() for each in self.extraSelections())

    def _restyle(self) -> None:
        self.setFont(font("body"))
        self._mark()

    def _mark(self) -> None:
        if self._cut_at is None:
            self.setExtraSelections([])
            return
        text = self.toPlainText()
        before = len(text) - len(text.lstrip()) + self._cut_at
        start, _ = utf16(text, Mark(min(before, len(text)), 0))
        cut = QTextEdit.ExtraSelection()
        cursor = self.textCursor()
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.setPosition(start, QTextCursor.MoveMode.KeepAnchor)
        cut.cursor = cursor
        cut.format.setBackground(style.color("warning_soft"))
        self.setExtraSelections([cut])


class ExportOffer(NoticeStrip):
    """The strip below a pasted chat, hidden until `look_at` finds an export.

    `chosen` carries the text to show: the turns, or the pasted text.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._export = ""
        self._chat: chats.Chat | None = None
        self._is_taken = False
        self.acted.connect(self._act)
        self.hide()

    def look_at(self, text: str) -> None:
        """Offer the turns of a chat export or a transcript; hide for any other text."""
        chat = chats.read(text) if len(text) <= MAX_CHARACTERS else None
        self._export = text
        self._chat = chat if chat and chat.is_export else None
        self._show_offer(is_taken=False)

    def dismiss(self) -> None:
        self._chat = None
        self.hide()

    def _show_offer(self, is_taken: bool) -> None:
        self._is_taken = is_taken
        if self._chat is None:
            self.hide()
            return
        text = _described(self._chat)
        self.setToolTip(plain_tooltip(_shown([each.text for each in self._chat.left_out])))
        if is_taken:
            self.show_notice(f"{tr('Using turns.')} {text}", tr("Undo"))
        else:
            self.show_notice(text, tr("Use the turns"))

    def _act(self) -> None:
        chat, is_taken = self._chat, not self._is_taken
        if chat is None:
            return
        self.chosen.emit(chat.text if is_taken else self._export)
        # Showing the other text has hidden the strip.
        self._chat = chat
        self._show_offer(is_taken)


def _described(chat: chats.Chat) -> str:
    """Return the format of a text and what of it was left out."""
    known = {
        "format": translate(chats.TITLES[chat.kind]),
        "turns": tr_count(len(chat.turns), "{n} turn", "{n} turns"),
        "speakers": tr_count(len(chat.speakers), "{n} speaker", "{n} speakers")
        if chat.speakers
        else tr("no named speaker"),
    }
    counts: Counter[str] = Counter(each.kind for each in chat.left_out)
    left = [text(counts[kind]) for kind, text in LEFT_OUT.items() if counts[kind]]
    if not left:
        return tr("{format}: {turns} of {speakers}.", **known)
    listed = tr("{parts} and {last}", parts=", ".join(left[:-1]), last=left[-1]) if left[1:] else left[0]
    return tr("{format}: {turns} of {speakers}; {left} skipped.", left=listed, **known)


def _shown(left_out: list[str]) -> str:
    """Return the lines that are left out, for a tooltip."""
    if not left_out:
        return ""
    hidden = len(left_out) - MAX_LINES_SHOWN
    more = [tr_count(hidden, "and {n} more", "and {n} more")] if hidden > 0 else []
    return "\n".join([tr("Skipped:"), *left_out[:MAX_LINES_SHOWN], *more])
