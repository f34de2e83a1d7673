import shutil

import pytest
from PySide6.QtCore import Qt

from engine.api import library, paths, run_store, trash_contents
from gui.dialogs.trash_dialog import TrashDialog
from tests.helpers.homes import add_adapter, add_run, make_recipe
from tests.helpers.whole_window import close, make_window


@pytest.fixture
def dialog(qtbot, home):
    """The trash of two adapters and a run, the run deleted last."""
    for name in ("one", "two"):
        library.delete(add_adapter(name))
    run_store.delete_run(add_run(make_recipe("a run")))
    made = qtbot.show(TrashDialog())
    qtbot.waitUntil(lambda: len(made.table.items()) == 3)
    return made


def names(dialog):
    return [each.name for each in dialog.table.items()]


def test_an_empty_trash_says_so(qtbot, home):
    dialog = qtbot.show(TrashDialog())
    qtbot.waitUntil(lambda: not dialog.view.isVisible())
    assert not dialog.restore_button.isEnabled()
    assert not dialog.empty_button.isEnabled()
    assert dialog.about.text() == "Deleted items stay here for 30 days."


def test_what_was_deleted_is_listed_with_kind_and_size_and_several_are_restored_at_once(dialog, qtbot):
    assert names(dialog) == ["a run", "two", "one"]
    texts = [dialog.table.index(1, column).data() for column in range(4)]
    assert texts[:2] == ["two", "Adapter"]
    assert texts[3].endswith("kB")
    assert "Its size is " in dialog.about.text()
    two = add_adapter("two")
    dialog.view.choose(dialog.table.items()[1].folder.name)
    dialog.restore_button.click()
    qtbot.waitUntil(dialog.notice.isVisible)
    assert "already exists" in dialog.notice.text()
    assert names(dialog) == ["a run", "two", "one"]
    shutil.rmtree(two.folder)
    dialog.view.selectAll()
    with qtbot.waitSignal(dialog.changed):
        dialog.restore_button.click()
    qtbot.waitUntil(lambda: names(dialog) == [])
    assert {each.name for each in library.scan()[0]} == {"one", "two"}
    assert len(run_store.list_jobs()) == 1


def test_nothing_is_deleted_for_good_before_that_is_confirmed(dialog, qtbot):
    dialog.view.choose(dialog.table.items()[1].folder.name)
    qtbot.keyClick(dialog.view, Qt.Key.Key_Delete)
    assert dialog.confirm_strip.text() == "Delete two permanently? This can't be undone."
    assert len(trash_contents.contents()) == 3
    dialog.view.choose_first()
    assert not dialog.confirm_strip.isVisible()
    dialog.empty_button.click()
    assert dialog.confirm_strip.text() == "Delete 3 items permanently? This can't be undone."
    dialog.confirm_strip.action_button().click()
    qtbot.waitUntil(lambda: names(dialog) == [])
    assert list(paths.trash_folder().iterdir()) == []


def test_the_library_leads_to_the_trash_and_lists_what_comes_back(qtbot, home):
    library.delete(add_adapter("tea"))
    window = make_window()
    page = window.show_built("library")
    next(each for each in page.entries() if each.text() == "Trash").trigger()
    dialog = window.findChild(TrashDialog)
    qtbot.waitUntil(lambda: bool(dialog.table.items()))
    dialog.restore_button.click()
    qtbot.waitUntil(lambda: [each.name for each in page.table.items()] == ["tea"])
    dialog.close()
    close(window)
