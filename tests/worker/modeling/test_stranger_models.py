"""A base model whose files don't hold what its configuration says is a named problem before anything is computed."""

from __future__ import annotations

import json
import os
import shutil

import pytest
from safetensors.torch import load_file, save_file

from engine.config.recipe import BaseModelOptions
from engine.errors import BaseModelError
from engine.jobs.events import read_all
from engine.worker.modeling import base_models, file_checks
from tests.helpers.tiny_models import tiny_model

pytestmark = pytest.mark.torch


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(tiny_model("llama"), tmp_path / "model")


def configured(folder, file="config.json", **values):
    path = folder / file
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | values), encoding="utf-8")


def reweighted(folder, change):
    path = folder / "model.safetensors"
    weights = load_file(path)
    change(weights)
    save_file(weights, path, {"format": "pt"})


def load(folder, channel):
    return base_models.load(BaseModelOptions(id=str(folder), precision="float32"), "cpu", channel)


def refusal(folder, channel):
    with pytest.raises(BaseModelError) as raised:
        load(folder, channel)
    assert raised.value.field == "base_model.id"
    return raised.value.message


# Weights


@pytest.mark.parametrize(
    "gone", ["model.layers.1.mlp.up_proj.weight", "model.norm.weight", "model.embed_tokens.weight"]
)
def test_a_missing_weight_is_named(folder, channel, gone):
    reweighted(folder, lambda weights: weights.pop(gone))
    assert f"lacks 1 weight that its config.json asks for: {gone}" in refusal(folder, channel)


def test_a_head_for_another_task_is_left_out_with_a_notice(folder, channel):
    reweighted(folder, lambda weights: weights.update({"score.weight": weights["model.norm.weight"].clone()}))
    load(folder, channel)
    events = list(read_all(channel.job.events_path))
    notices = [event["message"] for event in events if event["event"] == "notice"]
    assert notices == [f"{folder} has 1 weight that a llama model does not use: score.weight."]


def test_position_embeddings_that_are_computed_need_not_be_stored(tmp_path, channel):
    from transformers import PegasusConfig, PegasusForConditionalGeneration

    tokenizer = base_models.read_tokenizer(tiny_model("bart"), "bart")
    model = PegasusForConditionalGeneration(
        PegasusConfig(
            vocab_size=len(tokenizer), d_model=16, encoder_layers=1, decoder_layers=1, encoder_ffn_dim=16,
            decoder_ffn_dim=16, encoder_attention_heads=2, decoder_attention_heads=2, max_position_embeddings=64,
        )
    )  # fmt: skip
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    stored = load_file(tmp_path / "model.safetensors")
    computed = [name for name in stored if "embed_positions" in name]
    reweighted(tmp_path, lambda weights: [weights.pop(name) for name in computed])

    loaded = load(tmp_path, channel).model
    assert len(computed) == 2
    for name in computed:
        assert loaded.state_dict()[name].equal(stored[name])


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("../other/model.safetensors", "no safetensors file of its folder"),
        ("/etc/passwd", "no safetensors file of its folder"),
        ("pytorch_model.bin", "no safetensors file of its folder"),
        (7, "no safetensors file of its folder"),
        ("model-00001-of-00002.safetensors", "lacks model-00001-of-00002.safetensors"),
    ],
)
def test_an_index_names_safetensors_files_of_its_folder(folder, channel, file, told):
    (folder / "model.safetensors").rename(folder / "part.safetensors")
    index = {"metadata": {}, "weight_map": {"model.norm.weight": file}}
    (folder / file_checks.INDEX).write_text(json.dumps(index), encoding="utf-8")
    assert told in refusal(folder, channel)


# The configuration


