"""Pasted text becomes turns, whatever stands before the names."""

from __future__ import annotations

import pytest

from engine.turns import Turn, headline, speakers, turns


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Anna: hi", Turn("Anna", "hi")),
        ("  Bo Li :  yo", Turn("Bo Li", "yo")),
        ("#Person1#: hello", Turn("#Person1#", "hello")),
        ("[12.03.24, 14:02] Anna: hi", Turn("Anna", "hi")),
        ("12/03/2024, 14:02 - Anna: hi", Turn("Anna", "hi")),
        ("14:05 Anna: at 15:00: ok", Turn("Anna", "at 15:00: ok")),
        ("see https://example.org", Turn("", "see https://example.org")),
        ("at 15:30 we go", Turn("", "at 15:30 we go")),
        ("this is what I said before: no", Turn("", "this is what I said before: no")),
    ],
)
def test_a_line_is_a_turn(line: str, expected: Turn) -> None:
    assert turns(line) == (expected,)


def test_a_line_without_a_speaker_goes_on_with_the_turn_above() -> None:
    assert turns("Anna: hi\n\nsecond line\nBo: yo") == (Turn("Anna", "hi\nsecond line"), Turn("Bo", "yo"))


def test_plain_paragraphs_stay_apart() -> None:
    assert turns("one\ntwo") == (Turn("", "one"), Turn("", "two"))


def test_each_speaker_is_named_once() -> None:
    assert speakers(turns("Bo: a\nAnna: b\nBo: c")) == ("Bo", "Anna")


def test_a_headline_names_the_speakers_and_stays_short() -> None:
    line = headline("Bo: " + "word " * 40 + "\nAnna: b")
    assert line.startswith("Bo, Anna: word")
    assert len(line) <= 56
    assert line.endswith("…")


def test_nothing_has_no_turns() -> None:
    assert turns(" \n ") == ()
    assert headline("") == ""
