"""Every patch, on alone and off: training and generation of small models come to the same."""

import os
from functools import cache
from typing import Any
from unittest import mock

import pytest
import torch
from torch.nn import functional

from engine.errors import AdapterError
from engine.worker.adapters import attach
from engine.worker.generation import Generated
from engine.worker.generation.generate import generate
from engine.worker.kernels import registry
from engine.worker.kernels.registry import PATCHES
from engine.worker.modeling import forward
from tests.helpers.tiny_models import Kind
from tests.helpers.worker_setup import attach_random, load_tiny, make_recipe, stop_dropout

pytestmark = pytest.mark.torch
TEXTS = ["Tim: Hi", "Ann: " + "yes " * 30, "Bob: no", "Eve: " + "so " * 25, "Kim: größer?\nTom: ja!"]
# Rounding of float32 in models whose random weights enlarge it.
TOLERANCE = 2e-3
FOR_DECODERS = (
    "causal_attention", "decode_attention", "preallocated_cache", "decode_loop", "linear", "head_at_labels",
    "meta_trace", "c3a_gradient",
)  # fmt: skip
Computed = tuple[torch.Tensor, torch.Tensor, list[Any]]


def computed(kind: Kind, dtype: torch.dtype) -> Computed:
    """Return the loss, the gradients and the summaries of a small model with an adapter."""
    base = load_tiny(kind)
    base.model.to(dtype)
    model = attach_random(base, make_recipe(kind, method={"id": "lora", "rank": 4, "dropout": 0.0}))
    stop_dropout(model)
    return *_gradients(model.train(), base), _written(model.eval(), base)


@cache
def computed_by_libraries(kind: Kind, dtype: torch.dtype) -> Computed:
    with mock.patch.dict(os.environ, {registry.VARIABLE: registry.NONE}):
        assert registry.active("cpu") == []
        return computed(kind, dtype)


def off_by(found: Computed, exact: Computed) -> float:
    return float((found[1] - exact[1]).norm() / exact[1].norm())


def _gradients(model: Any, base: Any) -> tuple[torch.Tensor, torch.Tensor]:
    ids = torch.arange(3, 51).view(2, 24)
    rows, columns = torch.tensor([0, 0, 1, 1, 1]), torch.tensor([3, 4, 1, 5, 6])
    places = torch.stack([rows, columns])
    logits = forward.logits_at(model, base.family, ids, torch.ones_like(ids), ids, places).float()
    loss = functional.cross_entropy(logits, ids[rows, columns])
    loss.backward()
    parameters = attach.trainable_parameters(model).values()
    return loss.detach(), torch.cat([parameter.grad.flatten() for parameter in parameters])


def _written(model: Any, base: Any) -> list[list[Generated]]:
    inputs = [base.tokenizer(text)["input_ids"] for text in TEXTS]
    asked: list[dict[str, Any]] = [{"beams": 1}, {"beams": 3, "length_penalty": 0.5}, {"temperature": 0.7}]
    return [generate(model, base.tokenizer, base.family, inputs, max_new_tokens=6, **each) for each in asked]


def kinds_of(name: str) -> tuple[Kind, Kind]:
    """Return both kinds of base model, first the one that a patch is more about."""
    return ("llama", "t5") if name in FOR_DECODERS else ("t5", "llama")


@pytest.mark.slow("engine/worker/kernels/", "engine/worker/modeling/", quick=4)
@pytest.mark.parametrize(("kind", "name"), [(kinds_of(name)[at], name) for at in (0, 1) for name in PATCHES])
def test_on_alone_it_computes_what_the_libraries_do(kind, name, monkeypatch):
    dtype = torch.bfloat16 if PATCHES[name].dtype == "bfloat16" else torch.float32
    exact, stock = computed_by_libraries(kind, torch.float32), computed_by_libraries(kind, dtype)
    monkeypatch.setenv(registry.VARIABLE, name)
    assert registry.active("cpu") == [name]
    patched = computed(kind, dtype)
    assert off_by(patched, exact) <= 2 * off_by(stock, exact) + TOLERANCE
    torch.testing.assert_close(
        patched[0], stock[0], rtol=TOLERANCE if dtype is torch.float32 else 0.05, atol=0
    )
    # In bfloat16 every way of computing rounds in its own way, and may write another token.
    if dtype is torch.float32:
        assert patched[2] == stock[2]


def test_without_its_patch_each_of_our_own_tuners_is_refused_by_name(monkeypatch):
    base = load_tiny("bart")
    for method in ("bottleneck", "bitfit", "layernorm", "layers", "full"):
        recipe = make_recipe("bart", method={"id": method})
        with monkeypatch.context() as patch:
            patch.setenv(registry.VARIABLE, "none")
            with pytest.raises(AdapterError, match="peft_type") as refused:
                attach.attach(base, recipe)
        assert recipe.method.method.title in refused.value.message
        assert refused.value.field == registry.VARIABLE
