"""A GGUF file as base model: it is unpacked once, into the model that it was made of, or refused by name."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

from engine.adapters import library
from engine.config import gguf_models
from engine.config import recipe as recipes
from engine.config.recipe import BaseModelOptions
from engine.errors import BaseModelError, DeviceError, StorageError
from engine.worker.adapters import attach
from engine.worker.jobs import models, train
from engine.worker.modeling import base_models, gguf_unpacking
from engine.worker.planning.planner import Planner
from engine.worker.runtime.channel import Stopped
from tests.helpers import sandbox_works
from tests.helpers.channel_events import events_of
from tests.helpers.chat_templates import CHATML
from tests.helpers.gguf_files import logits, rounded, write_llama
from tests.helpers.tiny_models import tiny_model
from tests.helpers.worker_setup import make_channel, make_recipe

pytestmark = pytest.mark.torch


def load(path):
    return base_models.load(
        BaseModelOptions(id=str(path), precision="float32"), "cpu", make_channel("inspect")
    )


def original(folder=None):
    return AutoModelForCausalLM.from_pretrained(folder or tiny_model("llama"), dtype=torch.float32).eval()


@pytest.fixture
def file(tmp_path):
    return write_llama(tiny_model("llama"), tmp_path / "mine.gguf", template=CHATML)


def test_it_is_the_model_that_it_was_made_of_and_says_first_how_large_it_gets(file):
    channel = make_channel("inspect")
    folder = gguf_unpacking.folder_of(file, channel)
    base, plain = load(file), AutoTokenizer.from_pretrained(tiny_model("llama"))
    torch.testing.assert_close(logits(base.model), logits(original()), rtol=0, atol=1e-5)
    text = "Ann:\tHi, is it 7:30?"
    assert base.tokenizer(text)["input_ids"] == plain(text)["input_ids"]
    assert base.tokenizer.eos_token == plain.eos_token
    assert base.tokenizer.pad_token == plain.pad_token
    assert base.tokenizer.chat_template == CHATML
    assert gguf_unpacking.folder_of(file, make_channel("inspect")) == folder
    [said] = events_of(channel, "notice")
    assert "mine.gguf is unpacked once" in said["message"]
    assert "in F32 become" in said["message"]
    assert models.list_models({}, channel)["models"][-1] | {"size_bytes": 0} == {
        "id": str(file), "revision": "", "family": "decoder-only", "size_bytes": 0, "licence": "apache-2.0",
        "folder": str(folder), "local": False,
    }  # fmt: skip


def test_what_the_file_rounded_is_unpacked_to_float16_and_stays_as_it_is(tmp_path):
    kind = "Q8_0"
    path = write_llama(tiny_model("llama"), tmp_path / "small.gguf", kind)
    base = load(path)
    torch.testing.assert_close(logits(base.model), logits(rounded(original(), kind)), rtol=0, atol=1e-5)
    stored = AutoModelForCausalLM.from_pretrained(recipes.local_folder(str(path)), dtype="auto")
    assert stored.dtype == torch.float16


def test_an_adapter_is_trained_on_it_and_plain_peft_loads_it_on_the_unpacked_folder(file):
    recipe = make_recipe(
        "llama",
        base_model={"id": str(file), "precision": "float32"},
        data={"max_train": 4, "max_validation": 2, "max_test": 2},
        training={"max_steps": 1, "batch_size": 2, "device": "cpu"},
    )
    planned = Planner(make_channel("plan"), tells_time=False).plan(recipe)
    channel = make_channel("train", recipe)
    train.run(channel, recipe)
    [adapter] = library.scan()[0]
    folder = gguf_models.unpacked_folder(file)

    assert "mine.gguf is unpacked once" in planned["unpacks"]["message"]
    [started] = events_of(channel, "run_started")
    assert planned["trainable_parameters"] == started["trainable_parameters"]
    assert adapter.metadata.base_model.id == str(file)
    assert '"mine.gguf"' in (adapter.folder / "adapter_config.json").read_text()
    # The file may go: its folder stays.
    file.unlink()
    assert recipes.base_problems(recipe.base_model) == ()
    base = load(file)
    ours, theirs = (
        attach.load_adapter(base, adapter),
        PeftModel.from_pretrained(original(folder), adapter.folder),
    )
    with attach.active(ours, adapter.id):
        torch.testing.assert_close(logits(theirs.eval()), logits(ours.eval()), rtol=0, atol=1e-5)


def test_stretched_positions_of_llama_3_are_kept(tmp_path):
    torch.manual_seed(1)
    rope = {
        "rope_type": "llama3", "rope_theta": 10_000.0, "factor": 8.0, "low_freq_factor": 1.0,
        "high_freq_factor": 4.0, "original_max_position_embeddings": 64,
    }  # fmt: skip
    folder = tmp_path / "model"
    shutil.copytree(tiny_model("llama"), folder)
    config = LlamaConfig.from_pretrained(folder, rope_parameters=rope)
    LlamaForCausalLM(config).save_pretrained(folder)
    plain = original(folder)
    frequencies = plain.model.rotary_emb.inv_freq
    turned = 1.0 / 10_000.0 ** (np.arange(len(frequencies)) / len(frequencies))
    factors = (turned / frequencies.numpy()).astype(np.float32)
    path = write_llama(folder, tmp_path / "long.gguf", tensors={"rope_freqs.weight": factors})
    torch.testing.assert_close(logits(load(path).model), logits(plain), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("settings", "tensors", "said"),
    [
        ({"general.architecture": "t5"}, {}, "its architecture is t5"),
        ({"llama.expert_count": 8}, {}, "mixtures of experts"),
        ({"llama.rope.dimension_count": 4}, {}, "on 4 of 8 values"),
        ({"llama.block_count": 2_000_000_000}, {}, "2,000,000,000 layers"),
        ({"llama.rope.scaling.type": "longrope"}, {}, "position scaling is unknown"),
        ({"llama.block_count": 1}, {}, "the model uses"),
        ({"llama.block_count": 3}, {}, "missing, model.layers.2"),
        ({"tokenizer.ggml.eos_token_id": None}, {}, "no end token"),
        ({"split.count": 2}, {}, "one of 2 parts"),
        ({}, {"blk.0.extra.weight": np.ones(4, np.float32)}, "the model uses"),
        ({}, {"rope_freqs.weight": np.full(4, 3, np.float32)}, "position scaling is unknown"),
    ],
)
def test_what_would_be_read_as_another_model_is_refused_beside_its_field(tmp_path, settings, tensors, said):
    path = write_llama(tiny_model("llama"), tmp_path / "other.gguf", settings=settings, tensors=tensors)
    with pytest.raises(BaseModelError, match=said) as caught:
        gguf_unpacking.folder_of(path, make_channel("inspect"))
    assert caught.value.field == "base_model.id"
    assert "other.gguf" in caught.value.message
    assert caught.value.hint
    assert gguf_models.unpacked_folder(path) is None


def test_text_is_split_and_composed_as_the_file_says_and_an_unknown_way_is_told(tmp_path):
    channel, path = make_channel("inspect"), tmp_path / "own.gguf"
    write_llama(tiny_model("llama"), path, settings={"tokenizer.ggml.pre": "qwen2"})
    tokenizer = load(path).tokenizer
    assert tokenizer("cafe\u0301")["input_ids"] == tokenizer("caf\u00e9")["input_ids"]
    write_llama(tiny_model("llama"), path, settings={"tokenizer.ggml.pre": "tongues"})
    gguf_unpacking.folder_of(path, channel)
    assert "tongues" in events_of(channel, "notice")[-1]["message"]


def test_numbers_that_are_none_are_refused(file):
    content = bytearray(file.read_bytes())
    content[-64:] = b"\xff" * 64
    file.write_bytes(content)
    with pytest.raises(BaseModelError, match="NaN values"):
        load(file)


def test_without_the_package_it_says_how_to_install_it(file, monkeypatch):
    monkeypatch.setattr(gguf_models, "find_spec", lambda _: None)
    with pytest.raises(BaseModelError) as caught:
        load(file)
    assert "pip install gguf" in caught.value.hint


def test_a_full_disk_and_a_small_memory_are_told_before(file, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: shutil._ntuple_diskusage(1, 1, 0))
    with pytest.raises(StorageError, match=" free"):
        load(file)
    monkeypatch.undo()
    monkeypatch.setattr(gguf_unpacking.devices, "available_bytes", lambda _: 0)
    with pytest.raises(DeviceError, match="of memory"):
        load(file)


def test_a_disk_that_fills_up_meanwhile_leaves_nothing(file, monkeypatch):
    monkeypatch.setattr(gguf_unpacking, "_convert", sandbox_works.filling_the_disk)
    with pytest.raises(StorageError, match="The disk is full"):
        load(file)
    assert [path.suffix for path in gguf_models.gguf_folder().iterdir()] == [".lock"]


def test_a_library_without_end_is_ended_and_a_stop_is_heard(file, monkeypatch):
    monkeypatch.setattr(gguf_unpacking, "_convert", sandbox_works.endless)
    channel = make_channel("inspect")
    channel.stopping = True
    with pytest.raises(Stopped):
        gguf_unpacking.folder_of(file, channel)
    monkeypatch.setattr(gguf_unpacking, "BASE_SECONDS", 1)
    with pytest.raises(BaseModelError, match="s of CPU time"):
        load(file)


def test_the_unpacked_folder_is_deleted_and_not_the_file(file):
    load(file)
    freed = models.delete_model({"id": str(file)}, make_channel("models"))["freed_bytes"]
    assert freed > 50_000
    assert file.exists()
    assert list(gguf_models.unpacked()) == []
    assert Path(str(file)).read_bytes()[:4] == b"GGUF"
