"""Columns that hold no summaries, whatever they are called, and conversations that stand in another column."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.table_rows import examples, refusal, shape_of

TALK = "Ann: Hi there.\nBob: Hello"


def labelled(values: list[Any], column: str = "label", **more: Any) -> list[dict[str, Any]]:
    return [{"dialogue": f"{TALK} {number}", column: value, **more} for number, value in enumerate(values)]


@pytest.mark.parametrize(
    ("values", "column", "held"),
    [
        ([True, False, True], "summary", "true and false"),
        (["True", "False", "True"], "label", "true and false"),
        (["yes", "no", ""], "output", "true and false"),
        ([1, 2, 3], "target", "numbers"),
        (["spam", "ham", "spam", "ham", "spam"], "label", "names of classes"),
        (["order", "order", "refund request", "refund request"], "labels", "names of classes"),
    ],
)
def test_what_is_no_text_is_no_summary(values: list[Any], column: str, held: str) -> None:
    error = refusal(labelled(values, column))
    assert error.message == f'The column "{column}" holds {held}, and no summary is one.'
    assert error.field == "data.summary"
    assert error.hint == "Other columns are: dialogue. Choose the summary column."


@pytest.mark.parametrize("values", [["They greet.", "They part."] * 3, ["yes", "She says yes."]])
def test_few_different_texts_are_summaries(values: list[str]) -> None:
    assert shape_of(labelled(values, "summary")).summary == "summary"


def test_names_of_classes_are_summaries_where_a_person_says_so() -> None:
    assert examples(labelled(["spam", "ham"] * 3), summary="label")[0].summary == "spam"


def alpaca(*inputs: str, instruction: str = "Summarize this chat.") -> list[dict[str, str]]:
    return [
        {
            "instruction": instruction if text else f"Shorten:\n\nAnn: {number}?\nBob: Yes",
            "input": text,
            "output": f"They greet {number}.",
        }
        for number, text in enumerate(inputs)
    ]


def test_an_instruction_is_the_conversation_where_the_input_is_empty() -> None:
    rows = alpaca("Cem: Yo\nDee: Yo", "", "", "")
    assert [example.conversation for example in examples(rows)] == [
        "Cem: Yo\nDee: Yo",
        "Ann: 1?\nBob: Yes",
        "Ann: 2?\nBob: Yes",
        "Ann: 3?\nBob: Yes",
    ]
    assert (
        'where it is empty, what stands in "instruction", without what all of them begin with: "Shorten:"'
        in (shape_of(rows).reason)
    )


def test_an_instruction_beside_inputs_is_none() -> None:
    rows = alpaca("Cem: Yo", "Dee: Yo")
    assert [example.conversation for example in examples(rows)] == ["Cem: Yo", "Dee: Yo"]
    assert "instruction" not in shape_of(rows).reason
