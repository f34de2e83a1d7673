import math
from typing import Any

import pytest

from engine.runs.memory_fallbacks import lines, read

BATCH: dict[str, Any] = {
    "changes": {"training.micro_batch_tokens": 1024}, "memory_bytes": 7_700_000_000, "memory_change": -0.378,
}  # fmt: skip
TOLD: dict[str, Any] = {"rows": 8, "batch_size": 8, "plans": [BATCH | {"time_change": 0.061, "rows": 4}]}


def told(**changes):
    return TOLD | {"plans": [TOLD["plans"][0] | changes]}


def test_a_plan_says_what_changes_and_what_it_costs():
    [plan] = read(TOLD)
    assert (plan.title, plan.detail) == ("Micro-batch 8 to 4", "Batch size is unchanged: 8 examples")
    assert (plan.memory, plan.saving, plan.time) == ("7.7 GB", "−38\u00a0%", "≈\u00a0+6\u00a0%")
    assert plan.learning == "the same"


def test_a_plan_of_several_changes_names_them_all_and_what_differs():
    several = {
        "training.activation_checkpointing": True,
        "training.micro_batch_tokens": 512,
        "training.optimizer": "adamw_8bit",
        "base_model.quantization": "nf4",
        "base_model.double_quantization": True,
    }
    [plan] = read(told(changes=several, time_change=None, rows=2))
    assert plan.title == "Checkpoint activations, micro-batch 8 to 2, 8-bit optimizer, base model in 4 bits"
    assert plan.time == "not timed"
    assert plan.learning == "slightly different"
    assert plan.arguments.split()[1::2] == [
        "training.activation_checkpointing=true", "training.micro_batch_tokens=512",
        "training.optimizer=adamw_8bit", "base_model.quantization=nf4", "base_model.double_quantization=true",
    ]  # fmt: skip


def test_a_terminal_gets_the_command_below_each_plan():
    assert lines(read(TOLD), "a-run") == [
        "  1  Micro-batch 8 to 4: 7.7 GB (−38\u00a0%), time ≈\u00a0+6\u00a0%, result the same",
        "     main.py resume a-run --set training.micro_batch_tokens=1024",
    ]


@pytest.mark.parametrize(
    "event",
    [
        {}, {"plans": 3}, {"plans": [None]}, told(changes={}), told(changes={"data.source": "/etc/passwd"}),
        told(changes=[1]), told(memory_bytes="much"), told(memory_change=math.nan),
        told(time_change=math.inf), told(rows=None), {**TOLD, "batch_size": []},
    ],
)  # fmt: skip
def test_a_damaged_plan_is_left_out(event):
    assert read(event) == []
