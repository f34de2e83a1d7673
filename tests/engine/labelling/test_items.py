import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import labelling
from engine.errors import StorageError
from engine.labelling import LabellingSet, sets
from engine.labelling.items import MAX_NUMBER
from engine.system.paths import labelling_folder
from engine.text.conversations import Example

EVENTS = (
    "written", "drafted", "accepted", "skipped", "added", "carried", "undone", "redone", "sitting_began", "odd",
)  # fmt: skip
KEYS = (
    "item", "text", "base_model", "adapter", "name", "state", "draft", "joins", "id", "conversation", "summary",
)  # fmt: skip
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 4),
    st.just(10**30),
    st.floats(allow_nan=False),
    st.sampled_from(["", " ", "accepted", "open", "Bus."]),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(
        st.sampled_from(["base_model", "name", "text", "adapter", "other"]), st.text(max_size=3), max_size=4
    ),
)
RECORDS = st.builds(
    lambda event, facts: {"v": 1, "event": event, "time": 1.0, **facts},
    st.sampled_from(EVENTS),
    st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6),
)


def made() -> labelling.SetInfo:
    return labelling.create(
        "Chats", "/data/chats.csv", [Example(f"c{number}", f"Ann: {number}", "") for number in (1, 2)]
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=st.lists(RECORDS, max_size=12))
def test_a_set_opens_whatever_its_journal_holds(home, records):
    about = made()
    lines = [json.dumps(record) for record in records]
    fine = {"v": 1, "event": "written", "time": 1.0, "item": 2, "text": "The last line."}
    lines += ["{", "[]", "\0\0", json.dumps(fine)]
    (labelling_folder() / about.id / sets.JOURNAL).write_text("\n".join([*lines, ""]), encoding="utf-8")
    work = LabellingSet(about.id)
    try:
        assert work.item(2).text == "The last line."
        work.write(1, "Bus.")
        work.accept(1)
        assert all(item.text.strip() for item in work.in_state("accepted"))
        assert all(0 < item.number <= MAX_NUMBER for item in work.items)
        labelling.export(work.about)
        while work.undo():
            pass
    finally:
        work.close()
    assert about in labelling.list_sets()


@pytest.mark.parametrize(
    "line", ["[", "5", '{"id": 1, "conversation": "a", "summary": ""}', '{"id": "1"}', "[" * 20_000]
)
def test_conversations_that_are_damaged_are_named(home, line):
    about = made()
    (labelling_folder() / about.id / sets.CONVERSATIONS).write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(StorageError, match="can't be read"):
        LabellingSet(about.id)


@pytest.mark.parametrize(
    "facts", [{"name": 5}, {"made_at": "x"}, {"source": None}, {"other": 1}, {"schema": []}]
)
def test_a_set_with_odd_facts_hides_no_other(home, facts):
    odd, good = made(), made()
    path = labelling_folder() / odd.id / sets.ABOUT
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | facts), encoding="utf-8")
    (labelling_folder() / "a file").write_text("", encoding="utf-8")
    assert labelling.list_sets() == [good]


def test_a_set_of_a_name_that_is_no_text_is_made(home):
    about = labelling.create("caf\udce9", "/data/caf\udce9.csv", [Example("c1", "Ann: hi", "")])
    assert labelling.list_sets() == [about]


def test_the_usual_length_follows_the_conversation_and_then_the_person():
    long = "word " * 400
    low, high = labelling.usual_words(long)
    assert (low, high) == (20, 80)
    assert labelling.usual_words("")[0] == 1
    accepted = [
        labelling.Item(number, "", "word " * 100, text="word " * 50, state="accepted") for number in range(10)
    ]
    assert labelling.usual_words(long, accepted) == (100, 100)
    assert labelling.usual_words(long, accepted[:9]) == (low, high)
