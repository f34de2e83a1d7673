import io
from pathlib import Path
from typing import Any

import pytest

from engine.adapters import library
from engine.commands import scoring
from tests.helpers.command_line import Finished, InProcessTerminal

SCORES = {"rouge1", "rouge2", "rougeL", "rougeLsum"}


class Trained:
    """A home with one run of a small model, and its recipe."""

    def __init__(self, in_process: InProcessTerminal, recipe: Path) -> None:
        self.in_process = in_process
        self.recipe = recipe
        done = in_process.run("train", str(recipe), "--json")
        assert done.code == 0, done
        self.adapter: str = done.named("adapter_saved")[0]["adapter"]
        self.adapter_path: str = done.named("adapter_saved")[0]["path"]
        self.started = done.named("run_started")[0]

    def run(self, *arguments: str, **settings: Any) -> Finished:
        return self.in_process.run(*arguments, **settings)


@pytest.fixture(scope="module")
def trained(tmp_path_factory, make_recipe):
    return Trained(
        InProcessTerminal(tmp_path_factory.mktemp("home")), make_recipe("llama", "training.epochs=1")
    )


def test_evaluate_ends_with_base_and_adapters_under_one_protocol(trained):
    done = trained.run(
        "evaluate", "--recipe", str(trained.recipe), "--adapter", trained.adapter_path, "--json"
    )
    assert done.code == 0, done
    assert done.json[-2]["event"] == "job_ended"
    result = done.json[-1]
    assert set(result["base"]["scores"]) == SCORES
    [scored] = result["adapters"]
    assert scored["adapter"] == trained.adapter
    for name in SCORES:
        assert set(scored["difference"][name]) == {"mean", "low", "high", "verdict"}
        gain = scored["scores"][name]["mean"] - result["base"]["scores"][name]["mean"]
        assert scored["difference"][name]["mean"] == pytest.approx(gain)
    assert result["protocol"]["examples"] == 2
    assert not list((trained.in_process.home / "jobs").iterdir())


def test_a_conversation_on_the_input_is_read_like_a_file_in_any_country(monkeypatch):
    said = "Jörg: Tee um fünf? 日本"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(said.encode()), encoding="cp1252"))
    assert scoring.read_conversation("-") == said


def test_summarize_writes_the_summary_alone(trained, tmp_path):
    conversation = "Ann: do you have tea?\nBob: yes, I do."
    (tmp_path / "talk.txt").write_text(conversation, encoding="utf-8")
    done = trained.run("summarize", "--adapter", trained.adapter, "talk.txt", cwd=tmp_path)
    assert done.code == 0, done
    piped = trained.run("summarize", "--adapter", trained.adapter, "--json", stdin=conversation)
    [finished] = piped.named("summary_finished")
    assert finished["adapter"] == trained.adapter
    assert done.out == finished["summary"] + "\n"
    assert piped.json[-1]["event"] == "job_ended"


def test_summarize_by_the_base_model_and_by_a_copy_of_the_adapter(trained, tmp_path):
    copy = tmp_path / "copy"
    assert trained.run("adapters", "export", trained.adapter, str(copy)).code == 0
    base_model = trained.recipe.read_text(encoding="utf-8").split('id = "')[1].split('"')[0]
    done = trained.run(
        "summarize", "--base-model", base_model, "--adapter", str(copy), "--json", stdin="Ann: hi.\nBob: hi."
    )
    assert done.code == 0, done
    assert len(done.named("summary_finished")) == 1
    plain = trained.run("summarize", "--base-model", base_model, "--json", stdin="Ann: hi.\nBob: hi.")
    assert plain.named("summary_finished")[0]["adapter"] is None


def test_empty_conversation_is_a_problem(trained):
    done = trained.run("summarize", "--adapter", trained.adapter, "--json", stdin=" \n")
    assert (done.code, done.problems[0]["message"]) == (2, "The conversation is empty.")


def test_plan_says_what_the_run_then_found(trained):
    done = trained.run("plan", str(trained.recipe), "--json")
    assert done.code == 0, done
    assert done.json[-2]["event"] == "job_ended"
    for name in ("trainable_parameters", "all_parameters", "learning_rate", "family", "matrices"):
        assert done.json[-1][name] == trained.started[name]
    assert done.json[-1]["steps"] == trained.started["total_steps"]
    shorter = trained.run("plan", str(trained.recipe), "--set", "training.max_steps=2", "--json")
    assert shorter.json[-1]["steps"] == 2
    told = trained.run("plan", str(trained.recipe))
    assert f"{trained.started['trainable_parameters']:,}" in told.out


TALK = "Ann: do you have tea?\nBob: yes, really I do."


@pytest.mark.slow("engine/worker/exports/", "engine/worker/modeling/", "engine/worker/planning/")
@pytest.mark.torch
def test_a_merged_model_is_planned_trained_and_written_with(make_recipe, in_process, tmp_path):
    recipe, merged = str(make_recipe("llama", "training.epochs=1")), tmp_path / "merged"
    (tmp_path / "talk.txt").write_text(TALK, encoding="utf-8")
    trained = in_process.run("train", recipe, "--json")
    assert trained.code == 0, trained
    first = trained.named("adapter_saved")[-1]["path"]
    assert in_process.run("adapters", "merge", first, str(merged)).code == 0

    on_merged = ("--set", f"base_model.id={merged}", "--json")
    planned, of_base = in_process.run("plan", recipe, *on_merged), in_process.run("plan", recipe, "--json")
    assert planned.code == 0, planned
    names = ("trainable_parameters", "all_parameters", "adapter_bytes")
    assert [planned.json[-1][name] for name in names] == [of_base.json[-1][name] for name in names]

    again = in_process.run("train", recipe, *on_merged)
    assert again.code == 0, again
    second = again.named("adapter_saved")[-1]["path"]
    assert library.find(second).metadata.base_model.id == str(merged)
    for arguments in (("--base-model", str(merged)), ("--adapter", second)):
        written = in_process.run("summarize", *arguments, str(tmp_path / "talk.txt"), "--json")
        assert written.code == 0, written
        assert written.named("summary_finished")[-1]["tokens"] > 0
