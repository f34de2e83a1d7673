"""A copy as Markdown holds texts as they are read: nothing in them is fetched, linked or taken for a heading."""

from __future__ import annotations

import pytest

from engine.api import SummarizeOptions
from gui.pages.playground.column_results import ColumnModel, ColumnResults, as_markdown

FACTS = {"request": "r", "adapter": None}


def copied(summary: str, conversation: str = "Ann: hi", title: str = "Base model") -> str:
    results = ColumnResults(ColumnModel(None, title))
    results.begin("r", conversation)
    results.apply({"event": "summary_started", **FACTS, "input_tokens": 3})
    results.apply({"event": "summary_finished", **FACTS, "summary": summary, "tokens": 1, "seconds": 1.0})
    return as_markdown(results, "", SummarizeOptions())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("![x](http://evil.example/p.png)", r"!\[x\](http\://evil.example/p.png)"),
        ("<img src=x>", r"\<img src=x\>"),
        ("# Verdict", r"\# Verdict"),
        ("1. one", r"1\. one"),
        ("---", r"\---"),
        ("=====", r"\====="),
        ("a `b` *c* _d_ ~~e~~ &lt; | \\f", r"a \`b\` \*c\* \_d\_ \~\~e\~\~ \&lt; \| \\f"),
        ("a\x1b[2J\u202e", r"a\\x1b\[2J\\u202e"),
        ("Bo: it's 10-12, #3 (1.5) at 5 = fine!", "Bo: it's 10-12, #3 (1.5) at 5 = fine!"),
    ],
)
def test_markdown_makes_nothing_of_a_text(text, shown):
    assert f"> {shown}  \n" in copied(text)
    assert f"> {shown}  \n" in copied("Fine.", conversation=text)


def test_a_name_stays_in_its_heading():
    assert "## a \\# b \\<b\\>\n\n" not in copied("Fine.", title="a\n# b <b>")
    assert "## a # b \\<b\\>\n\n> Fine.  \n" in copied("Fine.", title="a\n# b <b>")
