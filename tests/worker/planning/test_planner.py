from pathlib import Path

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file

from engine.config import model_info
from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.system.graphics import visible_cards
from engine.worker.adapters import attach
from engine.worker.adapters.method_hooks import InitContext
from engine.worker.dataset.collator import Collator
from engine.worker.dataset.prompter import Encoded
from engine.worker.hub import repository
from engine.worker.modeling import base_models
from engine.worker.planning import expected_time
from engine.worker.planning.planner import Planner
from engine.worker.runtime import devices
from tests.helpers.tiny_models import KINDS, Kind
from tests.helpers.tiny_runs import tiny_recipe


def changed(recipe: Recipe, *overrides: str) -> Recipe:
    return recipes.from_tables(recipes.overridden(recipe.as_tables(), overrides))


# Of every other method and variant tests/proof looks at the same.
COUNTED: list[tuple[Kind, str]] = [
    ("t5", "adalora"), ("t5", "prompt_only"), ("bart", "bitfit"), ("llama", "bottleneck"), ("gpt2", "full"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "method"), COUNTED)
@pytest.mark.filterwarnings("ignore:Specified to not save", "ignore:.*is not recognized, please supply")
def test_counts_are_those_of_the_loaded_model(kind, method, tmp_path, channel):
    recipe = tiny_recipe(tmp_path, kind, method)
    plan = Planner(channel).plan(recipe)
    assert plan["problems"] == []
    if not recipe.method.method.trains:
        assert plan["trainable_parameters"] == plan["adapter_bytes"] == 0
        return
    base = base_models.load(recipe.base_model, "cpu", channel)
    # Some begin with a look at examples.
    seen = Collator(base.family, 0, 400)([Encoded([*range(5, 25)], [*range(5, 25)])] * 20).micro_batches
    model = attach.attach(base, recipe, InitContext(6, seen))
    assert (plan["trainable_parameters"], plan["all_parameters"]) == attach.count_parameters(model)
    assert plan["matrices"] == len(attach.adapted_modules(model))
    settle_ranks(model)
    attach.save_adapter(model, tmp_path)
    saved = load_file(tmp_path / "adapter_model.safetensors")
    assert plan["adapter_bytes"] == sum(tensor.nbytes for tensor in saved.values())


def test_on_all_cards_a_process_for_each_is_planned(tmp_path, channel, monkeypatch):
    monkeypatch.setattr(visible_cards, "count", lambda _given: 3)
    planner, one = Planner(channel), tiny_recipe(tmp_path, "t5", "lora", "training.batch_size=2")
    assert "processes" not in planner.plan(one)
    on_all = changed(one, "training.device=all")
    assert [each["field"] for each in planner.plan(on_all)["problems"]] == ["training.batch_size"]
    assert planner.plan(changed(on_all, "training.batch_size=3"))["processes"] == 3


def test_what_apples_gpus_lack_is_said_before_anything_is_loaded(tmp_path, channel, monkeypatch):
    monkeypatch.setattr(devices, "usable", lambda _: torch.device("mps"))
    for optimizer in ("adamw_8bit", "paged_adamw_8bit"):
        recipe = tiny_recipe(tmp_path, "t5", "lora", f"training.optimizer={optimizer}")
        [problem] = Planner(channel).plan(recipe)["problems"]
        assert problem["field"] == "training.optimizer"
        assert "Apple" in problem["message"]
    devices.refuse_eight_bits("adamw", torch.device("mps"))
    devices.refuse_eight_bits("adamw_8bit", torch.device("cpu"))


@pytest.mark.parametrize(
    "setting", ["quantization=nf4", "quantization=fp4", "quantization=int8", "precision=bfloat16"]
)
def test_what_apples_gpus_have_since_macos_14_is_not_refused(tmp_path, channel, monkeypatch, setting):
    monkeypatch.setattr(devices, "usable", lambda _: torch.device("mps"))
    monkeypatch.setattr(expected_time, "_speed", lambda *_: 1e12)
    plan = Planner(channel).plan(tiny_recipe(tmp_path, "llama", "lora", f"base_model.{setting}"))
    assert plan["problems"] == []
    assert plan["memory_bytes"]


def test_counts_do_not_depend_on_the_number_format_of_the_base(tmp_path, channel):
    recipe = tiny_recipe(tmp_path, "t5", "adalora", "base_model.precision=bfloat16")
    model = attach.attach(base_models.load(recipe.base_model, "cpu", channel), recipe)
    plan = Planner(channel).plan(recipe)
    assert (plan["trainable_parameters"], plan["all_parameters"]) == attach.count_parameters(model)


