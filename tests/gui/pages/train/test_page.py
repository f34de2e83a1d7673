import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QScrollBar,
    QWidget,
)

from engine.api import RunState, paths, recipe, run_store, run_summaries
from gui.models.grouped_table import text_of
from gui.models.run_table import outcome_of
from gui.pages.train.effect_panel import blocks_of
from gui.pages.train.page_header import level_of
from gui.pages.train.run_notices import FailureCard
from gui.pages.train.run_text import typical, verdict_sentence
from gui.pages.train.verdict_card import VerdictCard, beginning
from gui.widgets.buttons import Button
from tests.helpers.homes import add_adapter
from tests.helpers.scored_runs import add_scored_run
from tests.helpers.train_stage import (
    BASICS,
    COMPLETE,
    ENDLESS,
    PLAN,
    SAVED,
    STARTED,
    difference,
    scored,
    texts,
)


def _take(qtbot, methods, method_id):
    methods.view.choose(method_id)
    qtbot.keyClick(methods.view, Qt.Key.Key_Return)


def test_before_the_start_the_plan_the_devices_and_all_methods_counts_are_shown(stage, qtbot):
    devices = {"devices": [{"id": "cuda:0", "name": "A card"}, {"id": "cpu", "name": "Processor"}]}
    stage.scripts["devices"] = [["emit", {"event": "result_made", "result": devices}]]
    panel, row = stage.page.panel, stage.page.right.methods.row
    panel.set_level("advanced")
    stage.page.shown()
    choice = panel.form.field("training.device").control.widget
    qtbot.waitUntil(lambda: choice.findData("cuda:0") > 0)
    assert choice.key() == "auto"
    text = texts(panel)
    for part in ("1,540", "3,538,944", "14.2 MB on disk", "The base model is scored first"):
        assert part in text
    for method in ("lora", "full"):
        qtbot.waitUntil(lambda method=method: "3.54 M" in row(method).trainable)
    _take(qtbot, stage.page.right.methods, "full")
    assert panel.form.method_id() == "full"
    assert (row("lora").is_in_use, row("full").is_in_use) == (False, True)


def test_devices_that_were_not_found_are_asked_for_again_with_the_next_plan(stage, qtbot):
    devices = {"devices": [{"id": "cuda:0", "name": "A card"}, {"id": "cpu", "name": "Processor"}]}
    stage.scripts["devices"] = [["fail", {"message": "The driver does not answer."}]]
    with qtbot.waitSignal(stage.manager.devices.failed):
        stage.page.shown()
    stage.scripts["devices"] = [["emit", {"event": "result_made", "result": devices}]]
    with qtbot.waitSignal(stage.manager.devices.found):
        stage.page.plans.plan()
    assert stage.page.panel.form.field("training.device").control.widget.findData("cuda:0") > 0


def test_a_run_from_start_to_verdict_then_opened_from_the_history_and_copied(stage, qtbot):
    remark = {"event": "notice", "level": "notice", "message": "Said once."}
    model = stage.run(qtbot, [["emit", remark], *COMPLETE])
    page = stage.page
    assert isinstance(page.run_view.card, VerdictCard)
    text = texts(page.run_view.card)
    for part in ("Better than the base model", "46.9", "48.4", "+1.5"):
        assert part in text
    assert page.header.title() == "starter · sample · LoRA r 16"
    assert "Adapter saved as an-adapter" in page.header.subtitle()
    assert page.run_view.samples.summaries() == ["Priya's train is cancelled."]
    assert [strip.text() for strip in page.run_view.remarks.strips] == ["Said once."]
    assert [run.name for run in paths.runs_folder().iterdir()] == [model.id]
    with qtbot.waitSignals([page.playground_requested, page.library_requested]):
        page.buttons.try_it.click()
        page.buttons.library.trigger()
    add_adapter("an-adapter")
    with qtbot.waitSignal(page.export_requested) as asked:
        page.buttons.export.click()
    assert asked.args[0].id == "an-adapter"

    page.runs.new_button.click()
    page.open_run(model.id)
    qtbot.waitUntil(lambda: isinstance(page.run_view.card, VerdictCard))
    assert page.model is not model
    assert page.model.state == model.state

    page.buttons.edit.click()
    assert page.header.title() == "New run"
    assert page.panel.start_button.isVisibleTo(page)
    assert page.panel.form.recipe() == recipe.from_tables(BASICS | {"name": ""})


