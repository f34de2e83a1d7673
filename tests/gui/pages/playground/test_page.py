import os
from typing import Any

import pytest
from PySide6 import QtGui
from PySide6.QtGui import QGuiApplication

from engine.api import Example, SummarizeOptions, paths, recipe
from gui.pages.playground import parts
from gui.pages.playground.page import PlaygroundPage
from gui.workers.summarizer import ConversationInput, Request
from tests.helpers.playground_stage import CONVERSATION, SUMMARIES, TABLES, make_adapter, tried


@pytest.mark.usefixtures("styled")
def test_base_and_four_adapters_summarise_side_by_side_and_one_may_fail_alone(page, workers, qtbot):
    workers.say(SUMMARIES | {"a4": {"fail": "The adapter is damaged."}})
    assert page.header.subtitle() == "The practice model, not loaded"
    assert page.unload_button.isHidden()
    assert page.copy_button.isHidden()
    tried(page, qtbot, "a1", "a2", "a3", "a4", reference="The venue offers the 21st.")

    views = page.columns.views()
    assert [view.text() for view in views[:3]] == [SUMMARIES[""], SUMMARIES["a1"], SUMMARIES["a2"]]
    assert views[4].state_text() == "The adapter is damaged."
    assert page.strip.text() == ""
    widths = {view.width() for view in views}
    assert max(widths) - min(widths) <= 2
    assert views[0].marks() == ()
    assert {mark.kind for mark in views[1].marks()} == {"new"}
    assert "attention" in {mark.kind for mark in views[2].marks()}
    assert views[2].figures() == {
        "rouge1": "50.0", "chrf": "60.0", "missing": "1", "seconds": "0.5 s", "speed": "20 tokens/s",
    }  # fmt: skip
    assert page.header.subtitle() == "The practice model with 4 adapters, loaded in float32"
    counted = len(CONVERSATION.split())
    assert page.panel.meter.accessibleName().startswith(f"{counted} of 64 tokens")


def test_a_try_is_kept_copied_taken_along_and_its_worker_stays_until_it_is_unloaded(page, workers, qtbot):
    wanted: list[list[Example]] = []
    page.label_rows_requested.connect(wanted.append)
    assert not page.panel.label_button.isEnabled()
    tried(page, qtbot, "a1", reference="The venue offers the 21st.")
    page.copy_button.click()
    text = QGuiApplication.clipboard().text()
    assert text.startswith("## Conversation")
    assert SUMMARIES["a1"] in text
    first = page.controller.summarizer._thread
    page.open_conversation("Ann: Hi\nBo: Hello")
    page.panel.label_button.click()
    page.history.label_button.click()
    assert wanted[0] == wanted[1]
    assert [(one.conversation, one.summary) for one in wanted[0]] == [
        ("Ann: Hi\nBo: Hello", ""),
        (CONVERSATION, "The venue offers the 21st."),
    ]
    tried(page, qtbot, "a1", "a2")
    assert page.controller.summarizer._thread is first
    assert page.columns.view("a1").figures()["rouge1"] == "–"
    other = qtbot.add(PlaygroundPage(workers.manager))
    other.history.list.clicked.emit(other.history.table.index(1, 0))
    assert other.panel.conversation == CONVERSATION
    assert other.panel.reference == "The venue offers the 21st."
    assert other.columns.view("a1").text() == SUMMARIES["a1"]

    qtbot.waitUntil(lambda: not page.unload_button.isHidden())
    unload = parts.base_menu(page, page.controller).actions()[-1]
    assert (unload.text(), unload.isEnabled()) == ("Unload the base model", True)
    page.unload_button.click()
    qtbot.waitUntil(lambda: not page.controller.summarizer.alive)
    qtbot.waitUntil(lambda: page.header.subtitle().endswith("not loaded"))
    assert page.unload_button.isHidden()


def test_another_base_model_gets_another_worker_and_foreign_adapters_leave(page, qtbot):
    tried(page, qtbot, "a1")
    first = page.controller.summarizer._thread
    page.controller.choose_base("google/flan-t5-base")
    assert page.controller.results.adapters == []
    tried_thread = page.controller.summarizer
    page.controller.add("b1")
    page.summarise()
    qtbot.waitUntil(lambda: bool(page.columns.view("b1").text()))
    assert tried_thread._thread is not first
    assert tried_thread.base_model == {"id": "google/flan-t5-base"}
    qtbot.waitUntil(lambda: not page.controller.results.busy)


