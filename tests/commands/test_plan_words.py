"""A plan as people read it: parts of the memory below it, nothing told that is not known."""

from __future__ import annotations

from typing import Any

from engine.commands import plan_words

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
    lines = plan_words.lines(PLAN)
    assert lines[0].split() == ["Trains", "9,216", "of", "921,600", "numbers", "(1.00", "%)"]
    assert lines[-3].endswith("about 3.0 MB at its peak; there are 24.0 GB")
    assert [line.split()[0] for line in lines[-2:]] == ["3.0", "40.0"]
    assert lines[-2].index("weights") == lines[-1].index("numbers")


def test_what_is_not_known_is_not_told_and_what_is_missing_is() -> None:
    assert not any("Quantized" in line for line in plan_words.lines(PLAN))
    told = plan_words.lines(PLAN | {"bits_per_parameter": 4.127})
    assert any("4.127 bits a number" in line for line in told)
    assert plan_words.lines({"missing": ["google/flan-t5-base"]}) == [
        "google/flan-t5-base is not on this computer yet. A run fetches it first; what it takes is known then."
    ]
