import pytest
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QLineEdit

from gui.command_index import of_page
from gui.core.preferences import Preferences
from gui.dialogs.settings_dialog import SettingsDialog
from gui.main_window import MainWindow
from gui.shell.menu_bar import MenuBar
from gui.shell.rooms import VIEWS
from tests.helpers.scripted_manager import end, scripted_manager
from tests.helpers.systems import MACOS


@pytest.fixture
def window(qtbot, home):
    preferences = Preferences()
    preferences.set("page", "data")
    made = MainWindow(scripted_manager(lambda _job: [["answer", {}]]), preferences, has_menu_bar=True)
    qtbot.addWidget(made, before_close_func=lambda window: setattr(window, "may_close", True))
    with qtbot.waitActive(made):
        made.show()
    yield made
    end(made.manager)


def entries(menu) -> dict[str, QAction]:
    return {action.text().strip(): action for action in menu.actions() if not action.isSeparator()}


def menus(window):
    return {action.text(): action.menu() for action in window.menuBar().actions()}


def test_only_a_system_that_wants_a_menu_bar_gets_one_and_preferences_and_quit_have_their_place(
    window, story
):
    assert isinstance(story.open().menuWidget(), MenuBar) is MACOS
    assert list(menus(window)) == ["File", "Edit", "Go", "Page", "Window", "Help"]
    roles = {each.text(): each.menuRole() for menu in menus(window).values() for each in menu.actions()}
    placed = {text: role for text, role in roles.items() if text and role != QAction.MenuRole.NoRole}
    assert list(placed.values()) == [QAction.MenuRole.PreferencesRole, QAction.MenuRole.QuitRole]
    entries(menus(window)["File"])["Settings"].trigger()
    assert window.findChild(SettingsDialog).isVisible()


def test_every_view_is_reached_and_what_its_page_offers_is_in_its_menu(window):
    found = entries(menus(window)["Go"]) | entries(menus(window)["Help"])
    shown = set()
    for name, action in found.items():
        if name not in ("Next tab", "Previous tab", "Show all shortcuts") and not name.startswith("Find"):
            action.trigger()
            shown.add(window.current_key())
            menus(window)["Page"].aboutToShow.emit()
            offered = [each.title for each in of_page(window.built(window.current_key()))]
            assert list(entries(menus(window)["Page"])) == offered, name
    assert shown == set(VIEWS)
    entries(menus(window)["File"])["New run"].trigger()
    assert window.built("train").header.title() == "New run"
    menus(window)["Page"].aboutToShow.emit()
    assert {"Advanced", "Copy recipe", "Open a recipe"} <= set(entries(menus(window)["Page"]))


def test_edit_works_on_the_text_that_has_the_focus_and_undoes_what_a_form_has_changed(window):
    edit = entries(menus(window)["Edit"])
    line = window.built("data").findChild(QLineEdit)
    line.setText("call-notes")
    line.setFocus()
    for name in ("Select all", "Cut"):
        edit[name].trigger()
    assert (line.text(), QGuiApplication.clipboard().text()) == ("", "call-notes")
    edit["Paste"].trigger()
    assert line.text() == "call-notes"
    page = window.show_built("train")
    page.panel.form.choose_method("ia3")
    page.runs.view.setFocus()
    edit["Undo"].trigger()
    assert page.panel.form.method_id() == "lora"
    edit["Redo"].trigger()
    assert page.panel.form.method_id() == "ia3"
