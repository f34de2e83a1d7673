import dataclasses
import json
from itertools import cycle

import pytest
import torch
from peft import MultitaskPromptTuningConfig, PrefixTuningConfig, get_peft_model
from safetensors.torch import save_file
from transformers import T5Config, T5ForConditionalGeneration

from engine.adapters import library
from engine.adapters.library import WEIGHTS_NAME
from engine.errors import AdapterError
from engine.methods.soft_prompts import SOFT_PROMPTS
from engine.worker.adapters import attach
from engine.worker.adapters.adapter_manager import AdapterManager
from engine.worker.adapters.method_hooks import of_type
from engine.worker.kernels.compat import checkpoint_activations
from engine.worker.modeling import forward, prompt_learning
from engine.worker.modeling.base_models import LoadedBase
from tests.helpers.soft_prompts import (
    CASES,
    NAMES,
    TEXTS,
    batch,
    forward_logits,
    generate_batch,
    in_turn,
    prompts,
    soft_recipe,
)
from tests.helpers.worker_setup import attach_random, install_random, load_tiny

pytestmark = pytest.mark.torch

every_case = pytest.mark.parametrize(("method", "options"), CASES, ids=NAMES)


@pytest.mark.slow("engine/worker/adapters/", "engine/worker/generation/", "engine/worker/modeling/", quick=3)
@in_turn("t5", "gpt2")
def test_two_of_different_lengths_stand_beside_each_other(kind, method, options):
    table = {"id": method, **options}
    chosen = [
        None,
        install_random(kind, "short", seed=1, method=table | {"virtual_tokens": 3}),
        install_random(kind, "long", seed=2, method=table | {"virtual_tokens": 8}),
    ]

    def computed(manager: AdapterManager, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        with manager.use(chosen[index]) as model:
            return (
                forward_logits(model, manager.base, prompts(manager.base)[1], [20, 21]),
                torch.stack(generate_batch(model, manager.base).logits),
            )

    alone = [computed(AdapterManager(load_tiny(kind)), index) for index in range(3)]
    assert not torch.equal(alone[0][0], alone[1][0])
    assert not torch.equal(alone[1][0], alone[2][0])
    manager = AdapterManager(load_tiny(kind))
    for index in (1, 2, 1, 0, 2, 0, 1):
        found = computed(manager, index)
        assert all(torch.equal(one, other) for one, other in zip(found, alone[index], strict=True))


def test_a_damaged_one_beside_another_changes_nothing():
    sound, damaged = (
        install_random("t5", name, method={"id": "p_tuning", "virtual_tokens": 4})
        for name in ("sound", "damaged")
    )
    save_file({"prompt_embeddings": torch.zeros(4, 7)}, damaged.folder / WEIGHTS_NAME)
    manager = AdapterManager(load_tiny("t5"))
    row = prompts(manager.base)[0]
    with manager.use(sound) as model:
        expected = forward_logits(model, manager.base, row, [20, 21])
    with pytest.raises(AdapterError), manager.use(damaged):
        pass
    with manager.use(sound) as model:
        assert list(model.peft_config) == [attach.adapter_name(sound.id)]
        assert torch.equal(forward_logits(model, manager.base, row, [20, 21]), expected)


def uneven_t5() -> LoadedBase:
    """Return a T5 whose stacks differ in depth and whose heads do not divide its width, as flan-t5-small's."""
    base = load_tiny("t5")
    torch.manual_seed(3)
    own = base.model.config.to_dict() | {"d_model": 20, "d_kv": 8, "num_heads": 3, "num_layers": 3}
    model = T5ForConditionalGeneration(T5Config(**own | {"num_decoder_layers": 1})).eval()
    return dataclasses.replace(base, model=model.requires_grad_(False))


@every_case
def test_a_decoder_unlike_its_encoder_gets_its_own_prefix(method, options):
    base = uneven_t5()
    model = attach_random(base, soft_recipe("t5", method, options))
    summaries = generate_batch(model, base)
    for number, row in enumerate(prompts(base)):
        expected = forward_logits(model, base, row, summaries.sequences[number, 1:].tolist())
        steps = torch.stack([logits[number] for logits in summaries.logits])
        assert (steps - expected).abs().max() < 1e-3


@every_case
def test_a_bfloat16_base_is_read_in_its_own_format(method, options):
    base = load_tiny("llama")
    base.model.to(torch.bfloat16)
    model = attach_random(base, soft_recipe("llama", method, options))
    assert all(parameter.dtype == torch.float32 for parameter in attach.trainable_parameters(model).values())
    assert forward_logits(model, base, prompts(base)[0], [20, 21]).dtype == torch.bfloat16
    assert generate_batch(model, base).sequences.shape[0] == len(TEXTS)


@pytest.mark.parametrize(
    ("kind", "method", "options"),
    [
        (kind, *case)
        for kind, case in zip(cycle(["gpt2", "t5"]), CASES, strict=False)
        if case[0] != "prefix_tuning"
    ],
    ids=str,
)
def test_vectors_before_the_input_learn_the_same_with_checkpointed_activations(kind, method, options):
    def gradients(checkpointed: bool) -> list[torch.Tensor]:
        base = load_tiny(kind)
        model = attach.attach(base, soft_recipe(kind, method, options)).train()
        if checkpointed:
            checkpoint_activations(base.model, {"use_reentrant": False})
        asked = batch(base, prompts(base), [[20, 21], [30, 31, 32], [40]])
        torch.manual_seed(1)
        logits = forward.logits(model, base.family, asked.input_ids, asked.attention_mask, asked.labels)
        logits.logsumexp(-1).sum().backward()
        return [parameter.grad for parameter in attach.trainable_parameters(model).values()]

    for plain, twice in zip(gradients(False), gradients(True), strict=True):
        assert plain.abs().max() > 0
        assert (plain - twice).abs().max() <= 1e-4 * plain.abs().max()


@pytest.mark.parametrize(
    "config",
    [
        MultitaskPromptTuningConfig(task_type="SEQ_2_SEQ_LM", num_virtual_tokens=4),
        PrefixTuningConfig(task_type="SEQ_2_SEQ_LM", num_virtual_tokens=4, num_transformer_submodules=1),
    ],
    ids=["a prompt in the decoder too", "a prefix of one part"],
)
def test_strangers_prompts_that_stand_elsewhere_are_refused(config):
    model = get_peft_model(load_tiny("t5").model, config)
    with pytest.raises(AdapterError, match=config.peft_type.value):
        prompt_learning.prompt_of(model)
    with model.disable_adapter():
        assert prompt_learning.prompt_of(model).length == 0


def test_a_strangers_starting_text_makes_nothing_be_read(tmp_path):
    adapter = install_random("t5", "mine", method={"id": "prompt_tuning", "virtual_tokens": 4})
    path = adapter.folder / library.CONFIG_NAME
    text = {"prompt_tuning_init": "TEXT", "prompt_tuning_init_text": "Once"}
    named = {"tokenizer_name_or_path": str(tmp_path / "no")}
    path.write_text(json.dumps(json.loads(path.read_text()) | text | named))
    attach.load_adapter(load_tiny("t5"), adapter)


def test_a_strangers_starting_file_is_refused_by_name(tmp_path):
    adapter = install_random("t5", "mine", method={"id": "multitask_prompt_tuning", "virtual_tokens": 4})
    path = adapter.folder / library.CONFIG_NAME
    config = json.loads(path.read_text()) | {"prompt_tuning_init_state_dict_path": str(tmp_path / "no")}
    path.write_text(json.dumps(config))
    with pytest.raises(AdapterError, match="prompt_tuning_init_state_dict_path"):
        attach.load_adapter(load_tiny("t5"), adapter)


def test_every_soft_prompt_is_handled_and_read():
    for entry in SOFT_PROMPTS:
        assert entry.tuner is not None
        assert entry.tuner.virtual_tokens in prompt_learning.KINDS
        assert of_type(entry.peft_type) is not of_type("LORA")