@pytest.mark.usefixtures("styled")
def test_a_result_has_its_height_before_it_is_painted(stage, qtbot):
    model = stage.run(qtbot, COMPLETE)
    view = stage.page.run_view
    qtbot.waitUntil(lambda: isinstance(view.card, VerdictCard))
    view.show_run(model)
    assert view.card.height() >= view.card.minimumSizeHint().height() > 100


def test_a_run_is_watched_paused_stopped_and_resumed(stage, qtbot):
    sizes = {name: PLAN[name] for name in ("adapter_bytes", "memory_bytes")}
    model = stage.start(qtbot, [["emit", STARTED | sizes], ENDLESS[-1]])
    page, buttons = stage.page, stage.page.buttons
    step = page.run_view.metrics_row.figures["step"]
    qtbot.waitUntil(lambda: step.value() not in {"–", "0"})
    assert not page.panel.start_button.isVisibleTo(page)
    text = texts(page.panel)
    for part in (
        "Settings are locked while training",
        "99.0 k parameters",
        "14.2 MB on disk",
        "about 5.9 GB of memory",
    ):
        assert part in text

    qtbot.waitUntil(buttons.pause.isEnabled)
    buttons.pause.click()
    qtbot.waitUntil(lambda: buttons.pause.text() == "Continue")
    assert "Paused" in page.header.subtitle()
    buttons.pause.click()
    qtbot.waitUntil(lambda: buttons.pause.text() == "Pause")

    buttons.stop.click()
    assert page.run_view.stop_strip.isVisibleTo(page)
    qtbot.waitUntil(lambda: not model.running)
    assert model.ending.outcome == "stopped"
    assert not page.run_view.stop_strip.isVisibleTo(page)
    assert "Stopped at step" in page.run_view.stopped.text()
    stage.scripts["train"] = COMPLETE
    page.run_view.stopped.acted.emit()
    qtbot.waitUntil(lambda: isinstance(page.run_view.card, VerdictCard))
    assert page.model.state.attempt == 2


def test_a_run_that_has_not_begun_shows_no_other_recipes_sizes(stage, qtbot):
    stage.page.panel.set_level("advanced")
    stage.page.shown()
    qtbot.waitUntil(lambda: "on disk" in texts(stage.page.panel.effect))
    run = stage.run(qtbot, [["fail", {"message": "There is nothing to read."}]])
    assert "14.2 MB on disk" in texts(stage.page.panel.effect)
    stage.page.edit(recipe.from_tables(BASICS | {"method": {"id": "full"}}))
    stage.page.open_run(run.id)
    assert "on disk" not in texts(stage.page.panel.effect)


def test_a_deaf_worker_can_be_forced_after_two_seconds(stage, qtbot):
    model = stage.start(
        qtbot, [["emit", STARTED], ["steps", {"count": 2, "per_second": 100}], ["deaf", None]]
    )
    qtbot.waitUntil(lambda: model.state.step == 2)
    stage.page.buttons.stop.click()
    force = stage.page.run_view.stop_strip.action_button()
    qtbot.waitUntil(lambda: force.isVisibleTo(stage.page))
    assert "Finishing" in stage.page.run_view.stop_strip.text()
    force.click()
    qtbot.waitUntil(lambda: not model.running)
    assert model.ending.outcome == "crashed"
    assert isinstance(stage.page.run_view.card, FailureCard)


