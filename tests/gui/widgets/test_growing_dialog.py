import pytest
from PySide6.QtWidgets import QApplication, QWidget

from gui.core.preferences import Preferences
from gui.dialogs.settings_dialog import SettingsDialog
from gui.pages.computers.page import ComputerForm
from gui.pages.library.serve_dialog import ServeDialog
from tests.helpers.homes import add_adapter
from tests.helpers.scripted_manager import end, scripted_manager


@pytest.fixture
def manager(home):
    made = scripted_manager(lambda _job: [])
    yield made
    end(made)


@pytest.mark.parametrize(
    "make",
    [
        lambda manager, parent: ServeDialog([add_adapter("tea")], manager, parent),
        lambda _manager, parent: ComputerForm(parent),
        lambda _manager, parent: SettingsDialog(Preferences(), parent),
    ],
    ids=["serve", "add a computer", "settings"],
)
def test_the_content_of_a_high_dialog_stays_at_the_top(make, manager, styled, qtbot):
    around = qtbot.add(QWidget())
    around.resize(1200, 1600)
    dialog = make(manager, around)
    dialog.show()
    assert dialog.height() == dialog.needed_height()
    dialog.resize(dialog.width(), dialog.needed_height() + 400)
    QApplication.processEvents()
    shown = [dialog.column.itemAt(at) for at in range(dialog.column.count())]
    first, *_, last = [item.geometry() for item in shown if not item.isEmpty()]
    needed = dialog.column.totalHeightForWidth(first.width())
    assert dialog.height() > needed + 350
    assert last.bottom() + 1 - first.top() == needed
