"""What can't be done is said beside its field, with what to do instead, before any weight is read.

Each case goes the way that a recipe goes: read, checked, planned and run. The base models' folders hold no weights.
"""

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer, LlamaConfig

from engine.config import recipe as recipes
from engine.errors import Problem, RecipeError
from engine.jobs.job import create_job
from engine.runs import run_store
from engine.system.paths import jobs_folder
from engine.worker.modeling import base_models
from tests.helpers.fake_hub import FakeHub, use_hub
from tests.helpers.tiny_models import Kind, tiny_model
from tests.helpers.tiny_runs import events_named, run_in_process, write_conversations

NO_LIBRARY = "bitsandbytes"


@dataclass(frozen=True)
class Case:
    """A recipe that can't be done, and what has to be said of it."""

    name: str
    field: str
    message: str
    hint: str
    method: dict[str, Any]
    kind: Kind | None = "llama"
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    lacking: str = ""


def base(**values: Any) -> dict[str, dict[str, Any]]:
    return {"base_model": values}


CASES = (
    Case(
        "rank above the layer", "method.rank", "Rank 64 is too high for", "at most 16",
        {"id": "lora", "rank": 64},
    ),
    Case(
        "quantized without bitsandbytes", "base_model.quantization",
        "needs bitsandbytes, which is not installed", "pip install bitsandbytes", {"id": "lora"},
        tables=base(quantization="nf4"), lacking=NO_LIBRARY,
    ),
    Case(
        "an 8-bit optimizer without bitsandbytes", "training.optimizer",
        "need bitsandbytes, which is not installed", "AdamW", {"id": "lora"},
        tables={"training": {"optimizer": "paged_adamw_8bit"}}, lacking=NO_LIBRARY,
    ),
    Case(
        "T5 in float16", "base_model.precision", "T5 overflows in float16", "Use bfloat16", {"id": "lora"},
        kind="t5", tables=base(precision="float16"),
    ),
    Case(
        "a prompt that leaves too little room", "method.virtual_tokens",
        "200 virtual tokens and up to 264 others", "Use at most 136",
        {"id": "prompt_tuning", "virtual_tokens": 200}, kind="gpt2",
        tables={"evaluation": {"max_new_tokens": 128}}, config={"n_positions": 400},
    ),
    Case(
        "no room, with or without virtual tokens",
        "data.max_conversation_tokens",
        "supports 128 tokens; prompt and summary and 100 virtual tokens",
        "Use fewer virtual tokens",
        {"id": "p_tuning", "virtual_tokens": 100},
        kind="gpt2",
        config={"n_positions": 128},
    ),
    Case(
        "a prompt of many words",
        "data.max_conversation_tokens",
        "supports 256 tokens; prompt and summary need",
        "64 would fit",
        {"id": "lora"},
        kind="gpt2",
        tables={
            "data": {"prompt": "Say it shortly. " * 4 + "{conversation}"},
            "evaluation": {"max_new_tokens": 128},
        },
        config={"n_positions": 256},
    ),
    Case(
        "a prompt alone that leaves no room to answer", "data.max_conversation_tokens",
        "supports 128 tokens; prompt and summary need", "Shorten the prompt", {"id": "prompt_only"}, kind="gpt2",
        tables={"evaluation": {"max_new_tokens": 128}}, config={"n_positions": 128},
    ),
    Case(
        "examples that overflow the context", "data.shots", "16 examples in the prompt: ", "would fit",
        {"id": "lora"}, kind="gpt2", tables={"data": {"shots": 16}},
    ),
    Case(
        "weights far beyond the memory", "base_model.quantization", "of memory; ",
        "Quantize the base model", {"id": "lora"}, kind=None,
    ),
    Case(
        "what full fine-tuning keeps far beyond the memory", "method.id",
        "with gradients and optimizer", "LoRA", {"id": "full"}, kind=None,
    ),
)  # fmt: skip


@pytest.fixture
def weights_read(monkeypatch):
    """Note who asks for a base model's weights."""
    asked: list[str] = []
    monkeypatch.setattr(base_models, "load", lambda options, *_: asked.append(options.id))
    return asked


