import errno
import json
import os
import shutil
import signal
import subprocess
import sys

import pytest

from engine import labelling
from engine.errors import DataError, StorageError
from engine.labelling import Draft, LabellingSet, sets
from engine.system.paths import application_root, labelling_folder
from engine.text.conversations import Example
from tests.helpers import repository
from tests.helpers.systems import signals

GOLDEN = repository.GOLDEN / "labelling_v1"
TEA = "Ann: Tea at five?\nBo: Yes, at the old mill."
BUS = "Cy: The bus is late again.\nDee: Then we meet at the station, half past six.\nCy: Fine."
DOG = "Eve: Rex is ill.\nFay: Oh no."
DRAFT = Draft("starter", "lora-1", "My LoRA", "Ann and Bo have tea.")


def example(number: int, conversation: str, summary: str = "") -> Example:
    return Example(f"c{number}", conversation, summary)


def made(*conversations: str, name: str = "Chats") -> labelling.SetInfo:
    return labelling.create(name, "/data/chats.csv", [example(*pair) for pair in enumerate(conversations, 1)])


@pytest.fixture
def work():
    opened = LabellingSet(made(TEA, BUS, DOG).id)
    yield opened
    opened.close()


def reopened(work: LabellingSet) -> LabellingSet:
    """The same set as the next sitting finds it."""
    work.close()
    work.__init__(work.about.id)
    return work


def test_a_set_describes_itself(work):
    about = json.loads((work.folder / sets.ABOUT).read_text("utf-8"))
    assert about["schema"] == 1
    assert about["source"] == "/data/chats.csv"
    assert about["fingerprint"] == labelling.fingerprint([TEA, BUS, DOG])
    assert [item.conversation for item in work.items] == [TEA, BUS, DOG]
    assert [item.id for item in work.items] == ["c1", "c2", "c3"]
    assert {item.state for item in work.items} == {"open"}


def test_summaries_that_the_source_has_are_accepted_already():
    about = labelling.create("Half", "half.csv", [example(1, TEA, " They have tea. "), example(2, BUS)])
    opened = LabellingSet(about.id)
    first, second = opened.items
    assert (first.state, first.text, first.written_by) == ("accepted", "They have tea.", "source")
    assert second.state == "open"
    opened.write(1, "Ann and Bo have tea.")
    assert (opened.item(1).state, opened.item(1).written_by) == ("open", "person")
    opened.close()


def test_the_set_of_a_source_is_found_again_by_what_is_in_it():
    about = made(TEA, BUS)
    assert labelling.find("/data/chats.csv", about.fingerprint) == about
    assert labelling.find("/data/chats.csv") == about
    assert labelling.find("/data/chats.csv", labelling.fingerprint([TEA])) is None
    assert labelling.find("/data/other.csv") is None


def test_a_set_that_is_open_elsewhere_is_refused(work):
    with pytest.raises(StorageError, match="open in another program"):
        LabellingSet(work.about.id)


def test_a_set_of_a_later_version_is_refused_and_not_listed():
    about = made(TEA)
    path = labelling_folder() / about.id / sets.ABOUT
    path.write_text(path.read_text("utf-8").replace('"schema": 1', '"schema": 2'), encoding="utf-8")
    with pytest.raises(StorageError, match="another version"):
        LabellingSet(about.id)
    assert labelling.list_sets() == []


def test_who_wrote_a_summary_follows_from_what_was_done(work):
    work.write(1, "They have tea.")
    assert (work.item(1).state, work.item(1).written_by) == ("open", "person")
    work.put_draft(1, DRAFT)
    assert (work.item(1).state, work.item(1).written_by) == ("drafted", "draft")
    work.write(1, "Ann and Bo have tea at five.")
    assert (work.item(1).state, work.item(1).written_by) == ("drafted", "edited draft")
    work.accept(1)
    assert (work.item(1).state, work.item(1).written_by) == ("accepted", "edited draft")
    work.write(1, DRAFT.text)
    assert (work.item(1).state, work.item(1).written_by) == ("drafted", "draft")
    work.write(1, "")
    assert (work.item(1).state, work.item(1).written_by) == ("open", "person")


def test_steps_are_taken_back_and_done_again_across_conversations(work):
    work.write(1, "Tea.")
    work.accept(1)
    work.put_draft(2, DRAFT)
    work.skip(3)
    assert [work.undo().event for _ in range(4)] == ["skipped", "drafted", "accepted", "written"]
    assert work.undo() is None
    assert [item.state for item in work.items] == ["open"] * 3
    assert work.item(1).text == work.item(2).text == ""
    assert [work.redo().event for _ in range(4)] == ["written", "accepted", "drafted", "skipped"]
    assert work.redo() is None
    assert [item.state for item in work.items] == ["accepted", "drafted", "skipped"]


def test_another_conversation_joins_a_set_once(work):
    number = work.add(Example("t9", "Gil: Hello\nHo: Bye", ""))
    assert work.add(Example("t10", "Gil: Hello\nHo: Bye \n", "")) == number == 4
    assert reopened(work).item(4).conversation == "Gil: Hello\nHo: Bye"
    with pytest.raises(DataError, match="no conversation"):
        work.add(Example("x", " ", ""))
    with pytest.raises(DataError, match="too long"):
        work.add(Example("x", "long " * 60_000, ""))
    assert len(work.items) == 4
    assert work.item(work.add(Example("", "Ida: A conversation without a name", ""))).id == "5"


