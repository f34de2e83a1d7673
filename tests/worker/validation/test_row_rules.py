from collections.abc import Sequence

import pytest

from engine.config.data_options import DataOptions
from engine.data import Row
from engine.text.conversations import Example
from engine.worker.ingestion.row_store import LazySequence, stored
from engine.worker.ingestion.token_lengths import TokenCounter
from engine.worker.runtime.channel import Stopped
from engine.worker.validation import scan
from engine.worker.validation.language_id import Languages, guess
from engine.worker.validation.row_rules import rules
from engine.worker.validation.row_view import RowView, words
from engine.worker.validation.scan import find

LINES = [
    "Ann: did you see the new bakery near the station?",
    "Bob: yes, the bread there is very good but it costs a lot",
    "Ann: shall we go on Saturday morning after the market?",
    "Bob: sure, I will bring my sister and her two children",
]
TALK = "\n".join(LINES)
GERMAN = (
    "Anna: Hallo, wie geht es dir heute? Hast du Zeit?\nBen: Ja, ich komme um acht Uhr zu dir nach Hause."
)
POLISH = "Marta: Cześć, co robisz dziś wieczorem?\nPiotr: Nic specjalnego, może pójdziemy razem do kina?"


def row(conversation: str, summary: str, number: int = 1) -> Row:
    return Row(Example(str(number), conversation, summary), (number,))


def stored_rows(*rows: Row) -> LazySequence[Row]:
    return stored(rows)


def is_found(name: str, conversation: str, summary: str) -> bool:
    rule = rules([name], DataOptions(source="x"), None, None)[name]
    return rule(RowView(row(conversation, summary)))


@pytest.mark.parametrize(
    "summary",
    [
        "\n".join(LINES[:2]),
        LINES[1].removeprefix("Bob: "),
        "The bread there is very good, but it costs a lot.",
        "did you see the new bakery near the station? yes, the bread there is very good but it costs a lot",
    ],
)
def test_a_summary_taken_from_its_conversation_is_a_copy(summary):
    assert is_found("copied_summary", TALK, summary)


@pytest.mark.parametrize(
    "summary",
    [
        "Ann and Bob will go to the new bakery on Saturday morning. Bob will bring his sister.",
        "Bob likes the bread of the new bakery near the station but it costs a lot.",
        "the new bakery near the station",
        "",
    ],
)
def test_a_summary_in_words_of_its_own_is_none(summary):
    assert not is_found("copied_summary", TALK, summary)


def test_a_summary_is_longer_by_its_letters_not_by_the_spaces_around_it():
    assert is_found("summary_longer", "A: hi", "Ann says hi to Bob.")
    assert not is_found("summary_longer", "A: hi, Bob", "hi" + " " * 40)


@pytest.mark.parametrize(
    ("name", "conversation", "summary"),
    [
        ("invisible_characters", "A: hi\u200b", "x"),
        ("invisible_characters", "A: hi", "x\ufeff"),
        ("odd_characters", "A: cafÃ©", "x"),
        ("odd_characters", "A: hi", "x \ufffd"),
        ("email", "A: hi", "Ask ann@example.org."),
        ("phone", "A: call 07911 123456", "x"),
        ("card", "A: 4111 1111 1111 1111", "x"),
        ("iban", "A: DE89 3704 0044 0532 0130 00", "x"),
    ],
)
def test_both_texts_of_a_row_are_looked_at(name, conversation, summary):
    assert is_found(name, conversation, summary)
    assert not is_found(name, TALK, "Ann and Bob meet at 10:30 👩\u200d💻.")


@pytest.mark.parametrize(("text", "code"), [(TALK, "en"), (GERMAN, "de"), (POLISH, "pl")])
def test_languages_are_told(text, code):
    assert guess(text) == code


@pytest.mark.parametrize("text", ["A: ok\nB: pizza?", "A: 12345 67890\nB: 👍👍👍", "", "A: hahahaha"])
def test_a_text_too_short_to_tell_has_no_language(text):
    assert guess(text) == ""


def test_a_row_in_another_language_than_most_is_found_in_either_text():
    usual = [
        row(
            f"{TALK} {number}",
            f"They are going to visit the new bakery with the children after {number} days.",
        )
        for number in range(40)
    ]
    odd = [
        row(GERMAN, usual[0].example.summary),
        row(TALK, "Ann und Bob gehen am Samstag in die neue Bäckerei am Bahnhof."),
    ]
    matches = find(["other_language"], {"train": stored_rows(*usual, *odd)}, DataOptions(source="x"), None)
    assert list(matches["other_language"]["train"]) == [40, 41]


