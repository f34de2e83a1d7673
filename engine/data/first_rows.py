"""The first rows of a table: what stands in their columns, and which hold conversations and summaries.

A whole name such as "dialogue" is believed. A name that says it in part, such as "summary_status", needs texts that may
be it; without such names, what stands in the columns tells. Where several are alike, a person is asked.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import mean
from typing import Any

from engine import chats
from engine.data import cells, column_names
from engine.data.splits import split_named
from engine.errors import DataError
from engine.messages import listed, say
from engine.text.conversations import people, turns, turns_and_speakers
from engine.text.words import tokens, words

# Titles, topics and names are shorter than what sums a conversation up.
MIN_WORDS = 4
# Of characters, for languages without spaces.
MIN_CHARACTERS = 10
# A summary is not the same in most rows, and shorter than its conversation.
MIN_DIFFERENT = 0.7
MAX_OF_CONVERSATION = 0.8
# Of the longer words of a summary, those that its conversation has too.
MIN_SHARED = 0.2
MIN_SHARED_CHARACTERS = 4
# Fewer cells say nothing of what is the same in all of them.
MIN_COMPARED = 3
# As much of a text tells whether it has several words, and several turns.
MAX_FOR_WORDS, MAX_FOR_TURNS = 200, 4_000
# Of so many texts it is told whether their turns are marked in another way than "Name: text".
MAX_FOR_MARKS = 20
# Rows are single turns where there are so many, of few words each.
MIN_TURNS, MAX_WORDS_OF_TURN = 4, 25
BRACKETS = tuple("[(<{【［（＜")
# A column is taken for what most of its cells are.
MOST = 0.8
_DATE = re.compile(
    r"(?:\w{3,10}[,.]? )?(?:\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{1,2}\.? \w{3,10}\.?,? \d{4}|\w{3,10}\.? \d{1,2},? \d{4})"
    r"(?:(?:,? (?:at )?|T)\d{1,2}:\d{2}[^\n]{0,20})?|\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)?(?: ?[AaPp]\.?[Mm]\.?)?"
)
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|[\w.+-]+@[\w-]+\.[\w.]+", re.ASCII)
_FILE = re.compile(r"[^\n:]{0,200}[\w)\]]\.(?:[A-Za-z][A-Za-z0-9]{1,4}|mp[34])", re.ASCII)
# One word of letters, digits and marks, with a digit in it.
_ID = re.compile(r"(?=\D{0,60}\d)[\w.:@/#+-]{1,80}", re.ASCII)
ALIKE = "the same text in every row"
_OTHERS = {"dates or times": _DATE, "addresses": _ADDRESS, "file names": _FILE, "ids": _ID}


def held_instead(cells: Sequence[Any]) -> str:
    """Return what stands in cells that are neither conversations nor summaries, "" where they may be."""
    filled = [cell.strip() for cell in cells if isinstance(cell, str) and cell.strip()]
    if not filled:
        return ""
    for held, pattern in _OTHERS.items():
        if sum(pattern.fullmatch(text) is not None for text in filled) >= MOST * len(filled):
            return held
    if len(filled) >= MIN_COMPARED and len(set(filled)) == 1:
        return ALIKE
    return ""


@dataclass(frozen=True)
class _Texts:
    """What a column's texts are like: their mean length in characters, and the part of them that are several turns."""

    name: str
    length: float
    with_turns: float


def conversation_column(
    columns: Sequence[str], rows: Sequence[Mapping[str, Any]], summary: str | None = None
) -> tuple[str, str] | None:
    """Return the column of conversations and the reason: the one with turns, else the longest; None if unclear."""
    found = _texts(columns, rows)
    talking = [each for each in found if each.with_turns > 0.5]
    if len(talking) == 1:
        return talking[0].name, "it contains turns of speakers"
    longest = sorted(talking or found, key=lambda each: -each.length)
    if len(longest) == 2 and longest[1].length <= MAX_OF_CONVERSATION * longest[0].length:
        return longest[0].name, "its texts are the longer ones"
    if summary and len(longest) == 1:
        others = _texts([summary], rows)
        if others and others[0].length <= MAX_OF_CONVERSATION * longest[0].length:
            return longest[0].name, "the only other text column, with longer texts"
    return None


