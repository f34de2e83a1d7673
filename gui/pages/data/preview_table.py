"""The tables of the data page: the first raw rows with the role of each column, the rows of a split, one in full."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QMenu, QWidget

from engine.api import escaping, pii, turns
from gui.look import style
from gui.look.fonts import metrics, text_scale
from gui.look.format import number_text
from gui.look.language import mark, tr, tr_count, translate
from gui.look.shown_texts import plain_tooltip
from gui.models.grouped_table import Cell, Column, GroupedTable, TextCell
from gui.pages.data.report import Row, RowPreview, split_name
from gui.tables.cell_delegate import INSET
from gui.tables.grouped_view import GroupedTableView
from gui.widgets.buttons import IconButton, link
from gui.widgets.cards import EmptyState
from gui.widgets.labels import ElidedLabel, Label
from gui.widgets.layouts import Line, Scroll, fill, hbox, vbox
from gui.widgets.text_view import TextView, Turn, preview, preview_text

ROLE_TEXTS = {
    "conversation": mark("conversation"),
    "text": mark("turn text"),
    "summary": mark("summary"),
    "references": mark("further summaries"),
    "speaker": mark("speaker"),
    "group": mark("conversation id"),
    "id": mark("name"),
    "split": mark("split"),
}
# In the menu of a column, these come first.
MAIN_ROLES = ("conversation", "summary")


def head(look: RowPreview, column: str) -> str:
    """Return a column's name with its role, if it has one."""
    found = roles_of(look, column)
    # Turns in rows of their own are the conversation; one role is enough.
    return f"{column}: {tr(ROLE_TEXTS[found[0]])}" if found else column


def roles_of(look: RowPreview, column: str) -> list[str]:
    """Return the roles that a column has."""
    if look.shape is None:
        return []
    roles = look.shape.roles
    keys = {"speaker", "text"} if look.shape.kind == "turns" else set()
    return [
        role for role in ROLE_TEXTS if role not in keys and column in (roles[role], *roles[role].split(", "))
    ]


def _whose(look: RowPreview) -> str:
    """Return the title of the first rows."""
    count = len(look.rows)
    if not look.split:
        return tr_count(count, "The first row, unchanged.", "The first {n} rows, unchanged.")
    return tr_count(
        count,
        "The first row of {split}, unchanged.",
        "The first {n} rows of {split}, unchanged.",
        split=split_name(look.split),
    )


class RawRows(GroupedTable[int]):
    """The first rows of a source by their position; a column is as wide as its content needs, the last one more."""

    look: RowPreview | None = None

    def show_preview(self, look: RowPreview) -> None:
        self.look = look
        columns = [_column(look, name) for name in look.columns]
        last = (replace(each, width=0, least=each.width) for each in columns[-1:])
        self.set_rows(range(len(look.rows)), (*columns[:-1], *last))

    def cell(self, item: int, key: str) -> Cell:
        return TextCell(one_line(self.look.rows[item].get(key, "")) if self.look else "", token="text")


def _column(look: RowPreview, name: str) -> Column:
    title = one_line(head(look, name))
    longest = max((len(row.get(name, "")) for row in look.rows), default=0)
    wide = metrics("head").horizontalAdvance(title) / text_scale() + 2 * INSET + 16
    return Column(name, title, round(max(wide, 320 if longest > 24 else 120)), order=name, as_is=True)


class PreviewTable(QWidget):
    """The table with its title above. `role_chosen(role, column)` reports what a column is to be."""

    role_chosen = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = RawRows(self)
        self.table = GroupedTableView(self._rows, tr("First rows, unchanged"), chooses_on_focus=False)
        self.table.order_wanted.connect(self._offer_roles)
        self.table.clicked.connect(lambda index: self._offer_roles(self._rows.columns[index.column()].key))
        self.table.opened.connect(self._offer_roles_below)
        self._words = ElidedLabel("", "label", "muted")
        vbox(self._words, (self.table, 1), of=self, spacing=8)

    def show_preview(self, look: RowPreview) -> None:
        self._rows.show_preview(look)
        self._words.setText(f"{_whose(look)} {tr('Click a column to change its role.')}")

    def _offer_roles(self, column: str, at: QPoint | None = None) -> None:
        """Open the menu of a column's roles, at the pointer unless a point is given."""
        self.role_menu(column).popup(at or QCursor.pos())

    def _offer_roles_below(self) -> None:
        index = self.table.currentIndex()
        below = self.table.visualRect(index).bottomLeft()
        self._offer_roles(self._rows.columns[index.column()].key, self.table.viewport().mapToGlobal(below))

    def role_menu(self, column: str) -> QMenu:
        look = self._rows.look
        held = roles_of(look, column) if look else []
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr('Use "{column}" as', column=column.replace("&", "&&"))).setEnabled(False)
        for roles in (MAIN_ROLES, tuple(role for role in ROLE_TEXTS if role not in MAIN_ROLES)):
            menu.addSeparator()
            for role in roles:
                action = menu.addAction(tr(ROLE_TEXTS[role]))
                action.setCheckable(True)
                action.setChecked(role in held)
                action.triggered.connect(lambda _on, role=role: self.role_chosen.emit(role, column))
        return menu

    def headings(self) -> list[str]:
        look = self._rows.look
        return [head(look, column) for column in look.columns] if look else []


