from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog

from engine.adapters import library
from engine.jobs.job import Job, create_job
from engine.runs import run_store
from engine.runs.run_summaries import RunEntry
from engine.system import paths
from gui.models.run_table import next_step
from gui.pages.history.page import HistoryPage, LogDialog
from gui.pages.library.library_operations import Dialogs
from gui.tables.grouped_view import NameEditor
from tests.helpers.background import wait_for
from tests.helpers.example_library import fill_history
from tests.helpers.homes import MOMENT, RunSpec, add_run, make_recipe
from tests.helpers.scripted_manager import scripted_manager
from tests.helpers.systems import WINDOWS


class Answers(Dialogs):
    """Dialogs that only note what they were asked."""

    def __init__(self) -> None:
        self.opened: list[Path] = []

    def open_folder(self, folder: Path) -> None:
        self.opened.append(folder)


class Bench:
    """A page and the engine whose runs follow `script`."""

    def __init__(self, qtbot: Any) -> None:
        self.script: list[Any] = []
        self.manager = scripted_manager(self._script)
        self.dialogs = Answers()
        self.qtbot = qtbot
        self.page = HistoryPage(self.manager, self.dialogs)
        qtbot.addWidget(self.page)
        self.page.resize(1232, 860)
        self.page.show()

    def _script(self, job: Job) -> list[Any]:
        return self.script

    def settle(self) -> Bench:
        """Wait until the folder was read and all that follows from it is shown."""
        for _ in range(4):
            wait_for(self.page.operations)
            wait_for(self.page.reader)
            QApplication.processEvents()
        return self

    def entries(self) -> list[RunEntry]:
        return self.page.table.items()

    def choose(self, name: str) -> RunEntry:
        found = next(entry for entry in self.entries() if entry.name == name)
        assert self.page.view.choose(found.id)
        return found

    def until(self, condition: Any) -> None:
        self.qtbot.waitUntil(condition)

    def menu(self, entry: RunEntry) -> list[str]:
        menu = self.page.menu_for(entry)
        texts = [action.text() for action in menu.actions() if action.text()]
        menu.close()
        return texts

    def press(self, text: str, entry: RunEntry) -> None:
        menu = self.page.menu_for(entry)
        next(action for action in menu.actions() if action.text() == text).trigger()
        menu.close()


def test_an_empty_history_says_what_to_do(bench, qtbot):
    page = bench().page
    assert page.header.subtitle() == "Your runs are saved here"
    assert not page.view.isVisible()
    assert not page.details.isVisible()
    with qtbot.waitSignal(page.new_run_requested):
        page.new_button.click()


def test_runs_are_listed_counted_and_narrowed_and_the_newest_is_shown(bench, qtbot):
    jobs = fill_history()
    made = bench()
    page = made.page
    assert page.header.subtitle() == "10 runs to open, resume or repeat"
    assert page.pane.filter.texts() == ["All 10", "Completed 7", "Can resume 3"]
    assert page.pane.right.text().endswith("of checkpoints; each run keeps its last two")
    entry = page.view.current()
    assert entry.name == "flan-t5-base on SAMSum with LoRA"
    assert page.details.about().startswith("Started ")
    assert page.details.facts() == [
        ("Data", "samsum, 1,228"), ("Method", "LoRA, r 16"), ("Base model", "google/flan-t5-base"),
        ("Precision", "bfloat16"), ("Saved step", "1,540 of 1,540"), ("Seed", "42"),
    ]  # fmt: skip

    page.pane.filter.set_current("resumable")
    assert len(made.entries()) == 3
    page.pane.search.setText("prefix")
    made.until(lambda: len(made.entries()) == 1)
    assert page.pane.filter.texts() == ["All 1", "Completed 0", "Can resume 1"]
    page.pane.search.setText("zz")
    made.until(lambda: not made.entries())
    assert not page.details.isVisible()
    page.open(jobs[-1].id)
    made.settle()
    assert page.view.current().id == jobs[-1].id

    # Only runs that changed are read again.
    read: list[str] = []
    page.reader.read.connect(lambda entries: read.extend(entry.id for entry in entries))
    with qtbot.waitSignal(page.reader.finished):
        page.reader.refresh()
    assert read == []
    with jobs[0].events_path.open("ab") as stream:
        stream.write(b'{"v":1,"event":"notice","time":1,"level":"notice","message":"m","hint":""}\n')
    with qtbot.waitSignal(page.reader.finished):
        page.reader.refresh()
    assert read == [jobs[0].id]


