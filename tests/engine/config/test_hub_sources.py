"""What a recipe needs from the hub is a problem of its field while Tunesmith is offline."""

from __future__ import annotations

import pytest

from engine.config import hub_sources, recipe
from engine.system import hub_cache

MODEL, DATA = "owner/small", "owner/talks"


def wanted(base: str, source: str) -> recipe.Recipe:
    return recipe.from_tables(
        {"base_model": {"id": base}, "data": {"source": source}, "method": {"id": "lora"}}
    )


@pytest.mark.parametrize(
    ("base", "source", "fields"),
    [
        ("starter", "sample", []),
        (MODEL, "sample", ["base_model.id"]),
        ("starter", DATA, ["data.source"]),
        (MODEL, DATA, ["base_model.id", "data.source"]),
        ("/no/folder", "talks.csv", []),
    ],
)
def test_each_source_on_the_hub_is_a_problem(base: str, source: str, fields: list[str]) -> None:
    problems = hub_sources.offline_problems(wanted(base, source))
    assert [problem.field for problem in problems] == fields
    for problem in problems:
        assert (MODEL if problem.field == "base_model.id" else DATA) in problem.message
        assert "--offline" in problem.hint


def test_there_is_no_problem_online_or_for_what_is_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.delenv("HF_HUB_OFFLINE")
        assert hub_sources.offline_problems(wanted(MODEL, DATA)) == ()
    monkeypatch.setattr(hub_cache, "is_cached", lambda name, revision, kind: kind == "model")
    assert [each.field for each in hub_sources.offline_problems(wanted(MODEL, DATA))] == ["data.source"]
