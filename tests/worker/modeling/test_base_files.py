import hashlib
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from engine.config.recipe import BaseModelOptions
from engine.errors import AdapterError, BaseModelError
from engine.system import file_hashes
from engine.worker.adapters import attach
from engine.worker.modeling import base_files, base_models
from engine.worker.planning.planner import Planner
from engine.worker.runtime.channel import Channel, Stopped
from tests.helpers.tiny_models import KINDS, tiny_model
from tests.helpers.worker_setup import install_random, make_channel, make_recipe

SHARDS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
FILES = (
    *SHARDS, "config.json", "generation_config.json", "model.safetensors.index.json", "tokenizer.json",
    "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "vocab.txt",
    "spiece.model", "source.spm", "chat_template.jinja", "additional_chat_templates/tools.jinja",
)  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Return a folder with every kind of file that a model may have; the weights are larger than what was covered."""
    folder = tmp_path_factory.mktemp("whole") / "model"
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"the content of {name}")
    for number, name in enumerate(SHARDS):
        save_file({"a": torch.full((3 << 20,), number, dtype=torch.float16)}, folder / name)
    return folder


def fingerprint(folder: Path, channel: Channel | None = None) -> str:
    return base_files.fingerprint(folder, "mine", channel or make_channel("inspect"))


def change_middle(path: Path) -> None:
    """Change one bit in the middle of a file, whose size and time stay."""
    before, content = path.stat(), bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_one_bit_in_the_middle_of_any_file_and_a_file_less_make_another_model(whole, tmp_path):
    folder, aside = shutil.copytree(whole, tmp_path / "model"), tmp_path / "aside"
    before = fingerprint(folder)
    assert before == fingerprint(whole)
    for name in FILES:
        change_middle(folder / name)
        assert fingerprint(folder) != before, name
        # What an earlier version took for the same model.
        assert (old_fingerprint(folder) == old_fingerprint(whole)) == (name != "config.json")
        change_middle(folder / name)
        assert fingerprint(folder) == before
        if name != "config.json":
            (folder / name).rename(aside)
            assert fingerprint(folder) != before, name
            aside.rename(folder / name)


def test_fingerprints_tell_models_apart_and_copies_and_other_documents_not(tmp_path):
    copy = shutil.copytree(tiny_model("llama"), tmp_path / "copy")
    for name in ("README.md", "LICENSE.txt", "source.json", "trainer_state.json", "pytorch_model.bin"):
        (copy / name).write_text("anything")
    prints = {kind: fingerprint(tiny_model(kind)) for kind in KINDS}
    assert len(set(prints.values())) == len(KINDS)
    assert fingerprint(copy) == prints["llama"]


def test_every_file_of_every_tokenizer_of_transformers_is_covered():
    sources = Path(transformers.__file__).parent.glob("models/*/tokenization_*.py")
    tables = [
        re.findall(r"VOCAB_FILES_NAMES[^=]*= \{(.*?)\}", path.read_text(), re.DOTALL) for path in sources
    ]
    names = {name for found in tables for table in found for name in re.findall(r':\s*"([^"]+)"', table)}
    assert len(names) > 15
    assert {name for name in names if not base_files.PARTS.fullmatch(name)} == set()


def test_weights_are_read_once_and_how_far_it_is_is_told(whole, tmp_path, channel, monkeypatch):
    folder = shutil.copytree(whole, tmp_path / "model")
    told: list[tuple[int, int, str]] = []
    monkeypatch.setattr(channel, "progress", lambda *facts: told.append(facts))
    fingerprint(folder, channel)
    total = sum((folder / name).stat().st_size for name in SHARDS)
    assert told[-1] == (total, total, "bytes")
    told.clear()
    assert fingerprint(folder, channel) == fingerprint(whole)
    assert not told


def test_reading_weights_can_be_stopped(whole, channel):
    channel.stopping = True
    with pytest.raises(Stopped):
        fingerprint(whole, channel)


def old_fingerprint(folder: Path) -> str:
    """Return what an earlier version wrote into an adapter's metadata."""
    digest = hashlib.sha256()
    for path in sorted([*folder.glob("*.safetensors"), folder / "config.json"]):
        content = path.read_bytes()
        digest.update(f"{path.name}:{len(content)};".encode())
        digest.update(content[: 1 << 20] + content[max(0, len(content) - (1 << 20)) :])
    return digest.hexdigest()[:16]


