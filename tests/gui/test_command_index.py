import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton

from engine.api import METHODS, describe
from gui.command_index import of_page
from gui.core import actions
from gui.core.preferences import SETTINGS
from gui.dialogs.shortcuts_sheet import ShortcutsSheet
from gui.forms.recipe_tables import TABLES
from gui.look.language import tr
from gui.pages.help import topics
from gui.shell.palette import TOP, Palette, PaletteEntry, found_by
from gui.shell.rooms import VIEWS
from tests.helpers.background import wait_for
from tests.helpers.homes import add_adapter, add_run, make_recipe

KEYS = ("data", "train", "arena", "library", "playground", "labelling", "compare")
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def window(story):
    add_run(make_recipe(name="Monday's run"))
    add_adapter("samsum-lora")
    return story.open("library")


def open_palette(window, qtbot):
    QTest.keyClick(window, Qt.Key.Key_K, CONTROL)
    opened = window.command_index.palette
    wait_for(window.command_index)
    qtbot.waitUntil(lambda: "Monday's run" in opened.titles())
    return opened


@pytest.fixture
def palette(window, qtbot):
    return open_palette(window, qtbot)


def test_it_offers_pages_actions_and_what_was_made_lately(window, qtbot):
    window.show_built("train")
    palette = open_palette(window, qtbot)
    assert {
        "Train", "Data sets", "Runs", "Write summaries", "Start", "Open a recipe", "Save recipe as",
        "Settings", "Show all shortcuts",
    } <= set(palette.titles())  # fmt: skip
    assert {"Monday's run", "samsum-lora"} <= set(palette.titles())
    assert any("flan-t5-base" in title for title in palette.titles())
    assert tr(actions.action("window.find").title) not in palette.titles()


def declared():
    """Return the titles of all actions, pages, options, settings and topics."""
    yield from (each.title for each in actions.ACTIONS if each.is_offered and not each.is_pressed)
    yield from (view.title for view in VIEWS.values())
    for options in (*TABLES.values(), *(each.options for each in METHODS)):
        yield from (info.title for info in describe(options))
    yield from (each.title for each in SETTINGS.values())
    yield from (each.title for each in topics.topics())


def test_everything_that_is_declared_is_found_by_its_title_and_by_what_it_means(palette):
    # What an arena's queue and a form offer is theirs alone.
    elsewhere = {each.title for each in actions.ACTIONS if each.scope in {"queue", "form"}}
    titles = set(declared())
    assert len(titles) > 200
    for title in sorted(titles - elsewhere):
        found = [offer.title for offer, _ in found_by(title, palette.offers)]
        assert title in found[:3], title
    for typed, title, group in (
        ("dark", "Appearance", "Setting"),
        ("merge", "Exports for other programs", "Help"),
        ("rank", "Rank", "Setting"),
        ("learning rate", "Learning rate", "Setting"),
        ("new run", "New run", "Page"),
        # As the pages were called.
        ("data", "Data sets", "Page"),
        ("arena", "Compare methods", "Page"),
        ("history", "Runs", "Page"),
        ("blind comparison", "Compare", "Page"),
    ):
        offers = [(offer.title, offer.group) for offer, _ in found_by(typed, palette.offers)]
        assert (title, group) in offers[:3], typed
    # Letters that are scattered over a title find nothing.
    assert {offer.title for offer, _ in found_by("gpu", palette.offers)} == {
        "GPU", "My GPU is too small", "More than one GPU or computer"
    }  # fmt: skip


def choose(palette, title, group):
    QTest.keyClicks(palette.query, title)
    while (palette.current().title, palette.current().group) != (title, group):
        QTest.keyClick(palette.query, Qt.Key.Key_Down)
    QTest.keyClick(palette.query, Qt.Key.Key_Return)