def test_a_set_of_a_source_that_has_grown_brings_along_what_was_written(work):
    work.put_draft(1, DRAFT)
    work.write(1, "Ann and Bo have tea at five.")
    work.accept(1)
    work.skip(2)
    examples = [example(1, DOG), example(2, "Gil: Hello"), example(3, TEA + "\n"), example(4, BUS)]
    about = labelling.create(
        "Chats", "/data/chats.csv", examples, "", labelling.known_items("/data/chats.csv")
    )
    grown = LabellingSet(about.id)
    assert [item.state for item in grown.items] == ["open", "open", "accepted", "skipped"]
    assert (grown.item(3).text, grown.item(3).written_by) == ("Ann and Bo have tea at five.", "edited draft")
    assert (grown.undo(), grown.history.sittings) == (None, 0)
    assert grown.progress() == labelling.Progress(accepted=1, drafted=0, skipped=1, open=2)
    grown.close()
    assert labelling.known_items("/data/other.csv") == {}


def test_a_set_that_is_opened_again_is_the_set_that_was_closed(work):
    work.write(1, "Tea – “at five” 日本 \N{GRINNING FACE}\r\n\tnew line")
    work.put_draft(2, DRAFT)
    work.undo()
    before = work.items
    again = reopened(work)
    assert again.items == before
    assert again.redo().event == "drafted"
    assert again.item(2).draft == DRAFT
    assert again.history.sittings == 2


def test_an_unfinished_last_line_is_ignored_and_writing_goes_on(work):
    work.write(1, "Tea.")
    work.close()
    with (work.folder / sets.JOURNAL).open("ab") as stream:
        stream.write(b'{"v":1,"event":"written","item":1,"text":"Te')
    work.__init__(work.about.id)
    assert work.item(1).text == "Tea."
    work.write(1, "Tea at five.")
    assert reopened(work).item(1).text == "Tea at five."


def test_a_change_is_brought_to_the_disk(work, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", synced.append)
    work.write(1, "Tea.")
    work.accept(1)
    work.close()
    assert len(synced) == 2
    work.__init__(work.about.id)


def test_a_change_that_the_disk_does_not_take_is_said_and_not_made(work, monkeypatch):
    def full(*_arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    work.write(1, "Tea.")
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(StorageError, match="The summaries can't be written: No space left"):
            work.write(1, "Tea at five.")
    assert work.item(1).text == "Tea."
    work.write(1, "Tea at six.")
    assert reopened(work).item(1).text == "Tea at six."


WRITER = """
import sys
from engine.labelling import LabellingSet
work = LabellingSet(sys.argv[1])
text = ""
for number in range(100_000):
    text = f"{number} words are written by now"
    work.write(1, text)
    print(text, flush=True)
"""


@signals
def test_a_writer_that_is_killed_loses_nothing_that_was_kept():
    about = made(TEA, BUS)
    command = [sys.executable, "-c", WRITER, about.id]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=application_root()) as process:
        for _ in range(200):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        told = process.stdout.read().splitlines()
    opened = LabellingSet(about.id)
    # The last line may be cut, and one more change may be kept than was told.
    last = int(told[-2].split()[0]) if len(told) > 1 else 199
    assert int(opened.item(1).text.split()[0]) >= last
    opened.accept(1)
    assert reopened(opened).item(1).state == "accepted"
    opened.close()


def test_the_accepted_summaries_become_a_data_set(work):
    work.put_draft(1, DRAFT)
    work.write(1, " Ann and Bo have tea at five.\n")
    work.accept(1)
    work.write(2, "The bus is late.")
    work.accept(2)
    work.put_draft(3, DRAFT)
    folder = labelling.export(work.about)
    rows = [json.loads(line) for line in (folder / "summaries.jsonl").read_text("utf-8").splitlines()]
    assert rows == [
        {
            "id": "c1", "conversation": TEA, "summary": "Ann and Bo have tea at five.",
            "written_by": "edited draft", "draft_base_model": "starter", "draft_adapter": "lora-1",
        },
        {
            "id": "c2", "conversation": BUS, "summary": "The bus is late.", "written_by": "person",
            "draft_base_model": None, "draft_adapter": None,
        },
    ]  # fmt: skip
    metadata = json.loads((folder / "metadata.json").read_text("utf-8"))
    assert metadata["written_by"] == {"edited draft": 1, "person": 1}
    assert metadata["source"] == "/data/chats.csv"
    assert folder.name == "Chats, 2 summaries"


def test_a_set_of_version_1_is_read_as_it_was_left():
    shutil.copytree(GOLDEN, labelling_folder() / "golden")
    opened = LabellingSet("golden")
    assert opened.about.name == "Chats"
    assert opened.about.source == "/data/chats.csv"
    assert opened.history.sittings == 2
    assert [(item.state, item.written_by, item.text) for item in opened.items] == [
        ("accepted", "edited draft", "Ann and Bo have tea at five."),
        ("skipped", "person", ""),
        ("accepted", "source", "Rex is ill."),
        ("open", "person", "Gil says hello."),
    ]
    assert opened.redo().event == "accepted"
    opened.close()
