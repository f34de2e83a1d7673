"""What the window finds again at the next start: its size, the page, handles, columns, and what was used lately."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QWidget

from engine.api import paths, recipe
from gui.app import begin
from gui.core.preferences import Preferences
from gui.core.recent_files import MAX_FILES, RecentFiles
from gui.main_window import MainWindow
from gui.models.arena_table import SHOWN_AT_FIRST
from gui.pages.data.report import is_kept_here
from gui.shell.window import DEFAULT, MIN_SIZE, ShellWindow, fitting
from gui.widgets.splitter import Splitter
from tests.helpers.arenas import make_arena
from tests.helpers.scripted_manager import end, scripted_manager

WAIT = 20_000


@pytest.fixture
def start(styled, qtbot, home):
    """Start a window, as often as a test wants. It shows the history first: no other page is built as quickly."""
    engines = []
    Preferences().set("page", "history")

    def make():
        engines.append(scripted_manager(lambda _job: [["answer", {}]]))
        made = MainWindow(engines[-1], Preferences())
        qtbot.addWidget(made)
        made.resize(1440, 900)
        made.show()
        begin(made)
        return made

    yield make
    for manager in engines:
        end(manager)


@pytest.mark.parametrize(
    ("room", "first", "least"),
    [
        (None, DEFAULT, MIN_SIZE),
        (QSize(1912, 1040), DEFAULT, MIN_SIZE),
        (QSize(1358, 700), QSize(1358, 700), MIN_SIZE),
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
    first.show_page("library")
    first.close()
    assert start().current_key() == "library"


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
    splitter.restore_state(text)
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


def test_axes_of_the_arenas_plot_are_chosen_again(start):
    first = start()
    front = first.show_built("arena").lower_pane.front
    front.across.set_key("minutes")
    front.across.chosen.emit("minutes")
    first.close()
    assert start().show_built("arena").lower_pane.front.axes() == ("rouge1", "minutes")


@pytest.mark.parametrize(
    "kept",
    [
        "[1]",
        "{",
        '{"columns": 3, "split.arena": null}',
        '{"axes": "rouge1"}',
        '{"axes": "one of three"}',
        '{"axes": 3}',
        '{"list": "{", "begun": "[]", "arena": "gone"}',
        '{"list": "[]", "begun": "3"}',
        '{"list": "{\\"order\\": [1], \\"shown\\": 3, \\"search\\": null}", "begun": "{}"}',
    ],
)
def test_what_a_page_kept_and_nobody_can_read_costs_nothing(start, kept):
    for key in ("arena", "library"):
        Preferences().set(f"page.{key}", kept)
    window = start()
    page = window.show_built("arena")
    assert page.columns_button.on() == list(SHOWN_AT_FIRST)
    assert page.lower_pane.front.axes() == ("rouge1", "parameters")
    assert not page.form.isVisible()
    assert (page.table.order, page.table.descending) == ("score", True)
    assert window.show_built("library").table.order == "made"


# Unfinished forms


def test_a_recipe_that_was_not_started_is_there_again_with_its_problems(start):
    first = start()
    form = first.built("train").panel.form
    form.choose_method("adalora")
    form.set_values("training", {"batch_size": 0})
    form.set_values("data", {"prompt": "No place for it"})
    left = form.tables()
    problems = form.problems()
    first.close()

    page = start().built("train")
    assert page.panel.form.tables() == left
    assert page.panel.form.recipe() is None
    assert page.panel.form.problems() == problems
    assert len(problems) >= 2
    assert page.right.methods._current == "adalora"
    page.panel.form.undo.undo()
    assert page.panel.form.tables() == left


def test_a_recipe_that_came_back_says_so_and_the_last_run_s_does_not(start):
    Preferences().set("recipe", recipe.dumps(recipe.load(paths.presets_folder() / "starter.toml")))
    first = start()
    header = first.built("train").header
    assert header.subtitle() == "As in your last run. Not started yet"
    first.close()

    second = start()
    header = second.built("train").header
    assert header.subtitle() == "As in your last run. Not started yet"
    second.built("train").panel.form.choose_method("ia3")
    second.close()

    page = start().built("train")
    assert page.panel.form.method_id() == "ia3"
    assert page.header.subtitle() == "Last edited. Not started yet"
    page.new_run()
    assert page.header.subtitle() == "As in your last run. Not started yet"


EMPTY = {"base_model": {}, "data": {}, "training": {}, "evaluation": {}, "method": {}}


UNREADABLE = (
    *("", "{", "[]", "{}"),
    json.dumps(EMPTY),
    json.dumps(EMPTY | {"method": {"id": "gone"}}),
    json.dumps(EMPTY | {"method": {"id": "lora"}, "training": {"epochs": []}}),
)


def test_a_recipe_that_can_t_be_shown_is_passed_over(start):
    window = start()
    form = window.built("train").panel.form
    usual = form.tables()
    for kept in UNREADABLE:
        window.preferences.set("page.train", json.dumps({"recipe": kept}))
        window._restore_page("train", window.built("train"))
        assert form.tables() == usual, kept
        assert form.recipe() is not None, kept


def test_a_run_that_is_shown_leaves_no_unfinished_recipe(start):
    page = start().built("train")
    assert "recipe" in page.saved_state()
    page.panel.set_fixed("it runs")
    assert "recipe" not in page.saved_state()


def test_a_new_arena_that_was_begun_is_there_again(start, qtbot):
    first = start()
    page = first.show_built("arena")
    assert json.loads(page.saved_state()["begun"]) == {}
    page.empty_button.click()
    page.form.name.setText("Half a name")
    page.form.entries.set_key("methods")
    page.form.methods.set_on(["ia3", "lora"])
    left = page.form.values()
    first.close()

    page = start().show_built("arena")
    assert page.form.isVisible()
    assert page.form.methods.isVisible()
    assert page.form.values() == left
    page.form.cancel_button.click()
    assert json.loads(page.saved_state()["begun"]) == {}


def test_more_entries_that_were_begun_wait_for_their_arena(start, qtbot):
    make_arena("lora", name="First")
    older = make_arena("ia3", name="Second")
    first = start()
    page = first.show_built("arena")
    page.open(older.id)
    qtbot.waitUntil(lambda: page._shown.arena is not None and page._shown.arena.id == older.id, timeout=WAIT)
    page.add_button.click()
    page.form.entries.set_key("ranks")
    first.close()

    page = start().show_built("arena")
    qtbot.waitUntil(page.form.isVisible, timeout=WAIT)
    assert page._shown.arena.id == older.id
    assert page.form.entries.key() == "ranks"
    assert not page.form.name.isVisible()


def test_data_that_was_named_is_there_again_with_its_columns_and_is_checked(start):
    page = start().show_built("data")
    source = page.parts.source
    source.source.setText("/somewhere/chats.csv")
    source.mapping.offer(["talk", "gist", "who"], None)
    source.mapping.conversation.set_key("talk")
    source.mapping.by_hand["speaker"].set_key("who")
    left = source.values()
    page.window().close()

    page = start().show_built("data")
    assert page.parts.source.values() == left
    assert page.parts.source.mapping.isVisible()
    assert page.parts.source.mapping.by_hand["speaker"].isVisible()
    assert page.checker.is_busy
    page.parts.source.mapping.offer(["talk", "gist"], None)
    assert page.parts.source.values() == left


@pytest.mark.parametrize(
    "kept", ["{", "[]", '{"source": 3}', '{"source": "a", "summary": 3, "columns": [1]}']
)
def test_data_that_can_t_be_read_from_what_was_kept_is_none(start, kept):
    Preferences().set("page.data", json.dumps({"source": kept}))
    page = start().show_built("data")
    assert page.parts.source.source.text() in ("", "a")
    assert page.parts.source.mapping.isHidden()


def test_data_of_the_hub_that_was_named_waits_until_it_is_asked_for(start):
    page = start().show_built("data")
    page.parts.source.source.setText("somebody/chats")
    page.window().close()

    page = start().show_built("data")
    assert page.parts.source.values()["source"] == "somebody/chats"
    assert not page.checker.is_busy
    assert page.parts.question.isHidden()


# Lists


def test_the_library_is_listed_as_it_was_left(start, qtbot):
    page = first = start().show_built("library")
    page.pane.search.setText("lo ra")
    page.pane.filter.set_current("imported")
    page.view.order_wanted.emit("name")
    page.view.order_wanted.emit("name")
    assert (page.table.order, page.table.descending) == ("name", True)
    first.window().close()

    page = start().show_built("library")
    assert page.pane.search.text() == "lo ra"
    assert page.pane.filter.current() == "imported"
    assert (page.table.order, page.table.descending) == ("name", True)


def test_the_history_is_listed_as_it_was_left(start):
    page = start().show_built("history")
    page.pane.search.setText("mine")
    page.pane.filter.set_current("resumable")
    page.window().close()

    page = start().show_built("history")
    assert (page.pane.search.text(), page.pane.filter.current()) == ("mine", "resumable")


def test_the_arena_s_order_comes_back_also_by_a_measure_with_a_column_of_its_own(start):
    page = start().show_built("arena")
    page.columns_button.show_only(["novel1"])
    page.view.order_wanted.emit("novel1")
    left = (page.table.order, page.table.descending)
    assert left[0] == "novel1"
    page.window().close()

    page = start().show_built("arena")
    assert (page.table.order, page.table.descending) == left


@pytest.mark.parametrize("order", ["loss", "given", "gain", "disagreement"])
def test_examples_are_listed_as_they_were_left(start, order):
    page = start().show_built("examples")
    page.orders.set_current(order)
    page.search.setText("lunch")
    page.window().close()

    page = start().show_built("examples")
    assert (page.table.order, page.orders.current(), page.search.text()) == (order, order, "lunch")


def test_recent_places_are_each_once_newest_first_and_not_endless():
    recent = RecentFiles()
    assert not recent
    for number in range(MAX_FILES + 3):
        recent.add(f"/{number}", f"n{number}")
    recent.add("/5", "again")
    assert [place for place, _ in recent][:2] == ["/5", f"/{MAX_FILES + 2}"]
    assert len(list(recent)) == MAX_FILES
    again = RecentFiles()
    again.restore_state(recent.saved_state())
    assert list(again) == list(recent)
    for text in ("", "{}", "[[1, 2]]", "[[]]", '["ab"]'):
        again.restore_state(text)
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
    assert json.loads(page.saved_state()["recent"]) == []


def test_copies_of_ours_are_no_recent_files(home):
    assert is_kept_here(str(paths.intake_folder() / "pasted-1.txt"))
    assert not is_kept_here("knkarthick/samsum")
    assert not is_kept_here("/somewhere/a.csv")
