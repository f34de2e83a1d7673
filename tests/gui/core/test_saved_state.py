"""What the window finds again at the next start: its size, the page, handles, columns, and what was used lately."""

import json

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QWidget

from engine.api import paths, recipe
from gui.app import begin
from gui.core.file_opening import MAX_FILES, RecentFiles
from gui.core.preferences import Preferences
from gui.models.arena_table import SHOWN_AT_FIRST
from gui.pages.data.report import is_kept_here
from gui.shell.window import DEFAULT, MIN_SIZE, ShellWindow, fitting
from gui.widgets.layouts import Splitter


@pytest.fixture
def start(story):
    """Start a window, as often as a test wants. It shows the data first, which has no lists."""
    Preferences().set("page", "data")

    def make():
        made = story.open()
        begin(made)
        return made

    return make


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
    made = qtbot.add(ShellWindow())
    assert made.size() == first
    assert made.minimumSize() == least


def test_a_window_of_a_larger_screen_is_cut_down_to_this_one(styled, qtbot, home, monkeypatch):
    preferences = Preferences()
    first = qtbot.add(ShellWindow(preferences))
    first.resize(1400, 880)
    first.close()
    monkeypatch.setattr(ShellWindow, "_room", lambda _window: QSize(1100, 720))
    second = qtbot.add(ShellWindow(preferences))
    assert second.width() <= 1100
    assert second.height() <= 720
    assert fitting(QSize(9, 9), None) == QSize(9, 9)


@pytest.mark.parametrize("kept", ["doctor", "help", "gone"])
def test_a_page_that_is_only_passed_through_is_not_the_first(story, kept):
    assert story.open(kept).current_key() == "home"


def parts(splitter: Splitter, count: int) -> None:
    for _ in range(count):
        part = QWidget()
        part.setMinimumSize(10, 10)
        splitter.addWidget(part)


@pytest.fixture
def splitter(styled, qtbot):
    made = qtbot.add(Splitter("some"))
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


def test_kept_shares_that_can_t_be_used_are_passed_over(splitter):
    for text in ("", "{", "[]", '{"h:11": "x"}', '{"h:11": [2, 3]}', '{"h:11": [0.3, 0.7, 0.0]}'):
        splitter.restore_state(text)
        splitter.share([600, 400])
        assert splitter.sizes() == [600, 400], text


def test_pages_are_as_they_were_left(start, qtbot):
    first = start()
    page = first.show_built("labelling")
    page._stack.setCurrentIndex(2)
    qtbot.waitUntil(page.splitter.isVisible)
    at = page.splitter.sizes()[0] + 40
    page.splitter.moveSplitter(at, 1)
    arena = first.show_built("arena")
    arena.columns_button.show_only(["words", "novel1", "no such measure"])
    arena.view.order_wanted.emit("novel1")
    arena.lower_pane.front.across.set_key("minutes")
    arena.lower_pane.front.across.chosen.emit("minutes")
    order = (arena.table.order, arena.table.descending)
    assert order[0] == "novel1"
    runs = first.show_built("train").runs
    runs.search.setText("mine")
    runs.show_only("resumable")
    examples = first.show_built("compare").conversations
    examples.orders.set_current("loss")
    examples.search.setText("lunch")
    library = first.show_built("library")
    library.pane.search.setText("lo ra")
    library.pane.filter.set_current("imported")
    library.view.order_wanted.emit("name")
    library.view.order_wanted.emit("name")
    assert (library.table.order, library.table.descending) == ("name", True)
    first.close()

    second = start()
    # The last page is in front again.
    assert second.current_key() == "library"
    library = second.built("library")
    assert (library.pane.search.text(), library.pane.filter.current()) == ("lo ra", "imported")
    assert (library.table.order, library.table.descending) == ("name", True)
    page = second.show_built("labelling")
    page._stack.setCurrentIndex(2)
    qtbot.waitUntil(lambda: abs(page.splitter.sizes()[0] - at) <= 4)
    arena = second.show_built("arena")
    assert arena.columns_button.on() == ["words", "novel1"]
    assert {"words", "novel1"} <= {column.key for column in arena.table.columns}
    assert (arena.table.order, arena.table.descending) == order
    assert arena.lower_pane.front.axes() == ("rouge1", "minutes")
    runs = second.show_built("train").runs
    assert (runs.search.text(), runs.title.text()) == ("mine", "Runs: can resume")
    examples = second.show_built("compare").conversations
    assert (examples.table.order, examples.orders.current(), examples.search.text()) == (
        "loss", "loss", "lunch",
    )  # fmt: skip


