import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from engine.worker.adapters import attach
from engine.worker.kernels import attention, dropout
from tests.helpers.worker_setup import load_tiny, make_recipe

pytestmark = pytest.mark.torch


def parts(queries=5, keys=7, width=8, kind=torch.float32):
    torch.manual_seed(1)
    shapes = ((2, 3, queries, width), (2, 3, keys, width), (2, 3, keys, width))
    return [torch.randn(shape).to(kind).requires_grad_() for shape in shapes]


def with_gradients(attend, given, **how):
    for tensor in given:
        tensor.grad = None
    output = attend(*given, **how)
    (output * torch.linspace(-1, 1, output.numel()).view(output.shape)).sum().backward()
    return [output.detach(), *(tensor.grad for tensor in given)]


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
        with_gradients(attention.dropout_attention, given, **how),
        with_gradients(scaled_dot_product_attention, given, **how),
        strict=True,
    ):
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


def test_dropout_leaves_its_share_of_the_weights_out_and_the_mean_stays():
    query, key, _ = parts(queries=200, keys=300)
    # The values are the weights' names, so that the result is the weights.
    value = torch.eye(300).expand(2, 3, 300, 300)
    kept = attention.dropout_attention(query, key, value)
    found = attention.dropout_attention(query, key, value, dropout_p=0.2)
    gone = found == 0
    assert float(gone.double().mean()) == pytest.approx(0.2, abs=0.005)
    torch.testing.assert_close(found[~gone], kept[~gone] / 0.8, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_with_dropout_gradients_go_where_the_weights_went(kind):
    given = parts(kind=kind)
    mask = torch.randn(1, 3, 5, 7, dtype=kind).requires_grad_()
    torch.manual_seed(6)
    signs, factor = dropout.signs(torch.empty(2, 3, 5, 7, dtype=kind), 0.4)
    gone = torch.signbit(signs)

    def explicit(query, key, value, attn_mask, dropout_p, scale):
        weights = (query * scale @ key.transpose(-2, -1) + attn_mask).softmax(-1)
        return weights * ~gone * factor @ value

    def both(attend):
        mask.grad = None
        torch.manual_seed(6)
        return [*with_gradients(attend, given, attn_mask=mask, dropout_p=0.4, scale=0.3), mask.grad.clone()]

    assert 0.2 < float(gone.float().mean()) < 0.6
    near = 1e-5 if kind is torch.float32 else 0.05
    for found, expected in zip(both(attention.dropout_attention), both(explicit), strict=True):
        torch.testing.assert_close(found, expected, rtol=near, atol=near)


def test_one_matrix_of_queries_by_keys_is_kept():
    given, kept = parts(queries=50, keys=60), []
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: kept.append(tensor.numel()), lambda _: None):
        attention.dropout_attention(*given, dropout_p=0.1, scale=1.0)
    # Beside it queries, keys and values.
    assert sorted(kept) == sorted([2 * 3 * 50 * 60, *(tensor.numel() for tensor in given)])


def test_bias_and_mask_of_a_t5_are_put_together_once_for_all_layers(monkeypatch):
    base = load_tiny("t5")
    model = attach.attach(base, make_recipe("t5")).train()
    made = []
    together = attention.create_position_bias_mask

    def watched(*given):
        made.append(given[1])
        return together(*given)

    monkeypatch.setattr(attention, "create_position_bias_mask", watched)
    ids = torch.arange(5, 29).view(2, 12)
    for read in (torch.ones_like(ids), (ids < 20).long()):
        made.clear()
        model(input_ids=ids, attention_mask=read, decoder_input_ids=ids)
        # Within the encoder, within the decoder, and from the one to the other.
        assert len(made) == 3


@pytest.mark.parametrize("kind", ["t5", "gpt2"])
def test_a_model_in_training_attends_so_and_in_evaluation_by_torch_s(kind, monkeypatch):
    base = load_tiny(kind)
    model = attach.attach(base, make_recipe(kind))
    seen = []
    plain = attention.dropout_attention

    def watched(*given, **how):
        seen.append(how)
        return plain(*given, **how)

    monkeypatch.setattr(attention, "dropout_attention", watched)
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
    monkeypatch.setattr(attention.dropout, "signs", lambda values, share: (torch.ones_like(values), 1.0))
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    torch.testing.assert_close(model(**given).logits, before, rtol=1e-4, atol=1e-4)
