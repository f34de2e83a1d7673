import pytest
import torch
from torch import nn
from transformers.activations import ACT2FN

from engine.worker.kernels import model_patches
from tests.helpers.worker_setup import load_tiny

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("name", ["gelu_new", "gelu_fast"])
def test_it_is_the_same_function(name):
    model = nn.Sequential(ACT2FN[name])
    values = torch.linspace(-8, 8, 1001)
    expected = model(values)
    model_patches.patch_gelu(model)
    assert isinstance(model[0], nn.GELU)
    torch.testing.assert_close(model(values), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", ["t5", "gpt2"])
def test_a_loaded_model_writes_none_out(kind):
    kinds = {type(module) for module in load_tiny(kind).model.modules()}
    assert nn.GELU in kinds
    assert not kinds & set(model_patches.WRITTEN_OUT)