@pytest.mark.parametrize(
    "values",
    [
        {"num_hidden_layers": 10**5},
        {"num_hidden_layers": 0},
        {"hidden_size": -1},
        {"hidden_size": "64"},
        {"num_attention_heads": True},
        {"intermediate_size": 2.5},
        {"max_position_embeddings": 10**12},
        {"num_labels": 10**9},
        {"anything_of_theirs": 2**60},
    ],
    ids=str,
)
def test_an_impossible_number_is_named_before_anything_is_built(folder, channel, monkeypatch, values):
    configured(folder, **values)
    monkeypatch.setattr(base_models, "AutoConfig", None)
    [(key, value)] = values.items()
    assert f"says {key} = {value}, which is no number from 1 to" in refusal(folder, channel)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"num_hidden_layers": 900}, "asks for 900 layers, and there are 21 weights"),
        ({"num_hidden_layers": 3}, "lacks 9 weights"),
        ({"num_hidden_layers": 1}, "has 9 weights of layers that its config.json leaves out"),
        ({"hidden_size": 64}, "can't be loaded"),
        ({"attn_implementation": "owner/kernels"}, "code that would be fetched and run"),
        ({"attn_implementation": {"text_config": "owner/kernels"}}, "code that would be fetched and run"),
        ({"_attn_implementation": "owner/kernels@main:flash"}, "code that would be fetched and run"),
        ({"text_config": {"experts_implementation": "owner/kernels"}}, "code that would be fetched and run"),
        ({"decoder_start_token_id": 10_000}, "says decoder_start_token_id = 10,000, and there are"),
        ({"pad_token_id": 10_000}, "says pad_token_id = 10,000, and there are"),
        # Values of an unknown kind.
        ({"rope_parameters": 5}, ""),
        ({"hidden_act": 5}, ""),
        ({"model_type": ["a"]}, ""),
        ({"dtype": "nope"}, ""),
        ({"quantization_config": 5}, ""),
        ({"layer_types": 5}, ""),
        ({"id2label": 5}, ""),
        ({"num_attention_heads": 5}, ""),
    ],
    ids=str,
)
def test_a_configuration_that_makes_no_model_is_told(folder, channel, values, told):
    configured(folder, **values)
    message = refusal(folder, channel)
    assert str(folder) in message
    assert told in message


@pytest.mark.parametrize(
    ("file", "key", "value"),
    [
        ("config.json", "transformers_weights", "other/weights.safetensors"),
        ("config.json", "transformers_weights", "other.safetensors.index.json"),
        ("config.json", "configuration_files", ["config.4.0.0.json"]),
        ("tokenizer_config.json", "fast_tokenizer_files", ["../tokenizer.4.0.0.json"]),
    ],
)
def test_a_model_that_names_other_files_than_the_usual_is_refused(folder, channel, file, key, value):
    configured(folder, file, **{key: value})
    assert f"The {file} of {folder} says {key} = {value}" in refusal(folder, channel)
    # transformers takes longer numbers than are read elsewhere.
    configured(folder, file, long=10**400)
    assert f"The {file} of {folder} can't be read: a number in it is too long" in refusal(folder, channel)


def test_an_adapter_beside_a_model_is_not_attached_unchecked(folder, channel):
    (folder / "adapter_config.json").write_text('{"peft_type": "LORA"}', encoding="utf-8")
    assert "holds an adapter beside the model" in refusal(folder, channel)


def test_a_configuration_that_is_a_pipe_is_not_waited_for(folder, channel):
    (folder / "config.json").unlink()
    os.mkfifo(folder / "config.json")
    assert "can't be read: it is no file" in refusal(folder, channel)


def test_large_numbers_that_are_no_sizes_are_read(folder, channel):
    configured(folder, rope_theta=10**9, pad_token_id=-1)
    load(folder, channel)


def test_a_tokenizer_of_a_larger_model_is_named(folder, channel):
    configured(folder, vocab_size=40)
    reweighted(
        folder,
        lambda weights: weights.update(
            {name: weights[name][:40].clone() for name in ("model.embed_tokens.weight", "lm_head.weight")}
        ),
    )
    assert "tokens, and the model knows 40" in refusal(folder, channel)


@pytest.mark.parametrize(
    "content", ["[]", "null", '{"watermarking_config": 5}', '{"watermarking_config": {"x": 1}}']
)
def test_a_generation_config_of_an_unknown_kind_is_named(folder, channel, content):
    (folder / "generation_config.json").write_text(content, encoding="utf-8")
    assert "can't be loaded" in refusal(folder, channel)


def test_a_tokenizer_without_an_end_of_text_is_named(folder, channel):
    (folder / "tokenizer_config.json").unlink()
    assert "has no token that ends a text" in refusal(folder, channel)
