from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from engine.adapters import library
from engine.jobs.job import Job, create_job
from engine.runs import run_store
from engine.runs.run_summaries import RunEntry
from engine.system import paths
from gui.models.run_table import SHOWN, WaitingRun
from gui.pages.train import run_list
from gui.pages.train.run_list import RunList
from gui.pages.train.run_operations import LogDialog
from tests.helpers.example_library import fill_history
from tests.helpers.homes import MOMENT, RunSpec, add_run, make_recipe
from tests.helpers.library_bench import ListBench
from tests.helpers.systems import WINDOWS
from tests.helpers.train_stage import ENDLESS


class Bench(ListBench):
    """A list and the engine whose runs follow `script`."""

    def __init__(self, qtbot: Any) -> None:
        super().__init__(qtbot)
        self.script: list[Any] = []
        self.page = qtbot.place(RunList(self.manager), 280, 860)

    def _script(self, job: Job) -> list[Any]:
        return self.script

    def entries(self) -> list[RunEntry]:
        return self.page.table.runs()

    def menu(self, entry: RunEntry) -> list[str]:
        menu = self.page.menu_for(entry)
        texts = [action.text() for action in menu.actions() if action.text()]
        menu.close()
        return texts


# ------------------------------------------------------------------------------------------------------ seeing
def test_an_empty_list_says_what_comes_and_begins_a_run(bench, qtbot):
    page = bench().page
    assert page.empty.text() == "Your runs are saved here."
    assert not page.view.isVisible()
    assert not page.search.isVisible()
    with qtbot.waitSignal(page.new_run_requested):
        page.new_button.click()


def counts(page) -> list[int]:
    return [page.table.count(show) for show in SHOWN]


def test_runs_are_listed_counted_and_narrowed_and_none_is_opened_by_itself(bench, qtbot):
    jobs = fill_history()
    made = bench()
    page = made.page
    opened: list[str] = []
    page.open_requested.connect(opened.append)
    assert counts(page) == [10, 7, 3]
    assert page.size_label.text().endswith("of checkpoints; each run keeps two")
    page.view.setFocus()
    assert page.view.current() is None

    menu = page.more_menu()
    shown = next(action for action in menu.actions() if action.text() == "Can resume 3")
    shown.trigger()
    menu.close()
    assert len(made.entries()) == 3
    assert page.title.text() == "Runs: can resume"
    page.search.setText("prefix")
    made.until(lambda: len(made.entries()) == 1)
    assert counts(page) == [1, 0, 1]
    page.search.setText("zz")
    made.until(lambda: not made.entries())
    assert page.empty.text() == "No run found. Change the search, or show all."
    page.show_current(jobs[-1].id)
    made.settle()
    assert page.view.current().id == jobs[-1].id
    assert opened == []

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


def test_a_run_is_opened_by_a_click_or_where_the_arrow_keys_rest_and_not_again_when_it_is_shown(bench, qtbot):
    fill_history()
    made = bench()
    page = made.page
    first, second, third = made.entries()[:3]
    opened: list[str] = []
    page.open_requested.connect(opened.append)
    place = page.view.visualRect(page.table.index(page.table.row_of(first.id), 0)).center()
    qtbot.mouseClick(page.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    made.until(lambda: opened == [first.id])
    page.show_current(first.id)
    for _ in range(2):
        qtbot.keyClick(page.view, Qt.Key.Key_Down)
    made.until(lambda: len(opened) > 1)
    assert opened == [first.id, third.id]
    page.show_current("")
    with qtbot.waitSignal(page.reader.finished):
        page.reader.refresh()
    assert page.view.current() is None
    assert second.id not in opened


def test_a_damaged_run_is_listed_with_the_reason(bench):
    job = create_job(paths.runs_folder(), "train", {})
    job.recipe_path.write_text("no = = toml", encoding="utf-8")
    made = bench()
    (entry,) = made.entries()
    made.page.open_run(entry)
    assert "can't be opened: The recipe is not valid TOML" in made.page.notice.text()
    assert "The recipe is not valid TOML" in made.page.table.explanation(entry, "run")
    assert made.menu(entry) == ["Show log", "Open folder", "Delete"]


# ------------------------------------------------------------------------------------------------------- doing


def test_a_run_is_opened_repeated_edited_copied_and_gone_on_from(bench, qtbot, monkeypatch):
    folders: list[Path] = []
    monkeypatch.setattr(run_list, "open_path", folders.append)
    recipe = make_recipe(rank=8)
    facts = {"excluded": {"train": 120, "test": 7}}
    job = add_run(replace(recipe, given_name="Monday"), RunSpec(adapter="the-adapter", facts=facts))
    job.log_path.write_text("first\nlast words\n", encoding="utf-8")
    made = bench()
    page, (entry,) = made.page, made.entries()
    page.view.choose(job.id)
    with qtbot.waitSignal(page.open_requested) as asked:
        qtbot.keyClick(page.view, Qt.Key.Key_Return)
    assert asked.args == [job.id]
    with qtbot.waitSignal(page.open_requested):
        made.press("Open", entry)
    with qtbot.waitSignal(page.run_again_requested) as again:
        made.press("Run again", entry)
    with qtbot.waitSignal(page.edit_requested) as edited:
        made.press("New run from these settings", entry)
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
    menu = page.more_menu()
    next(action for action in menu.actions() if action.text() == "Open the runs folder").trigger()
    menu.close()
    made.press("Open folder", entry)
    assert folders == [paths.runs_folder(), job.folder]
    page.show_log(entry)
    dialog = page.findChild(LogDialog)
    assert dialog.text.toPlainText() == "first\nlast words"
    dialog.copy_button.click()
    assert QGuiApplication.clipboard().text() == "first\nlast words"
    dialog.close()
    made.until(lambda: page.findChild(LogDialog) is None)


def test_a_run_is_renamed_in_the_list(bench, qtbot):
    job = add_run()
    made = bench()
    made.page.view.choose(job.id)
    qtbot.keyClick(made.page.view, Qt.Key.Key_F2)
    editor = made.page.view.findChild(QLineEdit)
    QTest.keyClicks(editor, "  Monday  ")
    made.page.table.replace(made.entries()[0])
    assert editor.text() == "  Monday  "
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: [entry.name for entry in made.entries()] == ["Monday"])
    assert run_store.open_run(job).recipe.given_name == "Monday"
    # What is being typed is kept, too, when the list gets another run.
    qtbot.keyClick(made.page.view, Qt.Key.Key_F2)
    QTest.keyClicks(made.page.view.findChild(QLineEdit), "Tuesday")
    add_run()
    made.page.reader.refresh()
    qtbot.waitUntil(lambda: run_store.open_run(job).recipe.given_name == "Tuesday")


