import pytest

import docs
from gui.pages.help.topics import FINDING, METHOD, SCORE, SETTING, TASK, TERM, Topic, topics
from tests.helpers.repository import ROOT


@pytest.mark.parametrize("name", [*docs.PAGES, *docs.LINKED])
def test_every_page_and_what_it_links_to_is_in_the_repository(name):
    assert (ROOT / name).exists()


def test_every_topic_is_in_a_group_with_a_page():
    assert {topic.group for topic in topics()} == {TASK, TERM, METHOD, SETTING, SCORE, FINDING}


def test_what_looks_like_markup_in_a_topic_is_shown_as_it_is():
    text = docs.markdown(Topic("", TERM, "A *", "in_proj and <b>", (("`a`", "[x](y)"),)))
    assert text == "\n## A \\*\n\nin\\_proj and \\<b>\n\n- **\\`a\\`**: \\[x](y)\n"


def test_a_help_file_is_markdown_below_its_title():
    text = docs.markdown(Topic("", TASK, "A", "**Bold**\n\n## Part\n\n1. one", is_markdown=True))
    assert text == "\n## A\n\n**Bold**\n\n### Part\n\n1. one\n\n"
