from pathlib import Path
from typing import Any

import pytest

from engine.config import recipe as recipes
from engine.worker.planning.expected_time import START_SECONDS, TokenWork, run_seconds
from tests.helpers.tiny_runs import tiny_recipe

WORK = TokenWork(read=1_000_000, label=2_000_000, blocks=2)
LENGTHS = [(100, 20)] * 24
EXAMPLES: dict[Any, int] = {"train": 24, "validation": 6, "test": 6}


def seconds(tmp_path: Path, *changed: str, **values: Any) -> float:
    recipe = recipes.from_tables(recipes.overridden(tiny_recipe(tmp_path, "t5").as_tables(), changed))
    known = {"work": WORK, "trained_share": 0.0, "lengths": LENGTHS, "examples": EXAMPLES, "speed": 1e9}
    found = run_seconds(recipe, **(known | values))
    assert found is not None
    return found - START_SECONDS


def test_a_device_of_twice_the_speed_takes_about_half_the_time(tmp_path):
    slow = seconds(tmp_path)
    assert slow > seconds(tmp_path, speed=2e9) > slow / 2.2


@pytest.mark.parametrize(
    "more",
    [
        "training.epochs=5", "evaluation.max_new_tokens=500", "evaluation.beams=8",
        "training.activation_checkpointing=true", "training.evaluate_every=1",
    ],
)  # fmt: skip
def test_more_work_takes_longer(tmp_path, more):
    assert seconds(tmp_path, more) > seconds(tmp_path)


def test_more_and_longer_examples_and_more_trained_weights_take_longer(tmp_path):
    assert seconds(tmp_path, lengths=[(500, 20)] * 24) > seconds(tmp_path)
    assert seconds(tmp_path, lengths=LENGTHS * 2) > seconds(tmp_path)
    assert seconds(tmp_path, trained_share=1.0) > seconds(tmp_path)


def test_fewer_scored_conversations_and_a_time_limit_end_sooner(tmp_path):
    assert seconds(tmp_path, "evaluation.examples=1") < seconds(tmp_path)
    assert seconds(tmp_path, "training.epochs=500", "training.max_minutes=0.1") < seconds(
        tmp_path, "training.epochs=500"
    )


def test_a_prompt_alone_takes_the_time_of_scoring(tmp_path):
    recipe = tiny_recipe(tmp_path, "t5", "prompt_only")
    found = run_seconds(recipe, WORK, 0.0, LENGTHS, EXAMPLES, 1e9)
    assert found is not None
    assert 0 < found - START_SECONDS < seconds(tmp_path)
