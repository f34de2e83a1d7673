from typing import Any

import pytest

from engine.data import summary_lists
from engine.text.conversations import Example
from tests.helpers.table_rows import examples, refusal, shape_of

SENTENCES = [
    ["Mia asks Tom about the rehearsal.", "It starts at seven in the old gym.", "He will bring the drums."],
    ["The parcel for Lena got lost.", "Support sends a new one by courier."],
    ["Ira is late.", "Her train stands in Ulm.", "Sam waits at the café.", "They move lunch to two."],
    ["Paul sold his bike.", "Now he walks to work."],
]
REFERENCES = [
    ["Mia and Tom meet for the rehearsal at seven.", "The rehearsal of Mia and Tom begins at seven."],
    ["Lena's parcel got lost and a new one comes.", "A new parcel is sent to Lena, whose first got lost."],
    ["Ira is late, so she and Sam have lunch at two.", "Because Ira is late, lunch with Sam moves to two."],
    ["Paul sold his bike and walks to work now.", "Having sold his bike, Paul now walks to work."],
]
GERMAN = [
    ["Mia fragt nach der Probe.", "Sie beginnt um sieben in der Halle.", "Tom bringt das Schlagzeug mit."],
    ["Das Paket ging verloren.", "Der Kundendienst schickt morgen ein neues."],
]
CHINESE_REFERENCES = [
    ["米娅和汤姆七点在旧体育馆排练。", "汤姆和米娅在旧体育馆七点排练。"],
    ["莉娜的包裹丢了，客服会再寄一个。", "客服会再寄一个包裹，因为莉娜的包裹丢了。"],
]
CHINESE = [["米娅问排练的时间。", "七点在体育馆开始。", "汤姆会带鼓来。"], ["包裹丢了。", "客服明天再寄。"]]
PARAGRAPHS = [
    ["Mia asks when it begins. Tom says at seven.", "Tom tells Mia when it begins. It is at seven."]
]
GOING_ON = [["Mia asks Tom", "whether the rehearsal", "begins at seven."], ["Lena waits", "for her parcel."]]


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        (SENTENCES, "sentences"), (GERMAN, "sentences"), (CHINESE, "sentences"), (GOING_ON, "sentences"),
        (REFERENCES, "references"), (CHINESE_REFERENCES, "references"), (PARAGRAPHS, "references"),
    ],
)  # fmt: skip
def test_lists_are_told_apart_by_what_they_say(lists, expected):
    decided, why = summary_lists.reading(lists, "summary")
    assert decided == expected
    assert why


def rows(lists: list[list[str]], column: str = "summary") -> list[dict[str, Any]]:
    return [{"dialogue": f"Ann: Hi {number}", column: each} for number, each in enumerate(lists)]


def test_sentences_are_one_summary_and_the_reason_is_shown():
    first = examples(rows(SENTENCES))[0]
    assert first == Example(
        "1",
        "Ann: Hi 0",
        "Mia asks Tom about the rehearsal. It starts at seven in the old gym. He will bring the drums.",
    )
    assert shape_of(rows(SENTENCES)).reason.endswith(
        "its lists are the sentences of one summary, each says something else and some rows have more of them"
    )


def test_several_summaries_stay_several():
    assert examples(rows(REFERENCES))[0].more_references == (REFERENCES[0][1],)
    assert (
        "its lists are several references, they say the same in other words"
        in shape_of(rows(REFERENCES)).reason
    )


def test_what_can_not_be_told_is_asked_and_either_can_be_named():
    unsure = rows([["Ann can not decide which boots to buy.", "Bob helps Ann with the boots."]])
    error = refusal(unsure)
    assert error.field == summary_lists.FIELD
    assert '"Ann can not decide which boots to buy."; "Bob helps Ann with the boots."' in error.message
    assert (
        examples(unsure, lists="sentences")[0].summary
        == "Ann can not decide which boots to buy. Bob helps Ann with the boots."
    )
    assert examples(unsure, lists="references")[0].more_references == ("Bob helps Ann with the boots.",)


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (["One.", " Two. "], "One. Two."),
        (["一个。", "两个。"], "一个。两个。"),
        (["Order sent", "Refund promised"], "Order sent\nRefund promised"),
        (["Mia asks", "when it begins."], "Mia asks when it begins."),
    ],
)
def test_sentences_are_joined_as_they_are_written(parts, text):
    assert summary_lists.joined(parts, "sentences") == [text]


@pytest.mark.parametrize("text", ["['a' 'b']", "['no end", "[1, 2", "['x'] * 9", "[__import__('os')]"])
def test_what_only_looks_like_such_a_list_is_a_text(text):
    assert examples([{"dialogue": "Ann: Hi", "summary": text}])[0].summary == text
