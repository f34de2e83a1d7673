"""LoRA as it is trained computes what PEFT's computes, and keeps less; summaries are PEFT's own to the bit."""

import peft
import pytest
import torch
from peft.tuners.lora import LoraLayer
from torch import nn

from engine.worker.adapters.method_hooks import TRAINED, lora
from engine.worker.kernels import dropout
from tests.helpers.worker_setup import attach_random, load_tiny, make_recipe

pytestmark = pytest.mark.torch


class Pair(nn.Module):
    """One linear layer, to be adapted."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(24, 40)

    def forward(self, x):
        return self.layer(x)


def adapted(kind=torch.float32, share=0.0, **settings):
    """Return an adapted layer of random numbers, as PEFT makes it."""
    torch.manual_seed(1)
    config = peft.LoraConfig(r=4, lora_alpha=12, lora_dropout=share, target_modules=["layer"], **settings)
    model = peft.get_peft_model(Pair().to(kind), config)
    nn.init.normal_(model.base_model.model.layer.lora_B[TRAINED].weight)
    dropout.patch(model)
    return model.train()


def with_gradients(model, x):
    """Return the output and all gradients of one pass, from the same random state."""
    torch.manual_seed(2)
    x = x.clone().requires_grad_()
    output = model(x)
    weight = torch.linspace(-1, 1, output.numel()).view(output.shape)
    (output.float() * weight).sum().backward()
    trained = {name: value.grad for name, value in model.named_parameters() if value.requires_grad}
    for value in model.parameters():
        value.grad = None
    return {"output": output.detach(), "x": x.grad} | trained


@pytest.mark.parametrize("share", [0.0, 0.3])
@pytest.mark.parametrize("shape", [(5, 24), (3, 7, 24)])
def test_in_float32_output_and_gradients_are_those_of_peft(share, shape):
    model, x = (
        adapted(share=share, use_rslora=True),
        torch.randn(*shape, generator=torch.Generator().manual_seed(3)),
    )
    expected = with_gradients(model, x)
    lora.attach_fused(model)
    result = with_gradients(model, x)
    assert expected.keys() == result.keys()
    assert len(result) == 4
    for name, value in result.items():
        torch.testing.assert_close(value, expected[name], rtol=1e-4, atol=1e-4, msg=name)


def test_in_bfloat16_the_trained_numbers_stay_float32_and_results_differ_by_rounding_alone():
    exact, rough = adapted(), adapted(torch.bfloat16)
    x = torch.randn(2, 6, 24, generator=torch.Generator().manual_seed(4)).to(torch.bfloat16)
    expected = with_gradients(exact, x.float())
    lora.attach_fused(rough)
    result = with_gradients(rough, x)
    assert result["output"].dtype == result["x"].dtype == torch.bfloat16
    for name, value in result.items():
        if "lora_" in name:
            assert value.dtype == torch.float32
        error = float((value.float() - expected[name]).norm() / expected[name].norm())
        assert error < 0.01, (name, error)


def test_gradients_are_those_of_the_function_by_differences():
    arguments = [
        torch.randn(*shape, dtype=torch.float64, requires_grad=True)
        for shape in ((2, 3, 5), (2, 3, 4), (2, 5), (4, 2))
    ]
    mask, _ = dropout.draw_mask(arguments[0], 0.4)
    assert torch.autograd.gradcheck(lambda *given: lora._AddLora.apply(*given, mask, 1.7), arguments)
    assert torch.autograd.gradcheck(lambda *given: lora._AddLora.apply(*given, None, 0.6), arguments)


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_evaluation_is_plain_peft_to_the_bit(kind):
    model, x = adapted(kind, share=0.2).eval(), torch.randn(3, 7, 24).to(kind)
    expected = model(x)
    lora.attach_fused(model)
    assert torch.equal(model(x), expected)


@pytest.mark.parametrize("kind", ["t5", "llama", "gpt2"])
def test_every_plain_lora_layer_of_a_run_is_fused(kind):
    recipe = make_recipe(kind, method={"id": "lora", "dropout": 0.1, "target_modules": ["all-linear"]})
    model = attach_random(load_tiny(kind), recipe)
    layers = [module for module in model.modules() if isinstance(module, LoraLayer)]
    assert layers
    assert all(isinstance(layer.lora_variant[TRAINED], lora.FusedLora) for layer in layers)


@pytest.mark.parametrize("options", [{"dora": True}, {"initialisation": "pissa"}])
def test_refinements_that_compute_otherwise_keep_their_own_way(options):
    recipe = make_recipe(
        "llama", method={"id": "lora", "rank": 4, "target_modules": ["all-linear"], **options}
    )
    model = attach_random(load_tiny("llama"), recipe)
    layers = [module for module in model.modules() if isinstance(module, LoraLayer)]
    assert not any(isinstance(layer.lora_variant.get(TRAINED), lora.FusedLora) for layer in layers)
    assert all(layer.cast_input_dtype_enabled for layer in layers)
