from PySide6.QtCore import Qt

from gui.inputs.choices import Chip
from gui.inputs.combo_box import ComboBox
from gui.look.language import tr, tr_count, translate
from gui.look.shown_texts import menu_text, plain_tooltip
from gui.models.grouped_table import (
    CELL_ROLE,
    CheckCell,
    Column,
    GroupedTable,
    Heading,
    IconTextCell,
    NameCell,
    TextCell,
)
from gui.shell.palette import PaletteEntry
from gui.widgets.buttons import IconButton
from gui.widgets.labels import ElidedLabel, Label, Tag
from gui.widgets.text_view import TextView

HOSTILE = "x\u202egnp\x1b[2J\nMerged"
LINE = "x\\u202egnp\\x1b[2J Merged"
LINES = "x\\u202egnp\\x1b[2J\nMerged"


def test_values_messages_and_tooltips_are_escaped():
    assert tr("Log of {run}", run=HOSTILE) == f"Log of {LINE}"
    assert tr_count(2, "{n} of {name}", "{n} of {name}", name=HOSTILE) == f"2 of {LINE}"
    assert tr("{value:.1f}", value=0.25) == "0.2"

    assert translate(HOSTILE) == LINES

    assert plain_tooltip(HOSTILE) == LINES
    assert plain_tooltip("<b>\x1b</b>") == "<qt>&lt;b&gt;\\x1b&lt;/b&gt;</qt>"

    assert menu_text(f"{HOSTILE} & co") == f"{LINE} && co"
    assert PaletteEntry(HOSTILE, "Runs", lambda: None).title == LINE

    assert (
        TextCell(HOSTILE).text
        == NameCell(HOSTILE).text
        == IconTextCell("check", HOSTILE, "text").text
        == LINE
    )
    assert NameCell("a", (HOSTILE,)).tags == (LINE,)
    assert CheckCell("a", HOSTILE, on=True).detail == LINE
    assert Heading(HOSTILE).title == LINE


def test_labels_buttons_and_choices_are_escaped(qtbot):
    for make, shown in ((Label, LINES), (ElidedLabel, LINE), (Tag, LINE), (Chip, LINE)):
        label = qtbot.add(make(HOSTILE))
        assert label.text() == shown
        if make not in (Tag, Chip):
            label.setText(f"{HOSTILE}!")
            assert label.text() == f"{shown}!"
    view = qtbot.add(TextView.from_markup(HOSTILE))
    assert view.text() == LINES
    view.set_markup("\x1b <b>strong</b>")
    [mark] = view.marks()
    assert view.text()[mark.start : mark.start + mark.length] == "strong"
    button = qtbot.add(IconButton("more", "More for <img src=x>\x1b"))
    assert button.toolTip() == "<qt>More for &lt;img src=x&gt;\\x1b</qt>"
    choice = qtbot.add(ComboBox([(HOSTILE, HOSTILE)]))
    assert choice.itemText(0) == LINE
    assert choice.key() == HOSTILE


class _Table(GroupedTable[str]):
    columns = (Column("name", HOSTILE, as_is=True),)

    def cell(self, item, key):
        return NameCell(item)

    def accessible_text(self, item):
        return item

    def explanation(self, item, key):
        return item

    def key_of(self, item):
        return item


def test_a_table_shows_names_escaped(qtbot):
    table = _Table()
    table.set_rows([Heading(HOSTILE), HOSTILE])
    roles = Qt.ItemDataRole
    assert table.headerData(0, Qt.Orientation.Horizontal) == LINE
    assert table.index(0, 0).data(roles.AccessibleTextRole) == LINE
    item = table.index(1, 0)
    assert item.data(CELL_ROLE).text == item.data(roles.DisplayRole) == LINE
    assert item.data(roles.AccessibleTextRole) == LINE
    assert item.data(roles.ToolTipRole) == LINES
    assert table.row_of(HOSTILE) == 1
