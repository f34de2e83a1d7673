from collections.abc import Sequence

import pytest

from engine.data import Row
from engine.errors import DataError
from engine.text.conversations import Example
from engine.worker.ingestion.predictions import Prediction, Predictions
from engine.worker.text_metrics.prediction_matching import Conversations, is_out_of_order, match, remarks


def conversations(*ids: str, without_summary: Sequence[str] = (), hint: str = "") -> Conversations:
    rows = [
        Row(Example(name, f"A: {name}", "" if name in without_summary else "Yes."), (number,))
        for number, name in enumerate(ids, start=1)
    ]
    return Conversations(rows, "of the test split", hint)


def file(*rows: tuple[str, str] | str) -> Predictions:
    pairs = [("", row) if isinstance(row, str) else row for row in rows]
    found = tuple(Prediction(number, text, name) for number, (name, text) in enumerate(pairs, start=1))
    return Predictions("own.csv", "--predictions", found, has_ids=not isinstance(rows[0], str))


def test_by_id_in_any_order():
    found = match(file(("c", "3"), ("a", "1"), ("b", "2")), conversations("a", "b", "c"))
    assert found.summaries == {0: "1", 1: "2", 2: "3"}
    assert not remarks(found, file("x"), conversations("a"))


def test_what_is_missing_and_what_matches_nothing_is_named():
    own, there = file(("a", "1"), ("x", "?"), ("c", ""), ("", "?")), conversations("a", "b", "c", "d")
    found = match(own, there)
    assert found.summaries == {0: "1", 2: ""}
    assert (found.missing, found.unknown) == (("b", "d"), (2, 4))
    assert remarks(found, own, there) == [
        "No conversation of the test split matches rows 2 and 4 of own.csv.",
        "Not scored, no summary in own.csv: 2 conversations (ids: b, d).",
    ]
    assert found.as_dict() == {
        "matched": 2, "missing": {"count": 2, "ids": ["b", "d"]}, "unknown": {"count": 2, "rows": [2, 4]},
        "repeated": {"count": 0, "rows": []}, "empty": 1,
    }  # fmt: skip


def test_a_row_twice_counts_once_and_two_summaries_of_one_id_are_refused():
    own = file(("a", "1"), ("b", "2"), ("a", "1"))
    found = match(own, conversations("a", "b"))
    assert (found.summaries, found.repeated) == ({0: "1", 1: "2"}, (3,))
    assert remarks(found, own, conversations("a", "b")) == ["Repeated rows skipped: row 3 of own.csv."]
    with pytest.raises(DataError) as caught:
        match(file(("a", "1"), ("b", "2"), ("a", "other")), conversations("a", "b"))
    assert caught.value.message == 'Rows 1 and 3 of own.csv have the same id, "a", and different summaries.'
    assert caught.value.field == "--predictions"


def test_ids_that_match_nothing_are_shown_beside_the_own_ones():
    with pytest.raises(DataError) as caught:
        match(file(("x", "1"), ("y", "2")), conversations("a", "b", hint="More."))
    assert caught.value.message == (
        'No id in own.csv is of a conversation of the test split: "x", "y" there, "a", "b" here.'
    )
    assert caught.value.hint.endswith("More.")


def test_by_order_if_there_are_no_ids_and_as_many_rows():
    assert match(file("1", "2"), conversations("a", "b")).summaries == {0: "1", 1: "2"}
    with pytest.raises(DataError) as caught:
        match(file("1", "2"), conversations("a", "b", "c"))
    assert caught.value.message == "own.csv has no ids, and 2 summaries for 3 conversations."


@pytest.mark.parametrize("texts", [("1", "2", "3"), ("1", "3")])
def test_conversations_without_a_reference_may_have_a_row_or_none(texts):
    found = match(file(*texts), conversations("a", "b", "c", without_summary=["b"]))
    assert found.summaries == {0: "1", 2: "3"}


def test_rows_that_count_from_0_are_not_shifted_by_one():
    own = file(("0", "first"), ("1", "second"), ("2", "third"))
    assert match(own, conversations("1", "2", "3")).summaries == {0: "first", 1: "second", 2: "third"}


@pytest.mark.parametrize("words", [["cat", "dog", "tree", "house"], ["猫です", "犬です", "木です", "家です"]])
def test_summaries_of_other_conversations_are_noticed(words):
    examples = [Example(str(at), f"A: {words[at % 4]} {at}!", "x") for at in range(40)]
    summaries = [f"{words[at % 4]} {at}" for at in range(40)]
    assert not is_out_of_order(examples, summaries)
    assert is_out_of_order(examples, [*summaries[1:], summaries[0]])
    assert not is_out_of_order(examples[:5], summaries[1:6])
