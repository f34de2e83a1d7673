import json

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget

from engine.api import model_info, recipe, run_store
from gui.core.preferences import Preferences
from gui.forms import choosers
from gui.forms.choosers import BaseModelChooser, KnownSources, SourceChooser, named_by

# The offscreen platform warns of each popup.
pytestmark = pytest.mark.qt_log_ignore("^This plugin does not support")

KNOWN = KnownSources(
    used_models=("owner/small",), models_here=("owner/small", "owner/other"), used_data=("/data/calls.csv",),
    checked_data=("/data/mails.mbox", "/data/calls.csv"),
)  # fmt: skip


@pytest.fixture
def field(qtbot, styled):
    around = qtbot.add(QWidget())
    column = QVBoxLayout(around)
    made = BaseModelChooser()
    for part in (QLineEdit(), made):
        column.addWidget(part)
    made.offer_known(KNOWN)
    made.set_key("starter")
    with qtbot.waitActive(around):
        around.show()
    made.around, made.picks = around, []
    made.picked.connect(made.picks.append)
    return made


def entries(chooser):
    return [chooser.itemText(at) for at in range(chooser.count())]


def drop(chooser, data):
    line, at = chooser.lineEdit(), QPoint(4, 4)
    buttons = Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entered = QDragEnterEvent(at, *buttons)
    QApplication.sendEvent(line, entered)
    QApplication.sendEvent(line, QDropEvent(QPointF(at), *buttons))
    return entered.isAccepted()


def test_each_is_listed_once_below_where_it_is_known_from(qtbot, field):
    assert entries(field)[:6] == [
        "Used last", "owner/small", "On this computer", "owner/other", "Included", "starter (practice model)",
    ]  # fmt: skip
    data = qtbot.add(SourceChooser())
    assert entries(data)[:2] == ["Included", "sample"]
    data.offer_known(KNOWN)
    assert entries(data)[:4] == ["Used last", "/data/calls.csv", "Checked", "/data/mails.mbox"]


def test_a_source_that_is_not_in_the_list_is_shown_whatever_is_offered(field):
    field.set_key("/chats/team.txt")
    for known in (KnownSources(), KnownSources(used_data=("/chats/other.csv",))):
        field.offer_known(known)
        assert (field.key(), field.currentText()) == ("/chats/team.txt", "/chats/team.txt")


def test_a_click_into_the_text_opens_the_list_and_typing_goes_on_in_the_field(field):
    line = field.lineEdit()
    QTest.mouseClick(line, Qt.MouseButton.LeftButton)
    assert field.view().isVisible()
    assert line.selectedText() == "starter (practice model)"
    QTest.keyClicks(field.view(), "o")
    assert not field.view().isVisible()
    QTest.keyClicks(line, "wner/mine")
    assert field.picks == []
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert (field.key(), field.picks) == ("owner/mine", ["owner/mine"])


def test_an_entry_is_chosen_and_a_heading_is_not(field):
    field.showPopup()
    # From the starter up to the next, past a heading.
    QTest.keyClick(field.view(), Qt.Key.Key_Up)
    QTest.keyClick(field.view(), Qt.Key.Key_Return)
    assert field.picks == ["owner/other"]
    line = field.lineEdit()
    line.setText("Used last")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert (field.key(), field.picks) == ("owner/other", ["owner/other"])


def test_what_is_pasted_over_all_of_the_text_is_taken_at_once(field):
    QGuiApplication.clipboard().setText("'https://huggingface.co/someone/else/tree/main'\n")
    line = field.lineEdit()
    line.setFocus()
    line.selectAll()
    line.paste()
    assert (field.key(), field.picks) == ("someone/else", ["someone/else"])
    line.home(False)
    QGuiApplication.clipboard().setText("not/")
    line.paste()
    assert field.picks == ["someone/else"]


def test_a_file_and_a_text_can_be_dropped_but_not_on_a_read_only_field(field, tmp_path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path))])
    assert drop(field, data)
    words = QMimeData()
    words.setText("owner/dropped")
    assert drop(field, words)
    field.set_read_only(True)
    drop(field, data)
    assert field.picks == [str(tmp_path), "owner/dropped"]
    QTest.mouseClick(field.lineEdit(), Qt.MouseButton.LeftButton)
    assert not field.view().isVisible()


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (' "/a folder/calls.csv" ', "/a folder/calls.csv"),
        ("file:///a%20folder/calls.csv", "/a folder/calls.csv"),
        ("https://huggingface.co/datasets/owner/talks", "owner/talks"),
        ("https://hf.co/owner/small/", "owner/small"),
        ("https://example.org/owner/small", "https://example.org/owner/small"),
        (r"C:\calls.csv", r"C:\calls.csv"),
    ],
)
def test_a_source_is_read_from_addresses_and_quotes(text, source):
    assert named_by(text) == source


def test_what_was_used_and_checked_is_known_until_it_is_gone(home, tmp_path, monkeypatch):
    monkeypatch.setattr(model_info, "ids_here", lambda: ["owner/here"])
    used, checked, gone = (tmp_path / name for name in ("used.csv", "checked.csv", "gone.csv"))
    for file in (used, checked, gone):
        file.write_text("conversation,summary\nA: Hi.,A greets.\n")
    for source in (used, used, gone):
        tables = {"base_model": {"id": "starter"}, "data": {"source": str(source)}, "method": {"id": "lora"}}
        run_store.create_run(recipe.from_tables(tables))
    recent = [[str(path), path.name] for path in (checked, gone)]
    Preferences().set("page.data", json.dumps({"recent": json.dumps(recent)}))
    gone.unlink()
    assert choosers.read() == KnownSources((), ("owner/here",), (str(used),), (str(checked),))


def test_of_a_long_path_the_name_is_seen(qtbot, field):
    source = "/home/ann/conversations/of/the/whole/year/call-notes, 13 summaries"
    field.resize(200, field.height())
    field.set_key(source)
    field.lineEdit().editingFinished.emit()
    assert field.lineEdit().cursorPosition() == len(source)
    field.set_key("starter")
    assert field.lineEdit().cursorPosition() == 0