def test_half_of_the_rows_in_another_language_are_found_too():
    texts = [f"{TALK} {number}" for number in range(30)] + [f"{GERMAN} {number}" for number in range(20)]
    languages = Languages(texts)
    assert (languages.main, languages.share) == ("en", 0.6)
    assert [languages.is_other(text, words(text)) for text in texts] == [False] * 30 + [True] * 20


def test_rows_that_lack_a_text_have_no_other_finding():
    rows = stored_rows(row("A: a@b.org", ""), row("A: a@b.org", "x", 2))
    matches = find(["email", "empty_summary"], {"train": rows}, DataOptions(source="x"), None)
    assert {name: list(found["train"]) for name, found in matches.items()} == {
        "email": [1],
        "empty_summary": [0],
    }


def test_rows_come_in_order_and_counted_though_the_next_are_counted_meanwhile(monkeypatch):
    monkeypatch.setattr(scan, "BATCH", 2)
    rows = stored_rows(*(row("A: " + "x" * number, "y", number) for number in range(11)))
    seen: list[tuple[int, int]] = []
    found = scan.find(
        ["long_conversation"],
        {"train": rows},
        DataOptions(source="x", max_conversation_tokens=8),
        TokenCounter(
            lambda texts: [len(text) for text in texts], lambda _: [], 1, exact=True, description=""
        ),
        on_batch=lambda _, looks: seen.extend((look.row.number, look.conversation_tokens) for look in looks),
    )
    assert seen == [(number, number + 3) for number in range(11)]
    assert list(found["long_conversation"]["train"]) == [6, 7, 8, 9, 10]


def test_estimates_count_a_sample_and_whatever_is_near_a_limit(monkeypatch):
    monkeypatch.setattr(scan, "BATCH", 100)
    counted: list[str] = []

    def count(texts: Sequence[str]) -> list[int]:
        counted.extend(text for text in texts if text.startswith("A:"))
        return [len(text.split()) for text in texts]

    lengths = [20 + number % 7 for number in range(300)]
    lengths[120] = 70
    rows = stored_rows(*(row("A: " + "ab " * length, "y", at) for at, length in enumerate(lengths)))
    seen: list[int] = []
    found = scan.find(
        ["long_conversation"],
        {"train": rows},
        DataOptions(source="x", max_conversation_tokens=64),
        TokenCounter(count, lambda _: [], 1, exact=True, description="").sampling(),
        on_batch=lambda _, looks: seen.extend(look.conversation_tokens for look in looks),
    )
    assert list(found["long_conversation"]["train"]) == [120]
    assert len(counted) == 100 + 2 + 1
    assert max(abs(about - length - 1) for about, length in zip(seen, lengths, strict=True)) <= 1


def test_a_check_that_is_stopped_counts_no_further(monkeypatch):
    def stop(_split: str, _views: list[RowView]) -> None:
        raise Stopped

    monkeypatch.setattr(scan, "BATCH", 1)
    counted: list[str] = []

    def count(texts: Sequence[str]) -> list[int]:
        counted.extend(texts)
        return [0] * len(texts)

    counter = TokenCounter(count, lambda _: [], 1, exact=True, description="")
    rows = stored_rows(*([row("A: hi", "y")] * 50))
    with pytest.raises(Stopped):
        scan.find([], {"train": rows}, DataOptions(source="x"), counter, on_batch=stop)
    assert len(counted) <= 2 * (scan.BATCHES_AHEAD + 2)


@pytest.mark.parametrize(
    "text",
    [
        "10:00 hi\n10:01 yo\n10:02 so\n10:03 bye", "- Hi\n- Yo, you\n- So\n- Bye",
        "[1] hi\n[2] yo\n[3] so\n[4] bye", '"Hi"\n"Yo"\n"So"\n"Bye"',
        '{"a": 1}\n{"a": 2}\n{"a": 3}\n{"a": 4}', "x\thi\ny\tyo\nz\tso\nw\tbye",
        "Q. Hi?\nA. Yo.\nQ. So?\nA. Bye.",
    ],
)  # fmt: skip
def test_a_transcript_in_which_no_one_is_named_is_found(text):
    assert is_found("no_speakers", text, "They greet.")
    assert not is_found("no_speakers", f"Ann: hello\n{text}", "They greet.")


@pytest.mark.parametrize(
    "text", [TALK, "", "One line.", "The town is small.\nIt has a street.\nAt 10:30 it rained.\nNo one came."]
)
def test_turns_and_prose_are_none(text):
    assert not is_found("no_speakers", text, "They greet.")


def test_turns_of_several_in_one_line_are_found():
    assert is_found("turns_in_one_line", "Ann: hi Bob: yo Ann: so Bob: bye", "They greet.")
    assert not is_found("turns_in_one_line", TALK, "They greet.")
