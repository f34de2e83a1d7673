from pathlib import Path

import pytest

from engine.errors import DataError
from engine.worker.jobs import read_conversations
from engine.worker.runtime.channel import Channel
from tests.helpers.channel_events import events_of


def count(channel: Channel, source: Path, **more: object) -> int:
    data = {"source": str(source), **more}
    read_conversations.run(channel, {"kind": "count_conversations", "data": data})
    return int(events_of(channel, "result_made")[-1]["result"]["conversations"])


def test_all_are_counted_whatever_a_run_takes(tmp_path, channel):
    table, turns = tmp_path / "chats.csv", tmp_path / "turns.csv"
    table.write_text("dialogue,summary\n" + "Ann: tea?,tea\n" * 30)
    assert count(channel, table, every=12, max_train=5) == 30
    rows = [f"{number // 3},Ann,hello {number},greeting {number // 3}" for number in range(12)]
    turns.write_text("\n".join(["conversation_id,speaker,text,summary", *rows]))
    assert count(channel, turns) == 4


def test_what_can_not_be_read_is_an_error(tmp_path, channel):
    with pytest.raises(DataError):
        count(channel, tmp_path / "nothing.csv")
