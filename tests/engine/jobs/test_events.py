import json
import os
import threading

import pytest

from engine.errors import StorageError
from engine.jobs import events
from engine.jobs.events import MAX_EVENT_BYTES, EventReader, EventWriter, decode, encode, read_all
from tests.helpers.repository import GOLDEN


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.jsonl"


@pytest.fixture
def writer(path):
    made = EventWriter(path, {"run": "r", "attempt": 1})
    yield made
    made.close()


def test_an_event_carries_version_time_and_identity(path, writer):
    written = writer.write("step_finished", step=1, loss=2.5)
    (read,) = EventReader(path).read()
    assert read == written
    assert list(read)[:5] == ["v", "event", "time", "run", "attempt"]
    assert (read["v"], read["run"], read["attempt"], read["loss"]) == (1, "r", 1, 2.5)


def test_any_text_stays_one_line(path, writer):
    text = "Ann: tea?\nBo: “at 5”\r\u2028\x1c\ud800 end"
    writer.write("sample_made", summary=text)
    assert path.read_bytes().count(b"\n") == 1
    (read,) = EventReader(path).read()
    assert read["summary"] == text.replace("\ud800", "?")


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_a_number_without_end_is_refused_and_nothing_is_written(path, writer, number):
    with pytest.raises(ValueError, match="JSON"):
        writer.write("step_finished", loss=number)
    assert path.read_bytes() == b""


def test_a_line_too_long_is_refused_and_nothing_is_written(path, writer):
    with pytest.raises(ValueError, match="the limit is"):
        writer.write("sample_made", summary="x" * MAX_EVENT_BYTES)
    assert path.read_bytes() == b""


def test_a_reader_gets_each_event_once(path, writer):
    reader = EventReader(path)
    assert reader.read() == []
    writer.write("a")
    assert [event["event"] for event in reader.read()] == ["a"]
    writer.write("b")
    writer.write("c")
    assert [event["event"] for event in reader.read()] == ["b", "c"]
    assert reader.read() == []


def test_an_unfinished_line_waits_for_its_end(path):
    whole = encode({"event": "a"})
    path.write_bytes(whole + whole[:5])
    reader = EventReader(path)
    assert len(reader.read()) == 1
    assert reader.read() == []
    with path.open("ab") as stream:
        stream.write(whole[5:])
    assert [event["event"] for event in reader.read()] == ["a"]


def test_a_resumed_writer_cuts_the_unfinished_line_under_a_reader_that_saw_it(path):
    path.write_bytes(encode({"event": "a"}) + b'{"event":"half')
    reader = EventReader(path)
    reader.read()
    resumed = EventWriter(path, {"attempt": 2})
    resumed.write("job_accepted", words="longer than what was cut off")
    resumed.close()
    assert [event["event"] for event in reader.read()] == ["job_accepted"]
    assert [event["event"] for event in read_all(path)] == ["a", "job_accepted"]