def likelier_conversation(
    columns: Sequence[str], rows: Sequence[Mapping[str, Any]], *, clearly: bool = False
) -> str | None:
    """Return, of columns that may be it by their names, the one with turns, else with the longest texts.

    `clearly`: None unless it has turns alone, or texts longer by far.
    """
    found = sorted(_texts(columns, rows), key=lambda each: (each.with_turns <= 0.5, -each.length))
    if clearly and len(found) > 1:
        first, second = found[:2]
        is_alike = (first.with_turns > 0.5) == (second.with_turns > 0.5)
        if is_alike and second.length > MAX_OF_CONVERSATION * first.length:
            return None
    return found[0].name if found else None


def summary_column(
    columns: Sequence[str], rows: Sequence[Mapping[str, Any]], conversation: str
) -> tuple[str, str] | None:
    """Return the column of summaries and the reason: the only other one with shorter texts; None if unclear."""
    found = {each.name: each for each in _texts(columns, rows)}
    long = found.pop(conversation, None)
    if long is None or len(found) != 1:
        return None
    (other,) = found.values()
    if column_names.parts_of(column_names.plain(other.name))[-1] in column_names.OTHER_NAMES:
        return None
    if other.length > MAX_OF_CONVERSATION * long.length or not _shares_words(rows, other.name, conversation):
        return None
    return other.name, "the only other text column, with shorter texts"


