"""A labelling page with sets on disk, scripted drafts, and its keys."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from engine.api import Example, labelling
from gui.pages.labelling.page import LabellingPage

TEA = "Ann: Tea at five?\nBo: Yes, at the old mill."
BUS = "Cy: The bus is late again.\nDee: Then we meet at the station, half past six.\nCy: Fine."
DOG = "Eve: Rex is ill.\nFay: Oh no."
BASE_SAYS = "Ann and Bo have tea at five."
TUNED_SAYS = "Ann and Bo have tea at the old mill at 17:30."
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def made_set(*conversations: str, name: str = "Chats") -> str:
    examples = [Example(f"c{number}", text, "") for number, text in enumerate(conversations, 1)]
    return labelling.create(name, f"/data/{name}.csv", examples).id


def show(page: LabellingPage, qtbot, set_id: str) -> LabellingPage:
    with qtbot.waitSignal(page.controller.opened):
        page.controller.open(set_id)
    return page


def press(page: QWidget, key: Qt.Key, *modifiers: Qt.KeyboardModifier) -> None:
    held = Qt.KeyboardModifier.NoModifier
    for modifier in modifiers:
        held |= modifier
    QTest.keyClick(page.focusWidget(), key, held)


def state(page: LabellingPage, number: int) -> str:
    return page.controller.work.item(number).state


def drafted(page: LabellingPage, qtbot, *, key: bool = True) -> None:
    if key:
        press(page, Qt.Key.Key_D, CTRL)
    else:
        page.summary.draft_button.click()
    qtbot.waitUntil(lambda: not page.draft_writer.is_busy)