def restored(window, key, kept):
    """Let a page find what was kept."""
    window.preferences.set(f"page.{key}", kept)
    window.restore_page(key, window.built(key))


def test_what_a_page_kept_and_nobody_can_read_costs_nothing(start):
    window = start()
    page, listed = window.show_built("arena"), window.show_built("library")
    for kept in (
        "[1]",
        "{",
        '{"columns": 3, "split.arena": null}',
        '{"axes": "rouge1"}',
        '{"axes": "one of three"}',
        '{"axes": 3}',
        '{"list": "{", "begun": "[]", "arena": "gone"}',
        '{"list": "[]", "begun": "3"}',
        '{"list": "{\\"order\\": [1], \\"shown\\": 3, \\"search\\": null}", "begun": "{}"}',
    ):
        restored(window, "arena", kept)
        restored(window, "library", kept)
        assert page.columns_button.on() == list(SHOWN_AT_FIRST), kept
        assert page.lower_pane.front.axes() == ("rouge1", "parameters"), kept
        assert not page.form.isVisible()
        assert (page.table.order, page.table.descending) == ("score", True), kept
        assert listed.table.order == "made", kept
    source = window.show_built("data").parts.source
    for kept in ("{", "[]", '{"source": 3}', '{"source": "a", "summary": 3, "columns": [1]}'):
        restored(window, "data", json.dumps({"source": kept}))
        assert source.source.text() in ("", "a"), kept
        assert source.mapping.isHidden(), kept
    # Data of the hub waits until it is asked for.
    restored(window, "data", json.dumps({"source": json.dumps({"source": "somebody/chats"})}))
    page = window.built("data")
    assert page.parts.source.values()["source"] == "somebody/chats"
    assert not page.checker.is_busy
    assert page.parts.question.isHidden()


def test_a_recipe_that_was_not_started_is_there_again_with_its_problems_and_says_so(start):
    Preferences().set("recipe", recipe.dumps(recipe.load(paths.presets_folder() / "starter.toml")))
    first = start()
    page = first.built("train")
    assert page.header.subtitle() == "Based on your last run. Not started yet"
    form = page.panel.form
    form.choose_method("adalora")
    form.set_values("training", {"batch_size": 0})
    form.set_values("data", {"prompt": "No place for it"})
    left, problems = form.tables(), form.problems()
    first.close()

    page = start().built("train")
    assert page.header.subtitle() == "Last edited. Not started yet"
    assert page.panel.form.tables() == left
    assert page.panel.form.recipe() is None
    assert page.panel.form.problems() == problems
    assert len(problems) >= 2
    assert page.right.methods.current == "adalora"
    page.panel.form.undo.undo()
    assert page.panel.form.tables() == left
    page.new_run()
    assert page.header.subtitle() == "Based on your last run. Not started yet"


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
        restored(window, "train", json.dumps({"recipe": kept}))
        assert form.tables() == usual, kept
        assert form.recipe() is not None, kept
    # What is no longer declared is left out.
    kept = json.loads(window.built("train").saved_state()["recipe"])
    kept["training"] |= {"gone": 1, "batch_size": 7}
    restored(window, "train", json.dumps({"recipe": json.dumps(kept)}))
    assert form.recipe().training.batch_size == 7
    # A run that is shown leaves no unfinished recipe.
    page = window.built("train")
    assert "recipe" in page.saved_state()
    page.panel.set_read_only("it runs")
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
    assert [each.text() for each in page.entries()] == ["Check a & b.csv"]
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
