"""A column's role is chosen in the first rows themselves: by a click on its heading or on a cell, or by keys."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu

from engine.api import chats
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
            "source": "x", "split": None, "columns": COLUMNS, "rows": ROWS, "shape": shape.as_dict(),
            "problem": None,
        }
    )  # fmt: skip


@pytest.fixture
def table(qtbot, styled) -> PreviewTable:
    made = qtbot.add(PreviewTable())
    made.resize(1000, 400)
    made.show_preview(preview())
    made.show()
    return made


@pytest.fixture
def mapping(qtbot, styled, table) -> ColumnMapping:
    made = qtbot.add(ColumnMapping(Field("Tokens", ComboBox())))
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


def test_a_chat_is_parted_by_pauses_which_can_be_chosen(page, qtbot, tmp_path: Path) -> None:
    text = "".join(f"0{day}.11.24, 10:00 - Ann: Day {day}\n" for day in range(1, 10))
    (tmp_path / "chat.txt").write_text(text)
    page.open(str(tmp_path / "chat.txt"))
    qtbot.waitUntil(lambda: page.report is not None and not page.checker.is_busy)
    mapping = page.parts.source.mapping
    assert "pause of 4 h starts a new conversation" in mapping.reason.text()
    assert page.row_preview.rows[0]["conversation"] == "Ann: Day 1"
    state = page.parts.unlabelled
    assert state.text() == "These 9 conversations have no summaries yet."
    hidden = (page.use_button, page.label_button, page.parts.summaries, page.parts.too_few, mapping.summary)
    assert not any(part.isVisible() for part in hidden)
    assert page.report.findings == ()
    assert page.report.unlabelled == 9
    assert page.parts.figures.texts()[0] == "9 conversations"
    assert sum(page.report.sizes().values()) == 9
    assert not mapping.turn_button.isVisible()
    mapping.more_button.click()
    assert mapping.summary.isVisible()
    mapping.by_hand["pause"].set_key("0")
    mapping.by_hand["pause"].chosen.emit("0")
    qtbot.waitUntil(lambda: not page.checker.is_busy)
    assert "Each chat is one conversation" in mapping.reason.text()
    assert page.row_preview.rows[0]["conversation"].endswith("Ann: Day 9")
    assert page.values()["columns"] == {"pause": "0"}


def test_a_transcript_in_which_no_one_is_named_is_said_in_red(page, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[tuple[str, ...]] = []
    monkeypatch.setattr(page.parts.remarks, "show_notice", lambda *given: shown.append(given))
    page.show_remarks(["a.srt is read as turns. SRT subtitles: 2 turns, 2 speakers."])
    page.show_remarks([f"a.srt is read as turns. SRT subtitles: 1 turn. {chats.NAMELESS}"])
    assert [given[2:] for given in shown] == [("info", "muted"), ("problem", "error")]
