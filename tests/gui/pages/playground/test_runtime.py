"""CTranslate2 in the playground: kept with what it wrote, refused beside its field, its conversion shown."""

from __future__ import annotations

import pytest

from engine.adapters.metadata import MethodFacts
from engine.api import SummarizeOptions, exports
from gui.pages.playground.column_results import decoding_text
from gui.pages.playground.page import PlaygroundPage
from tests.helpers.playground_stage import CONVERSATION, SUMMARIES, WAIT, make_adapter

PREFIX = MethodFacts(id="prefix_tuning", title="Prefix tuning", peft_type="PREFIX_TUNING")


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    monkeypatch.setattr(exports, "has_ctranslate2", lambda: True)


def choose(page: PlaygroundPage, name: str, value: object) -> None:
    """Set a field as a person would."""
    field = page.decoding.fields[name]
    field.control.write(value)
    field.control.changed.emit(value)


def problem(page: PlaygroundPage, name: str = "runtime") -> str:
    return page.decoding.fields[name].around.problem()


def test_what_ctranslate2_wrote_is_kept_with_the_choice(page, qtbot):
    page.open_conversation(CONVERSATION)
    choose(page, "runtime", "ctranslate2")
    page.open(["a1"])
    page.summarise_button.click()
    qtbot.waitUntil(lambda: page.controller.entry is not None, timeout=WAIT)
    sent = page.controller.summarizer._thread.job.request()
    entry = page.controller.entry
    assert "runtime" not in sent
    assert entry.decoding == SummarizeOptions(beams=2, max_new_tokens=32, runtime="ctranslate2")
    assert decoding_text(entry.decoding).endswith("written by CTranslate2")

    choose(page, "runtime", "tunesmith")
    page.history.list.clicked.emit(page.history.model.index(0))
    assert page.decoding.decoding().runtime == "ctranslate2"


def test_what_can_t_be_merged_is_refused_beside_the_choice_until_it_leaves(page):
    make_adapter("p1", method=PREFIX)
    page.open_conversation(CONVERSATION)
    choose(page, "runtime", "ctranslate2")
    page.open(["p1"])
    assert "p1-name can't be merged" in problem(page)
    assert "Tunesmith's own engine" in problem(page)
    assert page.decoding.fields["runtime"].around.isVisible()
    page.summarise_button.click()
    assert "problems" in page.strip.text()
    assert not page.controller.summarizer.alive

    page.controller.remove("p1")
    assert not problem(page)
    assert page.decoding.decoding().runtime == "ctranslate2"


def test_a_quantized_base_a_card_and_sampling_are_refused(page):
    make_adapter("q1", quantization="nf4")
    choose(page, "runtime", "ctranslate2")
    page.open(["q1"])
    assert "does not run nf4 bases" in problem(page)
    page.controller.remove("q1")
    page.controller.summarizer.suit("cuda:0")
    page._refresh()
    assert "not on cuda:0" in problem(page)
    page.controller.summarizer.suit("auto")
    choose(page, "beams", 1)
    choose(page, "temperature", 0.5)
    assert (problem(page), "Temperature" in problem(page, "temperature")) == ("", True)
    choose(page, "runtime", "tunesmith")
    assert page.decoding.is_valid


def test_it_is_offered_where_it_is_installed_or_was_chosen(page, monkeypatch):
    page.decoding.unfold_all()
    assert page.decoding.fields["runtime"].around.isVisible()
    monkeypatch.setattr(exports, "has_ctranslate2", lambda: False)
    page.decoding.show_decoding(SummarizeOptions())
    assert not page.decoding.fields["runtime"].around.isVisible()
    page.decoding.show_decoding(SummarizeOptions(runtime="ctranslate2"))
    assert "is not installed" in problem(page)
    assert page.decoding.fields["runtime"].around.isVisible()


def test_a_conversion_is_shown_where_its_column_waits_and_can_be_cancelled(page, workers, qtbot):
    workers.say(SUMMARIES | {"a1": {"convert": True}})
    page.open_conversation(CONVERSATION)
    page.open(["a1"])
    page.summarise()
    column = page.columns.view("a1")
    qtbot.waitUntil(lambda: column.state_text().startswith("Converting for CTranslate2, "), timeout=WAIT)
    assert page.columns.base.text() == SUMMARIES[""]
    assert [view._cancel.isVisible() for view in page.columns.views()] == [False, True]
    column._cancel.click()
    assert column.state_text() == "Cancelled"
    qtbot.waitUntil(lambda: page.controller.summarizer.status_text == "", timeout=WAIT)
    assert page.controller.summarizer.state == "ready"
