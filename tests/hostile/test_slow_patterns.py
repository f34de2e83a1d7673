"""No text takes more than linear time: every reader is fed what its patterns are slow on, within seconds."""

from functools import partial

import pytest

from engine.chats.chat import unescaped
from engine.chats.json_exports import messengers
from engine.system import sandbox
from engine.system.sandbox import LimitError, Limits
from tests.helpers import worst_texts

# A pattern of quadratic time takes minutes for a text of this length.
LENGTH = 64_000
LIMITS = Limits(1 << 30, 30)


def test_no_reader_takes_quadratic_time():
    read = sandbox.results(partial(worst_texts.read_all, worst_texts.WORST, LENGTH), LIMITS)
    begun = "the first"
    try:
        while begun:
            begun = next(read)
    except LimitError as error:
        pytest.fail(f"{begun}: {error}")


def test_a_tag_of_teams_that_never_ends_is_text():
    assert messengers.teams_text("a <img b") == "a <img b"
    assert messengers.teams_text("a<blockquote>b") == "ab"
    assert messengers.teams_text("a<blockquote>b<p>c</p></blockquote>d<br>e") == "ad\ne"
    assert messengers.teams_text('<emoji id="1" alt="🙂">&amp;') == "🙂&"


def test_an_entity_of_thousands_of_digits_is_no_character():
    assert unescaped(f"&amp;&#228;&#{'9' * 5000};&#x{'f' * 5000};") == "&ä\ufffd\ufffd"
