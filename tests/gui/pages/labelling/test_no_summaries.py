from pathlib import Path

import pytest

from engine.api import Example, labelling
from gui.pages.labelling.no_summaries import NoSummaries

SOURCE, COUNT = "/data/chats.csv", 30


@pytest.fixture
def state(qtbot, home):
    return qtbot.add(NoSummaries())


def work_on(accepted: int = 0, drafted: int = 0) -> labelling.SetInfo:
    examples = [Example(f"c{number}", f"Ann: number {number}", "") for number in range(COUNT)]
    about = labelling.create("chats", SOURCE, examples)
    work = labelling.LabellingSet(about.id)
    for number in range(1, accepted + drafted + 1):
        work.put_draft(number, labelling.Draft("starter", None, "", f"Ann names {number}."))
        if number <= accepted:
            work.accept(number)
    work.close()
    return about


@pytest.mark.parametrize(
    ("written", "text", "act", "trains"),
    [
        ({}, "These 30 conversations have no summaries yet.", "Write summaries", False),
        ({"drafted": 2}, "0 of 30 summaries written. A run needs 5", "Continue", False),
        ({"accepted": 4}, "4 of 30 summaries written. A run needs 5", "Continue", False),
        ({"accepted": 5, "drafted": 1}, "5 of 30 summaries written.", "Continue", True),
    ],
)
def test_what_is_written_decides_what_is_offered(state, qtbot, written, text, act, trains):
    work_on(**written)
    state.show_source(SOURCE, COUNT)
    qtbot.waitUntil(lambda: state.text().startswith(text) and state.write_button.text() == act)
    assert state.train_button.isVisible() == trains
    state.show_source(SOURCE, 0)
    assert not state.isVisible()


def test_what_was_written_meanwhile_is_counted_when_it_is_shown_again(state, qtbot):
    state.show_source(SOURCE, COUNT)
    state.hide()
    work_on(accepted=13)
    state.show()
    qtbot.waitUntil(lambda: state.text() == "13 of 30 summaries written.")
    with qtbot.waitSignal(state.train_wanted) as wanted:
        state.train_button.click()
    assert Path(wanted.args[0]["source"]).name == "chats, 13 summaries"


def test_a_disk_that_takes_no_data_set_is_said(state, qtbot, monkeypatch):
    about = work_on(accepted=5)
    state.show_source(SOURCE, COUNT)
    qtbot.waitUntil(state.train_button.isVisible)
    monkeypatch.setattr(labelling, "export", lambda _about: labelling.LabellingSet(f"no-{about.id}"))
    state.train_button.click()
    qtbot.waitUntil(lambda: "is not a set of conversations" in state.text())
    assert state.train_button.isEnabled()