def weightless_folder(kind: Kind | None, place: Path, changes: dict[str, Any]) -> Path:
    """Return a model's folder without its weights, its configuration changed; None is a model of some 800 GB."""
    if kind is None:
        AutoTokenizer.from_pretrained(tiny_model("llama")).save_pretrained(place)
        config = LlamaConfig(
            hidden_size=2**16, intermediate_size=2**18, num_hidden_layers=3, num_attention_heads=512,
            vocab_size=1000, architectures=["LlamaForCausalLM"],
        )  # fmt: skip
        config.save_pretrained(place)
        return place
    shutil.copytree(tiny_model(kind), place, ignore=shutil.ignore_patterns("*.safetensors"))
    path = place / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")
    return place


def tables_of(case: Case, folder: Path) -> dict[str, Any]:
    tables: dict[str, dict[str, Any]] = {
        "base_model": {
            "id": str(weightless_folder(case.kind, folder / "model", case.config)),
            "precision": "float32",
        },
        "data": {"source": str(write_conversations(folder / "data"))},
        "method": case.method,
        "training": {"device": "cpu"},
    }
    for name, values in case.tables.items():
        tables[name] = tables.get(name, {}) | values
    return tables


def refused_by(ask: Callable[[recipes.Recipe], list[Problem]], tables: dict[str, Any]) -> list[Problem]:
    """Return the problems of a recipe: those of reading it, else of checking it, else of what `ask` starts."""
    try:
        recipe = recipes.from_tables(tables)
    except RecipeError as error:
        return list(error.problems)
    return list(run_store.problems(recipe)) or ask(recipe)


def planned(recipe: recipes.Recipe) -> list[Problem]:
    events = run_in_process(create_job(jobs_folder(), "plan", {}, recipe=recipes.dumps(recipe)))
    return [Problem(**found) for found in events_named(events, "result_made")[0]["result"]["problems"]]


def trained(recipe: recipes.Recipe) -> list[Problem]:
    ending = events_named(run_in_process(run_store.create_run(recipe)), "job_ended")[0]
    # Exit code 2 is for these.
    assert (ending["outcome"], ending["kind"]) == ("failed", "RecipeError")
    return [Problem(**found) for found in ending["problems"]]


# A plan and a run ask the same planner; a run's own words for it are those of the job's end.
@pytest.mark.parametrize(
    ("ask", "case"),
    [*((planned, case) for case in CASES), (trained, CASES[0])],
    ids=lambda value: getattr(value, "name", None),
)
def test_what_cannot_be_done_is_refused_beside_its_field(ask, case, tmp_path, weights_read, monkeypatch):
    if case.lacking:
        # As in an environment without it: it is not found, and an import fails.
        monkeypatch.setitem(sys.modules, case.lacking, None)
    found = refused_by(ask, tables_of(case, tmp_path))
    assert [problem.field for problem in found] == [case.field]
    assert case.message in found[0].message
    assert case.hint in found[0].hint
    assert weights_read == []


@pytest.mark.parametrize(
    ("kind", "field", "tables"),
    [
        ("t5", "method.id", {"method": {"id": "bitfit"}}),
        ("t5", "base_model.precision", {"base_model": {"precision": "float16"}}),
        ("gpt2", "method.virtual_tokens", {"method": {"id": "prefix_tuning", "virtual_tokens": 100}}),
    ],
)
def test_a_configuration_is_refused_before_weights_are_fetched(kind, field, tables, tmp_path, monkeypatch):
    path = tmp_path / "served" / "models" / "someone" / "small"
    shutil.copy(tiny_model(kind) / "model.safetensors", weightless_folder(kind, path, {"n_positions": 100}))
    wanted = {
        "base_model": {"id": "someone/small"},
        "data": {"source": str(write_conversations(tmp_path / "data"))},
        "method": {"id": "lora"},
        "training": {"device": "cpu"},
    }
    wanted |= {name: wanted[name] | values for name, values in tables.items()}
    with use_hub(FakeHub(tmp_path / "served"), tmp_path / "cache", monkeypatch) as served:
        found = trained(recipes.from_tables(wanted))
    assert [problem.field for problem in found] == [field]
    assert not [line for line in served.requests if "safetensors" in line]
