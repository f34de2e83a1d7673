"""Templates: every value is text, and a value that is missing is an error."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from engine.report import template


def page(**values: object) -> str:
    """Render the frame of every report."""
    return template.render("page.html", **values)


def test_values_are_text_and_only_markup_stays_markup():
    assert "<title>&lt;b&gt; &amp; &#34;: report</title>" in page(title='<b> & "')
    assert "<title><i>plot</i>: report</title>" in page(title=Markup("<i>plot</i>"))


def test_a_value_that_is_missing_is_an_error():
    with pytest.raises(UndefinedError, match="'title' is undefined"):
        page()


@pytest.mark.parametrize(
    ("character", "shown"),
    [
        ("\x00", r"\x00"),
        ("\x1b", r"\x1b"),
        ("\x85", r"\x85"),
        ("\u202e", r"\u202e"),
        ("\ud800", r"\ud800"),
        ("\ufdd0", "\ufffd"),
        ("\uffff", "\ufffd"),
    ],
)
def test_characters_that_a_page_may_not_hold_are_written_out_or_replaced(character, shown):
    assert f"<title>a{shown}b: report</title>" in page(title=f"a{character}b")


def test_the_style_has_both_palettes():
    text = page(title="x")
    assert "--window:#F6F6F3;" in text
    assert "--window:#151817;" in text
