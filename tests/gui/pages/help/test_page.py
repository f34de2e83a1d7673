"""Help: drawn from the declarations, complete, found by search, with drawings that are said in words."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.api import DATA_FILE_KINDS, DATA_SUFFIXES, FINDINGS, METHODS, describe, licences, metrics
from gui.look import language, style
from gui.look.fonts import font, text_scale
from gui.pages.help import topics, trust
from gui.pages.help.drawings import DRAWINGS, DrawingView
from gui.pages.help.glossary import WORDS
from gui.pages.help.page import HelpPage
from gui.pages.train.method.support_dialog import SupportDialog
from gui.widgets.labels import Label
from tests.helpers.background import wait_for


@pytest.fixture(scope="module")
def all_topics():
    return topics.topics()


@pytest.fixture
def page(styled, qtbot):
    made = HelpPage()
    qtbot.addWidget(made)
    made.resize(1200, 800)
    made.show()
    yield made
    wait_for(made)


def titles(group, among):
    return [topic.title for topic in among if topic.group == group]


def test_every_method_score_and_finding_has_a_topic(all_topics):
    assert titles(topics.METHOD, all_topics) == [method.title for method in METHODS]
    assert titles(topics.SCORE, all_topics) == [metric.title for metric in metrics.METRICS.values()]
    assert titles(topics.FINDING, all_topics) == [finding.title for finding in FINDINGS]


def test_every_setting_of_recipes_and_methods_is_explained_in_its_own_words(all_topics):
    text = " ".join(topic.search_text() for topic in all_topics if topic.group == topics.SETTING)
    options = [options for _, options in topics.TABLES] + [method.options for method in METHODS]
    helps = {info.help for each in options for info in describe(each)}
    assert len(helps) > 90
    assert [help for help in helps if help.lower() not in text] == []


def test_ids_are_unique_and_nothing_is_left_unsaid(all_topics):
    assert len({topic.id for topic in all_topics}) == len(all_topics)
    assert [topic.id for topic in all_topics if not topic.text] == []


def test_every_drawing_is_used_and_described(all_topics):
    used = {topic.drawing for topic in all_topics} - {""}
    assert used == set(DRAWINGS)
    assert all(len(drawing.described) > 20 for drawing in DRAWINGS.values())


@pytest.mark.parametrize("key", sorted(DRAWINGS))
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_drawings_paint_within_their_box(styled, qtbot, key, scheme):
    style.apply(styled, scheme)
    view = DrawingView()
    qtbot.addWidget(view)
    view.show_drawing(key)
    view.resize(view.sizeHint())
    view.show()
    image = view.grab().toImage()
    colors = {
        image.pixelColor(x, y).name() for x in range(0, image.width(), 2) for y in range(image.height())
    }
    assert len(colors) > 3
    assert view.accessibleName() == DRAWINGS[key].described


def test_a_drawing_leaves_the_fonts_of_all_as_they_are(styled, qtbot):
    style.apply(styled, "light", 1.5)
    before = font("small").pixelSize()
    view = DrawingView()
    qtbot.addWidget(view)
    view.show_drawing(min(DRAWINGS))
    view.resize(view.sizeHint())
    view.show()
    view.grab()

    assert font("small").pixelSize() == before == round(11 * text_scale())


@pytest.mark.parametrize(
    ("asked", "first"),
    [("rank", "Rank"), ("nf4", "NF4"), ("lora", "LoRA"), ("warm-up", "Warm-up"), ("overfitting", "Loss")],
)
def test_the_search_finds_what_was_meant(all_topics, asked, first):
    assert topics.best(asked, topics.find(asked, all_topics)).title == first


def test_what_is_nowhere_is_said(page):
    QTest.keyClicks(page.search, "qqqq")
    QTest.keyClick(page.search, Qt.Key.Key_Return)
    assert page._nothing.isVisible()
    page.search.clear()
    assert page.reader.isVisible()


def test_a_search_shows_the_topic_at_once(page):
    QTest.keyClicks(page.search, "virtual tokens")
    QTest.keyClick(page.search, Qt.Key.Key_Return)
    assert page.reader.topic().title == "Virtual tokens"
    assert page.reader._drawing.key() == "vectors"


def test_a_method_is_shown_with_its_sketch_and_a_word_without(page):
    page.open("method lora")
    assert page.reader._sketch.isVisible()
    assert not page.reader._drawing.isVisible()
    page.open(f"word {WORDS[0].title}")
    assert not page.reader._sketch.isVisible()
    assert page.reader._drawing.isVisible()


def test_the_topic_stays_when_the_look_changes(page, styled):
    page.open("setting Beams")
    style.apply(styled, "dark")
    assert page.reader.topic().id == "setting Beams"


def test_long_facts_are_shown_whole(page, qtbot):
    page.open("setting Rank")
    QTest.qWait(50)
    labels = [each for each in page.reader._facts.findChildren(Label) if each.wordWrap()]
    assert len(labels) > 10
    assert [each.text() for each in labels if each.height() < each.heightForWidth(each.width())] == []


def test_licences_are_those_of_what_is_installed(page, qtbot):
    page.shown()
    wait_for(page)
    qtbot.waitUntil(lambda: bool(titles(topics.ABOUT, page._topics)))
    found = titles(topics.ABOUT, page._topics)
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
    assert all(len(each.licence) < 200 for each in found)


def test_test_tools_are_none_of_the_product():
    assert not {"pytest", "ruff", "mypy"} & {each.name for each in licences.packages()}


def test_very_long_licences_are_cut_and_say_where_the_rest_is(tmp_path):
    file = tmp_path / "LICENSE"
    file.write_text("x" * (licences.MAX_CHARACTERS + 5))
    text = licences.Package("p", "1", "MIT", "", (file,)).text()
    assert len(text) < licences.MAX_CHARACTERS + 500
    assert text.endswith(f"The rest is in {tmp_path}.")
    assert licences.Package("p", "1", "MIT", "", (tmp_path / "gone",)).text() == ""


def test_it_leads_to_what_works_where_and_to_the_keys(page, qtbot):
    page.where_button.click()
    (dialog,) = page.findChildren(SupportDialog)
    dialog.close()
    with qtbot.waitSignal(page.keys_wanted):
        page.keys_button.click()


def test_topics_are_said_and_found_in_the_language_but_known_by_their_ids(monkeypatch, all_topics):
    german = language.Catalogue(
        window={"Loss": ("Verlust",)},
        engine={"Beams": ("Zweige",)},
    )
    monkeypatch.setattr(language._now, "catalogue", german)
    said = topics.topics()
    assert {topic.id for topic in said} == {topic.id for topic in all_topics}
    assert {topic.group for topic in said} == {topic.group for topic in all_topics}
    assert topics.best("verlust", topics.find("verlust", said)).id == "word Loss"
    titled = {topic.id: topic.title for topic in said}
    assert titled["setting Beams"] == "Zweige"
    settings = titles(topics.SETTING, said)
    assert settings[-1] == "Zweige"


def test_every_kind_of_file_and_every_known_chat_is_named(all_topics):
    (topic,) = [each for each in all_topics if each.title == "Files that can be read"]
    facts = dict(topic.facts)
    assert set(facts) >= {kind.title for kind in DATA_FILE_KINDS}
    assert all(suffix.removeprefix(".") in topic.search_text() for suffix in DATA_SUFFIXES)
    assert {"WhatsApp export", "IRC log", "Mail"} <= set(facts["Known chats and transcripts"].split(", "))
    assert topics.best("files", topics.find("whatsapp", all_topics)) == topic


@pytest.mark.parametrize("wanted", ["malicious", "safetensors", "what is trusted"])
def test_what_is_trusted_is_found(all_topics, wanted):
    found = topics.find(wanted, all_topics)
    assert trust.TITLE in [topic.title for topic in found]


def test_each_kind_of_what_others_made_has_its_words(page):
    page.open(f"word {trust.TITLE}")
    shown = [label.text() for label in page.reader._facts.findChildren(Label)]
    assert [text for _, text in trust.FACTS if text not in shown] == []


@pytest.mark.parametrize("wanted", ["onnx", "openvino", "gguf"])
def test_what_an_adapter_can_be_exported_as_is_found(all_topics, wanted):
    found = {each.title: each.text for each in topics.find(wanted, all_topics) if each.group == topics.FIRST}
    assert "Export a plain model instead" in found["Exports for other programs"]
