"""The schema of a table: rows in, examples out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

from engine import chats
from engine.data import summary_lists
from engine.data.cells import (
    Keys,
    as_list,
    in_row,
    joined_words,
    name_of,
    text_of,
    texts_of,
    turns_of,
    without_system,
)
from engine.errors import DataError
from engine.messages import joined, say
from engine.text.conversations import Example, Turn, as_text

Kind = Literal["columns", "turns", "lists", "rows"]
# Fields of a schema that the data check's result does not name.
INTERNAL = {"without_summary", "otherwise", "in_lines"}


class Record(Protocol):
    """A row of a table: its number, from 1, and its values by column."""

    @property
    def number(self) -> int:
        """The row's number in its table, from 1."""

    @property
    def where(self) -> str:
        """The row as a person finds it, for messages: "Row 12", or its file and line."""

    @property
    def place(self) -> Place:
        """The file and the line of the row, as far as they say more than its number."""

    @property
    def values(self) -> Mapping[str, Any]:
        """The values by column."""


class Place(NamedTuple):
    """Where a row stands: its file if its table has several, and its line or row there, 0 if that is not known."""

    file: str = ""
    line: int = 0

    @property
    def text(self) -> str:
        """The place as text, "" for none."""
        return joined(", ", (self.file, say("line {:,}", self.line) if self.line else ""))


NOWHERE = Place()


class Row(NamedTuple):
    """An example of a source, complete or not, with the numbers of its rows, from 1, and the place of the first.

    `masked` are the kinds of personal data that were masked in it, one entry per occurrence.
    """

    example: Example
    numbers: tuple[int, ...]
    place: Place = NOWHERE
    masked: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """The number of the first row."""
        return self.numbers[0]

    @property
    def missing(self) -> str | None:
        """What the example lacks: "conversation", "summary", or None if it is complete."""
        if not self.example.conversation.strip():
            return "conversation"
        return None if self.example.summary.strip() else "summary"