def settle_ranks(model: PeftModel) -> None:
    """Let each layer of an AdaLoRA keep the average rank, as all of them together do at a run's end."""
    for name, values in model.named_parameters():
        if "lora_E" in name:
            with torch.no_grad():
                values[: model.active_peft_config.target_r] = 1.0


def test_layers_and_blocks_are_those_of_the_model(tmp_path, channel):
    planner = Planner(channel)
    t5 = planner.plan(tiny_recipe(tmp_path, "t5"))
    assert t5["modules"] == {"q": 6, "k": 6, "v": 6, "o": 6, "wi_0": 4, "wi_1": 4, "wo": 4}
    assert t5["blocks"] == {"encoder": 2, "decoder": 2}
    assert t5["targets"] == ["q", "v"]
    assert t5["adapted"] == {
        f"base_model.model.{place}.{name}": 2
        for name in ("q", "v")
        for place in (
            "encoder.block.*.layer.*.SelfAttention",
            "decoder.block.*.layer.*.SelfAttention",
            "decoder.block.*.layer.*.EncDecAttention",
        )
    }
    assert t5["base_parameters"] == t5["all_parameters"] - t5["trainable_parameters"]
    assert t5["precision"] in {"float32", "bfloat16"}
    assert t5["precision_reason"]
    gpt2 = planner.plan(tiny_recipe(tmp_path, "gpt2"))
    assert gpt2["modules"] == {"c_attn": 2, "c_proj": 4, "c_fc": 2}
    assert gpt2["blocks"] == {"decoder": 2}


def test_steps_examples_and_lengths_follow_the_data(tmp_path, channel):
    recipe = tiny_recipe(tmp_path, "llama", "lora", "data.max_conversation_tokens=80")
    plan = Planner(channel).plan(recipe)
    assert plan["steps"] == 2 * 24 / 8
    assert plan["examples"] == {"train": 24, "validation": 6, "test": 6}
    lengths = plan["token_lengths"]
    # One token a byte.
    assert lengths["summary"]["max"] == len("Ann has two chairs.")
    assert (
        lengths["conversation"]["median"] <= lengths["conversation"]["p95"] <= lengths["conversation"]["max"]
    )
    assert 0 < lengths["over_limit"] < 36


@pytest.mark.parametrize("kind", KINDS)
def test_preview_marks_the_summary_as_labels_and_nothing_else(kind, tmp_path, channel):
    pieces = Planner(channel).plan(tiny_recipe(tmp_path, kind))["learned_preview"]["pieces"]
    read = "".join(text for text, is_label in pieces if not is_label)
    labels = "".join(text for text, is_label in pieces if is_label)
    assert "Summarize the following conversation.\n\n" in read
    assert ": do you have " in read
    assert labels.removeprefix("<s>").endswith(".</s>")
    assert " has " in labels


def test_preview_keeps_spaces_and_characters_of_several_bytes(tmp_path, channel):
    source = tmp_path / "data.jsonl"
    row = '{"dialogue": "Zoë: ☕ at  ten? 🎉", "summary": "Tea – at ten."}\n'
    source.write_text(row * 10, encoding="utf-8")
    few = changed(tiny_recipe(tmp_path, "t5"), f'data.source="{source}"')
    assert "too few conversations" in Planner(channel).plan(few)["problems"][0]["message"]
    source.write_text("".join(row.replace("ten?", f"{number}?") for number in range(10)), encoding="utf-8")
    for kind in ("t5", "gpt2"):
        recipe = changed(tiny_recipe(tmp_path / kind, kind), f'data.source="{source}"')
        pieces = Planner(channel).plan(recipe)["learned_preview"]["pieces"]
        text = "".join(text for text, _ in pieces)
        assert "Zoë: ☕ at  " in text
        assert "🎉" in text
        assert "Tea – at ten." in text


def test_what_is_wrong_with_data_or_method_is_a_problem_of_the_plan(tmp_path, channel):
    recipe = tiny_recipe(
        tmp_path, "llama", "lora", "data.summary=sumary", 'method.target_modules=["nothing"]'
    )
    plan = Planner(channel).plan(recipe)
    assert {problem["field"] for problem in plan["problems"]} == {"data.summary", "method.target_modules"}
    assert plan["all_parameters"] > 0
    assert plan["trainable_parameters"] == 0
    # Of conversations that can't be read there is nothing to count.
    assert not {"steps", "examples", "token_lengths", "memory"} & plan.keys()


