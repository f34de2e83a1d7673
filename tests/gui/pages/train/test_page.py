"""The train page with a worker that follows a script: editing, starting, watching, stopping, and how it went."""

from __future__ import annotations

import pytest

from engine.api import Problem, RunState, paths, recipe, run_store, run_summaries
from gui.models.run_table import outcome_of
from gui.pages.train.method.trained_blocks import blocks_of
from gui.pages.train.plan_line import plan_text
from gui.pages.train.run.failure_card import FailureCard
from gui.pages.train.run.run_text import verdict_sentence
from gui.pages.train.run.verdict_card import VerdictCard
from gui.widgets.buttons import Button
from tests.helpers.train_stage import (
    BASICS,
    COMPLETE,
    ENDLESS,
    PLAN,
    SAVED,
    STARTED,
    WAIT,
    difference,
    scored,
    texts,
)

# Editing


def test_what_will_happen_is_said_before_the_start(stage, qtbot):
    stage.page.shown()
    qtbot.waitUntil(lambda: "1540" in texts(stage.page.panel).replace(",", ""), timeout=WAIT)
    text = texts(stage.page.panel).replace(",", "")

    assert "3538944" in text
    assert "14.2 MB on disk" in text
    assert "The base model is scored first" in text


def test_the_devices_are_asked_for_behind_the_first_plan(stage, qtbot):
    devices = {"devices": [{"id": "cuda:0", "name": "A card"}, {"id": "cpu", "name": "Processor"}]}
    stage.scripts["devices"] = [["emit", {"event": "result_made", "result": devices}]]
    stage.page.shown()
    choice = stage.page.panel.form.field("training.device").control.widget
    qtbot.waitUntil(lambda: choice.findData("cuda:0") > 0, timeout=WAIT)

    assert choice.key() == "auto"


def test_the_chosen_method_and_its_count_are_marked_in_the_list(stage, qtbot):
    stage.page.shown()
    qtbot.waitUntil(lambda: "3.54 M" in stage.page.right.methods.row("lora").accessibleName(), timeout=WAIT)
    assert stage.page.right.methods.row("lora").isChecked()
    stage.page.right.methods.row("full").click()

    assert stage.page.panel.form.method_id() == "full"
    assert stage.page.right.methods.row("full").isChecked()
    assert not stage.page.right.methods.row("lora").isChecked()


def test_the_other_methods_are_counted_at_their_presets(stage, qtbot):
    stage.page.shown()
    full = stage.page.right.methods.row("full")
    qtbot.waitUntil(lambda: "3.54 M" in full.accessibleName(), timeout=WAIT)


def test_a_search_leaves_the_methods_that_fit(stage):
    stage.page.right.methods._search.searched.emit("every weight")

    assert stage.page.right.methods.row("full").isVisibleTo(stage.page)
    assert not stage.page.right.methods.row("lora").isVisibleTo(stage.page)


def test_a_problem_that_only_the_plan_knows_stands_beside_its_field_and_holds_the_start(stage, qtbot):
    problem = {
        "field": "base_model.precision",
        "message": "T5 overflows in float16.",
        "hint": "Use bfloat16.",
    }
    stage.scripts["plan"] = [["answer", PLAN | {"problems": [problem]}]]
    stage.page.panel.set_level("more")
    stage.page.shown()
    qtbot.waitUntil(lambda: not stage.page.panel.start_button.isEnabled(), timeout=WAIT)
    around = stage.page.panel.form.field("base_model.precision").around

    assert "Use bfloat16." in texts(around)


def test_a_problem_of_a_hidden_field_is_said_at_the_foot(stage):
    stage.page.panel.set_level("essential")
    stage.page.panel.show_problems([Problem("training.warmup", "Warm-up can't be 3.", "Below 1.")])

    assert "Warm-up can't be 3. Below 1." in texts(stage.page.panel)


def test_another_page_can_choose_the_data(stage):
    stage.page.use_data({"source": "owner/name", "every": 12})

    assert stage.page.panel.form.tables()["data"]["source"] == "owner/name"
    assert stage.page.panel.form.tables()["data"]["every"] == 12


def test_an_opened_recipe_is_named_by_its_file_and_saved_ones_come_back(stage, tmp_path):
    wanted = recipe.from_tables(BASICS | {"method": {"id": "lora", "rank": 3}})
    recipe.save(wanted, tmp_path / "mine.toml")
    stage.page.open_file(tmp_path / "mine.toml")

    assert stage.page.panel.form.recipe() == wanted
    assert "From mine.toml" in stage.page.header.subtitle()