def one_line(text: str) -> str:
    """Return a text of the data as it is shown in one line."""
    return escaping.in_one_line(" / ".join(text.split("\n")))


# Cells show one line of limited length.
MAX_CHARACTERS = 400
GetRow = Callable[[int], Row | None]
# The number of rows named in the message.
NAMED_ALREADY = 5


class SplitRows(GroupedTable[int]):
    """Rows of a split by their number; each is looked up only when it is drawn."""

    columns = (
        Column("number", mark("Row"), 84, right=True),
        Column("conversation", mark("Conversation")),
        Column("conversation_tokens", mark("Tokens"), 84, right=True),
        Column("summary", mark("Summary")),
        Column("summary_tokens", mark("Tokens"), 84, right=True),
    )

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._get: GetRow = lambda _number: None

    def show_numbers(self, numbers: Sequence[int], get: GetRow) -> None:
        self._get = get
        self.set_rows(numbers)

    def cell(self, item: int, key: str) -> Cell:
        row = self._get(item)
        if key == "number" or row is None:
            return TextCell(number_text(item) if key == "number" else "", "figure", right=True)
        value = getattr(row, key)
        if isinstance(value, int):
            return TextCell(number_text(value), "figure", right=True)
        missing = tr("no conversation") if key == "conversation" else tr("no summary")
        return TextCell(one_line(value[:MAX_CHARACTERS]) or missing, token="text")

    def explanation(self, item: int, key: str) -> str:
        row = self._get(item)
        return translate(row.place) if row is not None else ""


class RowsView(QWidget):
    """The table, with a title above for the rows of a finding. `row_chosen(number)` reports the selection."""

    row_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._numbers: Sequence[int] = ()
        self._rows = SplitRows(self)
        self.table = GroupedTableView(self._rows, tr("Rows"), chooses_on_focus=False)
        self.table.chosen.connect(self._on_chosen)
        self._which = ElidedLabel("", "body_medium")
        self.export_button = link(tr("Export as CSV…"))
        self.all_button = link(tr("Back to all rows"))
        self._head = QWidget()
        hbox((self._which, 1), self.export_button, self.all_button, of=self._head, spacing=12)
        vbox(self._head, (self.table, 1), of=self, spacing=4)
        self.set_which("")

    def set_which(self, text: str, *, of_finding: bool = False) -> None:
        """Set the title; rows of a finding have actions to export them and to show all rows."""
        self._which.setText(text)
        self._head.setVisible(bool(text))
        for button in (self.export_button, self.all_button):
            button.setVisible(of_finding)

    def which(self) -> str:
        return self._which.text()

    def show_rows(self, numbers: Sequence[int], get: GetRow) -> None:
        """Show other rows and choose none: a number is that of another row in another split."""
        self._numbers = numbers
        self.table.choose_nothing()
        self._rows.show_numbers(numbers, get)

    def refresh(self) -> None:
        """Show the same rows again, after masks have changed."""
        self.table.viewport().update()

    def numbers(self) -> Sequence[int]:
        return self._numbers

    def count(self) -> int:
        return len(self._numbers)

    def choose(self, position: int) -> None:
        if 0 <= position < len(self._numbers):
            self.table.choose(str(self._numbers[position]))

    def _on_chosen(self, number: int | None) -> None:
        if number is not None:
            self.row_chosen.emit(number)


class BrokenRows(GroupedTable[int]):
    """Rows that can't be read, by their position in the list of all."""

    columns = (Column("place", mark("Where"), 220), Column("why", mark("Why")))
    rows: Sequence[Mapping[str, str]] = ()

    def show_broken(self, rows: Sequence[Mapping[str, str]]) -> None:
        self.rows = rows
        self.set_rows(range(len(rows)))

    def cell(self, item: int, key: str) -> Cell:
        return TextCell(one_line(translate(self.rows[item][key])), token="text")


class BrokenRowsView(QWidget):
    """The list with its count above."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = BrokenRows(self)
        self.table = GroupedTableView(self._rows, tr("Unreadable rows"), chooses_on_focus=False)
        self._count = Label("", "body_medium")
        self.export_button = link(tr("Export as CSV…"))
        vbox(hbox((self._count, 1), self.export_button), self.table, of=self, spacing=4)
        self.hide()
        style.scale(self.table, QWidget.setFixedHeight, 180)

    def show_rows(self, rows: Sequence[Mapping[str, str]]) -> None:
        """Show other rows; nothing, if they are few enough for the message."""
        self._rows.show_broken(rows)
        self._count.setText(tr_count(len(rows), "{n} row can't be read", "{n} rows can't be read"))
        self.setVisible(len(rows) > NAMED_ALREADY)

    def places(self) -> list[str]:
        return [row["place"] for row in self._rows.rows]


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
