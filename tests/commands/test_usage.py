"""The verbs that need no worker: what they print, in both ways of speaking, and their exit codes."""

import subprocess
import sys
from pathlib import Path

import pytest

from engine.adapters import library
from engine.commands import cli, recipe_file, scoring, training
from engine.config import recipe
from engine.errors import RecipeError
from engine.methods import METHODS
from engine.scoring import score_text
from engine.system import paths
from tests.helpers.homes import RunSpec, add_adapter, add_run, score_card


def test_no_heavy_library_and_no_window_is_imported():
    heavy = ("torch", "transformers", "peft", "datasets", "huggingface_hub", "PySide6", "numpy")
    code = (
        "import sys, main; from engine.commands import cli; cli.run(cli.parse(['methods']));"
        f"print([name for name in {heavy} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=paths.application_root(), check=True
    )
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize(
    "arguments",
    [
        ("frobnicate",), ("train",), ("evaluate", "--adapter", "x"), ("--screenshot", "a.png"), ("gone.csv",),
        ("--page", "nowhere"), ("--page", "train", "methods"), ("--set", "training.max_steps=50"),
        ("--set", "training.max_steps=50", "methods"),
    ],
)  # fmt: skip
def test_bad_usage_exits_with_2(arguments, call):
    done = call(*arguments)
    assert done.code == 2
    assert "main.py" in done.err
    assert done.out == ""


def test_the_window_gets_its_own_arguments():
    assert cli.parse([]).run is None
    assert cli.parse(["--offline"]).window == []
    assert cli.parse(["--demo", "--screenshot", "a.png"]).window == ["--demo", "--screenshot", "a.png"]


def test_files_in_place_of_a_verb_are_for_the_window(tmp_path, monkeypatch):
    talk, named_like_a_verb = tmp_path / "a talk.csv", tmp_path / "train"
    talk.touch()
    named_like_a_verb.touch()
    monkeypatch.chdir(tmp_path)
    assert cli.parse(["a talk.csv"]).window == [str(talk)]
    asked = cli.parse(["--page", "playground", "./train", str(talk)])
    assert asked.run is None
    assert asked.window == ["--page", "playground", str(named_like_a_verb), str(talk)]
    assert cli.parse(["train", "a talk.csv"]).verb == "train"


@pytest.mark.parametrize(
    "arguments", [("--json", "methods"), ("methods", "--json"), ("methods", "--json", "--offline")]
)
def test_json_may_stand_before_or_after_the_verb(arguments, call):
    done = call(*arguments)
    assert done.code == 0
    [listed] = done.json
    assert [entry["id"] for entry in listed] == [entry.id for entry in METHODS]
    for key in ("id", "title", "group", "families", "quantizations", "merges", "variants"):
        assert all(key in entry for entry in listed)


def test_offline_reaches_every_library(call, monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE")
    call("--offline", "methods")
    from engine.system.connection import offline

    assert offline()


def test_runs_are_listed_with_outcome_and_gain(call):
    add_run(spec=RunSpec(gain=0.0151, adapter="a"))
    add_run(spec=RunSpec(outcome="failed", steps=7, started_at=RunSpec().started_at + 60))
    failed, completed = call("runs", "--json").json[0]
    assert (failed["outcome"], failed["step"], failed["gain"]) == ("failed", 7, None)
    assert (completed["outcome"], completed["verdict"], completed["adapter"]) == ("completed", "better", "a")
    assert Path(completed["path"]).is_absolute()
    told = call("runs").out
    assert "+1.5" in told
    assert "7 / 40" in told


def test_adapters_are_listed_shown_exported_imported_and_deleted(call, tmp_path):
    adapter = add_adapter("samsum-lora", scores=[score_card(0.484)])
    [listed] = call("adapters", "--json").json[0]
    assert (listed["adapter"], listed["path"]) == (adapter.id, str(adapter.folder))
    shown = call("adapters", "show", "samsum-lora").out
    assert "48.4 (47.1 to 49.7)" in shown
    assert "Better. ROUGE-1 rose by 1.5 points" in shown
    zipped = tmp_path / "out.zip"
    [exported] = call("adapters", "export", "samsum-lora", str(zipped), "--json").json
    assert exported["path"] == str(zipped)
    [imported] = call("adapters", "import", str(zipped), "--json").json
    assert library.find(imported["adapter"]).metadata.origin == "imported"
    assert call("adapters", "export", "samsum-lora", str(tmp_path / "copy")).code == 0
    assert (tmp_path / "copy" / library.CONFIG_NAME).exists()
    assert call("adapters", "delete", adapter.id).code == 0
    assert [each.id for each in library.scan()[0]] == [imported["adapter"]]


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("adapters", "show", "none"), "adapter"),
        (("adapters", "import", "none"), "source"),
        (("evaluate", "--recipe", "none.toml"), "recipe"),
        (("plan", "none.toml"), "recipe"),
        (("data", "./none.csv"), "data.source"),
        (("summarize", "none.txt"), "FILE"),
        (("summarize", "--base-model", "starter", "none.txt"), "FILE"),
        (("resume", "none"), "run"),
        (("trash", "restore", "none"), "trash"),
        (("resume", "/tmp/nothing"), "run"),
        (("resume", ""), "run"),
    ],
)
def test_what_is_missing_is_a_problem_in_both_ways_of_speaking(arguments, field, call):
    done = call(*arguments, "--json")
    assert (done.code, done.problems[0]["field"]) == (2, field)
    told = call(*arguments)
    assert (told.code, told.out) == (2, "")
    assert done.problems[0]["message"] in told.err