def test_keys_alone_lead_to_a_page_an_option_its_help_a_topic_a_run_and_a_recipe(window, qtbot):
    def find(*chosen):
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        palette = open_palette(window, qtbot)
        choose(palette, *chosen)
        assert not palette.isVisible()

    find("Library", "Page")
    assert window.current_key() == "library"
    find("Gradient clipping", "Setting")
    assert window.current_key() == "train"
    field = window.built("train").panel.form.field("training.max_gradient_norm")
    assert field.around.isVisible()
    assert field.around.isAncestorOf(window.focusWidget())
    # An option of another method.
    find("Virtual tokens", "Setting")
    assert window.current_key() == "help"
    assert window.built("help").reader.topic().title == "Virtual tokens"
    find("Verdict", "Help")
    assert window.built("help").reader.topic().title == "Verdict"
    find("Monday's run", "Run")
    assert window.built("train").header.title() == "Monday's run"

    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    palette = open_palette(window, qtbot)
    QTest.keyClicks(palette.query, "smol qlora")
    assert palette.current().group == "Recipe"
    QTest.keyClick(palette.query, Qt.Key.Key_Return)
    assert window.built("train").header.title() == "New run"


def test_a_palette_that_never_got_the_focus_goes_when_another_opens(window, palette):
    again = window.command_index.open(window)
    assert again is not palette
    assert [each for each in window.findChildren(Palette) if each.isVisible()] == [again]


def test_arrows_move_and_are_heard_what_fits_nothing_does_nothing_and_escape_leaves(window, palette):
    first = palette.current()
    QTest.keyClick(palette.query, Qt.Key.Key_Down)
    second = palette.current()
    assert second is not first
    interface = QAccessible.queryAccessibleInterface(palette.query)
    assert second.title in interface.text(QAccessible.Text.Description)
    QTest.keyClick(palette.query, Qt.Key.Key_Up)
    QTest.keyClick(palette.query, Qt.Key.Key_Up)
    assert palette.current().title == palette.titles()[-1]
    QTest.keyClicks(palette.query, "qqqq")
    assert palette.titles() == []
    QTest.keyClick(palette.query, Qt.Key.Key_Return)
    assert palette.isVisible()
    assert window.current_key() == "library"
    QTest.keyClick(palette.query, Qt.Key.Key_Escape)
    assert not palette.isVisible()


def test_every_page_offers_the_buttons_of_its_header_and_every_shortcut_is_bound(window, qtbot):
    for key in KEYS:
        page = window.show_built(key)
        offered = {offer.title for offer in of_page(page)}
        wanted = {
            button.text().replace("&", "").rstrip("…")
            for button in page.header.findChildren(QAbstractButton)
            if button.isVisible() and button.isEnabled() and button.text() and not button.isChecked()
        }
        assert wanted <= offered, key
    bound = {each.action.id for each in actions.bound_in(window)}
    assert bound == {each.id for each in actions.ACTIONS if not each.is_pressed}

    # What is selected is offered with its name.
    page = window.show_built("library")
    qtbot.waitUntil(lambda: page.view.current() is not None)
    titles = {offer.title for offer in of_page(page)}
    assert {"Rename: samsum-lora", "Delete: samsum-lora"} <= titles
    QTest.keyClick(window, Qt.Key.Key_F, CONTROL)
    assert page.pane.search.hasFocus()
    QTest.keyClick(window, Qt.Key.Key_F1)
    assert window.current_key() == "help"
    QTest.keyClick(window, Qt.Key.Key_Slash, CONTROL)
    (sheet,) = window.findChildren(ShortcutsSheet)
    sheet.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)
    sheet.close()
    sheet.setParent(None)


class MoveRecorder(QObject):
    """Keeps where a widget was moved to while it was on the screen."""

    def __init__(self, widget):
        super().__init__(widget)
        self.seen = []
        widget.installEventFilter(self)

    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Move and watched.isVisible():
            self.seen.append(event.pos())
        return False


def test_it_stands_at_the_window_s_head_before_it_is_shown_and_stays_there(window, qtbot):
    window.move(100, 80)
    opened = Palette([PaletteEntry("One", "", lambda: None), PaletteEntry("Two", "", lambda: None)], window)
    moves = MoveRecorder(opened)
    at = window.mapToGlobal(QPoint((window.width() - opened.width()) // 2, TOP))
    assert opened.pos() == at
    with qtbot.waitExposed(opened):
        opened.show()
    opened.add([PaletteEntry(f"More {number}", "", lambda: None) for number in range(20)])
    opened.query.setText("One")
    assert opened.pos() == at
    assert moves.seen == []
    # What comes later leaves the selection alone.
    opened.query.setText("")
    QTest.keyClick(opened.query, Qt.Key.Key_Down)
    opened.add([PaletteEntry("Three", "", lambda: None)])
    assert opened.current().title == "Two"
    opened.close()
