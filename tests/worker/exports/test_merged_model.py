import json
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import ModelCard
from peft.tuners.lora import Linear
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer, PreTrainedModel

from engine.adapters.import_checks import weight_shapes
from engine.config.recipe import BaseModelOptions
from engine.errors import AdapterError
from engine.worker.adapters import attach
from engine.worker.exports import merged_model
from engine.worker.modeling import base_models
from engine.worker.modeling.base_models import LoadedBase, Model
from tests.helpers.systems import facts_of_processes
from tests.helpers.tiny_models import Kind, tiny_model
from tests.helpers.worker_setup import (
    attach_random,
    exported,
    import_with_biases,
    install_random,
    load_tiny,
    make_channel,
    make_recipe,
)

pytestmark = pytest.mark.torch

CONVERSATION = "Summarize: Ann: Where are you?\nBob: At the office."


def plain(base: LoadedBase, folder: Path) -> PreTrainedModel:
    loader = AutoModelForSeq2SeqLM if base.family == "encoder-decoder" else AutoModelForCausalLM
    return loader.from_pretrained(folder).eval()


def logits(base: LoadedBase, model: Model) -> torch.Tensor:
    ids = torch.tensor([base.tokenizer(CONVERSATION)["input_ids"]])
    decoded = {"decoder_input_ids": ids} if base.family == "encoder-decoder" else {}
    with torch.no_grad():
        return model(input_ids=ids, **decoded).logits


METHODS = {"lora": {"id": "lora", "rank": 4, "target_modules": ["all-linear"]}, "full": {"id": "full"}}  # fmt: skip


@pytest.mark.slow("engine/worker/exports/", "engine/worker/adapters/", "engine/worker/modeling/", quick=3)
@pytest.mark.parametrize(
    ("kind", "method"),
    [
        ("t5", "full"), ("t5-tied", "a stranger's, with biases"), ("bart", "full"), ("llama", "lora"),
        ("gpt2", "a stranger's, with biases"),
    ],
)  # fmt: skip
def test_plain_transformers_computes_what_base_and_adapter_did(kind, method, tmp_path):
    # Not stronger: random weights of any size make float32 itself uncertain.
    if method in METHODS:
        adapter = install_random(kind, "mine", strength=0.05, method=METHODS[method])
    else:
        adapter = import_with_biases(kind, "mine", strength=0.05)
    base = load_tiny(kind)
    untouched = logits(base, base.model)
    together = logits(base, attach.load_adapter(base, adapter))
    assert (together - untouched).abs().max() > 0.1
    target = tmp_path / "merged"
    result = exported(adapter, target)
    assert result["path"] == str(target)
    assert result["bytes"] == sum(path.stat().st_size for path in target.iterdir())
    merged = plain(base, target)
    scale = float(together.abs().max())
    assert torch.allclose(logits(base, merged), together, rtol=0.0, atol=1e-4 * scale)
    tokenizer = AutoTokenizer.from_pretrained(target)
    assert tokenizer(CONVERSATION)["input_ids"] == base.tokenizer(CONVERSATION)["input_ids"]
    assert not list(tmp_path.glob("*.partial"))


def test_the_folder_says_what_it_is_and_names_no_folder_of_this_computer(tmp_path):
    exported(install_random("t5", "mine"), tmp_path / "merged")
    card = ModelCard.load(tmp_path / "merged" / "README.md")
    assert card.text.strip().startswith("# mine\n\nA plain model that summarises conversations: ")
    assert "python summarize.py CONVERSATION.txt" in card.text
    assert (tmp_path / "merged" / "summarize.py").exists()
    assert "hf download" not in card.text
    assert str(tmp_path) not in str(card)
    assert str(Path.home()) not in str(card)
    for path in (tmp_path / "merged").glob("*.json"):
        assert str(tiny_model("t5").parent) not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("kind", "tied"), [("t5", False), ("t5-tied", True)])
def test_the_folder_says_whether_the_head_is_tied(kind, tied, tmp_path):
    exported(install_random(kind, "mine"), tmp_path / "merged")
    config = json.loads((tmp_path / "merged" / "config.json").read_text())
    weights = weight_shapes(tmp_path / "merged" / "model.safetensors")
    assert ("lm_head.weight" in weights) is not tied
    assert config["tie_word_embeddings"] is tied


def test_a_head_of_its_own_is_said_even_if_the_configuration_denies_it(tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(tiny_model("t5"), folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"tie_word_embeddings": True}))
    merged_model.correct_tied_head(folder)
    assert json.loads((folder / "config.json").read_text())["tie_word_embeddings"] is False


def in_bfloat16(kind: Kind, folder: Path) -> dict[str, Any]:
    base = load_tiny(kind)
    base.model.to(torch.bfloat16).save_pretrained(folder)
    base.tokenizer.save_pretrained(folder)
    return {"id": str(folder), "precision": "float32"}


