"""Maps columns to roles: the guess with its reason, and a choice for each role.

Knows columns, roles and choices; guesses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from engine.api import Problem, encodings
from gui.inputs.combo_box import ComboBox
from gui.inputs.fields import Field, ProblemLine
from gui.look.language import mark, tr, translate
from gui.pages.data.report import RowPreview, Shape
from gui.widgets.buttons import link
from gui.widgets.labels import Label
from gui.widgets.layouts import hbox, vbox

AUTO = "auto"
GUESSED = mark("Detected from the column's name")
TOP = {"conversation": mark("&Conversation column"), "summary": mark("S&ummary column")}
# The keys of a recipe's data.columns, with title and explanation.
BY_HAND = {
    "speaker": (mark("S&peaker"), mark("The column or key of the speaker.")),
    "text": (mark("T&urn text"), mark("The column or key of a turn's text.")),
    "group": (mark("&Group rows by"), mark("The column with conversation ids.")),
    "references": (
        mark("&Further summaries"),
        mark("Columns with more references, separated by commas."),
    ),
    "last_turn": (mark("&Last turn"), mark("Use the last turn as the summary.")),
    "id": (mark("&Id"), mark("The column with ids.")),
    "split": (mark("Spli&t"), mark("The column with splits.")),
    "pause": (
        mark("P&ause in a chat"),
        mark("Hours of silence before a new conversation in chat exports."),
    ),
}
# The choices of keys that name no column; the pause takes any other number of hours too.
CHOICES = {
    "last_turn": ((AUTO, mark("automatic")), ("summary", mark("is the summary"))),
    "pause": (
        (AUTO, mark("automatic")),
        ("0", mark("none (one conversation per chat)")),
        ("1", mark("1 hour")),
        ("8", mark("8 hours")),
        ("24", mark("24 hours")),
    ),
}
# Other options of a recipe's [data] table that say how files are read, with the choices they have.
READING = {
    "encoding": (
        mark("&Encoding"),
        mark("If the first rows look wrong, try another."),
        ((AUTO, mark("automatic")), *encodings.ENCODINGS.items()),
    ),
    "sheet": (mark("S&heet"), mark("The sheet of a workbook."), ((AUTO, mark("automatic")),)),
    "summary_lists": (
        mark("Lists of su&mmaries"),
        mark("What lists in the summary column mean."),
        (
            (AUTO, mark("automatic")),
            ("sentences", mark("the sentences of one summary")),
            ("references", mark("several summaries")),
        ),
    ),
}
FIXED = {"last_turn"}
IN_TURNS = {"speaker", "text"}
KEY = re.compile(r'"([^"\\]{1,40})"\s*:')
COLUMNS = 3


class ColumnMapping(QWidget):
    """A choice for each role; `changed` is emitted when the user chooses.

    `tokenizer` is in the first line: it decides how tokens are counted.
    """

    changed = Signal()

    def __init__(self, tokenizer: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.conversation = ComboBox([(AUTO, tr(GUESSED))])
        self.summary = ComboBox([(AUTO, tr(GUESSED))])
        self.by_hand = {key: ComboBox(_choices(key), editable=key not in FIXED) for key in BY_HAND}
        self.reading = {
            key: ComboBox(
                [(value, translate(tr(text))) for value, text in choices], editable=len(choices) == 1
            )
            for key, (_, _, choices) in READING.items()
        }
        self._changed_last = ""
        self._roles = ("", "")
        self._has_summaries, self._shows_columns = False, True
        self.fields = {
            "conversation": Field(tr(TOP["conversation"]), self.conversation),
            "summary": Field(tr(TOP["summary"]), self.summary),
            **{
                key: Field(tr(title), self.by_hand[key], tooltip=tr(explained))
                for key, (title, explained) in BY_HAND.items()
            },
            **{
                key: Field(tr(title), self.reading[key], tooltip=tr(explained))
                for key, (title, explained, _) in READING.items()
            },
        }
        for role, field in self.fields.items():
            choice = field.control
            assert isinstance(choice, ComboBox)
            choice.chosen.connect(lambda _key, role=role: self._choose(role))
        self._values = self.values()
        self._top = (self.fields["conversation"], self.fields["summary"], tokenizer)
        top = hbox(*((field, 1, Qt.AlignmentFlag.AlignTop) for field in self._top), spacing=12)
        self._more = QWidget(self)
        self.reason = Label("", "label", "hint", wrap=True)
        self._problem = ProblemLine()
        self.turn_button = link(tr("Swap"), press=self._turn_round)
        self.turn_button.setToolTip(tr("Swap the two columns."))
        self.turn_button.hide()
        self.more_button = link("", press=lambda: self.open_by_hand(self._more.isHidden()))
        under = hbox((self.reason, 1), self.turn_button, self.more_button, spacing=12)
        vbox(top, under, self._problem, self._more, of=self, spacing=4)
        grid = QGridLayout(self._more)
        grid.setContentsMargins(0, 4, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        for index, key in enumerate((*BY_HAND, *READING)):
            grid.addWidget(self.fields[key], index // COLUMNS, index % COLUMNS, Qt.AlignmentFlag.AlignTop)
            grid.setColumnStretch(index % COLUMNS, 1)
        self.open_by_hand(False)

    def show_columns(self, shown: bool) -> None:
        """Show the first line, which has the columns of conversation and summary, always or with the others alone."""
        self._shows_columns = shown
        self.open_by_hand(not self._more.isHidden())

    def open_by_hand(self, is_open: bool) -> None:
        """Show or hide the roles other than conversation and summary."""
        self._more.setVisible(is_open)
        for field in self._top:
            field.setVisible(is_open or self._shows_columns)
        self.more_button.setText(tr("Fewer choices") if is_open else tr("Import options"))

    def values(self) -> dict[str, Any]:
        """Return the chosen `[data]` values; of the options of reading those that are chosen."""
        reading = {key: choice.key().strip() for key, choice in self.reading.items()}
        chosen = {key: choice.key().strip() for key, choice in self.by_hand.items()}
        return {
            "conversation": self.conversation.key() or AUTO,
            "summary": self.summary.key() or AUTO,
            "columns": {key: value for key, value in chosen.items() if value not in ("", AUTO)},
            **{key: value for key, value in reading.items() if value not in ("", AUTO)},
        }

    def decide(self, option: str, value: str) -> bool:
        """Choose the value of an option of reading; return whether there is such a choice here."""
        if option not in self.reading:
            return False
        self.reading[option].set_key(value)
        self._values = self.values()
        return True

    def take(self, role: str, column: str) -> None:
        """Choose a column for a role, as if it had been chosen in the role's field."""
        choice = self.fields[role].control
        assert isinstance(choice, ComboBox)
        for other in (self.conversation, self.summary):
            # A column is one of the two, and what it was before is guessed anew.
            if role in TOP and other is not choice and other.key() == column:
                other.set_key(AUTO)
        before = choice.key() if role == "references" and choice.key() != AUTO else ""
        choice.set_key(f"{before}, {column}" if before and column not in before.split(", ") else column)
        self.open_by_hand(role not in TOP or not self._more.isHidden())
        self._choose(role)

    def forget(self) -> None:
        for choice in (self.conversation, self.summary):
            choice.set_items([(AUTO, tr(GUESSED))])
            choice.set_key(AUTO)
        for key, choice in self.by_hand.items():
            choice.set_items(_choices(key))
            choice.set_key(AUTO)
        for choice in self.reading.values():
            choice.set_key(AUTO)
        self._values = self.values()
        self.reason.setText("")
        self.turn_button.hide()
        self.open_by_hand(False)

    def restore(self, values: Mapping[str, Any]) -> None:
        """Restore the choices of an earlier start; the columns are known once the data is read."""
        for role, choice in (("conversation", self.conversation), ("summary", self.summary)):
            name = values.get(role)
            if isinstance(name, str) and name not in ("", AUTO):
                choice.set_items([(AUTO, tr(GUESSED)), (name, name)])
                choice.set_key(name)
        columns = values.get("columns")
        for key, name in columns.items() if isinstance(columns, dict) else ():
            if key in self.by_hand and isinstance(name, str):
                self.by_hand[key].set_key(name)
        for key, choice in self.reading.items():
            choice.set_key(values.get(key, AUTO))
        chosen = self.values()
        self.open_by_hand(bool(chosen["columns"]) or any(key in chosen for key in READING))
        self.setVisible(chosen != self._values)
        self._values = chosen

    def show_preview(self, look: RowPreview) -> None:
        """Offer the columns of the first rows, with the guess, and the keys of turns."""
        summary = look.shape.roles["summary"] if look.shape else ""
        self._has_summaries = any(row.get(summary) for row in look.rows)
        self.offer(look.columns, look.shape, turn_keys(look))

    def offer(self, columns: Sequence[str], shape: Shape | None, keys: Sequence[str] = ()) -> None:
        """Offer columns for every role, and keys of turns where possible."""
        roles = shape.roles if shape else {}
        for role, choice in (("conversation", self.conversation), ("summary", self.summary)):
            nothing = tr("none (automatic)") if shape else tr("automatic")
            _offer(
                choice, [(AUTO, _guessed(roles.get(role)) or nothing), *((name, name) for name in columns)]
            )
        for key, choice in self.by_hand.items():
            if key in CHOICES:
                continue
            guessed = _guessed(roles.get(key)) or tr("none (automatic)")
            names = (*columns, *(name for name in keys if key in IN_TURNS and name not in columns))
            _offer(choice, [(AUTO, guessed), *((name, name) for name in names)])
        self._values = self.values()
        self._roles = (roles.get("conversation", ""), roles.get("summary", ""))
        self.turn_button.setVisible(self._has_summaries and all(role in columns for role in self._roles))
        if shape:
            self.reason.setText(shape.text)

    def show_problem(self, problem: Problem | None) -> None:
        """Show a problem beside its field; a problem of the whole mapping beside the last changed field."""
        for field in self.fields.values():
            field.set_problem()
        self._problem.show_problem("")
        if problem is None:
            return
        role = problem.field.removeprefix("data.columns").removeprefix("data.").removeprefix(".")
        if not role and self._changed_last in self.values()["columns"]:
            role = self._changed_last
        if role in self.fields:
            self.fields[role].set_problem(translate(problem.message), translate(problem.hint))
        else:
            self._problem.show_problem(translate(problem.message), translate(problem.hint))
        if problem.field.startswith("data.columns") or (role in self.fields and role not in TOP):
            self.open_by_hand(True)

    def _turn_round(self) -> None:
        conversation, summary = self._roles
        self.conversation.set_key(summary)
        self.summary.set_key(conversation)
        self._choose("conversation")

    def _choose(self, role: str) -> None:
        """Report a changed choice; an editable one also signals the loss of focus, which changes nothing."""
        values = self.values()
        if values != self._values:
            self._values, self._changed_last = values, role
            self.changed.emit()


def _choices(key: str) -> list[tuple[str, str]]:
    """Return the choices of a key before the columns are known."""
    return [(value, tr(text)) for value, text in CHOICES.get(key, ((AUTO, AUTO),))]


def _guessed(name: str | None) -> str:
    """Return the text of a guessed column or key, "" for none."""
    return tr("{column} (automatic)", column=name) if name else ""


def _offer(choice: ComboBox, items: Sequence[tuple[str, str]]) -> None:
    """Offer other items; the chosen one stays if it is among them or was typed."""
    chosen = choice.key()
    choice.set_items(items)
    known = {key for key, _ in items}
    choice.set_key(chosen if chosen in known or (choice.isEditable() and chosen) else AUTO)


def turn_keys(look: RowPreview) -> tuple[str, ...]:
    """Return the keys of turns in lists, as far as the first rows show them."""
    cells = (cell for row in look.rows[:20] for cell in row.values() if cell[:1] in ("[", "{"))
    return tuple(dict.fromkeys(key for cell in cells for key in KEY.findall(cell)))