def test_the_base_is_loaded_as_the_first_adapter_was_scored(page, qtbot):
    make_adapter("q1", revision="7bcac572", precision="bfloat16", quantization="nf4")
    make_adapter("q2", revision="7bcac572", precision="float32")
    page.open(["q1", "q2"])
    tried(page, qtbot, "q1", "q2")
    loaded = {"id": "starter", "revision": "7bcac572", "precision": "bfloat16", "quantization": "nf4"}
    assert page.controller.summarizer.base_model == loaded
    assert page.controller.history.items[0].base_model == loaded
    assert page.strip.text() == (
        "q2-name was trained on another form of the base model; all run on that of q1-name: 7bcac572, "
        "bfloat16, nf4."
    )
    first = page.controller.summarizer._thread
    for adapter in ("q1", "q2"):
        page.controller.remove(adapter)
    tried(page, qtbot)
    assert page.controller.summarizer._thread is first


def test_opened_adapters_bring_their_decoding_and_leave_with_the_base(page, workers):
    actions = {action.data(): action for action in page.adapter_menu().actions()}
    assert (actions["a1"].isEnabled(), actions["b1"].isEnabled()) == (True, False)
    page.open(["a1", "a2", "b1"])
    assert page.controller.results.adapters == ["a1", "a2"]
    assert page.strip.text() == "b1-name was trained for google/flan-t5-base"
    decoding = page.decoding.decoding()
    assert (decoding.beams, decoding.max_new_tokens) == (2, 32)
    page.open_conversation(CONVERSATION)
    assert page.panel.meter.accessibleName().startswith("about ")
    assert "of 64 tokens" in page.panel.meter.accessibleName()
    page.open_conversation("Leila: " + "word " * 400)
    assert "the end is cut off" in page.panel.meter.accessibleName()
    (paths.adapters_folder() / "a1").rename(paths.trash_folder() / "a1")
    workers.manager.adapters_changed.emit()
    assert page.controller.results.adapters == ["a2"]


def test_nothing_is_asked_without_a_conversation(page):
    page.summarise()
    assert "Paste a conversation" in page.strip.text()
    assert not page.controller.summarizer.alive
    QGuiApplication.clipboard().setText(CONVERSATION)
    page.panel.paste()
    assert page.strip.text() == ""


def test_cancel_ends_a_request_and_keeps_what_had_come(page, workers, qtbot):
    workers.say(SUMMARIES | {"a1": {"hang": True}})
    page.open_conversation(CONVERSATION)
    page.open(["a1", "a2"])
    page.summarise()
    qtbot.waitUntil(lambda: page.columns.view("a1").text() == "The beg")
    assert not page.summarise_button.isEnabled()
    page.columns.view("a1").cancelled.emit()
    assert page.columns.base.text() == SUMMARIES[""]
    assert page.columns.view("a1").text() == "The beg"
    assert page.columns.view("a2").state_text() == "Cancelled"
    assert page.summarise_button.isEnabled()


def test_cancel_gives_up_a_base_model_that_is_still_loading(page, workers, qtbot):
    workers.say(SUMMARIES | {"load_seconds": 50})
    page.open_conversation(CONVERSATION)
    page.open(["a1"])
    page.summarise()
    qtbot.waitUntil(lambda: "Loading the base model" in page.columns.base.state_text())
    shown = [view._cancel.isVisible() for view in page.columns.views()]
    assert shown == [True, False]
    page.columns.base._cancel.click()
    assert page.columns.base.state_text() == "Cancelled"
    qtbot.waitUntil(lambda: not workers.manager.summarizer.alive)
    assert page.strip.text() == ""
    assert page.summarise_button.isEnabled()


def test_what_is_fetched_says_how_far_it_is_and_how_long_it_takes(workers):
    summarizer = workers.manager.summarizer
    summarizer.state = "starting"

    def fetched(done: int, at: float) -> dict[str, Any]:
        progress = {"event": "stage_progressed", "done": done, "total": 990_000_000, "unit": "bytes"}
        return progress | {"clock": at}

    loading = {"event": "stage_entered", "stage": "load_base", "clock": 5.0}
    summarizer._on_events([loading, fetched(100_000_000, 6.0), fetched(200_000_000, 36.0)])
    assert summarizer.status_text == "Downloading the base model, 200.0 MB of 990.0 MB, about 4 min left"
    summarizer._on_events([fetched(990_000_000, 300.0)])
    assert summarizer.status_text.startswith("Loading the base model, ")
    summarizer.state = "off"