# Running


def test_a_run_from_start_to_verdict(stage, qtbot):
    model = stage.run(qtbot, COMPLETE)
    card = stage.page.run_view.card

    assert isinstance(card, VerdictCard)
    text = texts(card)
    assert "Better than the base model" in text
    assert "46.9" in text
    assert "48.4" in text
    assert "+1.5" in text
    assert stage.page.header.title() == "starter · sample · LoRA r 16"
    assert "Adapter saved as an-adapter" in stage.page.header.subtitle()
    assert stage.page.run_view.samples.summaries() == ["Priya's train is cancelled."]
    assert [run.name for run in paths.runs_folder().iterdir()] == [model.id]


def test_the_verdict_leads_to_playground_and_library(stage, qtbot):
    stage.run(qtbot, COMPLETE)
    card = stage.page.run_view.card
    with qtbot.waitSignal(stage.page.playground_requested) as playground:
        card.playground_wanted.emit()
    with qtbot.waitSignal(stage.page.library_requested) as library:
        card.library_wanted.emit()

    assert playground.args == library.args == ["an-adapter"]


def test_while_it_trains_the_recipe_is_fixed_and_figures_move(stage, qtbot):
    model = stage.start(qtbot, ENDLESS)
    qtbot.waitUntil(lambda: model.state.step >= 5, timeout=WAIT)
    qtbot.waitUntil(
        lambda: stage.page.run_view.metrics_row.figures["step"].value() not in {"–", "0"}, timeout=WAIT
    )

    assert not stage.page.panel.start_button.isVisibleTo(stage.page)
    assert "Read-only while this run is training" in texts(stage.page.panel)
    assert "99.0 k parameters" in texts(stage.page.panel)
    assert stage.page.buttons.stop.isVisibleTo(stage.page)
    assert "Training" in stage.page.header.subtitle()


def test_while_it_trains_the_planned_sizes_stay_beside_the_recipe(stage, qtbot):
    sizes = {name: PLAN[name] for name in ("adapter_bytes", "memory_bytes")}
    model = stage.start(qtbot, [["emit", STARTED | sizes], ["steps", {"count": 10_000, "per_second": 50}]])
    qtbot.waitUntil(lambda: model.state.step > 1, timeout=WAIT)
    stage.page.show_run(model)
    text = texts(stage.page.panel.effect)
    assert "14.2 MB on disk" in text
    assert "about 5.9 GB of memory" in text


def test_a_run_that_has_not_begun_shows_no_other_recipes_sizes(stage, qtbot):
    stage.page.shown()
    qtbot.waitUntil(lambda: "on disk" in texts(stage.page.panel.effect), timeout=WAIT)
    run = stage.run(qtbot, [["fail", {"message": "There is nothing to read."}]])
    assert "14.2 MB on disk" in texts(stage.page.panel.effect)
    stage.page.edit(recipe.from_tables(BASICS | {"method": {"id": "full"}}))
    stage.page.open_run(run.id)
    assert "on disk" not in texts(stage.page.panel.effect)


def test_stop_asks_the_worker_and_the_run_can_be_resumed(stage, qtbot):
    model = stage.start(qtbot, ENDLESS)
    qtbot.waitUntil(lambda: model.state.step >= 3, timeout=WAIT)
    qtbot.waitUntil(stage.page.buttons.stop.isEnabled, timeout=WAIT)
    stage.page.buttons.stop.click()
    assert stage.page.run_view.stop_strip.isVisibleTo(stage.page)
    qtbot.waitUntil(lambda: not model.running, timeout=WAIT)

    assert model.ending.outcome == "stopped"
    assert not stage.page.run_view.stop_strip.isVisibleTo(stage.page)
    assert "Stopped at step" in stage.page.run_view.stopped.text()
    stage.scripts["train"] = COMPLETE
    stage.page.run_view.stopped.acted.emit()
    qtbot.waitUntil(lambda: isinstance(stage.page.run_view.card, VerdictCard), timeout=WAIT)
    assert stage.page._model.state.attempt == 2


def test_a_deaf_worker_can_be_forced_after_two_seconds(stage, qtbot):
    model = stage.start(qtbot, [["emit", STARTED], ["steps", {"count": 2, "per_second": 100}], ["deaf", 60]])
    qtbot.waitUntil(lambda: model.state.step == 2, timeout=WAIT)
    stage.page.buttons.stop_wanted.emit()
    force = stage.page.run_view.stop_strip.action_button()
    qtbot.waitUntil(lambda: force.isVisibleTo(stage.page), timeout=WAIT)
    assert "Finishing" in stage.page.run_view.stop_strip.text()
    force.click()
    qtbot.waitUntil(lambda: not model.running, timeout=WAIT)

    assert model.ending.outcome == "crashed"
    assert isinstance(stage.page.run_view.card, FailureCard)


