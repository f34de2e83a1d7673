from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog, QWidget

import gui
from gui.core.preferences import Preferences
from gui.widgets import file_dialogs


@pytest.fixture
def answer(monkeypatch):
    """Answer every dialog; `asked` lists where each was opened."""
    asked: list[str] = []

    def note(found: object, _parent: object, _title: str, place: str, *_more: object) -> object:
        asked.append(place)
        return found

    def put(text: str) -> list[str]:
        for name, found in {
            "getOpenFileName": (text, "all"),
            "getOpenFileNames": ([text] if text else [], "all"),
            "getSaveFileName": (text, "all"),
            "getExistingDirectory": text,
        }.items():
            monkeypatch.setattr(QFileDialog, name, partial(note, found))
        return asked

    return put


@pytest.fixture(autouse=True)
def documents(monkeypatch, tmp_path):
    made = tmp_path / "documents"
    made.mkdir()
    monkeypatch.setattr(QStandardPaths, "writableLocation", lambda _kind: str(made))
    return made


ASK = {
    "one": lambda parent: file_dialogs.open_file(parent, "data", "Open", ""),
    "several": lambda parent: file_dialogs.open_files(parent, "data", "Open", ""),
    "folder": lambda parent: file_dialogs.choose_folder(parent, "data", "Choose"),
    "save": lambda parent: file_dialogs.save_file(parent, "data", "Save", "rows.csv", ""),
}


@pytest.mark.parametrize("way", ASK)
def test_the_next_dialog_opens_there_also_after_a_restart(way, qtbot, tmp_path, answer, documents):
    widget = qtbot.add(QWidget())
    file_dialogs.remember_in(Preferences(tmp_path / "window.json"))
    chosen = tmp_path if way == "folder" else tmp_path / "chats.csv"
    answer(str(chosen))
    assert ASK[way](widget) in (chosen, [chosen])
    asked = answer("")
    for _ in range(2):
        asked.clear()
        for each in ASK.values():
            assert not each(widget)
        assert asked == [*[str(tmp_path)] * 3, str(tmp_path / "rows.csv")]
        file_dialogs.open_file(widget, "recipe", "Open", "")
        assert asked[-1] == str(documents), "another purpose has its own folder"
        file_dialogs.remember_in(Preferences(tmp_path / "window.json"))


def test_a_folder_that_is_gone_is_forgotten(qtbot, tmp_path, answer, documents):
    widget = qtbot.add(QWidget())
    preferences = Preferences(tmp_path / "window.json")
    preferences.set("folder.data", str(tmp_path / "gone"))
    file_dialogs.remember_in(preferences)
    asked = answer("")
    ASK["save"](widget)
    assert asked == [str(documents / "rows.csv")]


def test_no_other_module_opens_a_file_dialog_of_its_own():
    root = Path(gui.__file__).parent
    users = {path.name for path in root.rglob("*.py") if "QFileDialog" in path.read_text(encoding="utf-8")}
    assert users == {"file_dialogs.py"}
