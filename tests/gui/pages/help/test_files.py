"""The help files: every language has the same ones, and tasks call what is in the window by its name there."""

import re

import pytest
import texts

from gui.look import language
from gui.pages.help import topics
from tests.helpers.repository import ROOT

HELP = ROOT / "resources" / "help"
OTHERS = [code for code in language.LANGUAGES if code != language.ENGLISH]


def written(code):
    """Return drawing and further words of every file by its path."""
    language.speak(code)
    found = {topic.id: (topic.drawing, bool(topic.others)) for topic in topics.topics() if topic.is_markdown}
    files = [file.relative_to(HELP / code) for file in sorted((HELP / code).rglob("*.md"))]
    assert list(found) == [topics.id_of_file(file) for file in files]
    return dict(zip(files, found.values(), strict=True))


def test_the_help_begins_with_tasks_and_then_has_terms():
    groups = [topic.group for topic in topics.topics()]
    assert list(dict.fromkeys(groups))[:2] == [topics.TASK, topics.TERM]
    assert groups.count(topics.TASK) >= 8
    assert all(topic.title and topic.text for topic in topics.topics())


@pytest.mark.parametrize("code", OTHERS)
@pytest.mark.usefixtures("qapp")
def test_every_language_has_the_same_files_with_the_same_drawings(code):
    try:
        assert written(code) == written(language.ENGLISH)
    finally:
        language.speak(language.ENGLISH)


@pytest.mark.parametrize("code", language.LANGUAGES)
def test_what_a_task_prints_in_bold_stands_in_the_window(code):
    if code == language.ENGLISH:
        shown = {text.source for text in texts.texts()}
    else:
        shown = {form for _, _, forms in texts.messages(texts.source(code)) for form in forms}
    shown = {text.replace("&", "") for text in shown}
    for file in sorted((HELP / code / "tasks").glob("*.md")):
        named = [
            " ".join(each.split())
            for each in re.findall(r"\*\*(.+?)\*\*", file.read_text("utf-8"), re.DOTALL)
        ]
        assert [name for name in named if name not in shown] == [], file