def test_a_dead_worker_is_explained_and_can_be_started_again(page, workers, qtbot):
    workers.say(SUMMARIES | {"a1": {"abort": True}})
    page.open_conversation(CONVERSATION)
    page.open(["a1"])
    page.summarise()
    qtbot.waitUntil(lambda: page.strip.text() != "")
    assert "SIGABRT" in page.strip.text()
    assert "a kernel gave up" in page.strip.log()

    workers.say(SUMMARIES)
    page.strip.acted.emit()
    qtbot.waitUntil(lambda: page.columns.view("a1").text() == SUMMARIES["a1"])
    assert page.strip.text() == ""
    qtbot.waitUntil(lambda: not page.controller.results.busy)


EXPORT = """31.12.23, 21:15 - Messages and calls are end-to-end encrypted.
31.12.23, 21:15 - Leila: the 14th?
31.12.23, 21:16 - Tom: <Media omitted>
31.12.23, 21:16 - Tom: fine"""


def test_an_export_is_taken_on_one_click_given_back_on_another_and_its_offer_goes_with_it(page, tmp_path):
    page.open_example(Example("1", EXPORT, "They meet."))
    offer = page.panel.export_offer
    assert offer.isHidden()
    QGuiApplication.clipboard().setText(EXPORT)
    page.panel.paste()
    assert not offer.isHidden()
    assert offer.text() == "WhatsApp export: 2 turns of 2 speakers; 1 system line and 1 media tag skipped."
    assert "\n<Media omitted>" in offer.toolTip()
    assert not QtGui.Qt.mightBeRichText(offer.toolTip())
    page.panel.reference_edit.setPlainText("They meet.")
    offer.action_button().click()
    assert page.panel.conversation == "Leila: the 14th?\nTom: fine"
    assert page.panel.reference == "They meet."
    assert page.panel.about() == "Pasted, 2 speakers, 2 turns"
    assert offer.text().startswith("Using turns. WhatsApp export")
    offer.action_button().click()
    assert page.panel.conversation == EXPORT
    assert offer.text().startswith("WhatsApp export")

    page.open_conversation(CONVERSATION)
    assert offer.isHidden()
    (tmp_path / "chat.txt").write_text(EXPORT, encoding="utf-8")
    page.open_file(tmp_path / "chat.txt")
    assert not offer.isHidden()
    page.panel.toggle_edit()
    page.panel.editor.setPlainText(CONVERSATION)
    page.panel.toggle_edit()
    assert not page.panel.is_editing
    assert page.panel.conversation == CONVERSATION
    assert offer.isHidden()


def test_samples_and_checked_rows_can_be_picked(page, qtbot):
    page.shown()
    qtbot.waitUntil(lambda: page.controller.local_models == ["local/one"])
    assert "local/one" in page.controller.base_choices()
    listed = page.batch_controller.view
    assert listed.count.maximum() > 100
    page.offer_conversations("chats", [Example("r1", CONVERSATION, "They talk.")])
    page.panel.list_wanted.emit()
    assert page.shows_several
    assert listed.table.rowCount() == 1
    listed.view.opened.emit(listed.row)
    assert not page.shows_several
    assert page.panel.conversation == CONVERSATION
    assert page.panel.reference == "They talk."


def test_a_text_file_of_any_encoding_is_shown_and_what_is_no_text_refused(page, tmp_path):
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff\xfe\x00")
    page.open_file(tmp_path / "picture.png")
    assert page.strip.text() == (
        "picture.png can't be read: it is really a picture. Choose a plain text file."
    )
    assert page.panel.conversation == ""
    for encoding in ("utf-16", "utf-8-sig", "cp1252"):
        (tmp_path / "chat.txt").write_bytes(f"Zoë: Café {encoding}?\r\nBo: Yes, “now”.".encode(encoding))
        page.open_file(tmp_path / "chat.txt")
        assert page.panel.conversation == f"Zoë: Café {encoding}?\nBo: Yes, “now”."


def test_below_1200_the_conversation_folds_to_a_strip(page, qtbot):
    page.open_conversation(CONVERSATION)
    page.adapt(1024)
    assert page.copy_button.accessibleName() == "Copy as Markdown"
    assert page.panel.isHidden()
    assert page.folded.isVisible()
    page.folded.button.click()
    assert not page.panel.isHidden()
    page.adapt(1440)
    assert not page.folded.isVisible()
    assert not page.panel.isHidden()