DAMAGED = (
    b"", b"nonsense", b"[1]", b'{"no":"event"}', b'{"event":3}', b"\xff\xfe", b"[" * 100_000,
    b'{"event":"a","time":"x"}', b'{"event":"a","clock":[]}', b'{"event":"a","attempt":"1"}',
    b'{"event":"a","time":NaN}',
    b'{"event":"a","time":1' + b"0" * 400 + b"}", *[b"?" * 1000] * (events.READ_BYTES // 500),
)  # fmt: skip


def test_damaged_lines_are_passed_over(path):
    assert {decode(line) for line in set(DAMAGED)} == {None}
    path.write_bytes(encode({"event": "a"}) + b"\n".join(DAMAGED) + b"\n" + encode({"event": "b"}))
    assert [event["event"] for event in read_all(path)] == ["a", "b"]


def test_what_is_too_long_for_an_event_is_not_decoded(path, monkeypatch):
    path.write_bytes(encode({"event": "a"}) + bytes(events.READ_BYTES * 4) + b"\n" + encode({"event": "b"}))
    lengths = []

    def measured(line: bytes) -> events.Event | None:
        lengths.append(len(line))
        return decode(line)

    monkeypatch.setattr(events, "decode", measured)
    assert [event["event"] for event in read_all(path)] == ["a", "b"]
    assert sum(lengths) < events.READ_BYTES * 2


def test_an_event_cut_short_by_a_full_disk_leaves_nothing_behind(path, writer, monkeypatch):
    write = os.write
    writer.write("a")
    monkeypatch.setattr(os, "write", lambda descriptor, line: write(descriptor, line[:7]))
    with pytest.raises(StorageError, match="disk is full"):
        writer.write("b")
    monkeypatch.undo()
    writer.write("c")
    assert [event["event"] for event in read_all(path)] == ["a", "c"]


def test_reading_while_writing_loses_nothing(path, writer):
    done = threading.Event()

    def write() -> None:
        for step in range(1000):
            writer.write("step_finished", step=step, summary="ü" * (step % 50))
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    reader = EventReader(path)
    steps: list[int] = []
    while not done.is_set():
        steps += [event["step"] for event in reader.read()]
    while events := reader.read():
        steps += [event["step"] for event in events]
    thread.join()
    assert steps == list(range(1000))


def test_every_line_of_the_first_version_is_still_read():
    golden = GOLDEN / "events_v1.jsonl"
    events = list(read_all(golden))
    assert len(events) == len(golden.read_text(encoding="utf-8").splitlines()) > 15
    assert all(encode(event) for event in events)
    assert {event["v"] for event in events} == {1}
    assert json.loads(golden.read_text(encoding="utf-8").splitlines()[-1])["event"] == "job_ended"


ZEROS = 3 * events.READ_BYTES


def test_a_block_of_zeros_from_a_power_cut_is_passed_over(path, writer):
    writer.write("stage", stage="train")
    with path.open("ab") as stream:
        stream.write(bytes(ZEROS))
    writer.write("stage", stage="save")
    writer.write("stage", stage="evaluate")
    assert [event["stage"] for event in read_all(path)] == ["train", "save", "evaluate"]


def test_a_stream_without_an_end_is_read_in_pieces(path):
    path.write_bytes(bytes(8 * events.READ_BYTES))
    assert max(map(len, events.lines(path))) <= events.MAX_EVENT_BYTES
    assert list(read_all(path)) == []


def test_a_stream_that_is_nearly_all_holes_is_not_read(path):
    path.write_bytes(encode({"event": "a"}))
    os.truncate(path, 1 << 32)
    with pytest.raises(StorageError, match="it was hardly written at all"):
        list(read_all(path))


@pytest.fixture
def small(monkeypatch):
    """Files of a service hold about twenty events, and no file more than a hundred."""
    monkeypatch.setattr(events, "ROTATED_BYTES", 2_000)
    monkeypatch.setattr(events, "MAX_STREAM_BYTES", 10_000)


@pytest.mark.parametrize("every", [1, 7, 1000])
def test_a_service_never_comes_to_the_end_of_its_stream(path, small, every):
    writer = EventWriter(path, {"job": "j", "attempt": 1}, rotates=True)
    reader = EventReader(path, rotates=True)
    found, most = [], 0
    for number in range(1000):
        writer.write("summary_extended", number=number)
        if number % every == 0:
            found += reader.read()
            most = max(most, len(list(path.parent.iterdir())))
    while read := reader.read():
        found += read
    writer.close()
    assert [event["number"] for event in found] == list(range(1000))
    # What is read is deleted.
    assert len(list(path.parent.iterdir())) == 1
    assert most <= 2 or every > 1


def test_a_run_s_events_stay_in_one_file_whatever_they_say(path, small):
    writer = EventWriter(path, {"run": "r", "attempt": 1})
    for number in range(50):
        writer.write(events.CONTINUED, number=number)
    writer.close()
    assert [event["number"] for event in read_all(path)] == list(range(50))
    assert list(path.parent.iterdir()) == [path]
