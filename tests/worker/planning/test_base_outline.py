"""Models of the catalogue are planned from their shapes before they are downloaded."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.config import base_model_catalogue as catalogue
from engine.config import recipe as recipes
from engine.config.base_model_catalogue import CatalogueModel
from engine.config.recipe import BaseModelOptions, Recipe
from engine.worker.hub import repository
from engine.worker.planning import base_outline
from engine.worker.planning.planner import Planner
from engine.worker.runtime import devices
from engine.worker.runtime.channel import Channel
from tests.helpers.tiny_models import tiny_model
from tests.helpers.tiny_runs import tiny_recipe

CPU = torch.device("cpu")


@pytest.mark.parametrize("model", catalogue.models(), ids=lambda model: model.id)
def test_the_shape_of_a_model_has_the_parameters_that_the_catalogue_says(model: CatalogueModel) -> None:
    outline = base_outline.of_catalogue(model, tokenizer=None)
    base = outline.without_weights(BaseModelOptions(id=model.id), CPU, [])
    assert base.model.num_parameters() == model.parameters
    assert base.family == model.family


@pytest.mark.parametrize("kind", ["t5", "t5-tied", "bart", "llama", "gpt2"])
def test_a_head_of_its_own_is_told_from_the_files(kind: str) -> None:
    folder = tiny_model(kind)
    outline = base_outline.of_folder(folder, BaseModelOptions(id=str(folder)), None, "x")
    assert outline.has_own_head == (kind in {"t5", "llama"})


def listed_recipe(tmp_path: Path, model_id: str, *changed: str) -> Recipe:
    tables = tiny_recipe(tmp_path, "t5").as_tables()
    tables["base_model"] = {"id": model_id}
    tables["method"] = {"id": "lora"}
    return recipes.from_tables(recipes.overridden(tables, changed))


@pytest.mark.parametrize("model_id", ["google/flan-t5-small", "HuggingFaceTB/SmolLM2-135M-Instruct"])
def test_a_plan_tells_memory_and_time_of_a_model_that_is_not_here(
    model_id: str, tmp_path: Path, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE")
    assert repository.cached_folder(model_id) is None
    plan = Planner(channel).plan(listed_recipe(tmp_path, model_id))
    assert plan["missing"] == [model_id]
    assert plan["problems"] == []
    listed = catalogue.find(model_id)
    assert listed is not None
    assert plan["base_parameters"] == listed.parameters
    assert plan["memory_bytes"] > plan["memory"]["weights"] >= 2 * listed.parameters
    assert plan["seconds"] > 0
    # What depends on its own tokenizer is not made up.
    assert not plan.keys() & {"token_lengths", "learned_preview", "prompt"}


def test_a_model_that_does_not_fit_is_a_problem_before_its_download(
    tmp_path: Path, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setattr(devices, "capacity_bytes", lambda _: 1_000_000_000)
    plan = Planner(channel).plan(listed_recipe(tmp_path, "google/flan-t5-base"))
    assert [problem["field"] for problem in plan["problems"]]
    assert "of memory" in plan["problems"][0]["message"]


def test_another_revision_and_an_unknown_model_stay_unknown(tmp_path: Path, channel: Channel) -> None:
    for changed in (("base_model.revision=v2",), ("base_model.id=nobody/nothing",)):
        plan = Planner(channel).plan(listed_recipe(tmp_path, "google/flan-t5-small", *changed))
        assert "memory" not in plan
        assert plan["missing"]
