"""Table rows as the readers give them, and the examples made of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from engine.data import NOWHERE, Place, Schema, infer_schema
from engine.errors import DataError
from engine.text.conversations import Example


@dataclass(frozen=True)
class Row:
    """A row of a table, as a reader gives it."""

    number: int
    values: Mapping[str, Any]
    place: Place = NOWHERE

    @property
    def where(self) -> str:
        return f"Row {self.number:,}"


def numbered(rows: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Return rows with their numbers, from 1."""
    return [Row(number, values) for number, values in enumerate(rows, start=1)]


def shape_of(rows: Sequence[Mapping[str, Any]], **wanted: Any) -> Schema:
    return infer_schema(list(rows[0]), rows, **wanted)


def examples(rows: Sequence[Mapping[str, Any]], **wanted: Any) -> list[Example]:
    return [shaped.example for shaped in shape_of(rows, **wanted).examples(numbered(rows))]


def refusal(rows: Sequence[Mapping[str, Any]], **wanted: Any) -> DataError:
    """Return the error that reading the rows ends in."""
    with pytest.raises(DataError) as caught:
        examples(rows, **wanted)
    return caught.value


def chat(*said: str, speaker: str = "role", text: str = "content") -> list[dict[str, str]]:
    """Return "Name: text" lines as turns with keys."""
    return [dict(zip((speaker, text), line.split(": ", 1), strict=True)) for line in said]
