from typing import Any

import pytest

from engine.commands import inspect
from engine.commands.scoring import evaluation_lines
from engine.scoring.metrics import HEADLINE, OTHER_METRICS

PLAN: dict[str, Any] = {
    "trainable_parameters": 9216, "all_parameters": 921600, "share": 0.01, "matrices": 1, "targets": ["q"],
    "adapter_bytes": 36864, "bits_per_parameter": None,
    "memory": {"weights": 3_000_000, "adapter": 40_000, "runtime": 0}, "memory_bytes": 3_040_000,
    "memory_there_bytes": 24_000_000_000, "missing": [],
}  # fmt: skip


def test_memory_is_told_with_its_parts_below_each_other():
    lines = inspect.plan_lines(PLAN)
    assert lines[0].split() == ["Trains", "9,216", "of", "921,600", "parameters", "(1.00", "%)"]
    assert lines[-3].endswith("about 3.0 MB of memory; 24.0 GB available")
    assert [line.split()[0] for line in lines[-2:]] == ["3.0", "40.0"]
    assert lines[-2].index("weights") == lines[-1].index("parameters")


NOTHING = {"trainable_parameters": 0, "share": 0.0, "matrices": 0, "targets": [], "adapter_bytes": 0}
PROBLEM = {"problems": [{"field": "method.rank", "message": "Too large.", "hint": ""}]}
KNOWN = {"trains": True, "steps": 1540, "learning_rate": 0.001}
ALL = ["Trains", "Changes", "Adapter", "Learning rate", "Length", "Memory"]


@pytest.mark.parametrize(
    ("changes", "titles"),
    [
        (KNOWN, ALL),
        (KNOWN | NOTHING | PROBLEM, ["Memory"]),
        (KNOWN | PROBLEM, ["Trains", "Changes", "Adapter", "Memory"]),
        (NOTHING | {"trains": False, "steps": 0, "learning_rate": 0.0}, ["Trains", "Memory"]),
        ({"matrices": 0, "targets": []}, ["Trains", "Adapter", "Memory"]),
        ({"seconds": 119.0}, ["Trains", "Changes", "Adapter", "Memory", "Time"]),
    ],
    ids=["all", "a method that can't be put on", "refused", "only the prompt", "soft prompts", "time"],
)
def test_only_what_is_known_and_matters_is_told(changes, titles):
    lines = inspect.plan_lines(PLAN | changes)
    assert sorted(line.split("  ")[0] for line in lines if line[0] != " ") == sorted(titles)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"bits_per_parameter": 4.127}, "4.127 bits per parameter"),
        ({"liger": "0.8.5"}, "Liger 0.8.5"),
        ({"missing": ["google/flan-t5-base"]}, "google/flan-t5-base must be downloaded first."),
        ({"seconds": 119.0}, "  about 1 min 59 s"),
        ({"sized_by_training": True}, "  about 36.9 kB on disk"),
        ({"notices": [{"message": "The base as it is.", "hint": "Prompt."}]}, "Note: The base as it is. Prompt."),
        (KNOWN | {"max_minutes": 10.0}, "1,540 steps, or as many as fit in 10 min."),
        ({"processes": 4, "sharded": False}, "of memory per process"),
        ({"processes": 4, "sharded": True}, "each holds a part of the base"),
        ({"processes": 2, "sharded": True, "host_memory_bytes": 2_720_000_000}, "2.7 GB of the computer's own memory"),
    ],
)  # fmt: skip
def test_what_a_plan_says_beyond_that_is_told(changes, words):
    assert not any(words in line for line in inspect.plan_lines(PLAN))
    assert any(words in line for line in inspect.plan_lines(PLAN | changes))


def result(spread: dict[str, float], measured: bool = True) -> dict:
    scored = {"scores": {"rouge1": spread}}
    scored |= {"measures": {measure.name: spread for measure in OTHER_METRICS}} if measured else {}
    difference = {"rouge1": spread | {"verdict": "no measurable difference"}}
    adapter = scored | {"adapter": "mine", "difference": difference}
    return {"protocol": {"examples": 6}, "base": scored, "adapters": [adapter]}


def test_the_verdicts_are_the_last_lines():
    lines = evaluation_lines(result({"mean": 0.25, "low": 0.2, "high": 0.3}))
    assert lines[0].split() == ["ROUGE-1", "chrF"]
    others = [measure.title for measure in OTHER_METRICS if measure not in HEADLINE]
    assert others == [line[:23].rstrip() for line in lines[5:-2]]
    assert lines[-2] == ""
    assert lines[-1].endswith("on 6 test conversations.")


def test_one_conversation_has_no_interval_in_any_line():
    lines = evaluation_lines(result({"mean": 0.25}))
    assert "25.0 (one conversation, so no interval)" in lines[1]
    assert "25.0 % (one conversation, so no interval)" in lines[-4]
    assert lines[-1].endswith("on one test conversation, so no interval.")


def test_scores_of_an_earlier_version_stand_alone():
    lines = evaluation_lines(result({"mean": 0.25, "low": 0.2, "high": 0.3}, measured=False))
    assert len(lines) == 4
    assert lines[0].split() == ["ROUGE-1"]
