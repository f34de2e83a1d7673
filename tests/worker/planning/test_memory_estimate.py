from pathlib import Path

import pytest
import torch

from engine.config.recipe import BaseModelOptions, Recipe
from engine.worker.adapters import attach
from engine.worker.dataset.batch_packing import BatchShape
from engine.worker.dataset.collator import Collator
from engine.worker.dataset.prompter import Encoded
from engine.worker.evaluation.losses import token_loss_sum
from engine.worker.modeling import base_models, meta_model
from engine.worker.modeling.architecture import ModelArchitecture, architecture_of
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.planning import meta_trace
from engine.worker.planning.planner import Planner
from tests.helpers.tiny_models import Kind, tiny_model
from tests.helpers.tiny_runs import tiny_recipe


def shape_of(kind: Kind) -> ModelArchitecture:
    folder = tiny_model(kind)
    config = base_models.read_config(folder, kind)
    family = base_models.family_of(config, kind)
    own = meta_model.has_own_head(folder)
    return architecture_of(meta_model.build(config, family, torch.float32, has_own_head=own))


def options(**values: object) -> BaseModelOptions:
    return BaseModelOptions.model_validate({"id": "x", **values})


def test_bits_include_the_scales_of_bitsandbytes():
    shape = shape_of("llama")
    assert shape.bits_per_parameter(options()) is None
    assert shape.bits_per_parameter(options(quantization="nf4", double_quantization=False)) == 4.5
    double = shape.bits_per_parameter(options(quantization="nf4"))
    assert double == pytest.approx(4.127, abs=5e-4)
    assert 4.5 - double == pytest.approx(0.373, abs=5e-4)
    assert shape.bits_per_parameter(options(quantization="fp4")) == double
    int8 = shape.bits_per_parameter(options(quantization="int8"))
    assert int8 is not None
    assert 8 + 32 / 48 < int8 < 8 + 32 / 32


@pytest.mark.parametrize("kind", ["t5", "llama", "gpt2"])
@pytest.mark.parametrize("quantization", ["none", "int8", "nf4"])
def test_weights_take_what_those_of_the_loaded_model_take(kind, quantization, tmp_path, channel):
    recipe = tiny_recipe(tmp_path, kind, "lora", f"base_model.quantization={quantization}")
    model = base_models.load(recipe.base_model, "cpu", channel).model
    found = sum(tensor.nbytes for tensor in (*model.parameters(), *model.buffers()))
    for module in model.modules():
        # Scales stand beside the weights, out of sight of the module.
        state = getattr(getattr(module, "weight", None), "quant_state", None)
        scales = [state.absmax, state.state2.absmax] if state is not None else []
        scales += (
            [module.weight.SCB] if getattr(getattr(module, "weight", None), "SCB", None) is not None else []
        )
        found += sum(scale.nbytes for scale in scales)
    # Scales of scales come in whole numbers, which tiny layers notice.
    assert shape_of(kind).weight_bytes(recipe.base_model) == pytest.approx(found, rel=0.005)


def traced_bytes(recipe: Recipe, shape: BatchShape, **more: bool) -> int:
    base = weightless_base(recipe)
    with torch.device("meta"):
        model = attach.attach(base, recipe)
    return meta_trace.activation_bytes(model, base.family, shape, "cpu", **more)


def weightless_base(recipe: Recipe) -> LoadedBase:
    folder, options = Path(recipe.base_model.id), recipe.base_model
    tokenizer = base_models.read_tokenizer(folder, options.id)
    outline = meta_model.outline_of_folder(folder, options, tokenizer, "")
    return outline.without_weights(options, torch.device("cpu"), [])


