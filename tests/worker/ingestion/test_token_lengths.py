from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.worker.ingestion.token_lengths import SpecialTokens

TOKENS = SpecialTokens(["</s>", "<pad>", "<", "<extra_id_0>"])


@pytest.mark.parametrize(
    ("text", "escaped"),
    [("hi", "hi"), ("a < b", "a < b"), ("so</s>", "so< /s>"), ("<pad><pad>", "< pad>< pad>")],
)
def test_special_tokens_are_escaped_and_nothing_else(text, escaped):
    assert TOKENS.escaped(text) == escaped


@given(pieces=st.lists(st.sampled_from(["</s>", "<pad>", "< ", " ", "<", "a", "/s>", "é"]), max_size=12))
def test_every_position_in_an_escaped_text_has_one_in_the_text(pieces):
    text = "".join(pieces)
    escaped = TOKENS.escaped(text)
    positions = TOKENS.positions(text, range(len(escaped) + 1))
    assert (positions[0], positions[-1]) == (0, len(text))
    assert all(after - before in {0, 1} for before, after in pairwise(positions))


def test_without_special_tokens_nothing_is_escaped():
    assert SpecialTokens([]).escaped("</s>") == "</s>"
