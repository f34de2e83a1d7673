"""A run's parts: remarks, epochs, what resumes it, and its report."""

from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtWidgets import QFileDialog

from engine.jobs.run_state import RunState
from gui.pages.train.run_notices import RemarksView, distinct
from gui.pages.train.run_operations import ReportExport, kinds
from gui.pages.train.run_text import resume_text
from gui.pages.train.run_view import total_epochs
from tests.helpers.scored_runs import add_scored_run


def notice(message: str, hint: str = "", level: str = "notice") -> dict[str, str]:
    return {"event": "notice", "message": message, "hint": hint, "level": level}


def test_what_a_resumed_run_says_again_counts_once():
    said = [notice("One."), notice("Two.", "Do it."), notice("One."), notice("Two.")]
    assert [(each["message"], each["hint"]) for each in distinct(said)] == [
        ("Two.", "Do it."), ("One.", ""), ("Two.", ""),
    ]  # fmt: skip


def test_a_single_remark_is_shown_and_several_fold_into_one_line_anew_for_each_run(qtbot):
    view = qtbot.add(RemarksView())

    def shown():
        return [strip.text() for strip in view.strips if strip.isVisibleTo(view)]

    view.show_notices([notice("One.", "Do it.")])
    assert not view.line.isVisibleTo(view)
    assert shown() == ["One. Do it."]
    said = [notice("One."), notice("Two.")]
    view.show_notices(said)
    assert view.line.text() == "2 remarks. Latest: Two."
    assert shown() == []
    view.line.action_button().click()
    assert shown() == ["One.", "Two."]
    view.begin()
    view.show_notices(said)
    assert shown() == []
    view.show_notices([])
    assert not view.isVisibleTo(None)


@pytest.mark.parametrize(
    ("step", "epoch", "total", "epochs"),
    [(0, 0.0, 200, 3), (40, 0.5, 200, 2.5), (200, 13.3, 200, 13.3), (10, 1.0, 30, 3)],
)
def test_the_epochs_of_a_run_are_those_of_its_steps(step, epoch, total, epochs):
    state = RunState(started={"total_steps": total}, step=step, epoch=epoch)
    assert total_epochs(state, recipe_epochs=3) == pytest.approx(epochs)


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({}, "Start again"),
        ({"checkpoint": {"step": 20}}, "Resume"),
        ({"checkpoint": {"step": 20}, "device_released": True}, "Continue"),
    ],
)
def test_only_a_run_with_a_checkpoint_is_resumed(qapp, facts: dict[str, Any], text: str):
    assert resume_text(SimpleNamespace(state=RunState(**facts))) == text


@pytest.fixture
def opened(monkeypatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr("gui.pages.train.run_operations.open_path", lambda path: found.append(str(path)))
    return found


@pytest.mark.parametrize(
    ("typed", "chosen", "name", "shown"),
    [
        ("mine", 0, "mine.html", True),
        ("mine.v2", 1, "mine.v2.csv", False),
        ("mine.json", 0, "mine.json", False),
    ],
)
def test_a_report_is_saved_where_asked(
    home, qtbot, tmp_path, monkeypatch, opened, typed, chosen, name, shown
):
    kind = kinds().split(";;")[chosen]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / typed), kind))
    report = ReportExport()
    with qtbot.waitSignal(report.reported) as told:
        report.ask(None, add_scored_run())
    assert told.args == [f"Report saved as {tmp_path / name}."]
    assert (tmp_path / name).stat().st_size > 1000
    assert opened == ([str(tmp_path / name)] if shown else [])
