"""Sending a run to another computer: what goes there is said and asked once, and nothing is sent while offline."""

from dataclasses import asdict

import pytest

from engine.api import Computer, computer_store, run_store
from tests.helpers.train_stage import COMPLETE, ENDLESS, texts

PROBLEM = {"field": "base_model.id", "message": "This run needs 90 GB.", "hint": "Choose a smaller one."}


@pytest.fixture
def blue(home):
    return computer_store.add(Computer("blue", "ssh", "127.0.0.1:8265", "ute@blue"))


def answer(computer, *nodes):
    """Return the script of a process that tells of a computer's nodes: whether each fits, and its cards."""
    told = [{"fits": fits, "cards_for_entries": cards} for fits, cards in nodes]
    facts = {**asdict(computer), "reachable": True, "problem": None, "nodes": told, "entries": []}
    return [["emit", {"event": "result_made", "result": {"computers": [facts]}}]]


def choose(stage, qtbot, name):
    stage.page.shown()
    foot = stage.page.panel.foot
    qtbot.waitUntil(lambda: foot.computers.count() > 1)
    foot.computers.set_key(name)
    foot.computers.chosen.emit(name)


def test_it_is_asked_once_what_leaves_this_computer(blue, stage, qtbot, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    stage.scripts["train"] = ENDLESS
    choose(stage, qtbot, "blue")
    stage.page.panel.start_button.click()
    said = stage.page.right.notice.text()
    assert "Sent to blue (ute@blue), without your conversations." in said
    assert run_store.list_jobs() == []
    stage.page.right.notice.acted.emit()
    model = stage.manager.current
    assert computer_store.find("blue").agreed
    assert model.job.request()["computer"] == "blue"
    assert not model.holds_device
    qtbot.waitUntil(lambda: "on blue" in stage.page.header.subtitle())
    model.stop()
    qtbot.waitUntil(lambda: not model.running)
    stage.page.new_run()
    stage.page.panel.start_button.click()
    qtbot.waitUntil(lambda: len(run_store.list_jobs()) == 2)


def test_of_a_computer_with_more_cards_on_a_node_several_can_be_taken(blue, stage, qtbot, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    computer_store.agree("blue")
    stage.scripts |= {"train": COMPLETE, "computers": answer(blue, (True, 1), (True, 2), (False, 8))}
    choose(stage, qtbot, "blue")
    foot = stage.page.panel.foot
    assert not foot.how_many.isVisible()
    qtbot.waitUntil(foot.how_many.isVisible)
    assert [foot.cards_choice.itemText(at) for at in range(foot.cards_choice.count())] == ["1", "2"]
    foot.cards_choice.set_key("2")
    stage.page.panel.start_button.click()
    assert stage.manager.current.job.request()["demand"] == {"cards": 2}
    foot.computers.chosen.emit("")
    assert foot.cards() == 1


def test_conversations_that_go_are_named_with_their_size(blue, stage, qtbot, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    chats = tmp_path / "chats.csv"
    chats.write_text("conversation,summary\n" + "hello,hi\n" * 100)
    stage.scripts["count_conversations"] = [
        ["emit", {"event": "result_made", "result": {"conversations": 100}}]
    ]
    stage.page.panel.form.set_values("data", {"source": str(chats)})
    choose(stage, qtbot, "blue")
    stage.page.panel.start_button.click()
    notice = stage.page.right.notice
    assert "the conversations of chats.csv (921 bytes)" in notice.text()
    qtbot.waitUntil(lambda: "100 conversations of chats.csv (921 bytes)" in notice.text())


def test_offline_nothing_is_sent(blue, stage, qtbot, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    choose(stage, qtbot, "blue")
    stage.page.panel.start_button.click()
    assert "offline and can't reach blue" in stage.page.right.notice.text()
    assert run_store.list_jobs() == []


def test_what_does_not_fit_here_may_fit_there(blue, stage, qtbot):
    plan = stage.scripts["plan"][0][1]
    stage.scripts["plan"] = [["answer", plan | {"problems": [PROBLEM]}]]
    stage.page.shown()
    qtbot.waitUntil(lambda: "90 GB" in texts(stage.page.panel))
    assert not stage.page.panel.start_button.isEnabled()
    choose(stage, qtbot, "blue")
    qtbot.waitUntil(stage.page.panel.start_button.isEnabled)


def test_a_computer_that_was_removed_is_no_longer_chosen(blue, stage, qtbot):
    stage.page.panel.background.wait()
    choose(stage, qtbot, "blue")
    assert stage.page.panel.foot.computer() == "blue"
    computer_store.remove("blue")
    stage.page.shown()
    qtbot.waitUntil(lambda: stage.page.panel.foot.computer() == "")
    assert not stage.page.panel.foot.where.isVisible()
