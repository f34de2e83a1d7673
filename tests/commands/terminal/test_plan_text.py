"""A plan as people read it: parts of the memory below it, nothing told that is not known."""

from __future__ import annotations

from typing import Any

from engine.commands.terminal import plan_text

PLAN: dict[str, Any] = {
    "trainable_parameters": 9216,
    "all_parameters": 921600,
    "share": 0.01,
    "matrices": 1,
    "targets": ["q"],
    "adapter_bytes": 36864,
    "bits_per_parameter": None,
    "memory": {"weights": 3_000_000, "adapter": 40_000, "runtime": 0},
    "memory_bytes": 3_040_000,
    "memory_there_bytes": 24_000_000_000,
    "missing": [],
}


def test_memory_is_told_with_its_parts_below_each_other() -> None:
    lines = plan_text.lines(PLAN)
    assert lines[0].split() == ["Trains", "9,216", "of", "921,600", "parameters", "(1.00", "%)"]
    assert lines[-3].endswith("about 3.0 MB at its peak; 24.0 GB are available")
    assert [line.split()[0] for line in lines[-2:]] == ["3.0", "40.0"]
    assert lines[-2].index("weights") == lines[-1].index("parameters")


def test_what_is_not_known_is_not_told_and_what_is_missing_is() -> None:
    assert not any("Quantized" in line for line in plan_text.lines(PLAN))
    lines = plan_text.lines(PLAN | {"bits_per_parameter": 4.127})
    assert any("4.127 bits per parameter" in line for line in lines)
    assert plan_text.lines({"missing": ["google/flan-t5-base"]}) == [
        "google/flan-t5-base is not on this computer yet. A run downloads it first; its memory is known then."
    ]
    assert plan_text.lines(PLAN | {"missing": ["google/flan-t5-base"]})[-1].endswith(
        "its memory is estimated."
    )


def test_the_expected_time_is_told() -> None:
    [line] = [line for line in plan_text.lines(PLAN | {"seconds": 119.0}) if line.startswith("Time")]
    assert line.endswith("  about 1 min 59 s, scoring included")
    assert not any(line.startswith("Time") for line in plan_text.lines(PLAN | {"seconds": None}))


def test_an_adapter_whose_size_training_decides_is_told_as_an_estimate() -> None:
    def told(plan: dict[str, Any]) -> str:
        return next(line for line in plan_text.lines(plan) if line.startswith("Adapter"))

    assert told(PLAN).endswith("  36.9 kB on disk")
    assert told(PLAN | {"sized_by_training": True}).endswith("  about 36.9 kB on disk; training decides")


def test_a_prompt_alone_has_no_rate_no_steps_and_no_layers() -> None:
    nothing = {"trainable_parameters": 0, "share": 0.0, "matrices": 0, "targets": [], "adapter_bytes": 0}
    amounts = {"steps": 0, "learning_rate": 0.0, "examples": {"train": 80, "validation": 8, "test": 8}}
    plan = {name: value for name, value in PLAN.items() if not name.startswith("memory")} | nothing | amounts
    lines = plan_text.lines(plan | {"trains": False})
    assert [line.split()[0] for line in lines] == ["Trains", "Examples"]
    assert lines[0].endswith("nothing of 921,600 parameters; only the prompt changes")


def titles(plan: dict[str, Any]) -> list[str]:
    return [line.split("  ")[0] for line in plan_text.lines(plan) if line[0] != " "]


def test_a_method_that_cannot_be_put_on_has_no_numbers_and_no_layers() -> None:
    known = PLAN | {"trains": True, "steps": 2, "learning_rate": 0.001}
    assert titles(known) == ["Trains", "Changes", "Adapter", "Learning rate", "Steps", "Memory"]
    refused = {"trainable_parameters": 0, "share": 0.0, "matrices": 0, "targets": [], "adapter_bytes": 0}
    problem = {"field": "method.rank", "message": "Too large.", "hint": ""}
    assert titles(known | refused | {"problems": [problem]}) == ["Memory"]


def test_a_refused_recipe_has_no_rate_and_no_steps() -> None:
    known = PLAN | {"steps": 2, "learning_rate": 0.001}
    problem = {"field": "data.shots", "message": "16 examples take too much.", "hint": "4 would fit."}
    assert titles(known | {"problems": []}) == titles(known)
    assert titles(known | {"problems": [problem]}) == ["Trains", "Changes", "Adapter", "Memory"]


def test_soft_prompts_change_no_layers() -> None:
    assert titles(PLAN | {"matrices": 0, "targets": []}) == ["Trains", "Adapter", "Memory"]


def test_notices_of_a_plan_are_told_behind_its_facts() -> None:
    notice = {"message": "This is the base model as it is.", "hint": "Change data.prompt."}
    lines = plan_text.lines(PLAN | {"notices": [notice]})
    assert lines == [*plan_text.lines(PLAN), "Note: This is the base model as it is. Change data.prompt."]


def test_few_minutes_are_told_beside_the_steps_that_they_may_cut_short() -> None:
    known = PLAN | {"trains": True, "steps": 1540, "learning_rate": 0.001}
    assert any(line.endswith("1,540") for line in plan_text.lines(known | {"max_minutes": 0.0}))
    assert any(
        line.endswith("1,540, or as many as fit into 10 min")
        for line in plan_text.lines(known | {"max_minutes": 10.0})
    )


def test_of_several_processes_the_memory_of_one_is_told() -> None:
    processes = {"processes": 4, "sharded": True, "host_memory_bytes": 2_720_000_000}
    lines = plan_text.lines(PLAN | processes)
    assert any(
        "4, each computes its part of every step; each holds a part of the base" in line for line in lines
    )
    assert any("2.7 GB of the computer's own memory" in line for line in lines)
    assert any("at its peak for each process" in line for line in lines)
