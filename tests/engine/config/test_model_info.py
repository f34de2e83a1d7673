"""What a base model's configuration tells without torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.config import model_info
from engine.methods import BaseFacts


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
def test_how_many_tokens_a_model_takes(config: dict[str, Any], positions: int | None) -> None:
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
def test_whether_biases_are_asked_for(config: dict[str, Any], biases: bool) -> None:
    assert model_info.of(config, "none").biases is biases


def test_a_folder_tells_what_its_configuration_says(tmp_path: Path) -> None:
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
def test_a_model_that_writes_text_has_a_family(tmp_path: Path, config: dict[str, Any], family: str) -> None:
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert model_info.text_family(tmp_path) == family