def test_pause_and_continue(stage, qtbot):
    model = stage.start(qtbot, ENDLESS)
    qtbot.waitUntil(lambda: stage.page.buttons.pause.isEnabled() and model.state.step > 0, timeout=WAIT)
    stage.page.buttons.pause.click()
    qtbot.waitUntil(lambda: stage.page.buttons.pause.text() == "Continue", timeout=WAIT)
    assert "Paused" in stage.page.header.subtitle()
    stage.page.buttons.pause.click()
    qtbot.waitUntil(lambda: stage.page.buttons.pause.text() == "Pause", timeout=WAIT)


def test_a_pause_that_frees_the_device_ends_the_worker_and_goes_on_later(stage, qtbot):
    model = stage.start(qtbot, ENDLESS)
    buttons = stage.page.buttons
    qtbot.waitUntil(lambda: buttons.ways_to_pause.isEnabled() and model.state.step > 0, timeout=WAIT)
    [_hold, free] = buttons.pause_menu().actions()
    free.trigger()
    assert "Pausing" in stage.page.header.subtitle()
    qtbot.waitUntil(lambda: not model.running, timeout=WAIT)

    assert not stage.manager.device_text()
    assert "Paused" in stage.page.header.subtitle()
    assert "device is free" in stage.page.run_view.stopped.text()
    assert buttons.resume.text() == "Continue"
    entry = run_summaries.read_entry(model.job)
    assert outcome_of(entry).text == "Paused"
    stage.scripts["train"] = COMPLETE
    buttons.resume.click()
    qtbot.waitUntil(lambda: isinstance(stage.page.run_view.card, VerdictCard), timeout=WAIT)


def test_a_crash_says_what_happened_and_what_is_safe_and_keeps_the_curve(stage, qtbot):
    checkpoint = {"event": "checkpoint_saved", "step": 20, "path": "", "bytes": 9}
    script = [
        ["emit", STARTED],
        ["steps", {"count": 25, "per_second": 500}],
        ["emit", checkpoint],
        ["abort", None],
    ]
    model = stage.run(qtbot, script)
    card = stage.page.run_view.card

    assert isinstance(card, FailureCard)
    assert "Crashed at step 25" in texts(card)
    assert "SIGABRT" in texts(card)
    assert "checkpoint at step 20" in texts(card)
    assert card.can_resume
    assert len(model.state.loss.steps) == 25


def test_a_failed_run_shows_the_end_of_its_log(stage, qtbot):
    stage.run(qtbot, [["emit", STARTED], ["error", "seven is not even"]])
    card = stage.page.run_view.card

    assert isinstance(card, FailureCard)
    assert "seven is not even" in card._log.toPlainText()
    assert not card.can_resume


def test_a_copy_of_a_finished_runs_recipe_can_be_edited(stage, qtbot):
    stage.run(qtbot, COMPLETE)
    stage.page.panel.copy_button.click()

    assert stage.page.header.title() == "New run"
    assert stage.page.panel.start_button.isVisibleTo(stage.page)
    assert stage.page.panel.form.recipe() == recipe.from_tables(BASICS | {"name": ""})


def test_a_run_opened_from_the_history_is_the_same_as_it_was_live(stage, qtbot):
    model = stage.run(qtbot, COMPLETE)
    stage.page.buttons.new_wanted.emit()
    stage.page.open_run(model.id)
    qtbot.waitUntil(lambda: isinstance(stage.page.run_view.card, VerdictCard), timeout=WAIT)

    assert stage.page._model is not model
    assert stage.page._model.state == model.state


