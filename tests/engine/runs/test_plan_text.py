"""What is said of a plan."""

import pytest

from engine.runs import plan_text

PLAN = {"steps": 1540}


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({}, "1,540 steps."),
        ({"steps": 1}, "1 step."),
        ({"seconds": 44.0}, "1,540 steps in about 44 s."),
        ({"seconds": 542.0}, "1,540 steps in about 9 min."),
        ({"seconds": 542.0, "max_minutes": 20.0}, "1,540 steps in about 9 min."),
        ({"seconds": 542.0, "max_minutes": 2.5}, "1,540 steps, or as many as fit in 2 min 30 s."),
        ({"max_minutes": 10.0}, "1,540 steps, or as many as fit in 10 min."),
    ],
)
def test_a_length_is_steps_and_about_a_time(known, said):
    assert plan_text.length(PLAN | known) == said


def test_memory_of_several_processes_is_that_of_each():
    plan = {"memory_bytes": 5.9e9}
    assert plan_text.memory(plan) == "about 5.9 GB of memory"
    assert plan_text.memory(plan | {"processes": 2}) == "about 5.9 GB of memory per process"
    assert (
        plan_text.memory(plan | {"processes": 2, "host_memory_bytes": 1}) == "about 5.9 GB of memory per GPU"
    )


def test_only_the_first_split_names_what_is_counted():
    counts = {"train": 1228, "validation": 100, "test": 1}
    assert plan_text.examples(counts) == [
        "1,228 conversations to train on",
        "100 to validate on",
        "1 to test on",
    ]
    assert plan_text.examples(counts, ("test",)) == ["1 conversation to test on"]
    assert plan_text.examples({}) == []


def test_a_language_that_the_base_model_lacks_is_told_with_its_own():
    assert (
        plan_text.language({"language": "de", "base_languages": ["en", "fr"]})
        == "German, base model: English, French"
    )
    assert plan_text.language({"language": "de", "base_languages": ["en", "de"]}) == "German"
    assert plan_text.language({}) == ""
