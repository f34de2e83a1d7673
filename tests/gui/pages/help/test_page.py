import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.api import DATA_FILE_KINDS, DATA_SUFFIXES, FINDINGS, METHODS, describe, licences, metrics
from gui.look import style
from gui.pages.help import topics
from gui.pages.help.page import DRAWINGS, HelpPage
from gui.widgets.labels import Label
from tests.helpers.background import wait_for


@pytest.fixture(scope="module")
def all_topics():
    return topics.topics()


@pytest.fixture
def page(qtbot):
    made = qtbot.place(HelpPage(), 1200, 800)
    yield made
    wait_for(made)


def titles(group, among):
    return [topic.title for topic in among if topic.group == group]


def test_every_method_score_finding_and_setting_has_a_topic_of_its_own_and_drawings_are_used(all_topics):
    assert titles(topics.METHOD, all_topics) == [method.title for method in METHODS]
    assert titles(topics.SCORE, all_topics) == [metric.title for metric in metrics.METRICS.values()]
    assert titles(topics.FINDING, all_topics) == [finding.title for finding in FINDINGS]
    text = " ".join(topic.search_text() for topic in all_topics if topic.group == topics.SETTING)
    options = [options for _, options in topics.TABLES] + [method.options for method in METHODS]
    helps = {info.help for each in options for info in describe(each)}
    assert len(helps) > 90
    assert [help for help in helps if help.lower() not in text] == []
    assert len({topic.id for topic in all_topics}) == len(all_topics)
    assert [topic.id for topic in all_topics if not topic.text] == []
    used = {topic.drawing for topic in all_topics} - {""}
    assert used == set(DRAWINGS)
    assert all(len(described) > 20 for described in DRAWINGS.values())


def test_the_search_finds_what_was_meant(all_topics):
    for asked, first in {
        "rank": "Rank",
        "nf4": "NF4",
        "lora": "LoRA",
        "warm-up": "Warm-up",
        "overfitting": "Loss",
        "whatsapp": "I have WhatsApp or other chats",
        "base_model.id": "GGUF file as base model",
        "no summaries": "I have no summaries yet",
    }.items():
        assert topics.best(asked, topics.find(asked, all_topics)).title == first
    for asked in ("malicious", "safetensors", "what is trusted"):
        assert "What is trusted, and what is not" in [topic.title for topic in topics.find(asked, all_topics)]
    for asked in ("onnx", "openvino", "gguf"):
        found = {each.title: each.text for each in topics.find(asked, all_topics)}
        assert "Export a plain model instead" in found["Exports for other programs"]


def test_a_search_shows_the_topic_at_once_or_says_that_nothing_is_found(page, styled):
    QTest.keyClicks(page.search, "qqqq")
    QTest.keyClick(page.search, Qt.Key.Key_Return)
    assert page.nothing.isVisible()
    page.search.clear()
    assert page.reader.isVisible()
    QTest.keyClicks(page.search, "virtual tokens")
    QTest.keyClick(page.search, Qt.Key.Key_Return)
    assert page.reader.topic().title == "Virtual tokens"
    assert page.reader.drawing.accessibleName() == DRAWINGS["vectors"]
    style.apply(styled, "dark")
    assert page.reader.topic().title == "Virtual tokens"


@pytest.mark.usefixtures("styled")
def test_a_method_is_shown_with_its_sketch_and_long_facts_whole(page, qtbot):
    page.open("method lora")
    assert page.reader.sketch.isVisible()
    assert not page.reader.drawing.isVisible()
    page.open("terms how-it-works")
    assert not page.reader.sketch.isVisible()
    assert page.reader.drawing.isVisible()
    page.open("setting Rank")
    QTest.qWait(50)
    labels = [each for each in page.reader.facts.findChildren(Label) if each.wordWrap()]
    assert len(labels) > 10
    assert [each.text() for each in labels if each.height() < each.heightForWidth(each.width())] == []
    with qtbot.waitSignal(page.keys_wanted):
        page.keys_button.click()


def test_licences_are_those_of_what_is_installed(page, qtbot):
    page.shown()
    wait_for(page)
    qtbot.waitUntil(lambda: bool(titles(topics.ABOUT, page.topics)))
    found = titles(topics.ABOUT, page.topics)
    assert found[0] == "Tunesmith"
    assert {"torch", "peft", "PySide6_Essentials", "pyqtgraph", "fontpkg-inter"} <= set(found)
    page.open("package peft")
    wait_for(page.reader)
    qtbot.waitUntil(lambda: "Apache License" in page.reader.long.text())
    facts = dict(page.reader.topic().facts)
    assert facts["Licence"]
    assert facts["Version"]


def test_every_package_names_a_licence():
    found = licences.packages()
    assert len(found) > 30
    assert [each.name for each in found if each.licence == licences.UNKNOWN] == []
    # Test tools are none of the product.
    assert not {"pytest", "ruff", "mypy"} & {each.name for each in found}
    assert all(len(each.licence) < 200 for each in found)


def test_very_long_licences_are_cut_and_say_where_the_rest_is(tmp_path):
    file = tmp_path / "LICENSE"
    file.write_text("x" * (licences.MAX_CHARACTERS + 5))
    text = licences.Package("p", "1", "MIT", "", (file,)).text()
    assert len(text) < licences.MAX_CHARACTERS + 500
    assert text.endswith(f"The full text is in {tmp_path}.")
    assert licences.Package("p", "1", "MIT", "", (tmp_path / "gone",)).text() == ""


def test_every_kind_of_file_and_every_known_chat_is_named(all_topics):
    (topic,) = [each for each in all_topics if each.title == "Files that can be read"]
    facts = dict(topic.facts)
    assert set(facts) >= {kind.title for kind in DATA_FILE_KINDS}
    assert all(suffix.removeprefix(".") in topic.search_text() for suffix in DATA_SUFFIXES)
    assert {"WhatsApp export", "IRC log", "Mail"} <= set(facts["Known chats and transcripts"].split(", "))
