"""Turns, speakers and the choice of columns."""

import pytest

from engine.conversations import Turn, choose_columns, speakers, turns
from engine.errors import DataError


def test_lines_with_names_are_turns_and_lines_without_go_on() -> None:
    conversation = "Ann: Are you in?\nBob: Yes.\nAt ten sharp?\n\n  and wait\nAnn:\n"
    assert turns(conversation) == (
        Turn("Ann", "Are you in?"),
        Turn("Bob", "Yes.\nAt ten sharp?\nand wait"),
        Turn("Ann", ""),
    )


def test_links_and_times_are_not_speakers() -> None:
    assert turns("Ann: see\nhttps://example.org/a\nit is 10:30 now") == (
        Turn("Ann", "see\nhttps://example.org/a\nit is 10:30 now"),
    )


def test_text_without_speakers_is_one_turn_of_no_one() -> None:
    assert turns("A note.\nNothing more.") == (Turn("", "A note.\nNothing more."),)
    assert turns(" \n") == ()


def test_speakers_stand_once_in_the_order_of_their_first_turns() -> None:
    assert speakers("Bob: a\nAnn: b\nBob: c") == ("Bob", "Ann")


@pytest.mark.parametrize(
    ("names", "conversation", "summary"),
    [
        (["id", "dialogue", "summary"], "dialogue", "summary"),
        (["summary", "text"], "text", "summary"),
        (["Meeting Transcript", "Summary"], "Meeting Transcript", "Summary"),
        (["article", "highlights"], "article", "highlights"),
        (["input", "output"], "input", "output"),
        (["topic", "dialogue", "reference_summary"], "dialogue", "reference_summary"),
    ],
)
def test_likely_columns_are_found_by_their_names(names: list[str], conversation: str, summary: str) -> None:
    columns = choose_columns(names)
    assert (columns.conversation, columns.summary) == (conversation, summary)
    assert f'"{conversation}", by its name' in columns.reason


def test_named_columns_are_taken_as_named_and_the_id_column_is_found() -> None:
    columns = choose_columns(["ID", "summary", "notes"], conversation="notes")
    assert (columns.conversation, columns.summary, columns.id) == ("notes", "summary", "ID")
    assert '"notes", as named' in columns.reason


def test_a_column_that_is_missing_is_an_error_that_says_which_there_are() -> None:
    with pytest.raises(DataError) as caught:
        choose_columns(["dialogue", "summary"], conversation="dialog")
    assert caught.value.field == "data.conversation"
    assert caught.value.hint == "Did you mean dialogue? The columns are: dialogue, summary."


def test_no_likely_column_is_an_error_beside_the_right_field() -> None:
    with pytest.raises(DataError) as caught:
        choose_columns(["dialogue", "b"])
    assert caught.value.field == "data.summary"
    assert "The columns are: dialogue, b." in caught.value.hint


def test_one_column_can_not_be_both() -> None:
    with pytest.raises(DataError, match="same column"):
        choose_columns(["text", "b"], conversation="text", summary="text")
