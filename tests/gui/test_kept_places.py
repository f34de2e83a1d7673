"""What the window finds again at the next start: its size, the page, handles, columns, and what was used lately."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QWidget

from engine.api import paths
from gui.app import begin
from gui.engine import Engine
from gui.engine_thread import EngineThread
from gui.main_window import MainWindow
from gui.pages.data_page import is_kept_here
from gui.preferences import Preferences
from gui.recent import MOST, Recent
from gui.shell.window import DEFAULT, LEAST, ShellWindow, fitting
from gui.widgets.splitter import Splitter
from tests.helpers import scripted_worker

WAIT = 20_000


@pytest.fixture
def start(styled, qtbot, home):
    """Start a window, as often as a test wants."""
    engines = []

    def command(job):
        scripted_worker.give_script(job, [["answer", {}]])
        return scripted_worker.command(job)

    def make():
        engines.append(Engine(command))
        made = MainWindow(engines[-1], Preferences())
        qtbot.addWidget(made)
        made.resize(1440, 900)
        made.show()
        begin(made)
        return made

    yield make
    for engine in engines:
        for thread in engine.findChildren(EngineThread):
            thread.force()
        engine.leave()


@pytest.mark.parametrize(
    ("room", "first", "least"),
    [
        (None, DEFAULT, LEAST),
        (QSize(1912, 1040), DEFAULT, LEAST),
        (QSize(1358, 700), QSize(1358, 700), LEAST),
        (QSize(1016, 560), QSize(1016, 560), QSize(1016, 560)),
    ],
)
def test_the_first_window_fits_the_screen(styled, qtbot, monkeypatch, room, first, least):
    monkeypatch.setattr(ShellWindow, "_room", lambda _window: room)
    made = ShellWindow()
    qtbot.addWidget(made)
    assert made.size() == first
    assert made.minimumSize() == least


def test_a_window_of_a_larger_screen_is_cut_down_to_this_one(styled, qtbot, home, monkeypatch):
    preferences = Preferences()
    first = ShellWindow(preferences)
    qtbot.addWidget(first)
    first.resize(1400, 880)
    first.close()
    monkeypatch.setattr(ShellWindow, "_room", lambda _window: QSize(1100, 720))
    second = ShellWindow(preferences)
    qtbot.addWidget(second)
    assert second.width() <= 1100
    assert second.height() <= 720
    assert fitting(QSize(9, 9), None) == QSize(9, 9)


def test_the_last_page_is_in_front_again(start):
    first = start()
    first.show_page("history")
    first.close()
    assert start().current_key() == "history"


@pytest.mark.parametrize("kept", ["doctor", "examples", "gone"])
def test_a_page_that_is_only_passed_through_is_not_the_first(start, kept):
    Preferences().set("page", kept)
    assert start().current_key() == "train"


def parts(splitter: Splitter, count: int) -> None:
    for _ in range(count):
        part = QWidget()
        part.setMinimumSize(10, 10)
        splitter.addWidget(part)


@pytest.fixture
def splitter(styled, qtbot):
    made = Splitter("some")
    qtbot.addWidget(made)
    parts(made, 2)
    made.resize(1001, 100)
    made.show()
    return made


def test_a_page_shares_the_room_until_the_handle_is_moved(splitter):
    splitter.share([600, 400])
    assert splitter.sizes() == [600, 400]
    splitter.moveSplitter(300, 1)
    splitter.share([600, 400])
    assert splitter.sizes()[0] == pytest.approx(300, abs=3)
    splitter.widget(1).hide()
    splitter.share([1000, 0])
    splitter.widget(1).show()
    splitter.share([600, 400])
    assert splitter.sizes()[0] == pytest.approx(300, abs=3)


def test_shares_of_another_orientation_are_others(splitter):
    splitter.moveSplitter(300, 1)
    splitter.setOrientation(Qt.Orientation.Vertical)
    splitter.resize(400, 1001)
    splitter.share([500, 500])
    assert splitter.sizes() == [500, 500]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"h:11": "x"}', '{"h:11": [2, 3]}', '{"h:11": [0.3, 0.7, 0.0]}']
)
def test_kept_shares_that_can_t_be_used_are_passed_over(splitter, text):
    splitter.bring_back(text)
    splitter.share([600, 400])
    assert splitter.sizes() == [600, 400]


def test_handles_are_where_they_were(start, qtbot):
    first = start()
    page = first.show_built("labelling")
    page._stack.setCurrentIndex(2)
    qtbot.waitUntil(page.splitter.isVisible, timeout=WAIT)
    at = page.splitter.sizes()[0] + 40
    page.splitter.moveSplitter(at, 1)
    first.close()
    again = start().show_built("labelling")
    again._stack.setCurrentIndex(2)
    qtbot.waitUntil(lambda: abs(again.splitter.sizes()[0] - at) <= 4, timeout=WAIT)


def test_columns_of_the_arena_are_shown_again(start):
    first = start()
    page = first.show_built("arena")
    page.columns_button.show_only(["words", "novel1", "no such measure"])
    first.close()
    again = start().show_built("arena")
    assert again.columns_button.on() == ["words", "novel1"]
    assert {"words", "novel1"} <= {column.key for column in again.table.columns}


def test_what_a_page_kept_and_nobody_can_read_costs_nothing(start):
    for kept in ("[1]", "{", '{"columns": 3, "split.arena": null}', "3"):
        Preferences().set("page.arena", kept)
        assert start().show_built("arena").columns_button.on() == []


def test_recent_places_are_each_once_newest_first_and_not_endless():
    recent = Recent()
    assert not recent
    for number in range(MOST + 3):
        recent.add(f"/{number}", f"n{number}")
    recent.add("/5", "again")
    assert [place for place, _ in recent][:2] == ["/5", f"/{MOST + 2}"]
    assert len(list(recent)) == MOST
    again = Recent()
    again.bring_back(recent.kept())
    assert list(again) == list(recent)
    for text in ("", "{}", "[[1, 2]]", "[[]]", '["ab"]'):
        again.bring_back(text)
    again.clear()
    assert not again


def test_data_that_was_checked_is_offered_at_the_next_start(start, qtbot):
    first = start()
    source = first.show_built("data").parts.source
    assert source.recent_button.isHidden()
    source.remember("/somewhere/a & b.csv", "a & b.csv")
    first.close()
    page = start().show_built("data")
    assert page.parts.source.recent_button.isVisible()
    assert [text for text, _, _ in page.entries()] == ["Check a & b.csv"]
    menu = page.parts.source.recent_menu()
    first_entry, _, forget = menu.actions()
    assert first_entry.text() == "a && b.csv   /somewhere/a && b.csv"
    first_entry.trigger()
    assert page.parts.source.source.text() == "/somewhere/a & b.csv"
    forget.trigger()
    assert page.parts.source.recent_button.isHidden()
    assert json.loads(page.kept()["recent"]) == []


def test_copies_of_ours_are_no_recent_files(home):
    assert is_kept_here(str(paths.intake_folder() / "pasted-1.txt"))
    assert not is_kept_here("knkarthick/samsum")
    assert not is_kept_here("/somewhere/a.csv")
