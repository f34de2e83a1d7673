import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFontMetrics, QImage, QPainter
from PySide6.QtTest import QTest

from engine.runs.run_summaries import read_entry
from gui.look import style
from gui.look.fonts import font, px
from gui.models.example_table import columns_of
from gui.models.grouped_table import Column, IconTextCell
from gui.models.run_table import RunTable
from gui.pages.compare.page import CandidateTable
from gui.tables import cell_delegate
from gui.tables.cell_delegate import INSET
from gui.tables.grouped_view import GroupedTableView
from tests.helpers.homes import add_run, make_recipe


def test_home_and_end_go_to_the_first_and_the_last_row(styled, qtbot, home):
    table = RunTable()
    view = qtbot.add(GroupedTableView(table, "Runs"))
    table.put([read_entry(add_run(make_recipe(name=f"run {number}"))) for number in range(5)])
    with qtbot.waitActive(view):
        view.show()
    view.setFocus()
    seen = []
    for key in (Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Home):
        QTest.keyClick(view, key)
        seen.append(view.current())
    first, *_, last = table.items()
    assert seen == [first, last, first]


ONE, SEVERAL = "−100.0", "100.0  −100.0"


def column(columns: tuple[Column, ...], key: str) -> Column:
    return next(each for each in columns if each.key == key)


@pytest.mark.parametrize(
    ("gain", "text", "role", "scale"),
    [
        (column(columns_of([""]), "gain:0"), ONE, "figure_medium", 1.0),
        (column(columns_of(["a", "b"]), "gain:0"), SEVERAL, "figure", 1.25),
        (column(CandidateTable.columns, "gain"), ONE, "figure_medium", 0.8),
    ],
    ids=["one run", "several runs", "candidates"],
)
def test_the_gain_is_whole_beside_its_icon(styled, monkeypatch, gain, text, role, scale):
    style.apply(styled, "light", scale)
    shown = []

    def draw(_painter: QPainter, rect: QRect, text: str, role: str, _token: str, **_options: object) -> int:
        shown.append(QFontMetrics(font(role)).elidedText(text, Qt.TextElideMode.ElideRight, rect.width()))
        return 0

    monkeypatch.setattr(cell_delegate, "draw_text", draw)
    image = QImage(px(gain.width), px(36), QImage.Format.Format_RGB32)
    painter = QPainter(image)
    inner = image.rect().adjusted(px(cell_delegate.INSET), 0, -px(cell_delegate.INSET), -1)
    cell_delegate.PAINTERS[IconTextCell](
        painter, inner, IconTextCell("arrow-up", text, "accent", right=True, role=role), False
    )
    painter.end()
    assert shown == [text]


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_a_translated_head_is_whole_and_a_name_as_head_is_shortened(styled, qtbot, monkeypatch, scale):
    style.apply(styled, "light", scale)
    title = "A head that is much longer in another language"
    table = RunTable()
    columns = (Column("a", title, 40), Column("b", title, 40, as_is=True), Column("c", ""))
    monkeypatch.setattr(table, "columns", columns)
    view = qtbot.place(GroupedTableView(table, "Runs"), 2000, 300)
    wide = QFontMetrics(font("head")).horizontalAdvance(title)
    # Widths have fractions.
    assert view.columnWidth(0) > wide + 2 * px(INSET)
    assert view.columnWidth(1) == px(40)
