import copy
from pathlib import Path

import pytest
import torch
from transformers.models.gemma.modeling_gemma import GemmaRMSNorm
from transformers.models.llama.modeling_llama import LlamaRMSNorm
from transformers.models.t5.modeling_t5 import T5LayerNorm

from engine.worker.kernels import rms_norm
from engine.worker.modeling import meta_model
from tests.helpers.worker_setup import load_tiny

pytestmark = pytest.mark.torch


def with_gradients(norm, rows):
    """Return what a norm makes of rows, and the gradients of rows and weights."""
    rows = rows.clone().requires_grad_()
    norm.weight.grad = None
    found = norm(rows)
    (found * torch.linspace(-1, 1, found.numel(), dtype=found.dtype).view(found.shape)).sum().backward()
    return found.detach(), rows.grad, norm.weight.grad


def pair(kind, number_format=torch.float32):
    """Return a norm with weights of its own, unpatched and patched."""
    torch.manual_seed(5)
    plain = kind(24, eps=1e-6)
    plain.weight.data = (torch.rand(24) + 0.5).to(number_format)
    patched = copy.deepcopy(plain)
    rms_norm.patch(patched)
    return plain, patched


@pytest.mark.parametrize("kind", [T5LayerNorm, LlamaRMSNorm])
@pytest.mark.parametrize("shape", [(3, 5, 24), (1, 24), (2, 3, 4, 24)], ids=str)
def test_it_norms_and_learns_as_the_model_s_own(kind, shape):
    plain, patched = pair(kind)
    rows = torch.randn(shape) * 3
    assert isinstance(patched, kind)
    assert type(patched) is not kind
    for found, expected in zip(with_gradients(patched, rows), with_gradients(plain, rows), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", [T5LayerNorm, LlamaRMSNorm])
def test_in_bfloat16_it_is_at_least_as_near_to_the_true_numbers(kind):
    plain, patched = pair(kind, torch.bfloat16)
    true = copy.deepcopy(plain).float()
    rows = torch.randn(40, 24, dtype=torch.bfloat16)
    exact = with_gradients(true, rows.float())
    for found, theirs, number in zip(
        with_gradients(patched, rows), with_gradients(plain, rows), exact, strict=True
    ):
        assert found.dtype == theirs.dtype == torch.bfloat16
        assert (found.float() - number).norm() <= 1.02 * (theirs.float() - number).norm()


def test_weights_in_another_format_than_the_rows_are_left_to_the_model():
    plain, patched = pair(T5LayerNorm)
    rows = torch.randn(4, 24, dtype=torch.bfloat16)
    assert torch.equal(patched(rows), plain(rows))


def test_a_copy_is_fused_too_and_has_its_own_weights():
    _, patched = pair(LlamaRMSNorm)
    other = copy.deepcopy(patched)
    other.weight.data.zero_()
    assert type(other) is type(patched)
    assert patched(torch.ones(1, 24)).any()
    assert not other(torch.ones(1, 24)).any()


def test_a_norm_that_adds_to_its_weights_stays_as_it_is():
    # One that looks like the others, and is not.
    class Added(GemmaRMSNorm):
        def __init__(self, width, eps):
            super().__init__(width, eps)
            self.variance_epsilon = eps

    norm = Added(8, eps=1e-6)
    rms_norm.patch(norm)
    assert type(norm) is Added


@pytest.mark.parametrize("kind", ["t5", "llama"])
def test_all_of_a_model_s_norms_are_fused_with_weights_and_without(kind):
    base = load_tiny(kind)
    own = meta_model.has_own_head(Path(base.model.name_or_path))
    bare = meta_model.build(base.model.config, base.family, torch.float32, has_own_head=own)
    for model in (base.model, bare):
        found = [module for module in model.modules() if hasattr(module, "variance_epsilon")]
        assert found
        assert all(isinstance(module, rms_norm.FusedRMSNorm) for module in found)