def test_a_pause_that_frees_the_device_ends_the_worker_and_goes_on_later(stage, qtbot):
    model = stage.start(qtbot, ENDLESS)
    buttons = stage.page.buttons
    qtbot.waitUntil(lambda: buttons.ways_to_pause.isEnabled() and model.state.step > 0)
    [_hold, free] = buttons.pause_menu().actions()
    free.trigger()
    assert "Pausing" in stage.page.header.subtitle()
    qtbot.waitUntil(lambda: not model.running)
    assert not stage.manager.device_text()
    assert "Paused" in stage.page.header.subtitle()
    assert "device is free" in stage.page.run_view.stopped.text()
    assert buttons.resume.text() == "Continue"
    entry = run_summaries.read_entry(model.job)
    assert outcome_of(entry).text == "Paused"
    stage.scripts["train"] = COMPLETE
    buttons.resume.click()
    qtbot.waitUntil(lambda: isinstance(stage.page.run_view.card, VerdictCard))


def test_a_crash_says_what_happened_and_what_is_safe_and_keeps_the_curve(stage, qtbot):
    checkpoint = {"event": "checkpoint_saved", "step": 20, "path": "", "bytes": 9}
    script = [
        ["emit", STARTED], ["steps", {"count": 25, "per_second": 500}], ["emit", checkpoint], ["abort", None],
    ]  # fmt: skip
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
    assert "seven is not even" in card.log.toPlainText()
    assert not card.can_resume


@pytest.mark.parametrize("kind", ["train", "evaluate"])
def test_what_is_started_or_goes_on_while_something_computes_waits_for_its_turn(stage, qtbot, kind):
    stage.scripts[kind] = [["wait_for_stop", None]]
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
        qtbot.waitUntil(lambda: stage.manager.current.state.attempt == 1)
    begun: list[str] = []
    stage.manager.run_started.connect(lambda run: begun.append(run.recipe.name))
    stage.scripts["train"] = COMPLETE
    (stage.manager.current if kind == "train" else thread).stop()
    qtbot.waitUntil(lambda: begun == ["A run", "stopped"] and stage.manager.current is None)


def test_the_playgrounds_worker_keeps_no_run_from_starting(stage):
    stage.scripts["summarize"] = [["wait_for_stop", None]]
    stage.manager.ask("summarize")
    assert stage.page.start_run(recipe.from_tables(BASICS)) is not None


def test_a_run_that_would_fetch_something_asks_first_also_again_and_not_without_a_network(stage, qtbot):
    notice, models = stage.page.right.notice, {"list": {"models": []}}
    wanted = recipe.from_tables(BASICS | {"data": {"source": "someone/chats"}})
    cost = {"id": "someone/chats", "missing_bytes": 9_000_000, "licence": "mit"}
    stage.scripts["models"] = [["by_action", models | {"cost": cost}]]
    stage.page.run_again(wanted)
    qtbot.waitUntil(lambda: "9.0 MB to download" in notice.text())
    stage.scripts["models"] = [["by_action", models | {"cost": "No network."}]]
    stage.page.edit(wanted)
    stage.page.panel.start_button.click()
    qtbot.waitUntil(lambda: "No network." in notice.text())
    assert stage.manager.current is None
    stage.scripts["train"] = COMPLETE
    stage.page.run_again(recipe.from_tables(BASICS))
    assert stage.manager.current is not None


CHOICES = (QAbstractButton, QComboBox, QLineEdit, QAbstractSpinBox, QAbstractSlider)


