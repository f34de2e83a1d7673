import pytest

from engine.scoring.comparison import disagreement


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("a b c", "A B C", 0.0), ("a b", "c d", 1.0), ("a b c d", "a b c e", 0.25), ("", "", 0.0),
        ("", "a", 1.0),
    ],
)  # fmt: skip
def test_disagreement_is_the_share_of_words_that_differ(one, other, expected):
    assert disagreement(one, other) == pytest.approx(expected)