@pytest.mark.parametrize(
    ("kind", "method"), [("t5", "lora"), ("llama", "lora"), ("llama", "full"), ("gpt2", "lora")]
)
def test_traced_bytes_are_those_that_a_real_micro_batch_keeps(kind, method, tmp_path, channel):
    recipe = tiny_recipe(tmp_path, kind, method)
    base = base_models.load(recipe.base_model, "cpu", channel)
    model = attach.attach(base, recipe).train()
    rows, inputs, labels = 4, 96, 16
    label_length = labels if base.family == "encoder-decoder" else inputs
    batch = Collator(base.family, 0, 10_000)(
        [Encoded([5] * inputs, [-100] * (label_length - labels) + [5] * labels)] * (rows - 1)
        # Without any padding, models leave the mask away.
        + [Encoded([5] * (inputs - 1), [-100] * (label_length - labels - 1) + [5] * labels)]
    ).micro_batches[0]
    for parameter in attach.trainable_parameters(model).values():
        parameter.grad = torch.zeros_like(parameter)
    counter = meta_trace.LiveBytes()
    counter.exclude(model.parameters())
    counter.exclude(model.buffers())
    counter.exclude(parameter.grad for parameter in model.parameters() if parameter.grad is not None)
    with counter:
        token_loss_sum(model, batch, base.family).backward()
    shape = BatchShape(rows, inputs, label_length, rows * labels)
    assert traced_bytes(recipe, shape) == pytest.approx(counter.peak, rel=0.05)


def test_no_activations_are_kept_below_the_lowest_trained_layer(tmp_path):
    shape = BatchShape(4, 64, 64, 20)
    low = tiny_recipe(tmp_path, "llama", "lora", 'method.target_modules=["layers.0.self_attn.q_proj"]')
    high = tiny_recipe(tmp_path, "llama", "lora", 'method.target_modules=["layers.1.mlp.down_proj"]')
    assert traced_bytes(high, shape) < 0.8 * traced_bytes(low, shape)


def test_checkpointed_activations_and_smaller_micro_batches_need_less(tmp_path):
    recipe, shape = tiny_recipe(tmp_path, "llama"), BatchShape(8, 128, 128, 20)
    whole = traced_bytes(recipe, shape)
    assert traced_bytes(recipe, shape, checkpointed=True) < whole
    assert traced_bytes(recipe, BatchShape(4, 128, 128, 20)) < 0.6 * whole
    assert traced_bytes(recipe, shape, keeps_inputs=True) > whole


@pytest.mark.parametrize("all_true", [True, False])
def test_conditions_of_all_values_are_answered_as_told_and_those_of_any_denied(all_true):
    values = torch.empty(3, device="meta")
    with meta_trace.LiveBytes(all_true=all_true):
        assert bool((values == 1).all()) is all_true
        assert bool(torch.all(values == 1, dim=0)) is all_true
        assert not values.isinf().any()
        assert not torch.any(values.isinf(), dim=0)


def test_parts_add_up_and_follow_the_recipe(tmp_path, channel):
    planner = Planner(channel)

    def parts(*overrides: str) -> dict[str, int]:
        plan = planner.plan(tiny_recipe(tmp_path, "llama", "lora", *overrides))
        assert plan["memory_bytes"] == sum(plan["memory"].values())
        assert plan["share"] == plan["trainable_parameters"] / plan["all_parameters"]
        return dict(plan["memory"]) | {"trained": plan["trainable_parameters"]}

    plain = parts()
    assert plain["gradients"] == plain["adapter"] == 4 * plain["trained"]
    assert plain["optimizer"] == 8 * plain["trained"]
    assert parts("training.optimizer=adafactor")["optimizer"] < plain["gradients"]
    assert parts("base_model.quantization=nf4")["weights"] < plain["weights"]
    assert parts("training.micro_batch_tokens=64")["activations"] < plain["activations"]
    full = planner.plan(tiny_recipe(tmp_path, "llama", "full"))["memory"]
    assert full["adapter"] == full["gradients"] == pytest.approx(plain["weights"], rel=0.01)


@pytest.mark.parametrize("how", [{}, {"is_causal": True}, {"attn_mask": None, "dropout_p": 0.1}], ids=str)
def test_attention_called_directly_is_counted(how):
    given = torch.empty(2, 3, 20, 8, dtype=torch.bfloat16, device="meta", requires_grad=True)
    with torch.device("meta"), meta_trace._Kernels("cpu", keeps_inputs=False):
        found = torch.nn.functional.scaled_dot_product_attention(given, given, given, **how)
        found.sum().backward()
    assert found.shape == given.shape
    assert given.grad is not None


def test_an_operation_that_returns_nothing_returns_nothing_again():
    """BOFT's rotations are solved for, and torch then looks whether that went well."""
    results, info = meta_trace.MetaResults(), torch.zeros(2, dtype=torch.int32, device="meta")
    check = torch.ops.aten._linalg_check_errors.default
    again = [results.of(check, (info, "linalg.solve"), {"is_matrix": False}) for _ in range(2)]
    assert again == [None, None]
