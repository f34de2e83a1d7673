import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from engine.worker.adapters import attach
from engine.worker.kernels import causal_attention, registry
from tests.helpers.worker_setup import load_tiny, make_recipe

pytestmark = pytest.mark.torch
LENGTHS = [2, 5, causal_attention.BLOCK, causal_attention.BLOCK + 1, 2 * causal_attention.BLOCK + 44]


def parts(length, heads=6, shared=2, kind=torch.bfloat16):
    torch.manual_seed(1)
    # As models hand them over: a token's heads beside each other.
    made = [torch.randn(3, length, count, 16).to(kind) for count in (heads, shared, shared)]
    return [each.transpose(1, 2).requires_grad_() for each in made]


def torch_s(query, key, value, scale=None):
    return scaled_dot_product_attention(query, key, value, is_causal=True, scale=scale, enable_gqa=True)


def with_gradients(attend, given, **how):
    for tensor in given:
        tensor.grad = None
    output = attend(*given, **how)
    torch.manual_seed(2)
    output.backward(torch.randn(output.shape).to(output.dtype))
    return [output.detach(), *(tensor.grad for tensor in given)]


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("shared", [6, 2, 1])
@pytest.mark.parametrize("scale", [None, 0.3])
def test_it_is_torch_s_with_all_its_gradients(length, shared, scale):
    given = parts(length, shared=shared, kind=torch.float32)
    for found, expected in zip(
        with_gradients(causal_attention.attention, given, scale=scale),
        with_gradients(torch_s, given, scale=scale),
        strict=True,
    ):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("length", LENGTHS)
def test_in_bfloat16_it_is_as_near_to_the_truth_as_torch_s(length):
    given = parts(length)
    truth = with_gradients(torch_s, [each.detach().float().requires_grad_() for each in given])

    def far(attend):
        pairs = zip(with_gradients(attend, given), truth, strict=True)
        return [float((found.float() - true).norm() / true.norm()) for found, true in pairs]

    for ours, theirs in zip(far(causal_attention.attention), far(torch_s), strict=True):
        assert ours < max(2 * theirs, 2**-8)


def test_no_token_sees_what_comes_after_it():
    query, key, value = parts(causal_attention.BLOCK + 20)
    before = causal_attention.attention(query, key, value)
    with torch.no_grad():
        key[:, :, causal_attention.BLOCK :] += 3
        value[:, :, causal_attention.BLOCK :] -= 3
    after = causal_attention.attention(query, key, value)
    assert torch.equal(before[:, :, : causal_attention.BLOCK], after[:, :, : causal_attention.BLOCK])
    assert not torch.equal(before[:, :, causal_attention.BLOCK :], after[:, :, causal_attention.BLOCK :])


def test_about_half_of_queries_by_keys_is_kept():
    length, kept = 8 * causal_attention.BLOCK, []
    given = parts(length)
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: kept.append(tensor.numel()), lambda _: None):
        causal_attention.attention(*given)
    weights = sum(kept) - sum(tensor.numel() for tensor in given)
    assert weights == pytest.approx(3 * 6 * length**2 / 2, rel=0.13)


def test_it_applies_to_training_in_bfloat16_on_a_cpu():
    query, key, _ = parts(20)
    long = torch.empty(1, 1, causal_attention.MAX_LENGTH + 1, 1, dtype=torch.bfloat16)
    assert causal_attention.applies(query, key)
    with registry.planned_for("cuda"):
        assert not causal_attention.applies(query.to("meta"), key.to("meta"))
    assert not causal_attention.applies(query.float(), key.float())
    assert not causal_attention.applies(query[:, :, -1:], key)
    assert not causal_attention.applies(long, long)
    with torch.no_grad():
        assert not causal_attention.applies(query, key)


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_a_model_learns_so_and_is_scored_by_torch_s(kind, monkeypatch):
    base = load_tiny(kind)
    model = attach.attach(base, make_recipe(kind)).to(torch.bfloat16).eval()
    seen = []
    attention = causal_attention.attention

    def watched(*given):
        seen.append(given[0].shape[2])
        return attention(*given)

    monkeypatch.setattr(causal_attention, "attention", watched)
    ids = torch.arange(5, 17)[None]
    with torch.no_grad():
        expected = model(input_ids=ids).logits
    assert not seen
    found = model(input_ids=ids).logits
    assert set(seen) == {12}
    assert (found - expected).float().norm() < 0.03 * expected.float().norm()
