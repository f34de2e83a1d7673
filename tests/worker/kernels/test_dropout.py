import pytest
import torch
from torch import nn

from engine.worker.kernels import dropout, registry
from engine.worker.kernels.dropout import Dropout
from tests.helpers.worker_setup import attach_random, load_tiny, make_recipe

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("share", [0.05, 0.1, 0.5])
def test_the_share_is_left_out_and_the_rest_scaled_so_that_the_mean_stays(share, kind):
    torch.manual_seed(1)
    found = Dropout(share)(torch.ones(401, 501, dtype=kind))
    gone = float((found == 0).double().mean())
    # Five standard deviations of a share of 200,901 draws.
    assert gone == pytest.approx(share, abs=5 * (share * (1 - share) / found.numel()) ** 0.5)
    assert found.dtype == kind
    (scale,) = found[found != 0].unique().tolist()
    assert scale == pytest.approx(1 / (1 - share), rel=1e-4 if kind is torch.float32 else 1e-2)


def test_rows_columns_and_neighbours_are_left_out_independently():
    torch.manual_seed(2)
    kept = (Dropout(0.5)(torch.ones(400, 400)) != 0).double() - 0.5
    for one, other in ((kept[1:], kept[:-1]), *((kept[:, by:], kept[:, :-by]) for by in (1, 2, 3, 4))):
        assert abs(float((one * other).mean())) < 5 * 0.25 / one.numel() ** 0.5


def test_the_gradient_goes_where_the_value_went():
    torch.manual_seed(3)
    values = torch.randn(7, 5, requires_grad=True)
    found = Dropout(0.3)(values)
    found.sum().backward()
    assert torch.allclose(values.grad * values, found)


def test_the_same_seed_leaves_out_the_same_and_goes_on_from_a_saved_state():
    dropout, values = Dropout(0.2), torch.ones(13, 3)
    torch.manual_seed(4)
    first, state, second = dropout(values), torch.get_rng_state(), dropout(values)
    torch.set_rng_state(state)
    assert torch.equal(dropout(values), second)
    assert not torch.equal(first, second)
    torch.manual_seed(4)
    assert torch.equal(dropout(values), first)


def test_evaluation_and_no_share_draw_nothing():
    values, state = torch.randn(4, 4), torch.get_rng_state()
    assert Dropout(0.5).eval()(values) is values
    assert Dropout(0.0)(values) is values
    assert torch.equal(torch.get_rng_state(), state)
    assert not Dropout(1.0)(values).any()


@pytest.mark.parametrize("kind", ["t5", "llama"])
def test_a_model_in_training_has_no_other(kind):
    base = load_tiny(kind)
    before = sum(isinstance(module, nn.Dropout) for module in base.model.modules())
    recipe = make_recipe(kind, method={"id": "lora", "dropout": 0.1, "target_modules": ["all-linear"]})
    model = attach_random(base, recipe)
    kinds = [type(module) for module in model.modules() if isinstance(module, nn.Dropout)]
    assert len(kinds) > before
    assert set(kinds) == {Dropout}


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_elsewhere_the_mask_is_drawn_where_the_values_are_by_torch(share, monkeypatch):
    monkeypatch.setenv(registry.VARIABLE, registry.NONE)
    torch.manual_seed(5)
    values = torch.randn(401, 501, requires_grad=True)
    mask, scale = dropout.draw_mask(values, share)
    found = dropout.masked(values, mask)
    found.sum().backward()
    assert (mask.dtype, mask.device) == (torch.bool, values.device)
    gone = float((~mask).double().mean())
    assert gone == pytest.approx(share, abs=5 * (share * (1 - share) / mask.numel()) ** 0.5)
    assert scale == pytest.approx(1 / (1 - share) if share < 1 else 0.0)
    assert torch.equal(found, values * mask)
    assert torch.equal(values.grad, mask.float())
