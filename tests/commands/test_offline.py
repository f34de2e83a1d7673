"""Offline, what is only on the hub is refused beside its field, before a run or a job is made."""

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.config import recipe
from engine.config.recipe import Recipe
from engine.runs import run_store
from engine.system import paths
from tests.helpers.command_line import Terminal

MODEL, DATA = "owner/small", "owner/talks"
MakeFile = Callable[[str, str], Path]


@pytest.fixture
def recipe_file(tmp_path):
    """Writes the recipe of a base model and a source of conversations, and returns its file."""

    def write(base: str, source: str) -> Path:
        path = tmp_path / f"{base} {source}.toml".replace("/", "-")
        recipe.save(wanted(base, source), path)
        return path

    return write


def wanted(base: str, source: str) -> Recipe:
    return recipe.from_tables(
        {"base_model": {"id": base}, "data": {"source": source}, "method": {"id": "lora"}}
    )


@pytest.mark.parametrize(
    ("base", "source", "fields"),
    [
        (MODEL, "sample", ["base_model.id"]),
        ("starter", DATA, ["data.source"]),
        (MODEL, DATA, ["base_model.id", "data.source"]),
    ],
)
@pytest.mark.parametrize("verb", ["train", "plan"])
def test_a_recipe_is_refused_with_every_missing_source(verb, base, source, fields, recipe_file, in_process):
    done = in_process.run(verb, str(recipe_file(base, source)), "--json")
    assert done.code == 2
    assert [problem["field"] for problem in done.problems] == fields
    assert all("not downloaded" in problem["message"] for problem in done.problems)
    assert all("--offline" in problem["hint"] for problem in done.problems)
    assert run_store.list_jobs() == []
    assert list(paths.jobs_folder().iterdir()) == []


def test_the_option_too_is_known_before_a_run_is_made(recipe_file, terminal, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    done = Terminal(terminal.home).run("train", str(recipe_file(MODEL, "sample")), "--offline")
    assert done.code == 2
    assert f"{MODEL} is not downloaded, and Tunesmith is offline." in done.err + done.out
    assert run_store.list_jobs() == []


def test_scores_summaries_and_checks_are_refused_too(recipe_file, in_process):
    for arguments, field in (
        (("evaluate", "--recipe", str(recipe_file(MODEL, "sample"))), "base_model.id"),
        (("evaluate", "--recipe", str(recipe_file("starter", DATA))), "data.source"),
        (("summarize", "--base-model", MODEL, "-"), "base_model.id"),
        (("data", DATA), "data.source"),
    ):
        done = in_process.run(*arguments, "--json", stdin="Ann: tea?")
        assert done.code == 2, arguments
        assert [problem["field"] for problem in done.problems] == [field], arguments
    assert list(paths.jobs_folder().iterdir()) == []
