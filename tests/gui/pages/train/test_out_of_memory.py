"""A run whose memory did not suffice: a card with smaller plans, and the run goes on with the one that is chosen."""

from engine.api import recipe, run_store
from engine.jobs import supervisor
from gui.pages.train.run_notices import FailureCard
from gui.widgets.buttons import Button
from gui.widgets.cards import FallbackRow
from tests.helpers import train_stage
from tests.helpers.systems import signals
from tests.helpers.train_stage import COMPLETE, texts

BATCH, AGAIN = "training.micro_batch_tokens", "training.activation_checkpointing"
VERDICT_TEXTS = {
    "needed": 12_400_000_000,
    "available": 12_000_000_000,
    "batch_size": 8,
    "rows": 8,
    "plans": [
        {
            "changes": {BATCH: 1024}, "memory_bytes": 7_700_000_000, "memory_change": -0.38,
            "time_change": 0.06, "rows": 4,
        },
        {
            "changes": {AGAIN: True}, "memory_bytes": 6_300_000_000, "memory_change": -0.49,
            "time_change": 0.31, "rows": 8,
        },
        {
            "changes": {"base_model.quantization": "nf4", "base_model.double_quantization": True},
            "memory_bytes": 5_300_000_000, "memory_change": -0.57, "time_change": None, "rows": 8,
        },
    ],
}  # fmt: skip
BEGUN = [*train_stage.BEGUN, ["steps", {"count": 12, "per_second": 400}]]
SAVED = ["emit", {"event": "checkpoint_saved", "step": 10, "path": "", "bytes": 1000}]
SHORT = [
    *BEGUN,
    SAVED,
    ["emit", {"event": "memory_exceeded", "step": 12, **VERDICT_TEXTS}],
    ["out_of_memory", "The largest batch needs 12.4 GB of memory; 12.0 GB is available."],
]


def card_of(stage) -> FailureCard:
    card = stage.page.run_view.card
    assert isinstance(card, FailureCard)
    return card


def button(card, text):
    return next(each for each in card.findChildren(Button) if each.text() == text)


def resume(stage, qtbot, text):
    """Press a button of the card, and wait until the run has ended again."""
    stage.scripts["train"] = COMPLETE
    button(card_of(stage), text).click()
    qtbot.waitUntil(lambda: stage.manager.current is not None)
    resumed = stage.manager.current
    qtbot.waitUntil(lambda: not resumed.running)
    return resumed


def keep_checkpoint(model):
    (model.job.folder / "checkpoint-10").mkdir()


def test_each_plans_price_is_said_before_one_is_chosen_and_then_the_run_goes_on_with_it(stage, qtbot):
    model = stage.run(qtbot, SHORT)
    keep_checkpoint(model)
    card = card_of(stage)
    assert card.accessibleName() == "Out of memory at step 12"
    assert "checkpoint at step 10" in texts(card)
    assert "12.4 GB" in texts(card)
    assert [row.accessibleName() for row in card.findChildren(FallbackRow)] == [
        "Micro-batch 8 to 4, Batch size is unchanged: 8 examples, 7.7 GB, −38\u00a0%, ≈\u00a0+6\u00a0%, the same",
        (
            "Checkpoint activations, Activations are recomputed instead of stored, "
            "6.3 GB, −49\u00a0%, ≈\u00a0+31\u00a0%, the same"
        ),
        "Base model in 4 bits, NF4 with double quantization, 5.3 GB, −57\u00a0%, not timed, slightly different",
    ]
    assert not card.log.isVisibleTo(card)

    stage.page.new_run()
    stage.page.open_run(model.id)
    qtbot.waitUntil(lambda: isinstance(stage.page.run_view.card, FailureCard))
    asked = recipe.load(model.job.recipe_path)
    card_of(stage).findChildren(FallbackRow)[1].click()
    assert recipe.load(model.job.recipe_path) == asked

    resumed = resume(stage, qtbot, "Continue from step 10")
    assert resumed.id == model.id
    assert resumed.recipe == recipe.load(model.job.recipe_path)
    assert resumed.recipe.training.activation_checkpointing
    assert resumed.recipe.training.batch_size == asked.training.batch_size
    assert [(each.step, each.field) for each in resumed.recipe.changes] == [(10, AGAIN)]
    assert resumed.state.outcome == "completed"


def test_without_a_checkpoint_the_run_starts_again_with_the_plan(stage, qtbot):
    model = stage.run(qtbot, [each for each in SHORT if each is not SAVED])
    resumed = resume(stage, qtbot, "Start again with this plan")
    assert resumed.id == model.id
    assert [(each.step, each.field, each.after) for each in resumed.recipe.changes] == [(0, BATCH, 1024)]


def test_where_no_plan_fits_a_copy_can_be_edited(stage, qtbot):
    command = ["emit", {"event": "memory_exceeded", "step": 0, **VERDICT_TEXTS, "plans": []}]
    stage.run(qtbot, [command, ["out_of_memory", "It can't be <read> & kept."]])
    assert "It can't be <read> & kept." in texts(card_of(stage))
    assert not card_of(stage).findChildren(FallbackRow)
    assert button(card_of(stage), "New run from these settings").isVisibleTo(stage.page)


@signals
def test_plans_for_a_run_that_the_system_killed_are_looked_for_again(stage, qtbot, monkeypatch):
    monkeypatch.setattr(supervisor, "_available_fraction", lambda: 0.01)
    stage.scripts["shrink"] = [["fail", {"message": "No."}]]
    model = stage.run(qtbot, [*BEGUN, SAVED, ["killed", None]])
    assert card_of(stage).accessibleName() == "Out of memory at step 12"
    qtbot.waitUntil(lambda: "Looking for plans" not in texts(card_of(stage)))
    # As of any crash.
    assert button(card_of(stage), "Resume from step 10").isVisibleTo(stage.page)
    monkeypatch.setattr(supervisor, "_available_fraction", lambda: 0.9)
    keep_checkpoint(model)
    stage.page.new_run()
    stage.scripts["shrink"] = [["emit", {"event": "result_made", "result": VERDICT_TEXTS}]]
    stage.page.open_run(model.id)
    qtbot.waitUntil(lambda: isinstance(stage.page.run_view.card, FailureCard))
    qtbot.waitUntil(lambda: len(card_of(stage).plans) == 3)
    assert card_of(stage).accessibleName() == "Out of memory at step 12"
    assert resume(stage, qtbot, "Continue from step 10").recipe.training.micro_batch_tokens == 1024


def test_a_changed_run_is_repeated_as_a_run_that_nothing_was_changed_of(stage, qtbot):
    model = stage.run(qtbot, SHORT)
    run_store.change(model.job, {BATCH: 1024})
    stage.page.open_run(model.id)
    stage.page.edit_copy()
    again = stage.start(qtbot, COMPLETE)
    qtbot.waitUntil(lambda: not again.running)
    made = recipe.load(again.job.recipe_path)
    assert (made.training.micro_batch_tokens, made.changes) == (1024, ())
