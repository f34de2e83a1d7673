"""Special tokens in people's words."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.worker.ingestion.special_tokens import SpecialTokens

TOKENS = SpecialTokens(["</s>", "<pad>", "<", "<extra_id_0>"])


@pytest.mark.parametrize(
    ("text", "broken"),
    [("hi", "hi"), ("a < b", "a < b"), ("so</s>", "so< /s>"), ("<pad><pad>", "< pad>< pad>")],
)
def test_a_special_token_is_broken_and_nothing_else(text: str, broken: str) -> None:
    assert TOKENS.broken(text) == broken


@given(pieces=st.lists(st.sampled_from(["</s>", "<pad>", "< ", " ", "<", "a", "/s>", "é"]), max_size=12))
def test_every_place_in_a_broken_text_has_one_in_the_text(pieces: list[str]) -> None:
    text = "".join(pieces)
    broken = TOKENS.broken(text)
    places = TOKENS.places(text, range(len(broken) + 1))
    assert (places[0], places[-1]) == (0, len(text))
    assert all(after - before in {0, 1} for before, after in pairwise(places))


def test_without_special_tokens_nothing_is_broken() -> None:
    assert SpecialTokens([]).broken("</s>") == "</s>"