@pytest.mark.parametrize(
    ("kind", "method", "precision"),
    [("llama", "lora", "bfloat16"), ("gpt2", "lora", "float32"), ("t5-tied", "full", "bfloat16")],
)
def test_the_sum_is_made_in_float32_layer_by_layer_and_the_base_stays(kind, method, precision, tmp_path):
    table = in_bfloat16(kind, tmp_path / "base")
    file = tmp_path / "base" / "model.safetensors"
    before = file.read_bytes()
    adapter = install_random(kind, "mine", base_model=table, method=METHODS[method])
    base = load_tiny(kind)
    widened = base_models.load(BaseModelOptions(**table), "cpu", make_channel("inspect"))
    with warnings.catch_warnings():
        # PEFT says that merging with tied weights is no good idea in general.
        warnings.simplefilter("ignore")
        summed = attach.load_adapter(widened, adapter).merge_and_unload()
    expected = summed.to(getattr(torch, precision)).state_dict()
    exported(adapter, tmp_path / "merged", precision=precision)
    merged = plain(base, tmp_path / "merged")
    assert str(merged.dtype) == f"torch.{precision}"
    assert all(torch.equal(value, expected[name]) for name, value in merged.state_dict().items())
    # It was mapped into memory, where the sums took the place of its values.
    assert file.read_bytes() == before


def test_what_a_stranger_trained_whole_is_not_rounded_to_the_base_s_format(tmp_path):
    base = in_bfloat16("gpt2", tmp_path / "base")
    mine = import_with_biases("gpt2", "mine", base_folder=base["id"])
    exported(mine, tmp_path / "merged", precision="float32")
    trained = load_file(mine.folder / "adapter_model.safetensors")["base_model.model.transformer.ln_f.bias"]
    merged = load_file(tmp_path / "merged" / "model.safetensors")["transformer.ln_f.bias"]
    assert torch.equal(merged, trained)


def on_quantized(kind: Kind, quantization: str, *, double: bool = True) -> dict[str, Any]:
    return {
        "id": str(tiny_model(kind)),
        "precision": "float32",
        "quantization": quantization,
        "double_quantization": double,
    }


@pytest.mark.parametrize(("kind", "quantization", "double"), [("llama", "nf4", True), ("gpt2", "fp4", False)])
def test_an_adapter_of_a_4_bit_base_is_merged_into_the_dequantized_base(kind, quantization, double, tmp_path):
    table = on_quantized(kind, quantization, double=double)
    recipe = make_recipe(kind, base_model=table)
    quantized = base_models.load(recipe.base_model, "cpu", make_channel("inspect"))
    together = logits(quantized, attach_random(quantized, recipe, strength=0.1))
    exported(install_random(kind, "mine", base_model=table, strength=0.1), tmp_path / "merged")
    config = json.loads((tmp_path / "merged" / "config.json").read_text())
    assert "quantization_config" not in config
    merged = logits(quantized, plain(quantized, tmp_path / "merged"))
    assert torch.allclose(merged, together, rtol=0.0, atol=1e-4 * float(together.abs().max()))


def test_an_adapter_of_an_int8_base_is_not_merged(tmp_path):
    adapter = install_random("llama", "mine", base_model=on_quantized("llama", "int8"))
    with pytest.raises(AdapterError, match="trained on an int8 base"):
        exported(adapter, tmp_path / "merged")
    assert list(tmp_path.glob("merged*")) == []


@pytest.mark.parametrize("stored", ["float32", "bfloat16"])
def test_a_merge_that_would_write_something_else_is_refused(stored, tmp_path):
    tied = {"id": "lora", "rank": 4, "target_modules": ["lm_head"]}
    tables = {"base_model": in_bfloat16("t5-tied", tmp_path / "base")} if stored == "bfloat16" else {}
    adapter = install_random("t5-tied", "mine", method=tied, **tables)
    with pytest.raises(AdapterError, match="would write different summaries"):
        exported(adapter, tmp_path / "merged")
    assert list(tmp_path.glob("merged*")) == []


def test_a_layer_that_computes_something_else_is_refused(tmp_path, monkeypatch):
    table = in_bfloat16("llama", tmp_path / "base")
    adapter = install_random("llama", "mine", base_model=table)
    of = Linear.get_delta_weight
    monkeypatch.setattr(Linear, "get_delta_weight", lambda *values: 1.1 * of(*values))
    with pytest.raises(AdapterError, match="would write different summaries"):
        exported(adapter, tmp_path / "merged")


def test_the_user_s_own_partial_folder_stays(tmp_path):
    own = tmp_path / "merged.partial"
    own.mkdir()
    exported(install_random("t5", "mine"), tmp_path / "merged")
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith("merged")) == [
        "merged", own.name
    ]  # fmt: skip


def test_damaged_weights_are_named_and_not_merged(tmp_path):
    adapter = install_random("t5", "mine")
    path = adapter.folder / "adapter_model.safetensors"
    weights = load_file(path)
    name = min(weights)
    weights[name][0, 0] = float("nan")
    save_file(weights, path)
    with pytest.raises(AdapterError, match="its weights are damaged") as raised:
        exported(adapter, tmp_path / "merged")
    assert name in raised.value.hint


@facts_of_processes
@pytest.mark.slow("engine/worker/exports/", "engine/worker/modeling/")
def test_a_model_is_merged_in_less_than_one_and_a_half_times_its_weights(tmp_path):
    # Width and layers: 150 MB in bfloat16.
    command = [sys.executable, "-m", "tests.helpers.export_memory", str(tmp_path), "640", "16", "merged", ""]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout.splitlines()[-1])
    assert found["weights"] > 140
    assert found["peak"] < 1.5 * found["weights"]