def test_a_run_that_waits_is_listed_and_is_shown_beside_the_list(bench, qtbot):
    made = bench()
    made.script = ENDLESS
    model = made.manager.start_run(make_recipe("Live"))
    assert not made.manager.device_queue.add("run", "Next", {"recipe": ""})
    made.until(lambda: [entry.name for entry in made.entries()] == ["Live"])
    made.until(lambda: [head.title for head in made.page.table.headings()] == ["Now", "Waiting"])
    _live, waiting = made.page.table.items()
    assert waiting == WaitingRun(made.manager.device_queue.waiting[0].key, "Next", "waits for Live")
    with qtbot.waitSignal(made.page.waiting_requested) as asked:
        made.page.view.choose(waiting.id)
    assert asked.args == [waiting.id]
    model.stop()


def test_a_checkpoint_becomes_an_adapter_and_a_damaged_one_is_refused_with_the_reason(bench, qtbot):
    job = add_run(spec=RunSpec(outcome="stopped", checkpoint_at=20))
    made = bench()
    (entry,) = made.entries()
    with qtbot.waitSignal(made.manager.adapters_changed):
        made.press("Make an adapter from step 20", entry)
    (adapter,) = library.scan()[0]
    assert adapter.name == f"{job.id}-20 · step 20"
    assert made.page.undo_strip.text() == f"Created {adapter.name} from the checkpoint."
    with qtbot.waitSignal(made.page.library_requested) as shown:
        made.page.undo_strip.action_button().click()
    assert shown.args == [adapter.id]
    (job.folder / "checkpoint-20" / "adapter.toml").unlink()
    made.press("Make an adapter from step 20", entry)
    made.until(made.page.notice.isVisible)
    assert made.page.notice.text().startswith("checkpoint-20 has no adapter.toml.")


def test_deleted_runs_come_back_together_with_undo(bench, qtbot):
    fill_history()
    made = bench()
    strip = made.page.undo_strip
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
    for chosen, wanted in (((first, without), []), ((first, second), ["a", "b"])):
        select(made, *chosen)
        with qtbot.waitSignal(made.page.compare_requested) as told:
            made.page.compare_button.click()
        assert sorted(told.args[0]) == wanted
    menu = made.page.menu_of_selected(first)
    assert [action.text() for action in menu.actions() if action.text()] == ["Compare", "Delete"]
    menu.close()


# ---------------------------------------------------------------------------------------------------- live runs
def test_a_run_is_followed_from_its_start_to_its_end_and_not_deleted_meanwhile(bench):
    made = bench()
    made.script = ENDLESS
    model = made.manager.start_run(make_recipe("Live"))
    made.until(lambda: [entry.name for entry in made.entries()] == ["Live"])
    made.until(lambda: made.entries()[0].step > 0)
    (entry,) = made.entries()
    assert entry.running
    assert "Delete" not in made.menu(entry)
    made.page.operations.delete([entry])
    assert "is running" in made.page.notice.text()
    assert entry.job.folder.exists()
    model.stop()
    made.until(lambda: made.entries()[0].outcome == "stopped")
    assert not made.entries()[0].running
