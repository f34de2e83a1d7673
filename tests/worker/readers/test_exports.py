"""Small files after the forms of real exports: conversations, turns, speakers and what is left out of each."""

import pytest

from engine.chats import TITLES
from engine.config.data_options import DataOptions
from engine.text.conversations import turns
from engine.worker.ingestion.loading import open_tables, read_rows
from engine.worker.ingestion.sources import locate
from tests.helpers.channel_events import notice_messages
from tests.worker.readers.exports import CASES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_an_export_is_read_as_it_was_meant(case, tmp_path, channel):
    folder = tmp_path / "source" / case.split
    folder.mkdir(parents=True)
    (folder / case.name).write_bytes(case.data)
    if case.summary:
        (folder / case.name).with_suffix(".summary.txt").write_text(case.summary)
    options = DataOptions(
        source=str(tmp_path / "source" if case.split or case.summary else folder / case.name)
    )
    source = locate(options, channel)
    assert list(source.files) == [case.split or None]
    _, by_split = read_rows(source, open_tables(source, options), options, channel, needs_summary=False)
    examples = [each.example for rows in by_split.values() for each in rows]
    assert [each.conversation for each in examples] == case.conversations
    assert {each.summary for each in examples} == {case.summary}
    (table,) = open_tables(source, options).values()
    assert not list(table) or not table.broken
    remarks = [message for message in notice_messages(channel) if "read as turns" in message]
    if not case.kind:
        assert remarks == []
        return
    (remark,) = remarks
    title, _, counts = remark.partition(" read as turns. ")[2].partition(": ")
    assert title == TITLES[case.kind]
    spoken = [turn for each in examples for turn in turns(each.conversation)]
    speakers = len({turn.speaker for turn in spoken if turn.speaker})
    assert (f", {speakers} speaker" in counts) == bool(speakers)
    assert counts.startswith(f"{len(spoken)} turn")
    assert counts.partition("; ")[2].partition(" left out")[0] == case.left
