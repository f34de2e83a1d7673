"""An adapter with changed files is taken or refused by name, and base models stay as they were."""

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.adapters import library
from engine.errors import AppError
from engine.system.paths import adapters_folder
from engine.worker.adapters import attach
from engine.worker.modeling.base_models import LoadedBase
from tests.helpers.mutated_files import mutated
from tests.helpers.tiny_models import Kind
from tests.helpers.worker_setup import install_random, load_tiny

pytestmark = pytest.mark.torch
Files = dict[str, bytes]
METHODS: tuple[tuple[Kind, dict[str, Any]], ...] = (
    ("t5", {"id": "lora", "rank": 4}),
    ("t5", {"id": "prefix_tuning", "virtual_tokens": 4}),
    ("llama", {"id": "vera", "rank": 4}),
    ("llama", {"id": "layers", "last_blocks": 1}),
)
ODD: tuple[Any, ...] = (
    None, True, -1, 0, 10**6, 10**400, 1e308, float("nan"), "", "x" * 10_000, "../../escape", "/etc/passwd",
    "all-linear", "(a+)+$", [], ["../x"], ["lm_head"], {}, {"a": {"b": []}}, {".*": 10**9}, "pissa", [[0, 10**6]],
    "XLORA", "\ud800",
)  # fmt: skip
KEYS = (
    "r", "peft_type", "target_modules", "modules_to_save", "rank_pattern", "init_lora_weights", "layer_replication",
    "auto_mapping", "num_virtual_tokens", "token_dim", "num_layers", "bias", "trainable_token_indices", "last_blocks",
)  # fmt: skip
OF_THE_BASE = ("base_model.model.shared.weight", "base_model.model.lm_head.weight", "")


def with_odd_value(content: bytes, draw: random.Random) -> bytes:
    """Give a key of a configuration another value, or of a safetensors header another tensor, shape or place."""
    if content.startswith(b"{"):
        return json.dumps(json.loads(content) | {draw.choice(KEYS): draw.choice(ODD)}).encode()
    length = int.from_bytes(content[:8], "little")
    head = json.loads(content[8 : 8 + length])
    name = draw.choice(sorted(head))
    changes = (
        {draw.choice(OF_THE_BASE): head[name]},
        {name: head[name] | {"shape": draw.choice(([10**6, 10**6], [-1], [0], "x", [10**30]))}},
        {name: head[name] | {"data_offsets": draw.choice(([0, 10**12], [5, 3], None, [-8, 8]))}},
        {name: head[name] | {"dtype": draw.choice(("F64", "F4", None, 3))}},
    )
    told = json.dumps(head | draw.choice(changes)).encode()
    return len(told).to_bytes(8, "little") + told + content[8 + length :]


def changed(files: Files, draw: random.Random) -> Files:
    """Return an adapter's files after one change, without what Tunesmith itself would know of them."""
    name = draw.choice((library.CONFIG_NAME, library.WEIGHTS_NAME))
    change = draw.choice((mutated, with_odd_value))
    return {each: files[each] for each in (library.CONFIG_NAME, library.WEIGHTS_NAME)} | {
        name: change(files[name], draw)
    }


def state(base: LoadedBase) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in base.model.state_dict().items()}


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """Base models, and the files of an adapter of each method on one of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TUNESMITH_HOME", str(tmp_path_factory.mktemp("home") / "home"))
        bases = {kind: load_tiny(kind) for kind in ("t5", "llama")}
        sound = []
        for kind, method in METHODS:
            adapter = install_random(kind, f"{kind}-{method['id']}", method=method)
            sound.append((kind, {path.name: path.read_bytes() for path in adapter.folder.iterdir()}))
            shutil.rmtree(adapter.folder)
        before = {kind: state(base) for kind, base in bases.items()}
        folder = tmp_path_factory.mktemp("sent")
        # A function, since hypothesis writes down what a test is given.
        yield lambda: (bases, before, sound, folder)


@given(which=st.integers(0, len(METHODS) - 1), seed=st.integers(0, 10**6))
def test_a_changed_adapter_is_taken_or_refused_and_the_base_stays_as_it_was(stage, which, seed):
    bases, before, sound, folder = stage()
    kind, files = sound[which]
    sent = Path(folder, "theirs")
    sent.mkdir()
    for name, content in changed(files, random.Random(seed)).items():
        (sent / name).write_bytes(content)
    try:
        model = attach.load_adapter(bases[kind], library.import_adapter(sent))
        attach.detach(model)
    except AppError as error:
        refusal = error.message
    else:
        refusal = "none"
    finally:
        for left in (sent, *adapters_folder().iterdir()):
            shutil.rmtree(left)
    assert refusal
    now = bases[kind].model.state_dict()
    assert now.keys() == before[kind].keys()
    assert all(torch.equal(now[name], value) for name, value in before[kind].items())
