import json

import pytest

from engine.config.data_options import DataOptions
from engine.errors import DataError
from engine.jobs.events import MAX_EVENT_BYTES, read_all
from engine.worker.ingestion import loading
from engine.worker.ingestion.loading import MAX_SHOWN_CHARACTERS, MAX_SHOWN_ROWS
from engine.worker.ingestion.sources import locate
from engine.worker.jobs import check_data
from tests.helpers.read_sources import preview, read_source
from tests.helpers.table_files import write


def test_first_rows_columns_and_shape_are_shown(tmp_path, channel):
    rows = [
        {"id": number, "messages": [{"role": "a", "content": "é"}], "summary": None} for number in range(90)
    ]
    event = preview(write(tmp_path / "a.jsonl", rows), channel)
    assert event["columns"] == ["id", "messages", "summary"]
    assert (event["shape"]["kind"], event["shape"]["conversation"]) == ("turns", "messages")
    assert "role" in event["shape"]["reason"]
    assert event["problem"] is None
    assert len(event["rows"]) == MAX_SHOWN_ROWS
    assert event["rows"][0] == {"id": "0", "messages": '[{"role": "a", "content": "é"}]', "summary": ""}


def test_rows_are_shown_beside_the_problem_of_their_columns(tmp_path, channel):
    event = preview(write(tmp_path / "a.jsonl", [{"x": "a", "y": "b"}]), channel, conversation="z")
    assert event["shape"] is None
    assert (event["problem"]["field"], event["problem"]["message"]) == (
        "data.conversation",
        'a.jsonl: There is no column "z".',
    )
    assert event["rows"] == [{"x": "a", "y": "b"}]


@pytest.mark.parametrize("letter", ["☕", "\x01"])
@pytest.mark.parametrize(("count", "length"), [(1, 5_000), (600, 100)])
def test_long_texts_and_many_columns_fit_one_event(tmp_path, channel, letter, count, length):
    wide = {f"column {number}": letter * length for number in range(count)}
    event = preview(write(tmp_path / "a.jsonl", [{"dialogue": "a", "summary": "b", **wide}] * 9), channel)
    assert len(json.dumps(event, ensure_ascii=False).encode()) < MAX_EVENT_BYTES
    assert 0 < len(event["rows"][0]["column 0"]) <= MAX_SHOWN_CHARACTERS


def test_keys_that_are_data_are_no_columns(tmp_path, channel):
    with pytest.raises(DataError, match=r"its column names have [\d,]+ bytes"):
        preview(
            write(tmp_path / "a.jsonl", [{f"conversation {number}": "x" for number in range(1_000)}]),
            channel,
        )


def test_check_shows_the_first_rows_before_it_reads_the_others(tmp_path, channel):
    rows = [{"dialogue": "Ann: a", "summary": "s"}] * 600
    path = write(tmp_path / "a.jsonl", rows)
    check_data.run(channel, {"data": {"source": str(path)}, "base_model": None})
    events = [event["event"] for event in read_all(channel.job.events_path)]
    assert events[:3] == ["stage_entered", "rows_previewed", "stage_progressed"]
    assert events[-1] == "result_made"


def test_columns_are_known_while_it_is_asked_what_their_lists_hold(tmp_path, channel):
    rows = [
        {"dialogue": f"Ann: hi {n}", "summary": [f"Ann greets Bob {n}.", f"They meet at {n}."][: 1 + n % 2]}
        for n in range(30)
    ]
    event = preview(write(tmp_path / "a.jsonl", rows), channel)
    assert event["problem"]["field"] == "data.summary_lists"
    shape = event["shape"]
    assert (shape["conversation"], shape["summary"], shape["reason"]) == ("dialogue", "summary", "")


def test_a_big_source_asks_for_its_columns_before_it_is_read_whole(tmp_path, channel, monkeypatch):
    monkeypatch.setattr(loading, "SEARCHED_BYTES", 1)
    rows = [{"a": f"The tale of {at} and more.", "b": f"A tale of {at}, and more."} for at in range(20_000)]
    path = write(tmp_path / "a.jsonl", [*rows, {"dialogue": "Ann: Hi", "summary": "Ann greets."}])
    options = DataOptions(source=str(path))
    tables = loading.open_tables(locate(options, channel), options)
    with pytest.raises(DataError, match="No column looks like conversations"):
        loading.find_schema(tables, options)
    (table,) = tables.values()
    assert table.done_bytes < table.size_bytes
    named = options.model_copy(update={"conversation": "dialogue", "summary": "summary"})
    assert loading.find_schema(tables, named).summary == "summary"


def test_a_summary_that_comes_late_is_found_in_a_big_source(tmp_path, channel, monkeypatch):
    monkeypatch.setattr(loading, "SEARCHED_BYTES", 1)
    rows = [{"dialogue": f"Ann: {at}\nBob: Yes."} for at in range(500)]
    path = write(tmp_path / "a.jsonl", [*rows, {"dialogue": "Ann: Hi", "summary": "Ann greets."}])
    schema, examples = read_source(path, channel, needs_summary=True)
    assert schema.summary == "summary"
    assert examples[None][-1].summary == "Ann greets."
