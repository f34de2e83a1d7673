"""What the arena's page does without another page: its headline, and its charts while it runs."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.api import Problem, arenas, recipe
from gui.pages.arena.entries_form import EntriesForm
from tests.helpers import arena_bench
from tests.helpers.arenas import make_arena
from tests.helpers.homes import make_recipe
from tests.helpers.train_stage import ENDLESS, PLAN

Bench = arena_bench.Bench

CHATS = "dialogue,summary\n" + "".join(f"Ann: tea {at}?\nBob: yes.,Tea {at}.\n" for at in range(3))


def ask(made, **plan):
    """Open the form of a new arena, and wait for its plan."""
    made.answers["plan"] = [["answer", PLAN | {"seconds": 300.0} | plan]]
    made.offer()
    made.page.empty_button.click()
    return made.page.form


def pick_entries(form, key):
    """Pick a set of entries with the mouse."""
    form.entries.set_key(key)
    form.entries.chosen.emit(key)


def choose(form, field, key):
    choice = getattr(form.shared, field)
    choice.setEditText(key)
    choice.lineEdit().editingFinished.emit()


def test_base_model_data_and_time_are_chosen_on_the_page(bench, tmp_path):
    source = tmp_path / "chats.csv"
    source.write_text(CHATS, encoding="utf-8")
    made = bench()
    form = ask(made)
    choose(form, "data", "/nowhere.csv")
    form.show_problems([Problem("data.source", "There is nothing there.", "Check the path.")])
    assert form.shared.fields["data"].problem() == "There is nothing there. Check the path."
    assert form.time_text.text() == ""
    choose(form, "data", str(source))
    form.shared.base.browse_requested.emit()
    view = made.page.maker.base_models
    assert view.isVisible()
    assert not made.page.new_button.isVisible()
    view.closed.emit()
    form.shared.base.browse_requested.emit()
    view.chosen.emit("HuggingFaceTB/SmolLM2-135M")
    assert form.isVisible()
    assert form.shared.recipe().base_model.id == "HuggingFaceTB/SmolLM2-135M"
    choose(form, "base", "google/flan-t5-small")
    form.shared.minutes.setValue(5)
    assert form.name.text() == "chats.csv with google/flan-t5-small"
    form.make_button.click()
    made.settle()
    [arena], _ = arenas.list_arenas()
    shared = arena.recipe()
    assert (shared.base_model.id, shared.data.source) == ("google/flan-t5-small", str(source))
    assert {arena.tables(entry)["training"]["max_minutes"] for entry in arena.entries} == {5.0}


def test_what_can_not_work_is_greyed_and_the_whole_time_is_told_before_the_arena_is_made(bench):
    made = bench()
    form = ask(made, model_type="t5")
    # New arena begins with three methods, not with all.
    assert form.entries_field.helper.text() == "3 entries"
    made.until(lambda: form.time_text.text() == "3 runs take about 15 min, scoring included.")
    made.until(lambda: not form.methods.chips["bitfit"].isEnabled())
    assert "no biases to train" in form.methods.chips["bitfit"].toolTip()
    assert form.methods.chips["ia3"].isEnabled()
    pick_entries(form, "all")
    made.until(form.refused.isVisible)
    assert "BitFit: T5 models have no biases to train." in form.refused.text()
    pick_entries(form, "methods")
    form.methods.chips["full"].click()
    made.until(lambda: form.time_text.text() == "2 runs take about 10 min, scoring included.")
    form.seeds.setValue(3)
    assert form.time_text.text() == "6 runs take about 30 min, scoring included."
    form.make_button.click()
    made.settle()
    assert made.page.start_button.isVisible()
    assert made.page.lower_pane.queue.left.text() == "6 left, about 30 min left"


def test_a_time_limit_that_was_typed_survives_all_other_changes(bench):
    made = bench()
    form = ask(made)
    assert form.shared.minutes.value() == 10
    pick_entries(form, "ranks")
    assert form.shared.minutes.value() == 0
    form.shared.minutes.selectAll()
    QTest.keyClicks(form.shared.minutes, "7")
    QTest.keyClick(form.shared.minutes, Qt.Key.Key_Tab)
    pick_entries(form, "all")
    pick_entries(form, "methods")
    choose(form, "base", "google/flan-t5-small")
    choose(form, "data", "knkarthick/samsum")
    form.methods.chips["lora"].click()
    assert form.shared.minutes.value() == 7
    form.undo.undo()
    form.restore(form.values() | {"methods": ["lora"]})
    pick_entries(form, "ranks")
    assert form.shared.minutes.value() == 7


def test_other_data_drop_what_was_said_of_the_old_ones(home, qtbot):
    form = qtbot.add(EntriesForm())
    tables = make_recipe("Present", base="starter", source="sample").as_tables()
    tables["data"] |= {"conversation": "chat", "max_train": 3, "prompt": "Short:\n{conversation}\n"}
    form.ask_for_arena(recipe.from_tables(tables))
    assert form.shared.recipe().data.conversation == "chat"
    choose(form, "data", "knkarthick/samsum")
    shared = form.shared.recipe().data
    assert (shared.conversation, shared.max_train) == ("auto", 0)
    assert shared.prompt.startswith("Short:")


def test_the_queue_asks_before_it_downloads_a_base_model(bench, monkeypatch):
    arena = arenas.create(
        make_recipe("Hub", base="google/flan-t5-base", source="sample"), [{"method": {"id": "lora"}}]
    )
    made = bench()
    cost = {"id": "google/flan-t5-base", "missing_bytes": 990_000_000}
    made.answers["models"] = [["emit", {"event": "result_made", "result": cost}]]
    page, started = made.page, []
    monkeypatch.setattr(made.manager.arena_queue, "start", lambda arena: started.append(arena.id))
    page.start_button.click()
    assert not page.start_button.isEnabled()
    made.until(page.download_strip.isVisible)
    assert "google/flan-t5-base: 990.0 MB to download" in page.download_strip.text()
    assert page.start_button.isEnabled()
    assert started == []
    page.download_strip.action_button().click()
    assert started == [arena.id]
    assert not page.download_strip.isVisible()


def test_the_loss_is_drawn_while_the_first_entry_runs(bench):
    arena = make_arena("lora")
    made = bench()
    made.script = ENDLESS
    below = made.page.lower_pane
    assert not made.page.headline.isVisible()
    assert not below.losses.isVisible()
    made.page.start_button.click()
    made.until(lambda: made.manager.current is not None and made.manager.current.state.step > 0)
    made.page.refresh()
    made.until(lambda: [line.id for line in below.losses.chart.lines()] == [arena.entries[0].id])
    assert below.losses.isVisible()
    assert not below.front.isVisible()
    made.manager.current.stop()
    made.until(lambda: made.manager.current is None)
