"""A column's role is chosen in the first rows themselves: by a click on its heading or on a cell, or by keys."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu

from engine.data import infer_schema
from gui.inputs.combo_box import ComboBox
from gui.inputs.fields import Field
from gui.pages.data.column_mapping import ColumnMapping
from gui.pages.data.preview_table import PreviewTable
from gui.pages.data.report import RowPreview, read_row_preview

COLUMNS = ("id", "input", "input.conversation", "input.topic", "answers[0].text", "more")
ROWS = [
    dict(
        zip(
            COLUMNS,
            (f"{n}", "{}", f"Ann: {n}?\nBob: Yes, {n}.", f"Talk of {n}", f"S{n}", f"M{n}"),
            strict=True,
        )
    )
    for n in range(5)
]


def preview(conversation: str = "auto", summary: str = "answers[0].text") -> RowPreview:
    shape = infer_schema(COLUMNS, ROWS, conversation, summary)
    return read_row_preview(
        {
            "source": "x",
            "split": None,
            "columns": COLUMNS,
            "rows": ROWS,
            "shape": shape.as_dict(),
            "problem": None,
        }
    )


@pytest.fixture
def table(qtbot, styled) -> PreviewTable:
    made = PreviewTable()
    qtbot.addWidget(made)
    made.resize(1000, 400)
    made.show_preview(preview())
    made.show()
    return made


@pytest.fixture
def mapping(qtbot, styled, table) -> ColumnMapping:
    made = ColumnMapping(Field("Tokens", ComboBox()))
    qtbot.addWidget(made)
    made.show_preview(preview())
    table.role_chosen.connect(made.take)
    return made


@pytest.fixture
def opened(monkeypatch) -> list[QMenu]:
    """The menus that were opened; without a display no menu can be shown."""
    menus: list[QMenu] = []
    monkeypatch.setattr(QMenu, "popup", lambda menu, _at: menus.append(menu))
    return menus


def choose(menu: QMenu, text: str) -> None:
    next(action for action in menu.actions() if action.text() == text).trigger()


def test_a_click_on_a_heading_or_a_cell_or_return_asks_what_the_column_is(table, mapping, opened, qtbot):
    header = table.table.horizontalHeader()
    at = header.viewport().rect().center()
    at.setX(header.sectionPosition(2) + 20)
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=at)
    (menu,) = opened
    assert menu.actions()[0].text() == 'Use "input.conversation" as'
    assert [action.text() for action in menu.actions() if action.isChecked()] == ["conversation"]
    cell = table.table.visualRect(table.table.model().index(1, 4)).center()
    qtbot.mouseClick(table.table.viewport(), Qt.MouseButton.LeftButton, pos=cell)
    with qtbot.waitSignal(mapping.changed):
        choose(opened[-1], "conversation")
    assert mapping.conversation.key() == "answers[0].text"

    table.table.setCurrentIndex(table.table.model().index(0, 3))
    qtbot.keyClick(table.table, Qt.Key.Key_Return)
    with qtbot.waitSignal(mapping.changed):
        choose(opened[-1], "summary")
    assert mapping.values()["summary"] == "input.topic"


def test_a_column_has_one_of_the_two_main_roles_and_further_summaries_are_added(table, mapping):
    mapping.take("summary", "input.topic")
    mapping.take("conversation", "input.topic")
    assert (mapping.conversation.key(), mapping.summary.key()) == ("input.topic", "auto")

    table.role_chosen.emit("references", "more")
    table.role_chosen.emit("references", "id")
    assert mapping.values()["columns"] == {"references": "more, id"}
    assert not mapping.by_hand["references"].isHidden()

    menu = table.role_menu("Q & A")
    assert menu.actions()[0].text() == 'Use "Q && A" as'
    menu.deleteLater()
