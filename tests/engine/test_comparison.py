"""Conversations of a run in the orders that people look for."""

import pytest

from engine.comparison import compared, disagreement, ordered
from engine.example_scores import ExampleScores, Texts, Written


def some(**changes):
    base = Written(summaries=("a b", "a b c d", "same", ""), rouge={"rouge1": (0.2, 0.9, 0.5, 0.0)})
    tuned = Written(summaries=("x y", "a b c e", "same", ""), rouge={"rouge1": (0.8, 0.4, 0.5, 0.0)})
    facts = {"protocol": {}, "examples": ("1", "2", "3", "4"), "base": base, "tuned": tuned}
    return ExampleScores(schema=1, **facts | changes)


@pytest.mark.parametrize(
    ("order", "expected"),
    [("given", "1234"), ("gain", "1342"), ("loss", "2341"), ("disagreement", "1234")],
)
def test_rows_are_ordered_and_ties_stay_as_they_were_scored(order, expected):
    assert "".join(row.id for row in ordered(compared(some()), order)) == expected


def test_a_row_has_texts_where_the_run_kept_them():
    plain = compared(some())[0]
    assert (plain.conversation, plain.references) == ("", ())
    assert plain.gain == pytest.approx(0.6)
    texts = tuple(Texts(conversation=f"Ann: {place}", references=("r",)) for place in range(4))
    assert compared(some(texts=texts))[3].conversation == "Ann: 3"


def test_without_the_score_there_are_no_rows():
    assert compared(some(base=Written(summaries=("",) * 4, rouge={}))) == []


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("a b c", "A B C", 0.0),
        ("a b", "c d", 1.0),
        ("a b c d", "a b c e", 0.25),
        ("", "", 0.0),
        ("", "a", 1.0),
    ],
)
def test_disagreement_is_the_share_of_words_that_differ(one, other, expected):
    assert disagreement(one, other) == pytest.approx(expected)