def test_a_new_run_shows_at_most_twelve_choices_at_first_and_all_settings_on_advanced(stage, qtbot):
    page = stage.page

    def choices() -> list[QWidget]:
        """Return what can be chosen or pressed; the levels are one choice, and so are a number and its arrows."""
        found = [each for part in (page.header, page.panel) for each in part.findChildren(QWidget)]
        shown = [each for each in found if isinstance(each, CHOICES) and each.isVisibleTo(page)]
        shown = [each for each in shown if not isinstance(each, QScrollBar)]
        inner = [
            each for each in shown if any(other.isAncestorOf(each) for other in shown if other is not each)
        ]
        levels = [each for each in shown if page.buttons.levels.isAncestorOf(each)]
        return [each for each in shown if each not in inner and each not in levels[1:]]

    assert len(choices()) <= 12, [(type(each), each.accessibleName()) for each in choices()]
    assert not page.panel.effect.isVisibleTo(page) or not page.panel.effect.details.isVisibleTo(page)
    page.buttons.levels.segments["advanced"].click()
    assert len(choices()) > 40
    assert stage.preferences.get("level") == "advanced"
    assert page.panel.effect.details.isVisibleTo(page)

    field = page.panel.form.field
    page.panel.search.setText("gradient clip")
    qtbot.waitUntil(lambda: not field("data.source").around.isVisibleTo(page))
    assert field("training.max_gradient_norm").around.isVisibleTo(page)
    assert not page.panel.form.method_field.isVisibleTo(page)
    page.panel.search.setText("no such setting")
    qtbot.waitUntil(lambda: "No setting found." in texts(page.panel))
    page.buttons.levels.segments["basic"].click()
    assert field("data.source").around.isVisibleTo(page)
    assert [level_of(saved) for saved in ("more", "everything", "essential", None)] == [
        "advanced",
        "advanced",
        "basic",
        "basic",
    ]


def test_good_methods_are_cards_and_all_others_behind_them(stage, qtbot):
    page, form = stage.page, stage.page.panel.form
    cards = form.method_field.cards
    assert cards.offered() == ["lora", "lora/qlora", "ia3", "full"]
    cards.choose("lora/qlora")
    assert form.tables()["base_model"]["quantization"] == "nf4"
    cards.choose("full")
    assert (form.method_id(), form.tables()["base_model"]["quantization"]) == ("full", "none")
    form.method_field.all_button.click()
    assert page.right.methods.isVisibleTo(page)
    _take(qtbot, page.right.methods, "adalora")
    assert page.panel.isVisibleTo(page)
    assert (cards.offered()[-1], cards.current()) == ("adalora", "adalora")


def test_a_new_run_that_is_left_for_another_one_comes_back(stage, qtbot):
    page = stage.page
    model = stage.run(qtbot, COMPLETE)
    page.runs.new_button.click()
    page.panel.form.choose_method("ia3")
    left = page.panel.form.tables()
    page.open_run(model.id)
    assert page.panel.form.method_id() == "lora"
    page.buttons.sides.segments["recipe"].click()
    assert page.panel.isVisibleTo(page)
    assert page.panel.form.method_field.cards.offered() == ["lora"]
    page.runs.new_button.click()
    assert page.panel.form.tables() == left
    assert not page.runs.new_button.isEnabled()


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
    card = qtbot.add(VerdictCard(state))
    assert card.accessibleName() == headline
    assert text in verdict_sentence(difference(mean, verdict)["rouge1"], {"examples": 200, "split": "test"})


def test_a_verdict_on_one_conversation_has_no_interval_and_a_stopped_runs_card_no_score(qtbot):
    state = RunState()
    for event in (STARTED, SAVED):
        state.apply(event | {"time": 1.0})
    stopped = qtbot.add(VerdictCard(state))
    assert "Not compared" in stopped.accessibleDescription()
    assert "ROUGE" not in texts(stopped)
    change = {"rouge1": {"mean": 0.25, "verdict": "no measurable difference"}}
    common = {"event": "evaluated", "time": 1.0, "step": 3, "split": "test", "loss": None, "seconds": 1.0}
    common |= {"protocol": {"examples": 1, "split": "test"}, "capped": 0.0}
    state.apply(common | {"of": "base", "scores": {"rouge1": {"mean": 0.25}}, "difference": None})
    state.apply(common | {"of": "x", "scores": {"rouge1": {"mean": 0.5}}, "difference": change})
    card = qtbot.add(VerdictCard(state))
    card.grab()
    assert "on one test conversation, so no interval." in card.accessibleDescription()
    [row] = card.scores.items()
    assert text_of(card.scores.cell(row, "interval")) == "no interval"


