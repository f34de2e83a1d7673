import json
from pathlib import Path

import pytest

from engine.config import gguf_models, hub_sources, model_info
from engine.methods import BaseFacts
from engine.text import languages


@pytest.mark.parametrize(
    ("config", "positions"),
    [
        ({"model_type": "llama", "max_position_embeddings": 2048}, 2048),
        ({"model_type": "gpt2", "n_positions": 1024}, 1024),
        ({"model_type": "bloom"}, None),
        ({"model_type": "xlnet", "max_position_embeddings": -1}, None),
        # Positions are relative there; older files have the number all the same.
        ({"model_type": "t5", "n_positions": 512}, None),
        ({"model_type": "umt5", "max_position_embeddings": 512}, None),
    ],
)
def test_how_many_tokens_a_model_takes(config, positions):
    assert model_info.positions(config) == positions


@pytest.mark.parametrize(
    ("config", "biases"),
    [
        ({"model_type": "llama", "attention_bias": True, "mlp_bias": False}, True),
        ({"model_type": "llama", "attention_bias": False, "mlp_bias": True}, True),
        ({"model_type": "ernie4_5", "use_bias": True}, True),
        ({"model_type": "llama", "attention_bias": False}, False),
        ({"model_type": "llama", "attention_bias": "no"}, False),
        ({"model_type": "llama"}, False),
    ],
)
def test_whether_biases_are_asked_for(config, biases):
    assert model_info.of(config, "none").biases is biases


def test_a_folder_tells_what_its_configuration_says(tmp_path):
    config = {"model_type": "bart", "is_encoder_decoder": True, "max_position_embeddings": 1024}
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    assert model_info.read(tmp_path, "int8") == BaseFacts("encoder-decoder", "bart", "int8", 1024)
    assert model_info.of(config, "int8") == model_info.read(tmp_path, "int8")


@pytest.mark.parametrize(
    ("config", "family"),
    [
        ({"is_encoder_decoder": True, "architectures": ["T5ForConditionalGeneration"]}, "encoder-decoder"),
        ({"architectures": ["GPT2LMHeadModel"]}, "decoder-only"),
        ({"architectures": ["BertForMaskedLM"]}, None),
        ({}, None),
    ],
)
def test_a_model_that_writes_text_has_a_family(tmp_path, config, family):
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert model_info.text_family(tmp_path) == family


def test_there_are_fifteen_to_twenty_models_of_both_families_and_all_sizes():
    models = model_info.catalogue()
    assert 15 <= len(models) <= 20
    assert len({model.id for model in models}) == len(models)
    assert {model.family for model in models} == {"encoder-decoder", "decoder-only"}
    assert {model.chat for model in models} == {True, False}
    sizes = [model.parameters for model in models]
    assert sizes == sorted(sizes)
    assert sizes[0] < 100_000_000
    assert sizes[-1] > 5_000_000_000


def test_every_model_is_a_hub_id_with_a_licence_and_known_languages():
    for model in model_info.catalogue():
        assert hub_sources.is_on_hub(model.id)
        assert model.licence
        assert model.languages
        assert all(languages.name(code) != code for code in model.languages), model.id
        assert model.language_count == 0 or model.language_count > len(model.languages)
        # Weights have two or four bytes each.
        assert 1.9 < model.download_bytes / model.parameters < 4.6, model.id


def test_the_context_is_that_of_the_shape():
    for model in model_info.catalogue():
        stated = model_info.positions(dict(model.shape))
        assert model.context == stated or "max_position_embeddings" not in model.shape, model.id


COMMIT = "0" * 40


def fetch(cache: Path, name: str, architecture: str, *files: str) -> None:
    folder = cache / f"models--{name.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text(COMMIT)
    snapshot = folder / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text(json.dumps({"architectures": [architecture]}))
    for file in files:
        (snapshot / file).touch()


def test_whole_models_that_write_text_are_here(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(gguf_models, "unpacked", lambda: iter([("/models/small.gguf", tmp_path)]))
    assert model_info.ids_here() == ["/models/small.gguf"]
    fetch(tmp_path / "cache", "gpt2", "GPT2LMHeadModel", "model.safetensors")
    fetch(tmp_path / "cache", "owner/writer", "LlamaForCausalLM", "model.safetensors")
    fetch(tmp_path / "cache", "owner/reader", "BertForMaskedLM", "model.safetensors")
    fetch(tmp_path / "cache", "owner/half", "LlamaForCausalLM")
    (tmp_path / "cache" / "models--owner--nothing").mkdir()
    assert model_info.ids_here() == ["gpt2", "owner/writer", "/models/small.gguf"]
