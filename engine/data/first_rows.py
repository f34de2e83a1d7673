"""The first rows of a table, and what stands in their columns. Knows nothing of schemas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from engine.data import cells, column_contents, column_names, places
from engine.data.splits import split_named
from engine.text.conversations import turns


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
        return [name for name in texts if self._is_likely(name)], texts, list(columns)

    def _is_likely(self, name: str) -> bool:
        held = self.cells(name)
        return not cells.are_classes(held) and not column_contents.held_instead(held)

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
