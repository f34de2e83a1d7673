"""No text can end a run, a check or a report: every function that reads a user's text takes any Unicode text."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import chats
from engine.data import cells, text_kind
from engine.scoring import faithfulness
from engine.text import conversations, pii, unicode_checks, words
from engine.worker.text_metrics.summary_metrics import chrf

DIGITS = "0123456789٠٣٩०५९０９一二十百千万億½²Ⅷ"
MARKS = " \n\t\r\u200f\u202e\u00a0.,:;-–/'’()[]{}<>\"\\|*_#@%€$&+=~^`„“ꞏ\u0000\ud800"
WORDS = [
    "noon", "half past", "am", "pm", "uhr", "o'clock", "May", "1st", "k", "hundred", "thousand", "午後", "時",
]  # fmt: skip
LANGUAGES = ("", "en", "de", "fr", "ru", "ja", "zh", "ko", "ar", "hi", "th", "xx")

PIECES = st.one_of(
    st.text(max_size=30),
    st.text(st.sampled_from(DIGITS + MARKS), max_size=30),
    st.sampled_from(WORDS),
    # Beyond what a float holds, and beyond what Python makes an int of.
    st.builds(lambda digit, count: digit * count, st.sampled_from(DIGITS), st.sampled_from([40, 309, 5_000])),
)
TEXTS = st.lists(PIECES, max_size=8).map("".join)


@given(TEXTS, TEXTS, st.sampled_from(LANGUAGES))
def test_claims_are_checked(summary, conversation, language):
    check = faithfulness.check_claims(summary, conversation, language)
    assert all(0 <= claim.start < claim.end <= len(summary) for claim in check.unsupported)
    faithfulness.added(summary, conversation)


@given(TEXTS, TEXTS, st.sampled_from(LANGUAGES))
def test_scores_are_between_0_and_1(summary, reference, language):
    encodable = [text.encode("utf-8", "replace").decode() for text in (summary, reference)]
    [value] = chrf(encodable[:1], [encodable[1:]])
    assert 0 <= value <= 1
    words.tokens(summary, language)


@given(TEXTS, st.sampled_from(LANGUAGES))
def test_texts_are_cut_searched_and_masked(text, language):
    assert all(sentence in text for sentence in words.sentences(text, language or "en"))
    found = pii.find(text)
    assert all(text[each.start : each.end] for each in found)
    pii.mask(text, ("email", "phone"))
    unicode_checks.invisible(text)
    unicode_checks.damaged(text)
    words.words(text)
    conversations.turns(text)
    conversations.speakers(text)


@given(TEXTS)
def test_chats_and_kinds_are_told(text):
    read = chats.read(text)
    assert all(isinstance(turn.text, str) for turn in read.turns)
    assert text_kind.suffix_of(text).startswith(".")


@given(
    st.recursive(
        st.one_of(TEXTS, st.none(), st.booleans(), st.integers(), st.floats()), st.lists, max_leaves=8
    )
)
def test_cells_become_texts(value):
    assert isinstance(cells.text_of(value), str)
    cells.as_list(value)
    cells.as_list(json.dumps(value))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("number", ["9" * 309, "९" * 5_000, "９" * 5_000], ids=["nines", "Hindi", "wide"])
def test_a_number_longer_than_any_is_one_like_any_other(number, language):
    said = faithfulness.check_claims(f"It is {number}.", f"Ann: it is {number}", language)
    assert said.unsupported == ()
    faithfulness.check_claims(
        f"at {number} o'clock, {number}k and 1.{number}, {number}時", "Ann: no", language
    )


WORST = ("9", "一", "百", "½", "May ", " ")


@pytest.mark.parametrize("language", ["en", "de", "ja", "ko", "ar"])
def test_long_repeated_pieces_are_read_in_linear_time(language):
    """Quadratic patterns would take minutes for the shortest of these."""
    for piece in WORST:
        faithfulness.check_claims("It is 5.", piece * (40_000 // len(piece)), language)
