import tempfile
from typing import IO, Any

import pytest

from engine.data import Place, Row
from engine.errors import StorageError
from engine.system.paths import cache_folder
from engine.text.conversations import Example
from engine.worker.ingestion import row_store
from engine.worker.ingestion.row_store import examples_of, stored

EXAMPLES = [
    Row(Example(f"e{n}", f"Ann: \N{GRINNING FACE} {n}", "", ("a", "b")[: n % 3]), (n, n + 1), Place("", n))
    for n in range(1, 12)
]


@pytest.fixture
def no_memory(monkeypatch):
    """Let memory take a few rows, and give back what was read of the file after each."""
    monkeypatch.setattr(row_store, "MAX_BYTES", 4 * row_store.ROW_BYTES)
    monkeypatch.setattr(row_store, "MAX_MAPPED_BYTES", 0)


@pytest.mark.usefixtures("no_memory")
def test_rows_beyond_the_memory_are_the_same_from_disk(monkeypatch):
    made: list[dict[str, Any]] = []
    temporary_file = tempfile.TemporaryFile

    def noted(**given: Any) -> IO[bytes]:
        made.append(given)
        return temporary_file(**given)

    monkeypatch.setattr(row_store.tempfile, "TemporaryFile", noted)
    examples = stored(iter(EXAMPLES))
    assert made == [{"dir": cache_folder()}]
    assert list(examples) == EXAMPLES
    assert examples[-1] == EXAMPLES[-1]
    assert list(examples.select([7, 2])) == [EXAMPLES[7], EXAMPLES[2]]
    assert list(examples_of(examples)[3:5]) == [EXAMPLES[3].example, EXAMPLES[4].example]


def test_rows_in_memory_meet_no_disk(monkeypatch):
    monkeypatch.delattr(row_store.tempfile, "TemporaryFile")
    examples = stored(iter(EXAMPLES))
    assert list(examples) == EXAMPLES
    assert examples[0].example is EXAMPLES[0].example


@pytest.mark.usefixtures("no_memory")
def test_a_disk_that_takes_no_rows_is_told(monkeypatch):
    def full(**_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(row_store.tempfile, "TemporaryFile", full)
    with pytest.raises(StorageError, match="don't fit into memory"):
        stored(iter(EXAMPLES))


@pytest.mark.usefixtures("no_memory")
def test_equal_conversations_have_one_digest_whatever_spaces_are_around_them_and_wherever_they_lie():
    texts = [("A: hi", "x"), ("A: half \ud800", ""), (" \n", "x"), *[("A: yo", "x")] * 5, ("\tA: hi ", "x")]
    rows = stored(Row(Example("", *text), (n,)) for n, text in enumerate(texts))
    assert rows.digests[0] == rows.digests[8] != rows.digests[3]
    assert len(set(rows.digests)) == 4
    assert rows.select([1, 2, 8]).missing.tolist() == [1, 2, 0]
    assert rows[1].example.conversation == "A: half \ud800"
