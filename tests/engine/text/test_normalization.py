import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.text import normalization
from engine.text.normalization import BLOCK, composed_lengths, normalized

ALPHABET = "aeo \u0300\u0301\u0327\u1100\u1161\u11a8\uac00\u3042\u3099か\u0cc6\u0cc2\u0cd5\u0928\u093c¨ﬁⅧé"


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
@given(text=st.text(ALPHABET, max_size=60))
def test_blocks_make_no_difference(form, text):
    text = f"{text}a" * (1 + 3 * BLOCK // (len(text) + 1))
    assert normalized(form, text) == unicodedata.normalize(form, text)


@given(st.one_of(st.text(ALPHABET, max_size=30), st.text(max_size=30)))
def test_lengths_are_those_of_every_beginning(text):
    beginnings = [len(unicodedata.normalize("NFC", text[:end])) for end in range(len(text) + 1)]
    assert composed_lengths(text) == beginnings


def test_marks_without_end_are_put_in_order_a_block_at_a_time(monkeypatch):
    taken = []
    normalize = unicodedata.normalize

    def counted(form, text):
        taken.append(len(text))
        return normalize(form, text)

    monkeypatch.setattr(normalization.unicodedata, "normalize", counted)
    text = "a" + "\u0300\u0327" * 20_000
    assert sorted(normalized("NFD", text)) == sorted(text)
    lengths = composed_lengths(text)
    assert len(lengths) == len(text) + 1
    assert max(taken) <= BLOCK
    assert len(taken) < 200