def test_a_damaged_run_is_listed_with_the_reason(bench):
    job = create_job(paths.runs_folder(), "train", {})
    job.recipe_path.write_text("no = = toml", encoding="utf-8")
    made = bench()
    (entry,) = made.entries()
    assert made.page.details.about().startswith("The recipe is not valid TOML")
    assert not made.page.details.open_button.isEnabled()
    assert made.menu(entry) == ["Show log", "Open folder", "Delete"]


def test_the_report_of_a_run_is_saved_from_its_menu(bench, tmp_path, monkeypatch):
    add_run()
    made = bench()
    (entry,) = made.entries()
    place = tmp_path / "report.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(place), ""))
    made.press("Report…", entry)
    made.until(lambda: not made.page.pane.notice.isHidden())
    assert made.page.pane.notice.text() == f"Report saved as {place}."
    assert place.exists()


@pytest.mark.parametrize(
    ("name", "text", "signal"),
    [
        ("flan-t5-large on support tickets", "Show", "open_requested"),
        ("flan-t5-base on SAMSum with prefix tuning", "Resume", "resume_requested"),
    ],
)
def test_the_one_thing_to_do_next_is_done_by_a_press_on_it(bench, qtbot, name, text, signal):
    fill_history()
    made = bench()
    entry = made.choose(name)
    assert next_step(entry)[1] == text
    table = made.page.table
    place = made.page.view.visualRect(table.index(table.row_of(entry.id), len(table.columns) - 1)).center()
    with qtbot.waitSignal(getattr(made.page, signal)) as asked:
        qtbot.mouseClick(made.page.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert asked.args == [entry.id]


def test_a_run_is_opened_repeated_edited_copied_and_gone_on_from(bench, qtbot):
    recipe = make_recipe(rank=8)
    facts = {"excluded": {"train": 120, "test": 7}}
    job = add_run(replace(recipe, given_name="Monday"), RunSpec(adapter="the-adapter", facts=facts))
    job.log_path.write_text("first\nlast words\n", encoding="utf-8")
    made = bench()
    page, (entry,) = made.page, made.entries()
    assert page.details.facts()[0] == ("Data", "samsum, 1,228, 127 excluded")
    with qtbot.waitSignal(page.open_requested) as asked:
        qtbot.keyClick(page.view, Qt.Key.Key_Return)
    assert asked.args == [job.id]
    with qtbot.waitSignal(page.open_requested):
        page.details.open_button.click()
    with qtbot.waitSignal(page.run_again_requested) as again:
        made.press("Run again", entry)
    with qtbot.waitSignal(page.edit_requested) as edited:
        page.details.edit_button.click()
    assert again.args == edited.args == [replace(recipe, given_name="")]
    with qtbot.waitSignal(page.library_requested) as shown:
        made.press("Show in library", entry)
    with qtbot.waitSignal(page.train_from_requested) as further:
        made.press("Continue training from its adapter", entry)
    assert shown.args == further.args == ["the-adapter"]

    for text, begin in (("Copy recipe", "schema = 1"), ("Copy as command", "")):
        made.press(text, entry)
        copied = QGuiApplication.clipboard().text()
        assert copied.startswith(begin)
        assert "rank = 8" in copied
        assert (("@ | & " if WINDOWS else "train - <<") in copied) == (text == "Copy as command")
    page.folder_button.click()
    page.details.folder_button.click()
    assert made.dialogs.opened == [paths.runs_folder(), job.folder]
    page.show_log(entry)
    dialog = page.findChild(LogDialog)
    assert dialog.text.toPlainText() == "first\nlast words"
    dialog.copy_button.click()
    assert QGuiApplication.clipboard().text() == "first\nlast words"
    dialog.close()


def test_a_run_is_renamed_in_the_list(bench, qtbot):
    job = add_run()
    made = bench()
    made.page.view.choose(job.id)
    qtbot.keyClick(made.page.view, Qt.Key.Key_F2)
    editor = made.page.view.findChild(NameEditor)
    editor.setText("  Monday  ")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: [entry.name for entry in made.entries()] == ["Monday"])
    assert run_store.open_run(job).recipe.given_name == "Monday"


def test_a_failed_recipe_is_edited_and_a_stopped_start_repeated(bench, qtbot):
    add_run(spec=RunSpec(outcome="failed", kind="DataError", started_at=MOMENT))
    add_run(spec=RunSpec(outcome="stopped", steps=1, started_at=MOMENT + 60))
    made = bench()
    stopped, failed = made.entries()
    with qtbot.waitSignal(made.page.edit_requested):
        made.page.do_next(failed)
    with qtbot.waitSignal(made.page.run_again_requested):
        made.page.do_next(stopped)