@pytest.mark.parametrize("saved", [True, False])
def test_conversations_can_be_compared_where_the_run_keeps_their_scores(qtbot, saved):
    state = RunState()
    for event in (STARTED, SAVED, scored("base", 0.469), scored("x", 0.48, difference(0.011, "better"))):
        state.apply(event | {"time": 1.0})
    card = qtbot.add(VerdictCard(state, scored_each=saved))
    buttons = {button.text(): button for button in card.findChildren(Button)}
    assert ("Compare conversations" in buttons) is saved


def test_three_typical_conversations_stand_before_and_after_above_the_scores(stage, qtbot):
    job = add_scored_run()
    shown = typical(job.folder, 3)
    gains = [each.gain for each in shown]
    assert len(shown) == 3
    assert gains == sorted(gains, reverse=True)
    assert typical(job.folder, 1) == [typical(job.folder, 3)[1]]
    stage.page.open_run(job.id)
    card = stage.page.run_view
    qtbot.waitUntil(lambda: shown[0].tuned in texts(card))
    said = texts(card)
    for each in shown:
        assert each.base in said
        assert each.tuned in said
        assert beginning(each.conversation) in said
    assert beginning("word " * 100).endswith("word…")
    assert typical(job.folder / "none", 3) == []


def test_the_drawing_is_of_the_models_own_parts():
    encoder, decoder = blocks_of(PLAN)
    assert encoder.title == "Encoder block × 12"
    assert [group.title for group in encoder.groups] == ["Self-attention", "Feed-forward"]
    assert [group.title for group in decoder.groups] == ["Self-attention", "Cross-attention", "Feed-forward"]
    (block,) = blocks_of(
        {"modules": {"q_proj": 30, "down_proj": 30, "lm_head": 1}, "blocks": {"decoder": 30}}
    )
    assert [[part.text for part in group.parts] for group in block.groups] == [["q"], ["down"]]


def test_a_run_that_waits_shows_its_recipe_until_it_starts_or_is_taken_out(stage, qtbot):
    page, queue = stage.page, stage.manager.device_queue
    first = stage.start(qtbot, ENDLESS)
    page.new_run()
    page.panel.form.set_values("training", {"epochs": 7})
    for name in ("Next", "Last"):
        wanted = recipe.dumps(recipe.from_tables(BASICS | {"name": name}))
        queue.add("run", name, {"recipe": wanted, "computer": "", "cards": 1})
    queue.add("run", "Damaged", {})
    page.show_waiting(queue.waiting[2].key)
    assert page.header.title() == "New run"
    assert page.right.notice.text()

    page.show_waiting(queue.waiting[0].key)
    assert page.header.title() == "Next"
    assert page.header.subtitle() == f"Not started yet, waits for {first.recipe.name}"
    assert not page.panel.start_button.isVisibleTo(page)
    shown = (page.buttons.edit, page.buttons.queue, page.buttons.more)
    assert all(each.isVisibleTo(page) for each in shown)
    assert not page.buttons.try_it.isVisibleTo(page)
    assert "Open the run's folder" not in [each.text() for each in page.buttons.entries()]
    page.new_run()
    assert page.panel.form.tables()["training"]["epochs"] == 7

    page.show_waiting(queue.waiting[1].key)
    queue.remove(queue.waiting[1].key)
    assert page.header.title() == first.recipe.name
    queue.remove(queue.waiting[1].key)
    page.show_waiting(queue.waiting[0].key)
    first.stop()
    qtbot.waitUntil(lambda: page.model is not None and page.model.recipe.name == "Next")
    page.model.stop()
    qtbot.waitUntil(lambda: not page.model.running)
