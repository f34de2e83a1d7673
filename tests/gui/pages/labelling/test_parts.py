"""The labelling page without its widgets: the way through the conversations, and what is said of them."""

import pytest

from engine.api import Example, labelling
from gui.pages.labelling import labelling_text
from gui.pages.labelling.items_view import ItemNavigation

DRAFT = labelling.Draft("starter", "a1", "My LoRA", "Ann and Bo have tea.")
BASE_DRAFT = labelling.Draft("starter", None, "The practice model", "Ann and Bo have tea.")


def walked(*numbers: int) -> ItemNavigation:
    navigation = ItemNavigation()
    for number in numbers:
        navigation.go(number)
    return navigation


def test_a_walk_goes_back_and_forward_through_what_was_seen_and_on_to_what_was_not():
    navigation = walked(1, 2, 3)
    navigation.back()
    navigation.back()
    assert (navigation.current, navigation.can_go_back) == (1, False)
    navigation.back()
    assert navigation.current == 1
    navigation.forward([])
    assert navigation.current == 2

    navigation = walked(3)
    navigation.forward([1, 2, 3])
    assert navigation.current == 1
    navigation.forward([1, 2, 3])
    assert navigation.current == 2

    navigation = walked(1, 2, 3)
    navigation.forward([1, 2, 3])
    assert navigation.current == 1
    navigation = walked(1, 2)
    navigation.forward([1])
    assert navigation.current == 1


@pytest.fixture
def work():
    about = labelling.create("Chats", "chats.csv", [Example("c1", "Ann: Tea?\nBo: At five, please.", "")])
    opened = labelling.LabellingSet(about.id)
    yield opened
    opened.close()


def test_a_summary_is_said_to_be_a_draft_until_it_is_accepted(work):
    def said() -> str:
        return labelling_text.status(work.item(1)).text

    assert said() == "Not written yet"
    work.write(1, "Tea.")
    assert said() == "Not accepted. Saved as you type"
    work.accept(1)
    assert said() == "Accepted, written by you"
    work.put_draft(1, DRAFT)
    assert said() == "Not accepted yet: a draft of My LoRA"
    # A draft is no warning.
    for found in (labelling_text.status(work.item(1)), labelling_text.state(work.item(1))):
        assert (found.icon, found.token) == ("edit", "muted")
    work.write(1, "Ann and Bo have tea at five.")
    assert said() == "Not accepted yet: an edited draft of My LoRA"
    work.accept(1)
    assert said() == "Accepted, an edited draft of My LoRA"
    work.skip(1)
    assert said() == "Skipped, not in the data set"


def test_steps_are_told_in_words(work):
    work.put_draft(1, BASE_DRAFT)
    work.write(1, "Ann and Bo have tea at five.")
    work.accept(1)
    work.write(1, "")
    work.skip(1)
    assert [labelling_text.step_text(step) for step in work.history.steps] == [
        "draft of the practice model", "draft edited", "accepted", "emptied", "skipped",
    ]  # fmt: skip


def test_a_length_is_told_against_the_usual_one(work):
    conversation = "word " * 100
    assert labelling_text.length("", conversation, []) == labelling_text.Length(
        "No text yet", "Typical length: 10 to 40 words", is_unusual=False
    )
    assert labelling_text.length("Tea " * 20, conversation, []).usual == "Typical length: 10 to 40 words"
    short, long = (
        labelling_text.length("Tea.", conversation, []),
        labelling_text.length("Tea " * 41, conversation, []),
    )
    assert (short.usual, short.is_unusual) == ("Shorter than typical: 10 to 40 words", True)
    assert (long.usual, long.is_unusual) == ("Longer than typical: 10 to 40 words", True)


def test_what_was_left_out_is_told():
    none = {"excluded": {}, "empty": 0, "repeated": 0, "beyond": 0}
    assert labelling_text.read_in(none, 0) == ""
    excluded = {"email": 3, "duplicates": 1}
    assert labelling_text.read_in({"excluded": excluded, "empty": 2, "repeated": 1, "beyond": 7}, 0) == (
        "Skipped: 4 excluded in Data sets (e-mail address: 3; duplicate conversations: 1), "
        "2 empty, 1 duplicate, 7 beyond the limit of 100,000."
    )
    assert labelling_text.read_in(none, 1) == ("An earlier summary of 1 conversation was carried over.")


def test_sets_of_one_name_are_told_apart_by_when_they_were_begun():
    def about(identity: str, name: str) -> labelling.SetInfo:
        return labelling.SetInfo(identity, name, "", "", "", 1_773_300_000.0)

    titles = dict(labelling_text.set_titles([about("a", "chats"), about("b", "chats"), about("c", "calls")]))
    assert titles["c"] == "calls"
    assert titles["a"].startswith("chats (12 Mar ")
