import pytest

from engine.api import MethodSettings, method
from gui.graphics.bars import Bar
from gui.graphics.block_drawing import BlockDrawing
from gui.pages.train.effect_panel import EffectPanel, SplitBar
from tests.helpers.train_stage import PLAN, texts

MEMORY = {
    "weights": 500_000_000, "adapter": 14_000_000, "gradients": 14_000_000, "optimizer": 28_000_000,
    "activations": 300_000_000, "runtime": 0,
}  # fmt: skip
WIDTH = 296
LORA = MethodSettings("lora", method("lora").options())


@pytest.fixture
def effect(qtbot):
    return qtbot.place(EffectPanel(), WIDTH, 600)


def _split(effect: EffectPanel) -> SplitBar:
    found = effect.findChild(SplitBar)
    assert found is not None
    return found


def _drawing(effect: EffectPanel) -> BlockDrawing:
    found = effect.findChild(BlockDrawing)
    assert found is not None
    return found


def test_counts_are_shown_with_share_disk_memory_and_bits_as_far_as_they_are_known(effect):
    effect.show_plan(PLAN | {"memory": MEMORY, "bits_per_parameter": 4.127}, LORA)
    text = texts(effect)
    for part in (
        "3,538,944",
        "of 251 M trainable",
        "1.41\u00a0%",
        "14.2 MB on disk",
        "4.127 bits per parameter",
    ):
        assert part in text
    split = _split(effect)
    assert split.isVisibleTo(effect)
    assert split.accessibleDescription().endswith("Optimizer 28.0 MB, Activations 300.0 MB")
    assert "Program" not in texts(split)
    effect.show_plan(PLAN | {"sized_by_training": True, "bits_per_parameter": None}, LORA)
    assert not split.isVisibleTo(effect)
    assert "bits" not in texts(effect)
    assert "about 14.2 MB on disk" in texts(effect)


def test_a_method_that_trains_nothing_says_so_and_lights_the_prompt(effect):
    nothing = {"trainable_parameters": 0, "adapter_bytes": 0, "memory_bytes": None, "targets": []}
    effect.show_plan(PLAN | nothing, MethodSettings("prompt_only", method("prompt_only").options()))
    text = texts(effect)
    assert "Trains nothing" in text
    assert "trainable" not in text
    assert "on disk" not in text
    assert _drawing(effect).marks() == ["prompt"]
    assert _drawing(effect).legend == "the prompt"
    bar = effect.findChild(Bar)
    assert bar is not None
    assert not bar.isVisibleTo(effect)
    effect.show_plan(PLAN, LORA)
    assert bar.isVisibleTo(effect)


def test_a_run_that_goes_on_shows_what_was_planned_and_one_that_has_ended_what_it_took(effect):
    started = PLAN | {"memory": MEMORY, "sized_by_training": True}
    effect.show_run(started, LORA, None, None)
    assert "about 14.2 MB on disk" in texts(effect)
    assert "about 5.9 GB of memory" in texts(effect)
    assert _split(effect).isVisibleTo(effect)
    effect.show_run(started, LORA, 14_300_000, 6_100_000_000)
    assert "14.3 MB on disk" in texts(effect).splitlines()
    assert "6.1 GB of memory at peak" in texts(effect)
    # The parts are those of the plan, and would not add up to what was measured.
    assert not _split(effect).isVisibleTo(effect)


@pytest.mark.usefixtures("styled")
@pytest.mark.parametrize("blocks", [{"encoder": 12, "decoder": 12}, {"decoder": 30}])
def test_the_first_plan_finds_its_room_kept(effect, blocks):
    memory = MEMORY | {"runtime": 700_000_000}
    room = effect.sizeHint().height()
    assert _drawing(effect).legend == ""
    effect.show_plan(PLAN | {"memory": memory, "blocks": blocks}, LORA)
    assert effect.sizeHint().height() == room
    effect.show_unknown()
    assert effect.sizeHint().height() == room
