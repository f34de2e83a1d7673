"""The verbs that need no worker: what they print, in both ways of speaking, and their exit codes."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.adapters import library
from engine.commands import cli, scoring, training
from engine.commands.terminal import recipe_file, text_tables
from engine.commands.terminal.output import Output
from engine.commands.terminal.progress import ProgressPrinter
from engine.config import recipe
from engine.errors import RecipeError
from engine.methods import METHODS
from engine.scoring import score_text
from engine.system import paths
from tests.helpers.command_line import Finished
from tests.helpers.homes import RunSpec, add_adapter, add_run, score_card

Call = Callable[..., Finished]


def test_no_heavy_library_and_no_window_is_imported() -> None:
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
        ("frobnicate",),
        ("train",),
        ("evaluate", "--adapter", "x"),
        ("--screenshot", "a.png"),
        ("gone.csv",),
        ("--page", "nowhere"),
        ("--page", "train", "methods"),
        ("--set", "training.max_steps=50"),
        ("--set", "training.max_steps=50", "methods"),
    ],
)
def test_bad_usage_exits_with_2(arguments: tuple[str, ...], call: Call) -> None:
    done = call(*arguments)
    assert done.code == 2
    assert "main.py" in done.err
    assert done.out == ""


def test_the_window_gets_its_own_arguments() -> None:
    assert cli.parse([]).run is None
    assert cli.parse(["--offline"]).window == []
    assert cli.parse(["--demo", "--screenshot", "a.png"]).window == ["--demo", "--screenshot", "a.png"]


def test_the_demos_recipe_is_changed_as_that_of_a_verb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "talks.csv").touch()
    monkeypatch.chdir(tmp_path)
    asked = cli.parse(["--demo", "--set", "training.max_steps=50", "--set", "data.source=talks.csv"])
    changed = ["--set", "training.max_steps=50", "--set", f"data.source={tmp_path / 'talks.csv'}"]
    assert asked.window == ["--demo", *changed]
    behind = cli.parse(["train", "a.toml", "--set", "training.max_steps=50"])
    assert (behind.overrides, behind.window) == (["training.max_steps=50"], [])


def test_files_in_place_of_a_verb_are_for_the_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
def test_json_may_stand_before_or_after_the_verb(arguments: tuple[str, ...], call: Call) -> None:
    done = call(*arguments)
    assert done.code == 0
    [listed] = done.json
    assert [entry["id"] for entry in listed] == [entry.id for entry in METHODS]
    for key in ("id", "title", "group", "families", "quantizations", "merges", "variants"):
        assert all(key in entry for entry in listed)


def test_offline_reaches_every_library(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE")
    call("--offline", "methods")
    from engine.system.connection import offline

    assert offline()


def test_methods_are_told_in_a_table(call: Call) -> None:
    lines = call("methods").out.splitlines()
    first = lines[: lines.index("")]
    assert [line.split()[0] for line in first] == ["Id", *(entry.id for entry in METHODS)]


def test_methods_are_told_with_what_they_work_on(call: Call) -> None:
    lines = call("methods").out.splitlines()
    where = {line.split("  ")[0]: line for line in lines[lines.index("") + 1 :]}
    assert "BART, GPT-2" in where["BitFit"]
    assert where["LoRA"].count("all") == 4
    assert where["Full fine-tuning"].count("none") == 3


def test_empty_home_is_said(call: Call) -> None:
    assert call("runs").out.startswith("There are no runs yet.")
    assert call("adapters").out.startswith("The library is empty.")
    assert call("runs", "--json").json == [[]]
    assert call("adapters", "--json").json == [[]]


def test_runs_are_listed_with_outcome_and_gain(call: Call) -> None:
    add_run(spec=RunSpec(gain=0.0151, adapter="a"))
    add_run(spec=RunSpec(outcome="failed", steps=7, started_at=RunSpec().started_at + 60))
    failed, completed = call("runs", "--json").json[0]
    assert (failed["outcome"], failed["step"], failed["gain"]) == ("failed", 7, None)
    assert (completed["outcome"], completed["verdict"], completed["adapter"]) == ("completed", "better", "a")
    assert Path(completed["path"]).is_absolute()
    told = call("runs").out
    assert "+1.5" in told
    assert "7 / 40" in told


def test_adapters_are_listed_shown_exported_imported_and_deleted(call: Call, tmp_path: Path) -> None:
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


@pytest.mark.parametrize(("kind", "library"), [("onnx", "optimum-onnx"), ("openvino", "optimum-intel")])
def test_a_kind_of_export_that_no_library_writes_is_told_with_another_way(
    kind: str, library: str, call: Call
) -> None:
    done = call("adapters", "export", "tea", "copy", "--to", kind)
    assert done.code == 2
    assert f"{kind} can't be written here: {library}" in done.err
    assert "Use --to merged" in done.err


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
        (("resume", "/tmp/nothing"), "run"),
        (("resume", ""), "run"),
    ],
)
def test_what_is_missing_is_a_problem_in_both_ways_of_speaking(
    arguments: tuple[str, ...], field: str, call: Call
) -> None:
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
def test_every_verb_takes_the_beginning_of_an_id_and_says_when_several_begin_so(
    verb: tuple[str, ...], call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "chat.txt").write_text("Ann: tea?", encoding="utf-8")
    tables = {"base_model": {"id": "starter"}, "data": {"source": "sample"}, "method": {"id": "lora"}}
    recipe.save(recipe.from_tables(tables), tmp_path / "recipe.toml")
    for name in ("tea-lora-1", "tea-lora-2"):
        add_adapter(name)
    done = call(*(part.format("tea-lora") for part in verb), "--json")
    assert (done.code, done.problems[0]["field"]) == (2, "adapter")
    assert done.problems[0]["message"] == '2 adapters begin with "tea-lora".'


def test_an_adapter_named_by_the_beginning_of_its_id_is_the_one_that_is_shown_copied_and_deleted(
    call: Call, tmp_path: Path
) -> None:
    for name in ("coffee-lora-1", "tea-lora-1"):
        add_adapter(name)
    assert call("adapters", "show", "tea", "--json").json[0]["adapter"] == "tea-lora-1"
    assert (
        call("adapters", "export", "tea", str(tmp_path / "copy"), "--json").json[0]["adapter"] == "tea-lora-1"
    )
    assert call("adapters", "delete", "tea", "--json").json[0]["adapter"] == "tea-lora-1"
    assert [each.id for each in library.scan()[0]] == ["coffee-lora-1"]


def test_nothing_is_merged_over_what_is_there(call: Call, tmp_path: Path) -> None:
    add_adapter("samsum-lora")
    done = call("adapters", "merge", "samsum-lora", str(tmp_path), "--json")
    assert (done.code, done.problems[0]["field"]) == (2, "target")


def test_each_adapter_reads_the_prompt_that_it_was_scored_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE")
    adapters = [add_adapter(name, scores=[score_card(0.4)]) for name in ("one", "two")]
    assert "prompt" not in scoring.what_is_asked("Ann: hi", ["one", "two"], adapters, piecewise=False)
    asked = cli.parse(["summarize", "--adapter", "one", "--adapter", "two"])
    assert scoring.adapter_arguments(adapters, asked.base_model or "", asked.device)["base_model"] == {
        "id": "google/flan-t5-base",
        "revision": "7bcac572",
    }


def test_summaries_are_written_on_the_device_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE")
    adapters = [add_adapter("one", scores=[score_card(0.4)])]
    for given, device in (([], "auto"), (["--device", "cuda:1"], "cuda:1"), (["--device", "cpu"], "cpu")):
        asked = cli.parse(["summarize", "--adapter", "one", *given])
        assert scoring.adapter_arguments(adapters, asked.base_model or "", asked.device)["device"] == device
    with pytest.raises(RecipeError) as refused:
        scoring.adapter_arguments(adapters, "", "cuda:x")
    assert [problem.field for problem in refused.value.problems] == ["--device"]


class Sent:
    """A worker that notes what is sent to it."""

    def __init__(self) -> None:
        self.commands: list[tuple[str, dict[str, Any]]] = []

    def send(self, command: str, **arguments: Any) -> None:
        self.commands.append((command, arguments))


def test_summaries_stand_in_the_order_asked_for_and_a_cut_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    request = scoring.what_is_asked("Ann: hi.", ["one", "two"], [], piecewise=False)
    worker = Sent()
    listener = scoring._Listener(worker, Output(as_json=False), request)
    cut = {"adapter": "two", "cut": True, "limit": 512, "input_tokens": 1200}
    for event in (
        {"event": "base_ready"},
        {"event": "summary_started", "adapter": "one", "cut": False},
        {"event": "summary_started", **cut},
        {"event": "summary_finished", "adapter": "two", "summary": "B."},
        {"event": "summary_finished", "adapter": "one", "summary": "A."},
    ):
        listener.show(event)
    assert [command for command, _ in worker.commands] == ["summarize", "quit"]
    assert worker.commands[0][1]["long_conversations"] == "cut"
    assert listener.lines() == ["one:", "A.", "", "two:", "B.", ""]
    told = capsys.readouterr().err
    assert "two reads 512 of the conversation's 1,200 tokens" in told
    assert "--piecewise" in told
    assert "one reads" not in told
    assert scoring.what_is_asked("", [None], [], piecewise=True)["long_conversations"] == "piecewise"


def test_json_lines_survive_every_reader(call: Call) -> None:
    add_adapter("samsum-lora", notes="one\u2028two\u0085three ☕")
    [line] = call("adapters", "--json").out.splitlines()
    assert json.loads(line)[0]["notes"] == "one\u2028two\u0085three ☕"


# -------------------------------------------------------------------------------------------------- words
def difference(verdict: str, mean: float, low: float, high: float) -> dict[str, Any]:
    return {"verdict": verdict, "mean": mean, "low": low, "high": high}


def test_verdicts_are_sentences() -> None:
    assert score_text.verdict(
        difference("no measurable difference", 0.003, -0.006, 0.012), {"examples": 819}
    ) == (
        "No measurable difference. ROUGE-1 changed by 0.3 points, 95 % interval −0.6 to 1.2, on 819 conversations."
    )
    assert score_text.verdict(difference("worse", -0.0341, -0.05, -0.01), {"examples": 1}).startswith(
        "Worse. ROUGE-1 fell by 3.4 points, 95 % interval −5.0 to −1.0, on 1 conversation."
    )


def test_a_verdict_says_in_which_form_the_base_was_scored_where_there_were_several() -> None:
    chosen = {
        "examples": 200,
        "base_form": {"prompt_format": "chat", "of": ["chat", "plain"], "examples": 100},
    }
    assert score_text.verdict(difference("better", 0.16, 0.136, 0.184), chosen).endswith(
        "on 200 conversations, against the base model in its own chat format, the better of two."
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.44, "0.4 s"), (9.96, "10 s"), (59.6, "1 min 00 s"), (250, "4 min 10 s"), (6720, "1 h 52 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert score_text.duration(seconds) == text


def test_one_conversation_has_no_interval_and_the_words_say_so() -> None:
    assert score_text.interval({"mean": 0.484}) == "48.4 (one conversation, so no interval)"
    told = score_text.verdict({"verdict": "no measurable difference", "mean": 0.25}, {"examples": 1})
    assert told == (
        "No measurable difference. ROUGE-1 changed by 25.0 points, on one conversation, so no interval."
    )


def test_a_run_scored_on_one_conversation_is_told_to_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    progress = ProgressPrinter(Output(as_json=False))
    common = {"event": "evaluated", "time": 1.0, "step": 3, "split": "test", "protocol": {"examples": 1}}
    change = {"rouge1": {"mean": 0.25, "verdict": "no measurable difference"}}
    progress.show({**common, "of": "base", "scores": {"rouge1": {"mean": 0.25}}, "difference": None})
    progress.show({**common, "of": "x", "scores": {"rouge1": {"mean": 0.5}}, "difference": change})
    progress.show_result()
    assert capsys.readouterr().out.count("one conversation, so no interval") == 3


def test_adapters_scored_on_one_conversation_are_shown(call: Call) -> None:
    add_adapter("small", scores=[score_card(0.484, half_width=None, examples=1)])
    assert "48.4 (one conversation, so no interval)" in call("adapters", "show", "small").out


def test_tables_are_aligned() -> None:
    assert text_tables.table(("Name", "Steps"), [("a", "1,000"), ("long name", "7")], right=("Steps",)) == [
        "Name       Steps",
        "a          1,000",
        "long name      7",
    ]


def test_resume_waits_for_a_living_run_and_then_refuses(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    job = add_run(spec=RunSpec(outcome=None, steps=3))
    monkeypatch.setattr(training, "LOCK_SECONDS", 0.3)
    with job.lock():
        done = call("resume", job.id, "--json")
    assert done.code == 1
    assert done.json[-1]["message"] == f"{job.id} is running already."
    assert "Waiting" in done.err


def test_paths_in_overrides_are_those_of_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "talks.csv").touch()
    monkeypatch.chdir(tmp_path)
    overrides = [
        "data.source=talks.csv",
        "data.source='talks.csv'",
        "data.source=sample",
        "training.epochs=2",
    ]
    absolute = f"data.source={tmp_path / 'talks.csv'}"
    assert recipe_file.with_absolute_paths(overrides) == [
        absolute,
        absolute,
        "data.source=sample",
        "training.epochs=2",
    ]
    empty = ["method.start_from=''", "data.source=", 'base_model.id=""']
    assert recipe_file.with_absolute_paths(empty) == empty


@pytest.mark.parametrize("verb", ["train", "plan"])
def test_a_value_that_is_set_for_a_command_is_checked_like_one_of_the_file(verb: str, call: Call) -> None:
    starter = str(paths.application_root() / "resources" / "recipes" / "starter.toml")
    done = call(verb, starter, "--json", "--set", "training.epochs=many", "--set", "data.shots=-1")
    assert done.code == 2
    assert [problem["field"] for problem in done.problems] == ["data.shots", "training.epochs"]


def test_a_recipe_that_goes_on_from_no_adapter_is_refused_with_the_one_that_was_meant(
    call: Call, tmp_path: Path
) -> None:
    add_adapter("samsum-lora")
    path = tmp_path / "recipe.toml"
    parsed = recipe.from_tables(
        {
            "base_model": {"id": "starter"},
            "data": {"source": "sample"},
            "method": {"id": "lora", "start_from": "samsum-lroa"},
        }
    )
    recipe.save(parsed, path)
    for verb in ("train", "plan"):
        done = call(verb, str(path), "--json")
        assert done.code == 2
        assert done.problems == [
            {
                "field": "method.start_from",
                "message": 'There is no adapter "samsum-lroa".',
                "hint": "Did you mean samsum-lora?",
            }
        ]


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no endless file")
def test_a_conversation_without_an_end_is_named(home: Path, tmp_path: Path, call: Call) -> None:
    large = tmp_path / "large.txt"
    with large.open("wb") as stream:
        stream.truncate(1 << 33)
    done = call("summarize", "--base-model", "starter", str(large))
    assert done.code == 2
    assert "large.txt can't be read: it is larger than one conversation may be, 64 MB." in done.err
    assert "it is no file" in call("summarize", "--base-model", "starter", "/dev/zero").err


def test_an_endless_standard_input_is_told(home: Path, monkeypatch: pytest.MonkeyPatch, call: Call) -> None:
    monkeypatch.setattr(scoring.FileKind.CONVERSATION, "max_bytes", 100)
    monkeypatch.setattr(sys, "stdin", io.StringIO("x" * 101))
    done = call("summarize", "--base-model", "starter")
    assert done.code == 2
    assert "larger than one conversation may be" in done.err
