"""The base models on this computer are read from their folders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.config import base_models_here, gguf_models

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


def test_whole_models_that_write_text_are_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(gguf_models, "unpacked", lambda: iter([("/models/small.gguf", tmp_path)]))
    assert base_models_here.ids() == ["/models/small.gguf"]
    fetch(tmp_path / "cache", "gpt2", "GPT2LMHeadModel", "model.safetensors")
    fetch(tmp_path / "cache", "owner/writer", "LlamaForCausalLM", "model.safetensors")
    fetch(tmp_path / "cache", "owner/reader", "BertForMaskedLM", "model.safetensors")
    fetch(tmp_path / "cache", "owner/half", "LlamaForCausalLM")
    (tmp_path / "cache" / "models--owner--nothing").mkdir()
    assert base_models_here.ids() == ["gpt2", "owner/writer", "/models/small.gguf"]