def test_a_checkpoint_becomes_an_adapter_and_a_damaged_one_is_refused_with_the_reason(bench, qtbot):
    job = add_run(spec=RunSpec(outcome="stopped", checkpoint_at=20))
    made = bench()
    (entry,) = made.entries()
    with qtbot.waitSignal(made.manager.adapters_changed):
        made.press("Make an adapter from the checkpoint at step 20", entry)
    (adapter,) = library.scan()[0]
    assert adapter.name == f"{job.id}-20 · step 20"
    assert made.page.pane.undo_strip.text() == f"The adapter {adapter.name} was created from the checkpoint."
    with qtbot.waitSignal(made.page.library_requested) as shown:
        made.page.pane.undo_strip.action_button().click()
    assert shown.args == [adapter.id]
    (job.folder / "checkpoint-20" / "adapter.toml").unlink()
    made.press("Make an adapter from the checkpoint at step 20", entry)
    made.until(made.page.pane.notice.isVisible)
    assert made.page.pane.notice.text().startswith("checkpoint-20 has no adapter.toml.")


def test_deleted_runs_come_back_together_with_undo(bench, qtbot):
    fill_history()
    made = bench()
    strip = made.page.pane.undo_strip
    entry = made.choose("flan-t5-base on SAMSum with DoRA")
    qtbot.keyClick(made.page.view, Qt.Key.Key_Delete)
    made.until(lambda: entry.id not in [found.id for found in made.entries()])
    assert strip.text() == "Moved flan-t5-base on SAMSum with DoRA to the trash."
    strip.action_button().click()
    made.until(lambda: entry.id in [found.id for found in made.entries()])
    select(made, *[entry for entry in made.entries() if not entry.running][:2])
    qtbot.keyClick(made.page.view, Qt.Key.Key_Delete)
    made.until(lambda: len(made.entries()) == 8)
    assert strip.text() == "Moved 2 runs to the trash."
    strip.action_button().click()
    made.until(lambda: len(made.entries()) == 10)


def select(made, *entries):
    """Select several runs as with Ctrl."""
    flag = QItemSelectionModel.SelectionFlag
    made.page.view.clearSelection()
    for entry in entries:
        place = made.page.table.index(made.page.table.row_of(entry.id), 0)
        made.page.view.selectionModel().setCurrentIndex(place, flag.Select | flag.Rows)


def test_two_runs_with_adapters_can_be_compared_and_others_not(bench, qtbot):
    add_run(make_recipe(name="none"), RunSpec(started_at=MOMENT - 1))
    for at, name in enumerate(("a", "b")):
        add_run(make_recipe(name=name), RunSpec(adapter=name, started_at=MOMENT + at))
    made = bench()
    first, second, without = made.entries()
    details = made.page.details
    select(made, first, without)
    assert not details.compare_button.isEnabled()
    assert details.about() == "Select two to six runs with adapters to compare them"
    select(made, first, second)
    assert details.compare_button.isVisible()
    assert not details.open_button.isVisible()
    with qtbot.waitSignal(made.page.compare_requested) as wanted:
        details.compare_button.click()
    assert sorted(wanted.args[0]) == ["a", "b"]
    menu = made.page.menu_of_selected(first)
    assert [action.text() for action in menu.actions() if action.text()] == ["Compare", "Delete"]
    menu.close()
    select(made, first)
    assert details.open_button.isVisible()
    assert not details.compare_button.isVisible()


def test_a_run_is_followed_from_its_start_to_its_end_and_not_deleted_meanwhile(bench):
    made = bench()
    made.script = [["steps", {"count": 1000, "per_second": 50}]]
    model = made.manager.start_run(make_recipe("Live"))
    made.until(lambda: [entry.name for entry in made.entries()] == ["Live"])
    made.until(lambda: made.entries()[0].step > 0)
    (entry,) = made.entries()
    assert entry.running
    assert "Delete" not in made.menu(entry)
    made.page.operations.delete([entry])
    assert "is running" in made.page.pane.notice.text()
    assert entry.job.folder.exists()
    model.stop()
    made.until(lambda: made.entries()[0].outcome == "stopped")
    assert not made.entries()[0].running


def test_a_narrow_window_keeps_names_and_next_steps(bench):
    fill_history()
    made = bench()
    made.page.resize(968, 640)
    QApplication.processEvents()
    hidden = {
        column.key for at, column in enumerate(made.page.table.columns) if made.page.view.isColumnHidden(at)
    }
    assert hidden == {"steps", "time", "chrf"}
    assert made.page.view.columnWidth(0) > 200