def test_data_to_download_are_a_fact_of_the_plan(tmp_path, channel, monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE")
    plan = Planner(channel).plan(changed(tiny_recipe(tmp_path, "t5"), "data.source=knkarthick/samsum"))
    assert (plan["missing"], plan["problems"]) == (["knkarthick/samsum"], [])
    assert plan["trainable_parameters"] > 0
    assert not {"steps", "examples", "token_lengths", "memory", "memory_bytes"} & plan.keys()


def test_what_is_not_here_is_a_problem_of_the_plan_while_offline(tmp_path, channel):
    recipe = changed(tiny_recipe(tmp_path, "t5"), "base_model.id=google/flan-t5-base")
    plan = Planner(channel).plan(recipe)
    assert plan["missing"] == ["google/flan-t5-base"]
    assert plan["steps"] == 6
    (problem,) = plan["problems"]
    assert problem["field"] == "base_model.id"
    assert "google/flan-t5-base is not downloaded" in problem["message"]
    both = Planner(channel).plan(changed(recipe, "data.source=knkarthick/samsum"))
    assert [problem["field"] for problem in both["problems"]] == ["base_model.id", "data.source"]


def test_a_base_model_to_download_is_a_fact_of_the_plan(tmp_path, channel, monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE")
    recipe = changed(tiny_recipe(tmp_path, "t5"), "base_model.id=owner/small")
    plan = Planner(channel).plan(recipe)
    assert (plan["missing"], plan["problems"]) == (["owner/small"], [])
    assert (plan["steps"], plan["examples"]["train"]) == (6, 24)
    assert not {"family", "trainable_parameters", "all_parameters", "token_lengths"} & plan.keys()
    both = Planner(channel).plan(changed(recipe, "data.source=knkarthick/samsum"))
    missing = ["owner/small", "knkarthick/samsum"]
    assert both == {"trains": True, "notices": [], "missing": missing, "problems": []}


def test_another_revision_than_the_local_one_would_be_downloaded(tmp_path, channel, monkeypatch):
    recipe = tiny_recipe(tmp_path, "t5")
    cached = {("owner/small", "main"): Path(recipe.base_model.id)}
    monkeypatch.setattr(
        repository, "cached_folder", lambda name, revision, kind="model": cached.get((name, revision))
    )
    recipe = changed(recipe, "base_model.id=owner/small")
    assert Planner(channel).plan(recipe)["missing"] == []
    older = changed(recipe, "base_model.revision=v1")
    assert Planner(channel).plan(older)["missing"] == ["owner/small"]


def listed_recipe(tmp_path: Path, model_id: str, *changed: str) -> Recipe:
    tables = tiny_recipe(tmp_path, "t5").as_tables() | {
        "base_model": {"id": model_id},
        "method": {"id": "lora"},
    }
    return recipes.from_tables(recipes.overridden(tables, changed))


@pytest.mark.parametrize("model_id", ["google/flan-t5-small", "HuggingFaceTB/SmolLM2-135M-Instruct"])
def test_a_plan_tells_memory_and_time_of_a_model_that_is_not_here(model_id, tmp_path, channel, monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE")
    assert repository.cached_folder(model_id) is None
    plan = Planner(channel).plan(listed_recipe(tmp_path, model_id))
    assert plan["missing"] == [model_id]
    assert plan["problems"] == []
    listed = model_info.in_catalogue(model_id)
    assert listed is not None
    assert plan["base_parameters"] == listed.parameters
    assert plan["memory_bytes"] > plan["memory"]["weights"] >= 2 * listed.parameters
    assert plan["seconds"] > 0
    # What depends on its own tokenizer is not made up.
    assert not plan.keys() & {"token_lengths", "learned_preview", "prompt"}


def test_a_model_that_does_not_fit_is_a_problem_before_its_download(tmp_path, channel, monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setattr(devices, "capacity_bytes", lambda _: 1_000_000_000)
    plan = Planner(channel).plan(listed_recipe(tmp_path, "google/flan-t5-base"))
    assert [problem["field"] for problem in plan["problems"]]
    assert "of memory" in plan["problems"][0]["message"]


def test_another_revision_and_an_unknown_model_stay_unknown(tmp_path, channel):
    for changed in (("base_model.revision=v2",), ("base_model.id=nobody/nothing",)):
        plan = Planner(channel).plan(listed_recipe(tmp_path, "google/flan-t5-small", *changed))
        assert "memory" not in plan
        assert plan["missing"]
