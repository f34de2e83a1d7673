"""Conversations whose last turn is their summary, and the instruction before them."""

from typing import Any

import pytest

from engine.data import infer_schema
from engine.text.conversations import Example
from tests.helpers.table_rows import chat, examples, numbered, refusal, shape_of

ASKED = "user: Summarise this chat.\n\nAnn: Shall we meet at ten?\nBob: At ten, in the park."
INSTRUCTIONS = [
    {"messages": chat("system: You summarise.", ASKED, "assistant: They meet at ten.")},
    {"messages": chat(ASKED, "assistant: They meet.")},
]


def test_the_answer_to_one_text_is_its_summary_where_no_column_is() -> None:
    shape = shape_of(INSTRUCTIONS)
    assert shape.summary == ""
    assert "summary: the last turn, as no column looks like the summary" in shape.reason
    assert examples(INSTRUCTIONS)[1] == Example("2", ASKED.removeprefix("user: "), "They meet.")


def instructed(*conversations: str, instruction: str = "Summarise this:\n\n") -> list[dict[str, Any]]:
    return [
        {"messages": [{"role": "user", "content": instruction + said}, {"role": "assistant", "content": "s"}]}
        for said in conversations
    ]


def test_an_instruction_that_all_texts_begin_with_is_no_part_of_the_conversation() -> None:
    rows = instructed("Ann: Hi\nBob: Yo", "Cem: Off?\nAnn: No", "Ann: Bye\nBob: Bye")
    assert [example.conversation for example in examples(rows)] == [
        "Ann: Hi\nBob: Yo",
        "Cem: Off?\nAnn: No",
        "Ann: Bye\nBob: Bye",
    ]
    assert shape_of(rows).as_dict()["instruction"] == "Summarise this:\n\n"
    assert (
        'left out of the conversations is what all of them begin with: "Summarise this:"'
        in shape_of(rows).reason
    )
    read_examples = examples(rows, by_hand={"last_turn": "summary"})
    assert read_examples[0].conversation == "Summarise this:\n\nAnn: Hi\nBob: Yo"
    other = [*rows, *instructed("Ann: Hm", instruction="Sum up:\n")]
    assert (
        list(infer_schema(["messages"], rows).examples(numbered(other)))[3].example.conversation
        == "Sum up:\nAnn: Hm"
    )


@pytest.mark.parametrize(
    "texts",
    [
        ("Agent: Hello, can I help?\nAnn: A", "Agent: Hello, can I help?\nBo: B", "Agent: Hello, can I help?\nC: C"),
        ("Sum up:\nAnn: Hi", "Sum up:\nAnn: Hi", "Sum up:\nAnn: Hi"),
        ("Sum up: Ann is in.", "Sum up: Ann is out.", "Sum up: Ann is off."),
    ],
    ids=["a greeting", "one text", "one line"],
)  # fmt: skip
def test_what_may_have_been_said_stays(texts: tuple[str, ...]) -> None:
    rows = instructed(*texts, instruction="")
    assert [example.conversation for example in examples(rows)] == list(texts)


def test_longer_chats_and_longer_answers_are_not_taken_for_summaries() -> None:
    talk = [{"messages": chat("user: Hi", "assistant: Hello", "user: Bye", "assistant: B")}]
    tale = [
        {"messages": chat("user: Tell me a tale", "assistant: Once upon a time there was a cat and a dog.")}
    ]
    for rows in (talk, tale):
        error = refusal(rows)
        assert (error.field, error.message) == ("data.summary", "No column looks like the summary.")
        assert 'last_turn = "summary"' in error.hint


def test_the_last_turn_is_the_summary_where_it_is_named_so() -> None:
    rows = [{"turns": chat("Ann: Hi", "Bob: Yo", "note: They meet."), "summary": "not this"}]
    assert examples(rows, by_hand={"last_turn": "summary"}) == [
        Example("1", "Ann: Hi\nBob: Yo", "They meet.")
    ]
    error = refusal(rows, summary="summary", by_hand={"last_turn": "summary"})
    assert error.field == "data.columns"
