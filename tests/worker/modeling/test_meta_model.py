import pytest
import torch

from engine.config import model_info
from engine.config.recipe import BaseModelOptions
from engine.worker.modeling import meta_model
from tests.helpers.tiny_models import tiny_model

CPU = torch.device("cpu")


@pytest.mark.parametrize("model", model_info.catalogue(), ids=lambda model: model.id)
def test_the_shape_of_a_model_has_the_parameters_that_the_catalogue_says(model):
    outline = meta_model.outline_of_catalogue(model, tokenizer=None)
    base = outline.without_weights(BaseModelOptions(id=model.id), CPU, [])
    assert base.model.num_parameters() == model.parameters
    assert base.family == model.family


@pytest.mark.parametrize("kind", ["t5", "t5-tied", "bart", "llama", "gpt2"])
def test_a_head_of_its_own_is_told_from_the_files(kind):
    folder = tiny_model(kind)
    outline = meta_model.outline_of_folder(folder, BaseModelOptions(id=str(folder)), None, "x")
    assert outline.has_own_head == (kind in {"t5", "llama"})