@pytest.mark.parametrize("kind", ["train", "evaluate", "export"])
def test_what_is_started_or_goes_on_while_something_computes_waits_for_its_turn(stage, qtbot, kind):
    stage.scripts[kind] = [["wait_for_stop", 60]]
    if kind == "train":
        stage.manager.start_run(recipe.from_tables(BASICS))
    else:
        thread = stage.manager.ask(kind)
    stopped = run_store.create_run(recipe.from_tables(BASICS | {"name": "stopped"}))

    assert stage.page.start_run(recipe.from_tables(BASICS)) is None
    assert stage.page.right.notice.text().startswith("A run was added to the queue: ")
    stage.page.resume(stopped.id)
    assert stage.page.right.notice.text() == "stopped was added to the queue: it waits for A run."
    if kind == "train":
        qtbot.waitUntil(lambda: stage.manager.current.state.attempt == 1, timeout=WAIT)
    begun: list[str] = []
    stage.manager.run_started.connect(lambda run: begun.append(run.recipe.name))
    stage.scripts["train"] = COMPLETE
    (stage.manager.current if kind == "train" else thread).stop()
    qtbot.waitUntil(lambda: begun == ["A run", "stopped"] and stage.manager.current is None, timeout=WAIT)


def test_the_playgrounds_worker_keeps_no_run_from_starting(stage):
    stage.scripts["summarize"] = [["wait_for_stop", 60]]
    stage.manager.ask("summarize")

    assert stage.page.start_run(recipe.from_tables(BASICS)) is not None


def test_remarks_fold_into_one_line_below_the_verdict(stage, qtbot):
    lines = [["emit", {"event": "notice", "level": "notice", "message": f"Said {at}."}] for at in range(5)]
    stage.run(qtbot, [["emit", STARTED], *lines, lines[0], ["steps", {"count": 2, "per_second": 100}]])
    view = stage.page.run_view
    assert view.remarks.line.text() == "5 remarks. The last: Said 0."
    assert "Said 2." not in texts(view)
    view.remarks.line.action_button().click()

    assert all(f"Said {at}." in texts(view) for at in range(5))
    view.remarks.line.action_button().click()
    assert "Said 2." not in texts(view)


def test_a_run_that_would_fetch_something_asks_first(stage, qtbot):
    wanted = recipe.from_tables(BASICS | {"base_model": {"id": "google/flan-t5-small"}})
    cost = {"id": "google/flan-t5-small", "missing_bytes": 308_000_000, "licence": "apache-2.0"}
    answers = {"list": {"models": []}, "cost": cost}
    stage.scripts["models"] = [["by_action", answers]]
    stage.page.edit(wanted)
    stage.page.panel.start_button.click()
    qtbot.waitUntil(lambda: "308.0 MB to download" in stage.page.right.notice.text(), timeout=WAIT)
    assert stage.manager.current is None
    stage.scripts["train"] = COMPLETE
    stage.page.right.notice.action_button().click()
    qtbot.waitUntil(lambda: stage.manager.current is not None, timeout=WAIT)


def test_running_again_asks_before_it_fetches_too(stage, qtbot):
    wanted = recipe.from_tables(BASICS | {"data": {"source": "someone/chats"}})
    cost = {"id": "someone/chats", "missing_bytes": 9_000_000, "licence": "mit"}
    stage.scripts["models"] = [["by_action", {"cost": cost}]]
    stage.page.run_again(wanted)
    qtbot.waitUntil(lambda: "9.0 MB to download" in stage.page.right.notice.text(), timeout=WAIT)
    assert stage.manager.current is None
    stage.scripts["train"] = COMPLETE
    stage.page.run_again(recipe.from_tables(BASICS))
    assert stage.manager.current is not None


def test_without_a_network_the_page_says_so_and_starts_nothing(stage, qtbot):
    wanted = recipe.from_tables(BASICS | {"base_model": {"id": "google/flan-t5-small"}})
    stage.scripts["models"] = [["by_action", {"list": {"models": []}, "cost": "No network."}]]
    stage.page.edit(wanted)
    stage.page.panel.start_button.click()
    qtbot.waitUntil(lambda: "No network." in stage.page.right.notice.text(), timeout=WAIT)

    assert stage.manager.current is None


def test_base_models_are_listed_and_chosen(stage, qtbot):
    models = [
        {
            "id": "starter",
            "family": "encoder-decoder",
            "size_bytes": 19_000_000,
            "licence": "apache-2.0",
            "local": True,
        },
        {"id": "owner/small", "family": "decoder-only", "size_bytes": 9, "licence": "", "local": False},
        {"id": "owner/images", "family": None, "size_bytes": 9, "licence": "", "local": False},
    ]
    stage.scripts["models"] = [["by_action", {"list": {"models": models}}]]
    stage.page.panel.form.base_model_chooser().browse_requested.emit()
    qtbot.waitUntil(
        lambda: stage.page.right.base_models.ids() == ["starter", "owner/small", "owner/images"], timeout=WAIT
    )
    qtbot.waitUntil(lambda: "not a text model" in texts(stage.page.right.base_models), timeout=WAIT)
    stage.page.right.base_models.chosen.emit("owner/small")

    assert stage.page.panel.form.tables()["base_model"]["id"] == "owner/small"


