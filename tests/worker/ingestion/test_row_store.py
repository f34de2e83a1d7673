"""Rows that are stored on disk, and held in memory where they are few."""

from __future__ import annotations

import pytest

from engine.data import SourcedExample
from engine.text.conversations import Example
from engine.worker.ingestion import row_store
from engine.worker.ingestion.row_store import LazySequence, rows_of, stored


def test_few_rows_are_held_and_many_are_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = rows_of(stored(SourcedExample(Example(f"e{n}", "Ann: hi", "hi"), (n,)) for n in (1, 2)), ())
    held = rows.held()
    assert isinstance(held, tuple)
    assert rows == held
    monkeypatch.setattr(row_store, "MAX_HELD_BYTES", 10)
    assert isinstance(rows.held(), LazySequence)
