import copy

import pytest
import torch
from peft import LoraConfig, get_peft_model
from torch import nn

from engine.worker.kernels import linear
from tests.helpers.worker_setup import load_tiny

pytestmark = pytest.mark.torch


def pair(bias: bool = True, dtype: torch.dtype = torch.float32) -> tuple[nn.Linear, nn.Linear]:
    torch.manual_seed(0)
    plain = nn.Linear(48, 33, bias=bias).to(dtype)
    patched = nn.Sequential(copy.deepcopy(plain))
    linear.patch(patched)
    assert type(patched[0]) is linear.Linear
    return plain, patched[0]


@pytest.fixture
def asked(monkeypatch):
    """Note each product that is not torch's own; small ones may be."""
    monkeypatch.setattr(linear, "MIN_MULTIPLICATIONS", 1)
    seen: list[tuple[int, ...]] = []
    applies = linear.applies

    def noted(rows: torch.Tensor, weight: torch.Tensor) -> bool:
        seen.extend([tuple(rows.shape)] if (found := applies(rows, weight)) else [])
        return found

    monkeypatch.setattr(linear, "applies", noted)
    return seen


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(48,), (1, 48), (7, 48), (3, 5, 48), (2, 0, 48)])
def test_the_result_is_torchs(shape, bias, asked):
    plain, patched = pair(bias)
    rows = torch.randn(shape)
    with torch.no_grad():
        torch.testing.assert_close(patched(rows), plain(rows))
        # A view across the rows of another.
        if rows.dim() > 1:
            strided = torch.randn(*shape[:-2], 48, shape[-2]).transpose(-1, -2)
            torch.testing.assert_close(patched(strided), plain(strided))
    assert bool(asked) is bool(rows.numel())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("trained", ["weight", "bias"])
def test_trained_layers_are_torchs(trained, dtype, asked):
    plain, patched = pair(dtype=dtype)
    rows = torch.randn(4, 48, dtype=dtype, requires_grad=True)
    for layer in (plain, patched):
        layer.requires_grad_(False)
        getattr(layer, trained).requires_grad_(True)
        layer(rows).float().square().sum().backward()
    assert torch.equal(getattr(patched, trained).grad, getattr(plain, trained).grad)
    with torch.no_grad():
        assert patched(rows).dtype is dtype
    assert bool(asked) is (dtype is torch.float32)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(48,), (7, 48), (3, 5, 48)])
def test_frozen_weights_give_torchs_gradient_also_changed_in_place(shape, bias, asked):
    plain, patched = (layer.requires_grad_(False) for layer in pair(bias))
    gradients = []
    for layer in (plain, patched):
        torch.manual_seed(1)
        rows = torch.randn(shape, requires_grad=True)
        found = layer(rows * 2)
        found += rows.sum()
        found.square().sum().backward()
        gradients.append(rows.grad)
    torch.testing.assert_close(*gradients)
    assert asked
    # What reads no gradient needs none.
    assert not patched(torch.randn(shape)).requires_grad


def test_a_loaded_base_and_an_adapter_on_it_multiply_so(asked):
    base = load_tiny("llama")
    layers = [module for module in base.model.modules() if isinstance(module, nn.Linear)]
    assert layers
    assert all(type(layer) is linear.Linear for layer in layers)
    plain = copy.deepcopy(base.model)
    for module in plain.modules():
        if type(module) is linear.Linear:
            module.__class__ = nn.Linear
    ids = torch.arange(4, 20).view(2, 8)
    with torch.no_grad():
        torch.testing.assert_close(base.model(ids).logits, plain(ids).logits)
        assert len(asked) == len(layers)
        tuned = get_peft_model(base.model, LoraConfig(target_modules=["q_proj"], init_lora_weights=False))
        assert not torch.equal(tuned(ids).logits, plain(ids).logits)


def test_a_small_product_is_torchs(asked, monkeypatch):
    _, patched = pair()
    monkeypatch.setattr(linear, "MIN_MULTIPLICATIONS", 5 * 48 * 33)
    with torch.no_grad():
        patched(torch.randn(4, 48))
        patched(torch.randn(5, 48))
    assert asked == [(5, 48)]