@dataclass(frozen=True)
class Schema:
    """Which columns hold what in which form, and why that is thought.

    `kind` is "columns" for a text in a cell, "turns" for a list of turns in a cell, "lists" for a list of texts in a
    cell with the list of speakers in the cell of another column, "rows" for a turn in each row. `speaker` and
    `text` are keys of the turns for "turns", columns for "lists" and "rows". `conversation` is the column of what
    is said. `instruction` begins texts that are answered by their summaries and is no part of the conversation.
    `otherwise` is the column of conversations where the cell of the first is empty.
    `split` is the column that says which split a row is in, "" where none does.
    `lists` says what lists in cells of summaries are: "words" or "sentences" of one summary, or several "references".
    `in_lines`: the turns of each text get lines "Name: text", as they are marked in another way.
    `summary` is "" where the last turn is the summary, or where there is none: then `without_summary`.
    """

    kind: Kind
    all: tuple[str, ...]
    conversation: str
    summary: str
    reason: str
    id: str | None = None
    speaker: str = ""
    text: str = ""
    group: str = ""
    references: tuple[str, ...] = ()
    without_summary: bool = False
    instruction: str = ""
    split: str = ""
    lists: str = ""
    otherwise: str = ""
    in_lines: bool = False

    def as_dict(self) -> dict[str, object]:
        """Return the schema in the form of the data check's result."""
        shown = {name: value for name, value in vars(self).items() if name not in INTERNAL}
        return {name: list(each) if isinstance(each, tuple) else each or "" for name, each in shown.items()}

    def examples(self, records: Iterable[Record]) -> Iterator[Row]:
        """Give the examples that rows make, in the order of their first rows.

        Lazy, but for turns in rows of their own: the last row may belong to the first conversation. Raises
        DataError with the field `data.conversation` or `data.summary`, naming row and column.
        """
        if self.kind == "rows":
            yield from self._grouped(records)
            return
        for record in records:
            try:
                conversation, references = self._texts(record)
            except DataError as error:
                raise in_row(record.where, error) from error
            name = text_of(record.values.get(self.id)) if self.id else ""
            yield Row(
                _example(name or str(record.number), conversation, references), (record.number,), record.place
            )

    def _texts(self, record: Record) -> tuple[str, list[str]]:
        value = record.values.get(self.conversation)
        if self.kind == "columns":
            text = self._plain(value)
            if self.otherwise and not text.strip():
                text = self._plain(record.values.get(self.otherwise)).removeprefix(self.instruction)
            return chats.in_lines(text) if self.in_lines else text, self._references(record)
        if self.kind == "lists":
            spoken = self._side_by_side(record)
        else:
            spoken = turns_of(value, Keys(self.speaker, self.text), self.conversation)
        if self.summary or self.without_summary:
            return as_text(spoken), self._references(record)
        return self._before_the_last(spoken)

    def _before_the_last(self, spoken: list[Turn]) -> tuple[str, list[str]]:
        """Return the turns before the last as the conversation; a single one is a text without a speaker."""
        turns = without_system(spoken)
        if len(turns) < 2:
            return as_text(turns), []
        *before, last = turns
        alone = before[0].text.removeprefix(self.instruction) if len(before) == 1 else None
        return as_text(before) if alone is None else alone, [last.text]

    def _plain(self, value: Any) -> str:
        value = joined_words(value)
        if isinstance(value, (list, dict)):
            held = "lists" if isinstance(value, list) else "tables"
            raise DataError(
                say('column "{}" contains {}, not text.', self.conversation, held),
                "Choose a column of texts.",
                "data.conversation",
            )
        return text_of(value)

    def _side_by_side(self, record: Record) -> list[Turn]:
        spoken = turns_of(record.values.get(self.conversation), Keys(), self.conversation)
        items = as_list(record.values.get(self.conversation)) or []
        speakers = as_list(record.values.get(self.speaker)) or []
        if len(items) != len(speakers):
            raise DataError(
                say(
                    'lists "{}" and "{}" have different lengths, {:,} and {:,}.',
                    self.conversation,
                    self.speaker,
                    len(items),
                    len(speakers),
                ),
                "Repair the row.",
                "data.conversation",
            )
        texts = iter(spoken)
        # Turns without words were left out above.
        return [
            Turn(name_of(speaker), next(texts).text)
            for speaker, item in zip(speakers, items, strict=True)
            if text_of(item).strip()
        ]

    def _references(self, record: Record) -> list[str]:
        return [
            text
            for column in (self.summary, *self.references)
            if (texts := texts_of(record.values.get(column), column))
            for text in summary_lists.joined(texts, self.lists)
        ]

    def _grouped(self, records: Iterable[Record]) -> Iterator[Row]:
        groups: dict[str, _Group] = {}
        for record in records:
            name = text_of(record.values.get(self.group))
            if not name:
                raise DataError(
                    say('{} has no "{}" to tell its conversation.', record.where, self.group),
                    "Fill it in, or remove the row.",
                    "data.columns",
                )
            group = groups.setdefault(name, _Group(record.place, [], [], []))
            group.rows.append(record.number)
            speaker = name_of(record.values.get(self.speaker)) if self.speaker else ""
            try:
                text = self._plain(record.values.get(self.conversation)).strip()
                group.references.extend(self._references(record))
            except DataError as error:
                raise in_row(record.where, error) from error
            if text:
                group.said.append(Turn(speaker, text))
        for name, group in groups.items():
            # Each row of a conversation tends to repeat its summary.
            references = list(dict.fromkeys(filter(str.strip, group.references)))
            yield Row(_example(name, as_text(group.said), references), tuple(group.rows), group.place)


@dataclass(frozen=True)
class _Group:
    place: Place
    rows: list[int]
    said: list[Turn]
    references: list[str]


def _example(name: str, conversation: str, references: list[str]) -> Example:
    summary = next(filter(str.strip, references), references[0] if references else "")
    more = [text for text in references if text.strip() and text is not summary]
    return Example(name, conversation, summary, tuple(more))