VERBS_WITH_AN_ADAPTER = [
    ("adapters", "show", "{}"),
    ("adapters", "export", "{}", "copy"),
    ("adapters", "merge", "{}", "merged"),
    ("adapters", "delete", "{}"),
    ("evaluate", "--recipe", "recipe.toml", "--adapter", "{}"),
    ("summarize", "chat.txt", "--adapter", "{}"),
]


@pytest.mark.parametrize("verb", VERBS_WITH_AN_ADAPTER, ids=" ".join)
def test_every_verb_takes_the_beginning_of_an_id(verb, call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "chat.txt").write_text("Ann: tea?", encoding="utf-8")
    tables = {"base_model": {"id": "starter"}, "data": {"source": "sample"}, "method": {"id": "lora"}}
    recipe.save(recipe.from_tables(tables), tmp_path / "recipe.toml")
    for name in ("tea-lora-1", "tea-lora-2"):
        add_adapter(name)
    done = call(*(part.format("tea-lora") for part in verb), "--json")
    assert (done.code, done.problems[0]["field"]) == (2, "adapter")
    assert done.problems[0]["message"] == '2 adapters begin with "tea-lora".'


@pytest.mark.parametrize(
    ("given", "device"), [([], "auto"), (["--device", "cuda:1"], "cuda:1"), (["--device", "cpu"], "cpu")]
)
def test_adapters_write_by_their_own_prompts_on_the_named_device(given, device, monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE")
    adapters = [add_adapter(name, scores=[score_card(0.4)]) for name in ("one", "two")]
    assert "prompt" not in scoring.summary_request("Ann: hi", ["one", "two"], adapters, piecewise=False)
    asked = cli.parse(["summarize", "--adapter", "one", "--adapter", "two", *given])
    found = scoring.adapter_arguments(adapters, asked.base_model or "", asked.device)
    assert found["base_model"] == {"id": "google/flan-t5-base", "revision": "7bcac572"}
    assert found["device"] == device
    with pytest.raises(RecipeError) as refused:
        scoring.adapter_arguments(adapters, "", "cuda:x")
    assert [problem.field for problem in refused.value.problems] == ["--device"]


@pytest.mark.parametrize(
    ("difference", "examples", "words"),
    [
        (("no measurable difference", 0.003, -0.006, 0.012), 819, "No measurable difference. ROUGE-1 changed by 0.3"),
        (("worse", -0.0341, -0.05, -0.01), 1, "Worse. ROUGE-1 fell by 3.4 points (95 % interval 1.0 to 5.0) on 1 "),
        (("better", 0.16), 1, "Better. ROUGE-1 rose by 16.0 points on one test conversation, so no interval."),
    ],
)  # fmt: skip
def test_verdicts_are_sentences(difference, examples, words):
    change = dict(zip(("verdict", "mean", "low", "high"), difference, strict=False))
    assert score_text.verdict(change, {"examples": examples}).startswith(words)


def test_resume_waits_for_a_living_run_and_then_refuses(call, monkeypatch):
    job = add_run(spec=RunSpec(outcome=None, steps=3))
    monkeypatch.setattr(training, "LOCK_SECONDS", 0.3)
    with job.lock():
        done = call("resume", job.id, "--json")
    assert done.code == 1
    assert done.json[-1]["message"] == f"{job.id} is already running."
    assert "Waiting" in done.err


def test_paths_in_overrides_are_those_of_the_working_folder(tmp_path, monkeypatch):
    (tmp_path / "talks.csv").touch()
    monkeypatch.chdir(tmp_path)
    overrides = [
        "data.source=talks.csv", "data.source='talks.csv'", "data.source=sample", "training.epochs=2",
    ]  # fmt: skip
    absolute = f"data.source={tmp_path / 'talks.csv'}"
    assert recipe_file.with_absolute_paths(overrides) == [
        absolute, absolute, "data.source=sample", "training.epochs=2",
    ]  # fmt: skip
    empty = ["method.start_from=''", "data.source=", 'base_model.id=""']
    assert recipe_file.with_absolute_paths(empty) == empty


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no endless file")
def test_a_conversation_without_an_end_is_named(home, tmp_path, call):
    large = tmp_path / "large.txt"
    with large.open("wb") as stream:
        stream.truncate(1 << 33)
    done = call("summarize", "--base-model", "starter", str(large))
    assert done.code == 2
    assert "large.txt can't be read: it was hardly written at all." in done.err
    assert "it is not a file" in call("summarize", "--base-model", "starter", "/dev/zero").err
