from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.errors import DataError
from engine.jobs.events import read_all
from engine.worker.jobs import read_conversations
from tests.helpers.table_files import write

Read = Callable[..., tuple[list[dict[str, Any]], dict[str, Any]]]


@pytest.fixture
def folder(tmp_path):
    """A place for sources, apart from the home."""
    (tmp_path / "sources").mkdir()
    return tmp_path / "sources"


@pytest.fixture
def read(channel):
    def run(source: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        read_conversations.run(channel, {"data": {"source": str(source)}})
        events = list(read_all(channel.job.events_path))
        found = [event for event in events if event["event"] == "conversations_read"]
        return found, events[-1]["result"]

    return run


def row(number: int, text: str = "Ann: Hi") -> dict[str, str]:
    return {"id": str(number), "dialogue": f"{text} {number}\nBo: Hello", "summary": f"They greet {number}."}


def test_rows_come_with_their_summaries_test_first(read, folder):
    for split, number in (("train", 1), ("test", 2)):
        write(folder / f"{split}.jsonl", [row(number)])
    found, result = read(folder)
    assert [(event["split"], event["conversations"][0]["id"]) for event in found] == [
        ("test", "2"),
        ("train", "1"),
    ]
    assert found[0]["conversations"][0]["summary"] == "They greet 2."
    assert (result["conversations"], result["left_out"]) == (2, {"empty": 0, "too_long": 0, "beyond": 0})


def test_text_files_of_one_conversation_each_need_no_summary(read, folder):
    for name in ("one", "two"):
        (folder / f"{name}.txt").write_text(f"Ann: Is this {name}?\nBo: It is.", encoding="utf-8")
    found, result = read(folder)
    said = [each["conversation"] for event in found for each in event["conversations"]]
    assert sorted(said) == ["Ann: Is this one?\nBo: It is.", "Ann: Is this two?\nBo: It is."]
    assert result["conversations"] == 2


def test_many_come_in_portions_that_an_event_holds_and_what_is_left_out_is_counted(read, folder, monkeypatch):
    monkeypatch.setattr(read_conversations, "MAX_PER_SPLIT", 5)
    monkeypatch.setattr(read_conversations, "MAX_BATCH_BYTES", 400)
    rows = [row(number) for number in range(7)] + [row(8, "Ann: " + "long " * 100)]
    found, result = read(write(folder / "chats.jsonl", rows))
    assert len(found) > 1
    assert [each["id"] for event in found for each in event["conversations"]] == ["0", "1", "2", "3", "4"]
    assert result["left_out"] == {"empty": 0, "too_long": 1, "beyond": 2}


def test_a_source_without_conversations_is_refused(read, folder):
    with pytest.raises(DataError):
        read(write(folder / "chats.jsonl", [{"dialogue": " ", "summary": "Nothing."}]))
