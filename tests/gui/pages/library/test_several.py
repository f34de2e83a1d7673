"""Several adapters at once: filters, selecting, comparing and deleting them."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from tests.helpers import library_bench
from tests.helpers.example_library import fill_library
from tests.helpers.homes import add_adapter

Bench = library_bench.Bench


def select(made, *names):
    """Select adapters, all but the first with Ctrl and the mouse."""
    view = made.page.view
    made.choose(names[0])
    for name in names[1:]:
        row = next(row for row in range(view.table().rowCount()) if view.table().index(row, 0).data() == name)
        rect = view.visualRect(view.table().index(row, 0))
        made.qtbot.mouseClick(
            view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, rect.center()
        )


def choose(made, name, text):
    """Choose an item of a filter as a person does."""
    choice = made.page.filters.choices[name]
    at = choice.findText(text)
    assert at >= 0, [choice.itemText(each) for each in range(choice.count())]
    choice.setCurrentIndex(at)
    choice.activated.emit(at)


def test_filters_narrow_the_list_and_its_counts_also_at_the_next_start(bench):
    fill_library()
    made = bench()
    choose(made, "base", "the practice model")
    assert made.names() == ["starter-lora-r8", "starter-bottleneck", "starter-layernorm", "starter-full"]
    assert made.page.pane.filter.texts() == ["All 4", "Scored 4", "Imported 0"]
    assert made.page.pane.right.text().startswith("4 of 14, ")
    again = bench()
    again.page.restore_state(made.page.saved_state())
    again.page.reader.refresh()
    again.settle()
    assert again.page.filters.choices["base"].currentText() == "the practice model"
    assert len(again.names()) == 4

    choose(made, "method", "LoRA")
    assert made.names() == ["starter-lora-r8"]
    choose(made, "data", "samsum")
    assert made.names() == []
    assert not made.page.view.isVisible()
    made.page.open("samsum-lora-r32")
    made.settle()
    assert len(made.names()) == 14
    assert made.page.view.current().name == "samsum-lora-r32"


def test_two_to_six_can_be_compared(bench):
    fill_library()
    made = bench()
    page, button = made.page, made.page.panel.compare_button
    assert button.toolTip() == "Select up to six adapters, with Ctrl or Shift"

    def menu():
        made_menu = page.menu_of_selected(page.view.current())
        found = [action.text() for action in made_menu.actions()]
        made_menu.close()
        return found

    select(made, "samsum-lora-r32", "starter-full")
    assert menu() == ["Compare", "", "Delete"]
    assert page.pane.right.text().startswith("2 selected, ")
    with made.qtbot.waitSignal(page.compare_requested) as asked:
        button.click()
    assert set(asked.args[0]) == {"samsum-lora-r32", "starter-full"}
    page.view.selectAll()
    assert len(page.view.selected()) == 14
    assert not button.isEnabled()

    select(made, "samsum-lora-r32", "samsum-dora-r16")
    assert menu() == ["Compare", "Try in playground", "Serve…", "", "Delete"]
    # Opened, an adapter is selected alone whatever key is held.
    assert QApplication.keyboardModifiers() == Qt.KeyboardModifier.ControlModifier
    page.open("starter-full")
    made.settle()
    assert [adapter.name for adapter in page.view.selected()] == ["starter-full"]


def test_several_stay_selected_when_the_folder_is_read_again_and_are_deleted_and_come_back(bench):
    fill_library()
    made = bench()
    names = ("samsum-lora-r32", "samsum-dora-r16")
    select(made, *names)
    add_adapter("fresh")
    made.until(lambda: len(made.names()) == 15)
    assert {adapter.name for adapter in made.page.view.selected()} == set(names)
    made.page.view.setFocus()
    made.qtbot.keyClick(made.page.view, Qt.Key.Key_Delete)
    made.until(lambda: len(made.names()) == 13)
    assert made.page.pane.undo_strip.text() == "Moved 2 adapters to the trash."
    made.page.pane.undo_strip.action_button().click()
    made.until(lambda: len(made.names()) == 15)