def test_an_adapter_of_an_earlier_version_still_knows_its_base_model(whole):
    adapter = install_random("llama", "Old")
    base = base_models.load(BaseModelOptions(id=str(tiny_model("llama"))), "cpu", make_channel("inspect"))
    made_for = adapter.metadata.base_model
    assert base_files.is_of(old_fingerprint(whole), fingerprint(whole))
    made_for.fingerprint = old_fingerprint(tiny_model("llama"))
    attach.refuse_other_base(base, adapter)
    for other in ("0" * 16, made_for.fingerprint[:8], base.fingerprint.partition("-")[2]):
        made_for.fingerprint = other
        with pytest.raises(AdapterError, match=r"Files of .* changed since Old was trained"):
            attach.refuse_other_base(base, adapter)
    made_for.id = "google/flan-t5-small"
    with pytest.raises(AdapterError, match="was made for google/flan-t5-small, not for"):
        attach.refuse_other_base(base, adapter)


def test_an_adapter_is_refused_on_a_base_model_whose_tokenizer_was_changed(tmp_path):
    folder = shutil.copytree(tiny_model("llama"), tmp_path / "model")
    adapter = install_random("llama", "Mine", base_model={"id": str(folder), "precision": "float32"})
    path = folder / "tokenizer_config.json"
    path.write_text(path.read_text().replace("{", '{"note": 1,', 1))
    base = base_models.load(BaseModelOptions(id=str(folder)), "cpu", make_channel("inspect"))
    with pytest.raises(AdapterError, match="changed since Mine was trained"):
        attach.refuse_other_base(base, adapter)


def broken(folder: Path, value: float) -> tuple[Path, str]:
    """Return a copy of a small model, and the tensor in it that has an impossible value at its end."""
    folder = shutil.copytree(tiny_model("llama"), folder)
    tensors = load_file(folder / "model.safetensors")
    name = "model.layers.1.mlp.down_proj.weight"
    tensors[name][-1, -1] = value
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return folder, name


@pytest.mark.parametrize(("value", "quantization"), [(float("nan"), "none"), (float("-inf"), "nf4")])
def test_a_base_model_with_values_that_are_no_numbers_is_refused(tmp_path, value, quantization):
    folder, name = broken(tmp_path / "model", value)
    recipe = make_recipe("llama", base_model={"id": str(folder), "quantization": quantization})
    for read in (
        lambda: base_models.load(recipe.base_model, "cpu", make_channel("inspect")),
        lambda: Planner(make_channel("plan"), tells_time=False).plan(recipe),
    ):
        with pytest.raises(BaseModelError) as caught:
            read()
        assert caught.value.field == "base_model.id"
        assert "NaN or infinite values" in caught.value.message
        assert f"{name} of model.safetensors" in caught.value.message


def test_weights_that_were_hardly_written_are_not_read(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with (tmp_path / "model.safetensors").open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(
        BaseModelError, match=r"model\.safetensors of mine can't be read: it was hardly written at all"
    ):
        fingerprint(tmp_path)


@pytest.mark.parametrize("name", ["generation_config.json", "tokenizer.json", "chat_template.jinja"])
def test_a_file_without_an_end_is_not_read_to_its_end(tmp_path, name):
    folder = shutil.copytree(tiny_model("t5"), tmp_path / "model")
    (folder / name).touch()
    os.truncate(folder / name, 4 << 30)
    with pytest.raises(BaseModelError, match=rf"{name} of mine can't be read: it was hardly written at all"):
        fingerprint(folder)


def test_files_that_cannot_be_read_are_named(tmp_path):
    with pytest.raises(BaseModelError, match=r"config\.json of mine can't be read: No such file"):
        fingerprint(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    os.mkfifo(tmp_path / "model.safetensors")
    with pytest.raises(BaseModelError, match=r"model\.safetensors of mine can't be read: it is not a file"):
        fingerprint(tmp_path)


def test_a_large_gguf_file_is_known_by_all_of_its_content_once_a_worker_has_read_it(tmp_path):
    from engine.config import gguf_models

    path = tmp_path / "mine.gguf"
    path.write_bytes(b"GGUF" + np.random.default_rng(0).bytes(3 << 20))
    assert gguf_models.unpacked_folder(path) is None
    folder = gguf_models.place(file_hashes.sha256(path))
    folder.mkdir()
    gguf_models.remember(folder, path)
    assert gguf_models.unpacked_folder(path) == folder
    change_middle(path)
    assert gguf_models.unpacked_folder(path) is None
    # Unpacked again, it is the only one that is known by its path.
    other = gguf_models.place(file_hashes.sha256(path))
    other.mkdir()
    gguf_models.remember(other, path)
    path.unlink()
    assert gguf_models.unpacked_folder(path) == other
    assert not folder.exists()