def test_below_1200_recipe_and_run_take_turns(stage):
    stage.page.adapt(1024)
    stage.page.buttons.sides.set_current("run")
    stage.page.adapt(1024)
    assert not stage.page.panel.isVisibleTo(stage.page)
    assert stage.page.right.isVisibleTo(stage.page)
    stage.page.buttons.sides.set_current("recipe")
    stage.page.adapt(1024)

    assert stage.page.panel.isVisibleTo(stage.page)
    assert not stage.page.right.isVisibleTo(stage.page)


# Parts


@pytest.mark.parametrize(
    ("mean", "verdict", "headline", "text"),
    [
        (
            0.015,
            "better",
            "Better than the base model",
            "rose by <b>1.5 points</b> (95 % interval 0.6 to 2.4)",
        ),
        (-0.02, "worse", "Worse than the base model", "fell by <b>2.0 points</b> (95 % interval 1.1 to 2.9)"),
        (0.003, "no measurable difference", "No measurable difference", "changed by <b>0.3 points</b>"),
    ],
)
def test_the_verdict_comes_first_in_words(qtbot, mean, verdict, headline, text):
    state = RunState()
    for event in (
        STARTED,
        SAVED,
        scored("base", 0.469),
        scored("x", 0.469 + mean, difference(mean, verdict)),
    ):
        state.apply(event | {"time": 1.0})
    card = VerdictCard(state)
    qtbot.addWidget(card)

    assert card.accessibleName() == headline
    assert text in verdict_sentence(difference(mean, verdict)["rouge1"], 200, "test")


def test_a_verdict_on_one_conversation_has_no_interval(qtbot):
    state = RunState()
    change = {"rouge1": {"mean": 0.25, "verdict": "no measurable difference"}}
    common = {"event": "evaluated", "time": 1.0, "step": 3, "split": "test", "loss": None, "seconds": 1.0}
    common |= {"protocol": {"examples": 1, "split": "test"}, "capped": 0.0}
    base = common | {"of": "base", "scores": {"rouge1": {"mean": 0.25}}, "difference": None}
    tuned = common | {"of": "x", "scores": {"rouge1": {"mean": 0.5}}, "difference": change}
    for event in (STARTED | {"time": 1.0}, SAVED | {"time": 1.0}, base, tuned):
        state.apply(event)
    card = VerdictCard(state)
    qtbot.addWidget(card)
    card.grab()

    assert "on one test conversation, so no interval." in card.accessibleDescription()
    assert "no interval" in texts(card)


def test_a_stopped_runs_card_claims_no_score(qtbot):
    state = RunState()
    for event in (STARTED, SAVED):
        state.apply(event | {"time": 1.0})
    card = VerdictCard(state)
    qtbot.addWidget(card)

    assert "not compared" in card.accessibleDescription()
    assert "ROUGE" not in texts(card)


@pytest.mark.parametrize("saved", [True, False])
def test_conversations_can_be_compared_where_the_run_keeps_their_scores(qtbot, saved):
    state = RunState()
    for event in (STARTED, SAVED, scored("base", 0.469), scored("x", 0.48, difference(0.011, "better"))):
        state.apply(event | {"time": 1.0})
    card = VerdictCard(state, scored_each=saved)
    qtbot.addWidget(card)
    buttons = {button.text(): button for button in card.findChildren(Button)}

    assert ("Compare conversations" in buttons) is saved
    with qtbot.waitSignal(card.report_wanted):
        buttons["Report…"].click()


def test_the_drawing_is_of_the_models_own_parts():
    encoder, decoder = blocks_of(PLAN)

    assert encoder.title == "Encoder block × 12"
    assert [group.title for group in encoder.groups] == ["Self-attention", "Feed-forward"]
    assert [group.title for group in decoder.groups] == ["Self-attention", "Cross-attention", "Feed-forward"]
    (block,) = blocks_of(
        {"modules": {"q_proj": 30, "down_proj": 30, "lm_head": 1}, "blocks": {"decoder": 30}}
    )
    assert [[part.text for part in group.parts] for group in block.groups] == [["q"], ["down"]]


def test_a_plan_in_words():
    assert plan_text({"steps": 1, "seconds": None}).startswith("<b>1 step</b>.")
    assert "in about <b>12 min" in plan_text({"steps": 1540, "seconds": 720})
    assert plan_text({}) == ""