def may_hold_summaries(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether summaries may stand in any of the columns."""
    return bool(_texts(columns, rows))


def _shares_words(rows: Sequence[Mapping[str, Any]], summary: str, conversation: str) -> bool:
    """Tell whether texts say something of what stands beside them."""
    shares = []
    for row in rows:
        short, long = row.get(summary), row.get(conversation)
        if isinstance(short, str) and isinstance(long, str):
            said = set(words(short))
            longer = {word for word in said if len(word) >= MIN_SHARED_CHARACTERS} or said
            shares.append(len(longer & set(words(long))) / len(longer) if longer else 0.0)
    return not shares or mean(shares) >= MIN_SHARED


def _texts(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[_Texts]:
    """Return the columns that hold texts of several words which differ from row to row."""
    found = (_described(name, [row.get(name) for row in rows]) for name in columns)
    return [each for each in found if each is not None]


def _described(name: str, cells: Sequence[Any]) -> _Texts | None:
    # Labelling tools write each text as a list of one.
    plain = [cell[0] if isinstance(cell, list) and len(cell) == 1 else cell for cell in cells]
    filled = [cell.strip() for cell in plain if isinstance(cell, str) and cell.strip()]
    others = [cell for cell in plain if cell is not None and not isinstance(cell, str)]
    if not filled or others or len(set(filled)) < MIN_DIFFERENT * len(filled):
        return None
    length = mean(map(len, filled))
    if held_instead(filled):
        return None
    if length < MIN_CHARACTERS or mean(len(words(text[:MAX_FOR_WORDS])) for text in filled) < MIN_WORDS:
        return None
    return _Texts(name, length, mean(is_talk(text[:MAX_FOR_TURNS]) for text in filled))


def is_talk(text: str) -> bool:
    """Tell whether a text is several turns of speakers, in lines "Name: text" or begun by names in brackets."""
    spoken = [turn for turn in turns(text) if turn.speaker]
    if not spoken and text.lstrip()[:1] in BRACKETS:
        spoken = [turn for turn in turns(chats.in_lines(text)) if turn.speaker]
    return len(spoken) > 1 and bool(people(spoken))


# Of what stands in a column, so much is shown beside a question.
MAX_SHOWN = 60
# By so many texts, of so many characters in all, it is said how long they are.
MAX_DESCRIBED, MAX_DESCRIBED_CHARACTERS = 20, 50_000


class FirstRows:
    """Values by column, some dozens of them."""

    def __init__(self, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
        self.columns = tuple(columns)
        self.rows = rows
        self.numbers = {name for name in columns if cells.are_numbers(self.cells(name))}
        self.truths = {name for name in columns if cells.are_truths(self.cells(name))}
        classes = {name for name in columns if column_names.plain(name) in column_names.CLASS_NAMES}
        self.classes = {name for name in classes if cells.are_classes(self.cells(name))}

    @cached_property
    def holding(self) -> set[str]:
        """The columns whose places are columns of their own."""
        return cells.holding_places(self.columns)

    def cells(self, name: str) -> list[Any]:
        return [row.get(name) for row in self.rows]

    def texts(self, name: str) -> list[str]:
        """Return the cells of a column that are texts, and not blank."""
        return [cell for cell in self.cells(name) if isinstance(cell, str) and cell.strip()]

    def no_texts(self, column: str, *, is_named: bool = False) -> str:
        """Return what a column holds instead of texts, "" for texts; classes that a person names are texts."""
        if column in self.numbers:
            return "numbers"
        if column in self.truths:
            return "true and false values"
        sure = (*column_names.SURE_CONVERSATION_NAMES, *column_names.SURE_SUMMARY_NAMES)
        is_sure = is_named or column_names.plain(column) in sure
        held = "" if is_sure else held_instead(self.cells(column))
        # What stands in every row may be a text all the same.
        if held and held != ALIKE:
            return held
        return "class names" if column in self.classes and not is_named else ""

    def by_texts(self, columns: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
        """Return the columns that hold likely texts, texts at all, and all: the first that are called so are taken."""
        texts = [name for name in columns if not self.no_texts(name) and not self._holds_objects(name)]
        likely = [
            name
            for name in texts
            if not cells.are_classes(self.cells(name)) and not held_instead(self.cells(name))
        ]
        return likely, texts, list(columns)

    def _holds_objects(self, name: str) -> bool:
        return name in self.holding and any(isinstance(cell, dict) for cell in self.cells(name))

    def holds_splits(self, name: str) -> bool:
        """Tell whether most of what stands in a column are names of splits; rows with others are in none."""
        filled = [cell for cell in self.cells(name) if cell not in (None, "")]
        return sum(split_named(cell) is not None for cell in filled) * 2 > len(filled)

    def holds_whole(self, name: str) -> bool:
        """Tell whether most cells of a column are several turns each."""
        filled = self.texts(name)
        return sum(map(is_talk, filled)) * 2 > len(filled)

    def are_single_turns(self, name: str) -> bool:
        """Tell whether each cell is what one of a few people says in one line, and not a conversation."""
        said = list(map(str.strip, self.texts(name)))
        speaker = column_names.exact(
            [other for other in self.columns if other != name and self.is_plain(other)],
            column_names.SPEAKER_NAMES,
        )
        return (
            speaker is not None
            and len(said) >= MIN_TURNS
            and len(set(map(cells.text_of, self.cells(speaker)))) * 2 <= len(self.rows)
            and not any("\n" in text or is_talk(text) for text in said)
            and mean(len(words(text[:MAX_FOR_WORDS])) for text in said) <= MAX_WORDS_OF_TURN
        )

    def marked_otherwise(self, name: str) -> list[str]:
        """Return some cells if the turns in most are in one line or begun by brackets, not in lines "Name: text"."""
        filled = self.texts(name)[:MAX_FOR_MARKS]
        marked = [cell for cell in filled if chats.in_lines(cell) != cell]
        return marked if len(marked) * 2 > len(filled) else []

    def is_plain(self, name: str) -> bool:
        """Tell whether no cell of a column is a list or an object."""
        return not any(isinstance(cell, (list, dict)) for cell in self.cells(name))

    def are_as_long(self, name: str, other: str) -> bool:
        """Tell whether the lists in one column are as long as those in another."""
        pairs = [
            (cells.as_list(mine), cells.as_list(theirs))
            for mine, theirs in zip(self.cells(name), self.cells(other), strict=True)
            if theirs
        ]
        return bool(pairs) and all(
            mine is not None and theirs is not None and len(mine) == len(theirs) for mine, theirs in pairs
        )

    def are_alike(self, name: str) -> bool:
        """Tell whether the same stands in every row of a column."""
        filled = [cell for cell in self.cells(name) if cell]
        return len(filled) >= MIN_COMPARED and all(cell == filled[0] for cell in filled)

    def conversation(self, columns: Sequence[str]) -> str | None:
        """Return the column that is called as a conversation. Raises DataError for several that are alike."""
        names = column_names.CONVERSATION_NAMES
        free = [name for name in columns if not _is_called_in_part(name, column_names.SUMMARY_NAMES)]
        called = [name for name in free if column_names.exact([name], names)]
        likelier = likelier_conversation(called, self.rows)
        sure = column_names.exact(called, column_names.SURE_CONVERSATION_NAMES)
        if sure and (likelier in (None, sure) or self._may_be_text(sure)):
            return sure
        if called:
            return likelier or column_names.exact(called, names)
        partly = column_names.called_in_part(filter(self._may_be_text, free), names)
        if len(partly) < 2:
            return next(iter(partly), None)
        likelier = likelier_conversation(partly, self.rows, clearly=True)
        if likelier is None:
            raise self._unclear("conversation", partly)
        return likelier

    def summary(self, free: Sequence[str]) -> str | None:
        """Return the column that is called as a summary. Raises DataError for several that are alike."""
        lists = [name for name in free if any(cells.as_list(cell) for cell in self.cells(name))]
        texts = [name for name in free if self._may_be_text(name)]
        names = (*column_names.SUMMARY_NAMES, *column_names.SUMMARY_LIST_NAMES)
        chosen = (
            column_names.exact(free, column_names.SUMMARY_NAMES)
            or column_names.exact(lists, column_names.SUMMARY_LIST_NAMES)
            or column_names.exact(texts, names)
        )
        if chosen is None:
            written = [name for name in texts if not _is_called_in_part(name, column_names.GENERATED)]
            partly = column_names.called_in_part(written, names) or column_names.called_in_part(texts, names)
            chosen = next(iter(partly), None) or column_names.numbered(free, column_names.SUMMARY_NAMES)
            if set(partly) - {chosen, *(column_names.numbered_beside(chosen, partly) if chosen else ())}:
                raise self._unclear("summary", partly)
        # The first of summary_1, summary_2 and summary_3 comes first.
        alike = {chosen, *column_names.numbered_beside(chosen, free)} if chosen else set()
        return next((name for name in free if name in alike), None)

    def answers_questions(self, summary: str) -> bool:
        """Tell whether a column of answers, whose name says no more, stands beside questions."""
        if column_names.plain(summary) not in column_names.CLASS_NAMES:
            return False
        asked = column_names.exact(self.columns, column_names.INSTRUCTION_NAMES)
        texts = [cells.text_of(row.get(asked)).strip() for row in self.rows] if asked else []
        return sum(text.endswith("?") for text in texts) * 2 > len(texts)

    def _may_be_text(self, name: str) -> bool:
        """Tell whether several words that differ from row to row stand in a column, as far as rows are known."""
        rows, is_plain = self.rows, self.is_plain(name)
        return not rows or not is_plain or may_hold_summaries([name], rows)

    def _unclear(self, role: str, names: Sequence[str]) -> DataError:
        columns = listed(names)
        is_summary = role == "summary"
        return DataError(
            say("Several columns could be the summary: {}.", columns)
            if is_summary
            else say("Several columns could be the conversation: {}.", columns),
            say("Choose one. {}", self.samples(names)),
            f"data.{role}",
            choices=tuple(names),
        )

    def described(self, name: str) -> str:
        """Return how many words and turns the texts in a column have as a mean, "" for other cells."""
        texts = [cell for cell in self.cells(name)[:MAX_DESCRIBED] if isinstance(cell, str) and cell.strip()]
        lengths = itertools.accumulate(map(len, texts))
        whole = [
            text for text, length in zip(texts, lengths, strict=True) if length <= MAX_DESCRIBED_CHARACTERS
        ]
        if not whole:
            return ""
        count = round(mean(len(tokens(text)) for text in whole))
        spoken = round(mean(turns_and_speakers(text)[0] for text in whole))
        return (
            say("texts of {:,} words, {:,} turns", count, spoken)
            if spoken > 1
            else say("texts of {:,} words", count)
        )

    def samples(self, names: Sequence[str]) -> str:
        """Return the beginnings of the first texts in the first columns."""
        shown = []
        for name in names[: column_names.MAX_NAMED]:
            texts = (" ".join(cells.text_of(cell).split()) for cell in self.cells(name))
            if text := next(filter(None, texts), ""):
                shown.append(f"{name}: “{text[:MAX_SHOWN]}{'…' if len(text) > MAX_SHOWN else ''}”")
        return "; ".join(shown)


def _is_called_in_part(name: str, parts: Iterable[str]) -> bool:
    return not set(parts).isdisjoint(column_names.parts_of(column_names.plain(name)))
