import json
import shutil
from pathlib import Path

import pytest
import torch
from peft import CartridgeConfig, TaskType, get_peft_model
from safetensors.torch import load_file, save_file

from engine.adapters import library
from engine.adapters.library import CONFIG_NAME, WEIGHTS_NAME, Adapter
from engine.errors import AdapterError
from engine.worker.adapters import attach
from engine.worker.adapters.adapter_manager import AdapterManager
from engine.worker.generation.generate import generate
from engine.worker.modeling.base_models import LoadedBase
from tests.helpers.worker_setup import import_with_biases, install_random, load_tiny

pytestmark = pytest.mark.torch

CONVERSATION = "Ann: Where are you?\nBob: At the office."
FULL = {"id": "full"}
PROMPT = {"id": "prompt_tuning", "virtual_tokens": 4}
PREFIX = {"id": "prefix_tuning", "virtual_tokens": 6}


def written(base: LoadedBase, manager: AdapterManager, adapter: Adapter | None) -> list[int]:
    ids = base.tokenizer(CONVERSATION)["input_ids"]
    with manager.use(adapter) as model:
        return generate(model, base.tokenizer, base.family, [ids], beams=1, max_new_tokens=12)[0].ids


def alone(kind: str, adapter: Adapter | None) -> list[int]:
    base = load_tiny(kind)
    return written(base, AdapterManager(base), adapter)


def values(base: LoadedBase) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in base.model.state_dict().items()}


@pytest.mark.slow("engine/worker/adapters/", "engine/worker/modeling/", "engine/worker/generation/", quick=1)
@pytest.mark.parametrize("kind", ["t5", "gpt2"])
def test_every_order_gives_what_each_writes_alone(kind):
    chosen = [
        None,
        install_random(kind, "first", seed=1),
        install_random(kind, "second", seed=2),
        install_random(kind, "full", seed=3, method=FULL),
        import_with_biases(kind, "biases", seed=4),
        install_random(kind, "prompt", seed=5, method=PROMPT, strength=2.0),
        install_random(kind, "prefix", seed=6, method=PREFIX, strength=2.0),
    ]
    expected = [alone(kind, adapter) for adapter in chosen]
    assert len({tuple(ids) for ids in expected}) == len(chosen)
    base = load_tiny(kind)
    before = values(base)
    manager = AdapterManager(base)
    for index in (0, 1, 2, 0, 3, 1, 4, 0, 2, 4, 3, 5, 0, 6, 5, 3, 6, 4, 6, 0):
        assert written(base, manager, chosen[index]) == expected[index]
    with manager.use(import_with_biases(kind, "last")):
        pass
    assert written(base, manager, None) == expected[0]
    after = base.model.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


def nothing_but_a_prompt(like: Adapter) -> Adapter:
    method = like.metadata.method.model_copy(update={"id": "prompt_only", "peft_type": ""})
    return Adapter(like.folder.parent / "prompt", like.metadata.model_copy(update={"method": method}))


def test_with_nothing_but_a_prompt_the_base_computes_as_itself():
    base = load_tiny("bart")
    manager = AdapterManager(base)
    for other in (import_with_biases("bart", "biases"), install_random("bart", "lora")):
        prompt = nothing_but_a_prompt(other)
        assert written(base, manager, other) != alone("bart", None)
        assert written(base, manager, prompt) == alone("bart", None)


def test_a_prompt_for_another_base_is_refused():
    prompt = nothing_but_a_prompt(install_random("bart", "lora"))
    with pytest.raises(AdapterError, match="was made for"), AdapterManager(load_tiny("t5")).use(prompt):
        pass


def damaged(adapter: Adapter, how: str, place: Path) -> Adapter:
    folder = place / f"{how}-{adapter.id}"
    shutil.copytree(adapter.folder, folder)
    tensors = load_file(folder / WEIGHTS_NAME)
    first = next(iter(tensors))
    if how == "a key of the base":
        tensors["base_model.model.shared.weight"] = torch.zeros(354, 32)
    elif how == "a missing key":
        del tensors[first]
    elif how == "a wrong shape":
        tensors[first] = torch.zeros(3, 3)
    elif how == "an unknown type":
        config = json.loads((folder / CONFIG_NAME).read_text())
        (folder / CONFIG_NAME).write_text(json.dumps({**config, "peft_type": "NONSENSE"}))
    else:
        config = json.loads((folder / CONFIG_NAME).read_text())
        (folder / CONFIG_NAME).write_text(json.dumps({**config, "target_modules": ["nowhere"]}))
    save_file(tensors, folder / WEIGHTS_NAME)
    return Adapter(folder, adapter.metadata)


@pytest.mark.slow("engine/worker/adapters/", "engine/worker/modeling/", "engine/worker/generation/", quick=1)
@pytest.mark.parametrize(
    ("how", "first"),
    [
        ("a key of the base", False), ("a missing key", True), ("a wrong shape", False),
        ("an unknown type", True), ("a target that is not there", False),
    ],
)  # fmt: skip
def test_an_adapter_that_does_not_fit_changes_nothing(how, first, tmp_path):
    sound = install_random("t5", "sound")
    expected = [alone("t5", adapter) for adapter in (None, sound)]
    base = load_tiny("t5")
    before = values(base)
    manager = AdapterManager(base)
    if not first:
        assert written(base, manager, sound) == expected[1]
    with pytest.raises(AdapterError), manager.use(damaged(sound, how, tmp_path)):
        pass
    assert [written(base, manager, adapter) for adapter in (None, sound)] == expected
    with manager.use(install_random("t5", "another type", method=FULL)):
        pass
    base_alone = {name.replace(".base_layer", ""): value for name, value in base.model.state_dict().items()}
    assert all(torch.equal(value, base_alone[name]) for name, value in before.items())


def test_an_adapter_is_loaded_once(monkeypatch):
    sound = install_random("t5", "sound")
    base = load_tiny("t5")
    manager = AdapterManager(base)
    written(base, manager, sound)
    monkeypatch.setattr(attach, "load_adapter", None)
    written(base, manager, None)
    written(base, manager, sound)


def test_an_adapter_of_an_unknown_kind_is_refused_and_disturbs_nothing(tmp_path):
    config = CartridgeConfig(task_type=TaskType.SEQ_2_SEQ_LM, num_virtual_tokens=4)
    get_peft_model(load_tiny("t5").model, config).save_pretrained(
        tmp_path / "soft", save_embedding_layers=False
    )
    with pytest.raises(AdapterError, match="CARTRIDGE"):
        library.import_adapter(tmp_path / "soft")
    soft, sound = library.find(str(tmp_path / "soft")), install_random("t5", "sound")
    expected = [alone("t5", adapter) for adapter in (None, sound)]
    base = load_tiny("t5")
    manager = AdapterManager(base)
    for _ in range(2):
        with pytest.raises(AdapterError, match="CARTRIDGE"):
            written(base, manager, soft)
        assert [written(base, manager, adapter) for adapter in (None, sound)] == expected
