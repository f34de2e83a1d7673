"""A merged model is a base model of its own: it is planned, trained and written with as any other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.adapters import library
from tests.helpers.command_line import InProcessTerminal

TALK = "Ann: do you have tea?\nBob: yes, really I do."


@pytest.mark.torch
def test_a_merged_model_is_planned_trained_and_written_with(
    make_recipe: Callable[..., Path], in_process: InProcessTerminal, tmp_path: Path
) -> None:
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
