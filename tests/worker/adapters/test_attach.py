import dataclasses
import json
import shutil

import pytest
import torch
from peft import LoraConfig
from peft.mapping import PEFT_TYPE_TO_CONFIG_MAPPING
from peft.utils.peft_types import PeftType
from safetensors.torch import load_file, save_file

from engine.adapters import library
from engine.config import model_info
from engine.errors import AdapterError
from engine.methods import METHODS
from engine.worker.adapters import attach, method_hooks
from tests.helpers.tiny_models import tiny_model
from tests.helpers.worker_setup import (
    attach_random,
    import_with_biases,
    install_random,
    load_tiny,
    logits,
    make_recipe,
)

pytestmark = pytest.mark.torch


def usable(kind):
    """Return the registry's methods that train and can be used on a small model of this kind as they are."""
    facts = model_info.read(tiny_model(kind), "none")
    return [
        entry
        for entry in METHODS
        if entry.trains
        and facts.family is not None
        and facts.family in entry.presets
        and entry.refusal(entry.options.model_validate(entry.presets[facts.family].options), facts) is None
    ]


@pytest.mark.parametrize("entry", METHODS, ids=lambda entry: entry.id)
def test_the_hooks_that_a_tuner_names_are_hooks(entry):
    hooks = method_hooks.of_type(entry.peft_type)
    assert isinstance(hooks, method_hooks.MethodHooks)
    assert (type(hooks) is method_hooks.MethodHooks) == (entry.tuner is None or not entry.tuner.hooks)


def test_an_adapter_of_a_later_peft_with_new_keys_at_their_default_is_read(monkeypatch):
    @dataclasses.dataclass
    class LaterConfig(LoraConfig):
        newest: str = "as usual"

    monkeypatch.setitem(PEFT_TYPE_TO_CONFIG_MAPPING, PeftType.LORA, LaterConfig)
    adapter = install_random("llama", "later", method={"id": "lora", "rank": 4})
    assert "newest" not in json.loads((adapter.folder / library.CONFIG_NAME).read_text())
    assert attach.read_config(adapter).newest == "as usual"


# The other kinds are the proof's.
@pytest.mark.slow("engine/worker/adapters/", "engine/methods/", quick=8)
@pytest.mark.parametrize("method", usable("llama"), ids=lambda method: method.id)
def test_an_untrained_adapter_changes_nothing_and_a_disabled_one_neither(method):
    base = load_tiny("llama")
    before = logits(base.model, base)
    options = method.presets[base.family].options
    # Small models have no room for the presets' ranks.
    small = {"rank": 4} if "rank" in method.options.model_fields else {}
    recipe = make_recipe("llama", method={"id": method.id, **options, **small})
    model = attach.attach(base, recipe).eval()
    if method.identity_at_start:
        assert torch.equal(logits(model, base), before)
    for parameter in attach.trainable_parameters(model).values():
        parameter.data.add_(0.1)
    assert not torch.equal(logits(model, base), before)
    with attach.active(model, None):
        assert torch.equal(logits(model, base), before)


def stranger(tmp_path, change):
    """Return an adapter folder whose tensors were changed by a stranger."""
    adapter = install_random("t5", "honest")
    folder = shutil.copytree(adapter.folder, tmp_path / "stranger")
    tensors = load_file(folder / library.WEIGHTS_NAME)
    change(tensors)
    save_file(tensors, folder / library.WEIGHTS_NAME)
    return library.find(str(folder))


def test_keys_of_the_base_in_an_adapter_file_are_refused_and_the_base_stays(tmp_path):
    base = load_tiny("t5")
    before = base.model.shared.weight.clone()
    evil = stranger(
        tmp_path, lambda tensors: tensors.update({"base_model.model.shared.weight": torch.zeros_like(before)})
    )
    with pytest.raises(AdapterError, match=r"contains base_model\.model\.shared\.weight"):
        attach.load_adapter(base, evil)
    assert torch.equal(base.model.shared.weight, before)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"r": 200_000}, "r = 200,000, its weights 4"),
        ({"init_lora_weights": "pissa"}, "changes the base model"),
        ({"target_modules": "(q+)+"}, "target_modules"),
    ],
)
def test_a_strangers_configuration_is_judged_before_peft(tmp_path, monkeypatch, change, told):
    evil = stranger(tmp_path, lambda tensors: None)
    path = evil.folder / library.CONFIG_NAME
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    monkeypatch.setattr(attach, "get_peft_model", lambda *_, **__: pytest.fail("PEFT saw it"))
    base = load_tiny("t5")
    with pytest.raises(AdapterError, match=told):
        attach.load_adapter(base, evil)


@pytest.mark.parametrize("beside", [False, True])
def test_an_adapter_that_fails_half_way_leaves_base_and_adapters_as_they_were(tmp_path, beside):
    base = load_tiny("t5")
    model = attach.load_adapter(base, install_random("t5", "one")) if beside else None
    before = logits(model or base.model, base)
    names = list(base.model.state_dict())
    evil = stranger(tmp_path, lambda tensors: None)
    path = evil.folder / library.CONFIG_NAME
    # Found missing by PEFT after every layer has got its matrices.
    path.write_text(json.dumps(json.loads(path.read_text()) | {"modules_to_save": "nowhere"}))
    with pytest.raises(AdapterError, match="doesn't fit"):
        attach.load_adapter(base, evil, model)
    assert list(base.model.state_dict()) == names
    assert torch.equal(logits(model or base.model, base), before)
    attach.load_adapter(base, install_random("t5", "two"), model)


def test_pickled_weights_are_refused(tmp_path):
    adapter = install_random("t5", "honest")
    folder = shutil.copytree(adapter.folder, tmp_path / "pickled")
    torch.save(load_file(folder / library.WEIGHTS_NAME), folder / "adapter_model.bin")
    (folder / library.WEIGHTS_NAME).unlink()
    with pytest.raises(AdapterError):
        attach.load_adapter(load_tiny("t5"), library.find(str(folder)))


def test_saved_files_tell_no_path_of_this_computer(tmp_path):
    base, recipe = load_tiny("t5"), make_recipe("t5")
    attach.save_adapter(attach_random(base, recipe), tmp_path / "saved")
    for path in (tmp_path / "saved").iterdir():
        assert str(tmp_path.parent.parent).encode() not in path.read_bytes()
        assert recipe.base_model.id.encode() not in path.read_bytes()


def test_the_same_recipe_begins_with_the_same_numbers():
    def first(seed):
        torch.manual_seed(seed)
        model = attach.attach(load_tiny("llama"), make_recipe("llama"))
        return list(attach.trainable_parameters(model).values())

    assert all(torch.equal(one, other) for one, other in zip(first(1), first(2), strict=True))


def test_going_on_from_a_strangers_biases_of_the_base_is_refused_in_words():
    adapter = import_with_biases("gpt2", "strange")
    method = {"id": "lora", "rank": 4, "alpha": 8, "target_modules": ["all-linear"], "start_from": adapter.id}
    with pytest.raises(AdapterError, match="trained biases of the base model") as caught:
        attach.attach(load_tiny("gpt2"), make_recipe("gpt2", method=method))
    assert caught.value.field == "method.start_from"
