"""One row in full: its conversation in turns with the cut at the limit, and its reference summary."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.api import pii, turns
from gui.look import style
from gui.look.format import number_text
from gui.look.language import mark, tr, tr_count, translate
from gui.look.shown_texts import plain_tooltip
from gui.pages.data.report import Row, split_name
from gui.widgets.buttons import IconButton, link
from gui.widgets.cards import EmptyState
from gui.widgets.labels import Label
from gui.widgets.layouts import Line, Scroll, fill, hbox, vbox
from gui.widgets.text_view import TextView, Turn, preview, preview_text


class RowView(QWidget):
    """Shows a row.

    Signals: `step_wanted(±1)` for the neighbouring row, `try_wanted(Row)` to summarise it in the playground.
    """

    step_wanted = Signal(int)
    try_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        style.set_background(self, "surface")
        self._row: Row | None = None
        self._position = Label("", "figure_small", "muted")
        self._back = IconButton("chevron-left", tr("Previous row"), press=lambda: self.step_wanted.emit(-1))
        self._forth = IconButton("chevron-right", tr("Next row"), press=lambda: self.step_wanted.emit(1))
        self.close_button = IconButton("close", tr("Close"))
        self.tokens = Label("", "label", "muted", wrap=True)
        self.personal = Label("", "label", "muted", wrap=True)
        self.conversation = TextView(role="body")
        self._summary_tokens = Label("", "label", "muted")
        self._summary = TextView(role="body")
        self.try_button = link(tr("Try it in the playground"), press=lambda: self.try_wanted.emit(self._row))
        head = hbox(
            (Label(tr("Conversation"), "section"), 1),
            self._back,
            self._position,
            self._forth,
            self.close_button,
            spacing=4,
        )
        summary_head = hbox((Label(tr("Reference summary"), "section"), 1), self._summary_tokens)
        self._content = Scroll((0, 0, 10, 0), spacing=8)
        column = self._content.column
        fill(column, self.tokens, self.personal, self.conversation)
        column.addSpacing(8)
        column.addWidget(Line())
        column.addSpacing(8)
        fill(column, summary_head, self._summary, hbox(self.try_button, 1), 1)
        self._empty = EmptyState("data", tr("No row chosen"), tr("Choose a row to read it."))
        vbox(head, (self._content, 1), (self._empty, 1), of=self, margins=(24, 14, 14, 16), spacing=8)
        self.show_row(None)

    def row(self) -> Row | None:
        return self._row

    def show_row(
        self, row: Row | None, position: int = 0, count: int = 0, limit: int = 0, masked: Collection[str] = ()
    ) -> None:
        """Show a row, the one at `position` (from 0) of `count`, cut at `limit` tokens, kinds of personal data masked.

        None shows that there is none.
        """
        self._row = row
        self._content.setVisible(row is not None)
        self._empty.setVisible(row is None)
        for part in (self._back, self._forth, self._position):
            part.setVisible(row is not None)
        if row is None:
            return
        self._position.setText(
            tr("{place} of {count}", place=number_text(position + 1), count=number_text(count))
        )
        named = tr("Row {number} of {split}", number=number_text(row.number), split=split_name(row.split))
        self._position.setToolTip(plain_tooltip("\n".join(filter(None, (named, translate(row.place))))))
        self._back.setEnabled(position > 0)
        self._forth.setEnabled(position + 1 < count)
        shown = preview(row.conversation)
        conversation, found = pii.mask(shown, masked)
        summary, in_summary = pii.mask(row.summary, masked)
        said = [Turn(turn.speaker, turn.text) for turn in turns(conversation)]
        self._show_conversation(row, shown, said, limit)
        self._summary.set_text(summary or tr("No reference summary."))
        self._summary_tokens.setText(_tokens(row.summary_tokens))
        self._show_personal((shown, row.summary), masked, len(found) + len(in_summary))

    def _show_conversation(self, row: Row, shown: str, said: list[Turn], limit: int) -> None:
        """Show the turns with a line where the limit cuts them, within a turn if part of it is known to fit."""
        cut, rest = cut_at(row, limit, shown), preview_text(shown, row.conversation)
        length = f"{_tokens(row.conversation_tokens)}. {rest}" if rest else _length(row, len(said), cut)
        self.tokens.setText(length)
        self.tokens.set_token("muted" if cut is None else "warning")
        if cut is None:
            self.conversation.set_turns(said)
            return
        at, turn = cut.turn, said[cut.turn]
        if cut.held and turn.text.startswith(cut.held):
            rest = turn.text[len(cut.held) :].lstrip()
            said = [*said[:at], Turn(turn.speaker, cut.held), Turn("", rest), *said[at + 1 :]]
            at += 1
        where = tr_count(limit, "{n} token, the rest is cut", "{n} tokens, the rest is cut")
        self.conversation.set_turns(said, at, where)

    def _show_personal(self, texts: Iterable[str], masked: Collection[str], count: int) -> None:
        rest = [kind.id for kind in pii.KINDS if kind.id not in masked]
        found = [text[match.start : match.end] for text in texts for match in pii.find(text, rest)]
        sentences = [tr_count(count, "{n} passage masked.", "{n} passages masked.")] if count else []
        sentences += [tr("Personal data: {found}.", found=", ".join(dict.fromkeys(found)))] if found else []
        self.personal.setText(" ".join(sentences))
        self.personal.setVisible(bool(sentences))


def _length(row: Row, said: int, cut: Cut | None) -> str:
    tokens = _tokens(row.conversation_tokens)
    if cut is None:
        return f"{tokens}, {tr_count(said, '{n} turn', '{n} turns')}"
    if cut.held:
        text = mark("Cuts {lost} of {turns} turns, one partly")
    elif row.ends:
        text = mark("Cuts {lost} of {turns} turns")
    else:
        text = mark("Cuts about {lost} of {turns} turns")
    return f"{tokens}. {tr(text, lost=number_text(said - cut.turn), turns=number_text(said))}"


def _tokens(count: int) -> str:
    return tr_count(count, "{n} token", "{n} tokens")


@dataclass(frozen=True)
class Cut:
    """Where a limit cuts a conversation: the first turn that does not fit, and the part of it that does."""

    turn: int
    held: str = ""


def cut_at(row: Row, limit: int, shown: str) -> Cut | None:
    """Return where `limit` tokens cut the beginning of a row's conversation that is shown, None if all of it fits.

    If the token boundaries are unknown, the cut is estimated from the number of characters.
    """
    if row.conversation_tokens <= limit:
        return None
    characters = row.kept_characters(limit)
    if characters is None:
        characters = len(row.conversation) * limit // row.conversation_tokens
    said = turns(shown)
    end = (
        characters
        if shown[characters : characters + 1] in ("", "\n")
        else shown.rfind("\n", 0, characters) + 1
    )
    held = turns(shown[:end])
    # The first lines of a turn may fit.
    is_whole = not held or held[-1] == said[len(held) - 1]
    position = len(held) if is_whole else len(held) - 1
    if position == len(said):
        return None
    begun = turns(shown[:characters])[position : position + 1]
    is_known = row.ends and begun and begun[0].speaker == said[position].speaker
    return Cut(position, begun[0].text if is_known else "")
