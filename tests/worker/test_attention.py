"""Attention with dropout is torch's: the same where nothing is left to chance, and as random as it should be."""

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from engine.worker import adapters, attention
from tests.helpers.worker_parts import load_tiny, make_recipe

pytestmark = pytest.mark.torch


def parts(queries=5, keys=7, width=8, kind=torch.float32):
    torch.manual_seed(1)
    shapes = ((2, 3, queries, width), (2, 3, keys, width), (2, 3, keys, width))
    return [torch.randn(shape).to(kind).requires_grad_() for shape in shapes]


def learned(attend, given, **how):
    """Return the result and all gradients."""
    for tensor in given:
        tensor.grad = None
    found = attend(*given, **how)
    (found * torch.linspace(-1, 1, found.numel()).view(found.shape)).sum().backward()
    return [found.detach(), *(tensor.grad for tensor in given)]


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"scale": 1.0},
        {"attn_mask": torch.randn(2, 3, 5, 7)},
        {"attn_mask": torch.tensor([True, True, False, True, True, False, True]).expand(2, 1, 5, 7)},
        {"is_causal": True},
    ],
    ids=lambda how: "-".join(how) or "plain",
)
def test_without_dropout_it_is_torch_s(how):
    given = parts(keys=5) if "is_causal" in how else parts()
    for found, expected in zip(
        learned(attention.written_out, given, **how),
        learned(scaled_dot_product_attention, given, **how),
        strict=True,
    ):
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


def test_dropout_leaves_its_share_of_the_weights_out_and_the_mean_stays():
    query, key, _ = parts(queries=200, keys=300)
    # The values are the weights' names, so that the result is the weights.
    value = torch.eye(300).expand(2, 3, 300, 300)
    kept = attention.written_out(query, key, value)
    found = attention.written_out(query, key, value, dropout_p=0.2)

    gone = found == 0
    assert float(gone.double().mean()) == pytest.approx(0.2, abs=0.005)
    torch.testing.assert_close(found[~gone], kept[~gone] / 0.8, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("kind", ["t5", "gpt2"])
def test_a_model_in_training_attends_so_and_in_evaluation_by_torch_s(kind, monkeypatch):
    base = load_tiny(kind)
    model = adapters.attach(base, make_recipe(kind))
    seen = []
    plain = attention.written_out

    def watched(*given, **how):
        seen.append(how)
        return plain(*given, **how)

    monkeypatch.setattr(attention, "written_out", watched)
    ids = torch.arange(5, 17)[None]
    given = {"input_ids": ids} | ({"decoder_input_ids": ids} if kind == "t5" else {})
    model.eval()
    before = model(**given).logits
    assert not seen
    model.train()
    model(**given)
    assert seen
    assert all(how["dropout_p"] > 0 for how in seen)

    # With so little dropout that nothing falls, training and evaluation say the same.
    monkeypatch.setattr(attention.quick, "dropped", lambda values, share: values)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    torch.testing.assert_close(model(**given).logits, before, rtol=1e-4, atol=1e-4)
