"""A data file that disappears between the check and Start, and one that comes back."""

from __future__ import annotations

import pytest

from engine.api import run_store
from tests.helpers.scripted_manager import end
from tests.helpers.train_stage import COMPLETE, Stage, texts

ROW = '{"dialogue": "Ann: tea?\\nBo: yes", "summary": "Bo wants tea."}\n'


@pytest.fixture
def stage(qtbot, home, styled):
    made = Stage(qtbot)
    yield made
    end(made.manager)


def test_start_says_that_the_data_is_gone_and_can_be_pressed_once_it_is_back(stage, qtbot, tmp_path):
    panel, file = stage.page.panel, tmp_path / "chats.jsonl"
    file.write_text(ROW, "utf-8")
    stage.page.use_data({"source": str(file)})
    assert panel.start_button.isEnabled()

    file.unlink()
    panel.start_button.click()
    assert run_store.list_jobs() == []
    assert stage.manager.current is None
    gone = f"There is nothing at {file}."
    assert gone in texts(panel.form.field("data.source").around)
    assert gone in texts(panel.foot)
    assert not panel.start_button.isEnabled()

    panel.check_files()
    assert not panel.start_button.isEnabled()
    file.write_text(ROW, "utf-8")
    panel.check_files()
    assert gone not in texts(panel)
    assert panel.start_button.isEnabled()
    assert stage.run(qtbot, COMPLETE).ending.outcome == "completed"


def test_data_that_is_gone_when_the_window_comes_back_is_said_before_start(stage, tmp_path):
    file = tmp_path / "chats.jsonl"
    file.write_text(ROW, "utf-8")
    stage.page.use_data({"source": str(file)})
    file.unlink()
    stage.page.panel.check_files()
    assert f"There is nothing at {file}." in texts(stage.page.panel.foot)


def test_the_data_of_a_run_is_not_looked_for(stage, qtbot, tmp_path):
    file = tmp_path / "chats.jsonl"
    file.write_text(ROW, "utf-8")
    stage.page.use_data({"source": str(file)})
    stage.run(qtbot, COMPLETE)
    file.unlink()
    stage.page.panel.check_files()
    assert "There is nothing at" not in texts(stage.page.panel)
