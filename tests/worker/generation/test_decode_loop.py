from itertools import cycle
from typing import Any

import pytest
import torch

from engine.worker.adapters.adapter_manager import AdapterManager
from engine.worker.generation import Generated
from engine.worker.generation.generate import PREFILL_PARTS, generate
from tests.helpers.soft_prompts import in_turn, soft_prompt_model
from tests.helpers.tiny_models import KINDS, Kind
from tests.helpers.worker_setup import attach_random, install_random, load_tiny, make_recipe

pytestmark = pytest.mark.torch

TEXTS = ["Tim: Hi", "Ann: " + "yes " * 40, "Bob: no", "Eve: " + "so " * 35, "Kim: größer?\nTom: ja!"]
NEW = 8


def read(tokenizer: Any) -> list[list[int]]:
    return [tokenizer(text)["input_ids"] for text in TEXTS]


def parted(model: Any, base: Any, on_rows: Any = lambda _: None, **asked: Any) -> list[Generated]:
    """Write all in one batch that is read in groups: the two long texts hardly fit into one."""
    inputs = read(base.tokenizer)
    tokens = 2 * max(map(len, inputs)) * PREFILL_PARTS
    assert tokens >= len(inputs) * (max(map(len, inputs)) + NEW)
    asked = {"max_new_tokens": NEW, "batch_tokens": tokens} | asked
    return generate(model, base.tokenizer, base.family, inputs, on_rows=on_rows, **asked)


def alone(model: Any, base: Any, **asked: Any) -> list[Generated]:
    return [
        generate(model, base.tokenizer, base.family, [ids], max_new_tokens=NEW, **asked)[0]
        for ids in read(base.tokenizer)
    ]


@pytest.mark.slow("engine/worker/generation/", "engine/worker/modeling/", "engine/worker/kernels/", quick=2)
@pytest.mark.parametrize(
    ("kind", "asked"), list(zip(KINDS, cycle([{}, {"repetition_penalty": 1.3}]), strict=False))
)
def test_groups_write_what_each_writes_alone(kind, asked):
    base = load_tiny(kind)
    model = attach_random(base, make_recipe(kind))
    # Some end early and leave the batch.
    model.get_base_model().generation_config.eos_token_id = list(range(4, len(base.tokenizer), 9))
    told: list[list[int]] = []
    found = parted(model, base, told.append, **asked)
    assert found == alone(model, base, **asked)
    whole, *groups = told[: next(at for at in range(1, len(told)) if len(told[at]) == len(TEXTS)) + 1]
    assert groups.pop() == whole
    assert len(groups) > 1
    assert sorted(row for group in groups for row in group) == sorted(whole)


@pytest.mark.parametrize("kind", ["t5", "llama"])
def test_less_padding_is_read(kind):
    base = load_tiny(kind)
    widths: list[tuple[int, int]] = []
    layer = base.model.get_encoder() if base.family == "encoder-decoder" else base.model
    layer.register_forward_pre_hook(
        lambda _, args, given: widths.append(tuple((args[0] if args else given["input_ids"]).shape)),
        with_kwargs=True,
    )
    parted(base.model, base)
    lengths = [len(ids) for ids in read(base.tokenizer)]
    computed = sum(rows * width for rows, width in widths if width > 1)
    assert sum(lengths) <= computed < 1.25 * sum(lengths) < len(lengths) * max(lengths)


@pytest.mark.slow("engine/worker/generation/", "engine/worker/modeling/", "engine/worker/kernels/", quick=2)
@in_turn("t5", "llama", "bart", "gpt2")
def test_soft_prompts_stand_before_every_group(kind, method, options):
    base, model = soft_prompt_model(kind, method, options)
    groups = parted(model, base)
    assert groups == alone(model, base)
    assert groups != parted(base.model, base)


def test_each_row_of_a_group_is_read_with_its_adapter():
    kind: Kind = "llama"
    base = load_tiny(kind)
    manager = AdapterManager(base)
    one, other = (install_random(kind, f"lora{seed}", seed=seed) for seed in (0, 1))
    assert manager.supports_mixed_batch(one)
    assert manager.supports_mixed_batch(other)
    chosen = [one, None, other, one, None]
    with manager.mixed_batch(chosen) as (model, mixed_batch):
        groups = parted(model, base, mixed_batch.select)
    for row, adapter in enumerate(chosen):
        with manager.use(adapter) as model:
            assert groups[row] == alone(model, base)[row]


def test_what_a_listener_raises_while_prompts_are_read_ends_the_work():
    base = load_tiny("llama")
    model = base.model.train()

    def leave(rows: list[int]) -> None:
        if len(rows) < len(TEXTS):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        parted(model, base, leave)
    assert model.training


def test_a_window_that_forgets_is_read_at_once():
    base = load_tiny("llama")
    told: list[list[int]] = []
    base.model.config.layer_types = ["sliding_attention"] * base.model.config.num_hidden_layers
    base.model.config.sliding_window = 4096
    parted(base.model, base, told.append)
    assert all(len(rows) == len(TEXTS) for rows in told)
    assert not torch.is_inference_mode_enabled()
