"""The list of a set's conversations: what it says of each, how one gets there, and in which order they come."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from engine.api import labelling
from tests.helpers.labelling_stage import BUS, CTRL, DOG, TEA, drafted, made_set, press, show


def listed(page) -> list[str]:
    """What is read out of each row."""
    table = page.items.view.table()
    role = Qt.ItemDataRole.AccessibleTextRole
    return [table.data(table.index(row, 0), role) for row in range(table.rowCount())]


def numbers(page) -> list[int]:
    return page.items.view.table().items()


def choose(page, key: str) -> None:
    page.toolbar.shown.set_key(key)
    page.toolbar.shown.chosen.emit(key)


def test_the_list_has_number_state_and_first_words_of_each_or_of_one_state_alone(opened, qtbot):
    QTest.keyClicks(opened.summary.edit, "Tea.")
    assert listed(opened) == [
        "1, Started, Ann: Tea at five? Bo: Yes, at the old mill.",
        "2, To do, Cy: The bus is late again. Dee: Then we meet at the station, half past six. Cy: Fine.",
        "3, To do, Eve: Rex is ill. Fay: Oh no.",
    ]
    press(opened, Qt.Key.Key_Return, CTRL)
    assert numbers(opened) == [2, 3]
    assert opened.items.count() == "To do: 2"
    drafted(opened, qtbot)
    opened.controller.go(3)
    opened.controller.skip()
    choose(opened, "all")
    assert [words.split(", ")[1] for words in listed(opened)] == ["Accepted", "Draft", "Skipped"]
    assert opened.items.count() == "All: 3"
    assert len({opened.items.table.cell(number, "item").icon for number in (1, 2, 3)}) == 3
    for key, found in (("drafted", [2]), ("accepted", [1]), ("skipped", [3]), ("to_do", [2])):
        choose(opened, key)
        assert numbers(opened) == found


def test_a_click_leads_to_a_conversation_and_keeps_what_was_typed(opened):
    QTest.keyClicks(opened.summary.edit, "Tea")
    view = opened.items.view
    place = view.visualRect(view.table().index(2, 0)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert opened.conversation.position.text() == "3 of 3"
    assert opened.controller.work.item(1).text == "Tea"
    press(opened, Qt.Key.Key_PageUp, CTRL)
    assert opened.conversation.position.text() == "1 of 3"
    assert view.currentIndex().row() == 0


def test_keys_lead_to_the_list_through_it_and_back_to_the_text(opened):
    press(opened, Qt.Key.Key_L, CTRL)
    view = opened.items.view
    assert view.hasFocus()
    assert opened.conversation.position.text() == "1 of 3"
    press(opened, Qt.Key.Key_Down)
    press(opened, Qt.Key.Key_Down)
    assert opened.conversation.position.text() == "3 of 3"
    assert view.hasFocus()
    press(opened, Qt.Key.Key_Return)
    assert opened.summary.edit.hasFocus()
    QTest.keyClicks(opened.summary.edit, "Rex is ill.")
    assert opened.controller.work.item(3).text == "Rex is ill."
    press(opened, Qt.Key.Key_L, CTRL)
    press(opened, Qt.Key.Key_Escape)
    assert opened.summary.edit.hasFocus()


@pytest.mark.usefixtures("styled")
def test_in_a_narrow_window_the_list_is_a_drawer(opened):
    opened.resize(820, 700)
    opened.adapt(820)
    assert not opened.items.isVisible()
    press(opened, Qt.Key.Key_L, CTRL)
    assert opened.items.isVisible()
    assert opened.toolbar.list_button.text() == "Hide list"
    opened.toolbar.list_button.click()
    assert not opened.items.isVisible()
    assert opened.toolbar.list_button.text() == "Show list"


def test_the_list_is_searched_by_words_and_by_number(opened, qtbot):
    opened.items.search.setText("REX")
    opened.items.search.returnPressed.emit()
    assert numbers(opened) == [3]
    assert opened.conversation.position.text() == "1 of 3"
    opened.items.search.setText("2")
    opened.items.search.returnPressed.emit()
    assert numbers(opened) == [2]
    opened.items.search.setText("zebra")
    opened.items.search.returnPressed.emit()
    assert numbers(opened) == []
    # Another set is listed whole.
    show(opened, qtbot, made_set(TEA, BUS, name="Others"))
    assert numbers(opened) == [1, 2]
    assert opened.items.search.text() == ""


@pytest.mark.usefixtures("styled")
def test_of_many_conversations_only_those_are_looked_at_that_are_seen(page, qtbot, monkeypatch):
    show(page, qtbot, made_set(*(f"Ann: number {number}" for number in range(3_000))))
    work, looked = page.controller.work, set()
    get = work.item

    def item(number: int) -> labelling.Item:
        looked.add(number)
        return get(number)

    monkeypatch.setattr(work, "item", item)
    page.controller.go(2_000)
    page.items.view.viewport().repaint()
    view = page.items.view
    assert view.viewport().rect().intersects(view.visualRect(view.currentIndex()))
    assert len(looked) < 100
    looked.clear()
    QTest.keyClicks(page.summary.edit, "A key")
    assert looked == {2_000}
    assert len(page.items.findChildren(QWidget)) < 30


def test_conversations_come_as_given_or_the_longest_first(page, qtbot):
    show(page, qtbot, made_set(DOG, BUS, TEA))
    assert numbers(page) == [1, 2, 3]
    page.toolbar.order.chosen.emit("longest")
    assert numbers(page) == [2, 3, 1]
    assert page.conversation.position.text() == "2 of 3"
    page.toolbar.order.chosen.emit("given")
    assert numbers(page) == [1, 2, 3]
