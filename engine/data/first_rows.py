"""The first rows of a table: what stands in their columns, and which hold conversations and summaries.

A whole name such as "dialogue" is believed. A name that says it in part, such as "summary_status", needs texts that may
be it. Where several columns are alike, a person is asked. Knows nothing of schemas.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from engine.data import cells, column_contents, column_names, places
from engine.data.splits import split_named
from engine.errors import DataError
from engine.text.conversations import turns

# Of what stands in a column, so much is shown beside a question.
MAX_SHOWN = 60


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
        return places.holding(self.columns)

    def cells(self, name: str) -> list[Any]:
        """Return the cells of a column."""
        return [row.get(name) for row in self.rows]

    def no_texts(self, column: str, *, is_named: bool = False) -> str:
        """Return what a column holds instead of texts, "" for texts; classes that a person names are texts."""
        if column in self.numbers:
            return "numbers"
        if column in self.truths:
            return "true and false"
        sure = (*column_names.SURE_CONVERSATION_NAMES, *column_names.SURE_SUMMARY_NAMES)
        is_sure = is_named or column_names.plain(column) in sure
        held = "" if is_sure else column_contents.held_instead(self.cells(column))
        # What stands in every row may be a text all the same.
        if held and held != column_contents.ALIKE:
            return held
        return "names of classes" if column in self.classes and not is_named else ""

    def by_texts(self, columns: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
        """Return the columns that hold likely texts, texts at all, and all: the first that are called so are taken."""
        texts = [name for name in columns if not self.no_texts(name) and not self._holds_objects(name)]
        likely = [
            name
            for name in texts
            if not cells.are_classes(self.cells(name)) and not column_contents.held_instead(self.cells(name))
        ]
        return likely, texts, list(columns)

    def _holds_objects(self, name: str) -> bool:
        return name in self.holding and any(isinstance(cell, dict) for cell in self.cells(name))

    def holds_text(self, name: str) -> bool:
        """Tell whether a column holds any text."""
        return any(isinstance(cell, str) and cell.strip() for cell in self.cells(name))

    def holds_splits(self, name: str) -> bool:
        """Tell whether most of what stands in a column are names of splits; rows with others are in none."""
        filled = [cell for cell in self.cells(name) if cell not in (None, "")]
        return sum(split_named(cell) is not None for cell in filled) * 2 > len(filled)

    def holds_whole(self, name: str) -> bool:
        """Tell whether most cells of a column are several turns each."""
        filled = [cell for cell in self.cells(name) if isinstance(cell, str) and cell.strip()]
        several = sum(len([turn for turn in turns(cell) if turn.speaker]) > 1 for cell in filled)
        return several * 2 > len(filled)

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

    def conversation(self, columns: Sequence[str]) -> str | None:
        """Return the column that is called as a conversation. Raises DataError for several that are alike."""
        names = column_names.CONVERSATION_NAMES
        free = [name for name in columns if not _is_summary_in_part(name)]
        called = [name for name in free if column_names.exact([name], names)]
        likelier = column_contents.likelier_conversation(called, self.rows)
        sure = column_names.exact(called, column_names.SURE_CONVERSATION_NAMES)
        if sure and (likelier in (None, sure) or self._may_be_text(sure)):
            return sure
        if called:
            return likelier or column_names.exact(called, names)
        partly = column_names.called_in_part(filter(self._may_be_text, free), names)
        if len(partly) < 2:
            return next(iter(partly), None)
        likelier = column_contents.likelier_conversation(partly, self.rows, clearly=True)
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
            written = [name for name in texts if not _is_generated(name)]
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
        return not rows or not is_plain or column_contents.may_hold_summaries([name], rows)

    def _unclear(self, role: str, names: Sequence[str]) -> DataError:
        shown = "; ".join(f"{name}: {self._sample(name)}" for name in names[: column_names.MAX_NAMED])
        listed = column_names.listed(names)
        is_summary = role == "summary"
        return DataError(
            f"Several columns could be the summary: {listed}."
            if is_summary
            else f"Several columns could be the conversation: {listed}.",
            f"Choose one. {shown}",
            f"data.{role}",
            choices=tuple(names),
        )

    def _sample(self, name: str) -> str:
        """Return the beginning of the first text in a column."""
        texts = (" ".join(cells.text_of(cell).split()) for cell in self.cells(name))
        text = next(filter(None, texts), "")
        return f"“{text[:MAX_SHOWN]}{'…' if len(text) > MAX_SHOWN else ''}”"


def _is_summary_in_part(name: str) -> bool:
    return not {*column_names.SUMMARY_NAMES}.isdisjoint(column_names.parts_of(column_names.plain(name)))


def _is_generated(name: str) -> bool:
    return not column_names.GENERATED.isdisjoint(column_names.parts_of(column_names.plain(name)))