def test_a_run_is_paused_for_a_try_and_goes_on_afterwards(page, workers, qtbot):
    workers.run_script = [["steps", {"count": 4000, "per_second": 40}]]
    run = workers.manager.start_run(recipe.from_tables(TABLES))
    qtbot.waitUntil(lambda: run.state.step > 1)
    page.open_conversation(CONVERSATION)
    page.open(["a1"])
    qtbot.waitUntil(lambda: "using the device" in page.strip.text())
    assert not page.summarise_button.isEnabled()
    assert not page.controller.summarizer.alive

    page.strip.acted.emit()
    qtbot.waitUntil(lambda: page.columns.view("a1").text() == SUMMARIES["a1"])
    assert run.state.paused
    qtbot.waitUntil(lambda: "is paused at step" in page.strip.text())

    page.strip.acted.emit()
    qtbot.waitUntil(lambda: not run.state.paused)
    assert not page.controller.summarizer.alive
    run.stop()
    qtbot.waitUntil(lambda: not run.running)
    qtbot.waitUntil(lambda: page.strip.text() == "")
    assert page.summarise_button.isEnabled()


def test_a_request_ends_when_another_page_takes_the_worker_to_another_base(page, workers, qtbot):
    workers.say({"": {"hang": True}})
    page.open_conversation(CONVERSATION)
    page.summarise()
    qtbot.waitUntil(lambda: page.columns.base.text() == "The beg")
    asked = Request(ConversationInput("Ann: Hi"), (None,), SummarizeOptions())
    first = workers.manager.summarizer.summarize({"id": "google/flan-t5-base"}, asked)
    assert not page.controller.results.busy
    assert page.controller.strip().text == "Other work needed the device. Conversation and history are saved."
    second = workers.manager.summarizer.summarize({"id": "starter"}, asked)
    assert not workers.manager.summarizer.will_answer(first)
    assert workers.manager.summarizer.will_answer(second)
    workers.manager.summarizer.cancel(second)
    qtbot.waitUntil(lambda: not workers.manager.summarizer.alive)


def test_a_scoring_and_a_run_get_the_device_also_from_a_base_model_that_is_loading(page, workers, qtbot):
    tried(page, qtbot, "a1")
    workers.scoring = [["wait_for_stop", None]]
    scoring = workers.manager.ask("evaluate", {})
    qtbot.waitUntil(lambda: "scoring is using the device" in page.strip.text())
    assert not page.controller.can_ask
    qtbot.waitUntil(lambda: not page.controller.summarizer.alive)
    scoring.stop()
    qtbot.waitUntil(scoring.isFinished)
    qtbot.waitUntil(lambda: page.controller.can_ask)

    workers.say({"load_seconds": 60})
    page.summarise()
    loading = "Loading the base model, "
    qtbot.waitUntil(lambda: page.columns.base.state_text().startswith(loading))
    workers.run_script = [["steps", {"count": 4000, "per_second": 40}]]
    run = workers.manager.start_run(recipe.from_tables(TABLES))
    qtbot.waitUntil(lambda: not page.controller.summarizer.alive)
    assert page.columns.base.state_text() == "Cancelled"
    assert "A run is using the device." in page.controller.strip().text
    run.stop()
    qtbot.waitUntil(lambda: not run.running)
    # What the run has cut short is asked for again by one click.
    qtbot.waitUntil(lambda: "Other work needed the device." in page.strip.text())
    workers.say(SUMMARIES)
    page.strip.acted.emit()
    qtbot.waitUntil(lambda: page.columns.view("a1").text() == SUMMARIES["a1"])
    assert page.strip.text() == ""


def test_what_is_no_file_is_told_at_once(page, tmp_path):
    os.mkfifo(tmp_path / "pipe.txt")
    page.open_file(tmp_path / "pipe.txt")
    assert page.controller.strip().text.startswith("pipe.txt can't be read: it is not a file.")


def test_a_base_model_is_downloaded_only_if_a_person_agrees(page, workers, qtbot):
    workers.missing_bytes = 990_000_000
    page.open_conversation(CONVERSATION)
    for agrees in (False, True):
        page.open(["b1"])
        page.summarise_button.click()
        qtbot.waitUntil(lambda: page.controller.is_asking)
        qtbot.waitUntil(page.strip.isVisible)
        assert "google/flan-t5-base: 990.0 MB to download" in page.controller.strip().text
        assert not page.controller.summarizer.alive
        if agrees:
            page._act()
        else:
            page.controller.choose_base("starter")
            assert page.controller.strip() is None
    qtbot.waitUntil(lambda: bool(page.columns.view("b1").text()))
    assert not page.controller.is_asking
