"""A column or key of speakers named by hand, and when it makes rows the turns of a conversation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.helpers.table_rows import chat, examples, refusal, shape_of

Rows = list[dict[str, Any]]
WHO = {"speaker": "who"}
TURNS: Rows = [
    {"id": "1", "who": "Ann", "text": "Hi", "summary": "They meet."},
    {"id": "1", "who": "Bob", "text": "Yo", "summary": "They meet."},
    {"id": "2", "who": "Bob", "text": "Off?", "summary": "Bob asks."},
]


@pytest.mark.parametrize("conversation", ["auto", "text"])
def test_a_column_of_speakers_makes_rows_with_a_repeated_id_turns(conversation: str) -> None:
    """Whole conversations have no one speaker, so such a column can mean nothing else."""
    shape = shape_of(TURNS, by_hand=WHO, conversation=conversation)
    assert (shape.kind, shape.group, shape.speaker, shape.text) == ("rows", "id", "who", "text")
    read_examples = examples(TURNS, by_hand=WHO, conversation=conversation)
    assert [example.conversation for example in read_examples] == ["Ann: Hi\nBob: Yo", "Bob: Off?"]


@pytest.mark.parametrize(
    "name", ["participantID", "agent", "interlocutor_id", "sender_full_name", "author_name", "user.login"]
)
def test_speakers_have_many_names(name: str) -> None:
    rows = [
        {"meeting_id": row["id"], name: row["who"], **{key: row[key] for key in ("text", "summary")}}
        for row in TURNS
    ]
    assert [each.conversation for each in examples(rows)] == ["Ann: Hi\nBob: Yo", "Bob: Off?"]
    said = [{name.rpartition(".")[2]: row["who"], "utterance": row["text"]} for row in TURNS]
    assert examples([{"dialog": said, "summary": "S"}])[0].conversation == "Ann: Hi\nBob: Yo\nBob: Off?"


def test_the_words_of_a_turn_are_its_text() -> None:
    said = [{"speaker": "Ann", "words": ["so", "it", "is"]}, {"speaker": "Bob", "words": ["你好", "再见"]}]
    assert examples([{"dialog": said, "summary": "S"}])[0].conversation == "Ann: so it is\nBob: 你好\n再见"


def test_without_a_repeated_id_it_is_asked_for() -> None:
    rows = [{**row, "id": str(number)} for number, row in enumerate(TURNS)]
    error = refusal(rows, by_hand=WHO)
    assert error.message == "No column says which rows belong to one conversation."
    assert error.hint == "Name it as data.columns.group, or leave data.columns.speaker out."
    assert error.field == "data.columns"


def test_lists_of_speakers_belong_to_the_lists_beside_them_however_often_ids_repeat() -> None:
    rows = [
        {"id": "1", "who": ["Ann", "Bob"], "utt": ["Hi", "Yo"], "text": "a title", "summary": "They meet."},
        {"id": "1", "who": ["Ann"], "utt": ["Off?"], "text": "a title", "summary": "They meet."},
    ]
    shape = shape_of(rows, by_hand=WHO)
    assert (shape.kind, shape.conversation, shape.speaker) == ("lists", "utt", "who")
    assert len(examples(rows, by_hand=WHO)) == 2


@pytest.mark.parametrize("column", ["messages", "talk"])
def test_a_key_of_turns_stands_before_a_column_of_the_same_name(column: str) -> None:
    said = chat("Ann: Hi", "Bob: Yo", speaker="who", text="content")
    rows = [{"id": "1", column: said, "who": "a survey", "text": "a title", "summary": "They meet."}] * 2
    shape = shape_of(rows, by_hand=WHO)
    assert (shape.kind, shape.conversation, shape.speaker) == ("turns", column, "who")


def test_rows_with_lists_of_turns_are_conversations_also_beside_an_author_and_a_repeated_id() -> None:
    rows = [{"id": "1", "messages": chat("Ann: Hi"), "author": "x", "text": "a title", "summary": "s"}] * 2
    assert (shape_of(rows).kind, shape_of(rows).conversation) == ("turns", "messages")


@pytest.mark.parametrize("form", [lambda name, said: [name, said], lambda name, said: {name: said}])
def test_a_name_with_a_text_is_a_turn(form: Callable[[str, str], Any]) -> None:
    rows = [
        {
            "dialog": [form("Ann", "Hi"), form("Bob", f"Yo {number}"), form("Ann", "So")],
            "summary": f"S{number}",
        }
        for number in range(3)
    ]
    assert [each.conversation for each in examples(rows)][1] == "Ann: Hi\nBob: Yo 1\nAnn: So"


def test_names_that_never_come_again_are_properties() -> None:
    facts = [["topic", "bread"], ["place", "Rome"], ["day", "Monday"]]
    rows = [{"meta": facts, "text": f"Ann: {number}", "summary": f"S{number}"} for number in range(3)]
    assert shape_of(rows).conversation == "text"
