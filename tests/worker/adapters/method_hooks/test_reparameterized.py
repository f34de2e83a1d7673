"""Settings that must fit the layers: chosen by their widths or refused beside the field; and who stands beside whom.

That the methods learn, reload, generate, switch, merge and resume is proven in tests/proof.
"""

from typing import Any

import pytest
import torch
from peft import PeftModel

from engine.errors import AdapterError, RecipeError
from engine.methods import METHODS, BaseFacts
from engine.worker.adapters import attach
from engine.worker.adapters.adapter_manager import AdapterManager
from engine.worker.adapters.method_hooks import TRAINED
from tests.helpers.tiny_models import Kind
from tests.helpers.worker_setup import attach_random, install_random, load_tiny, logits, make_recipe

pytestmark = pytest.mark.torch

# Of all small models' linear layers: widths 16 (llama's keys and values), 32 and 48.
ALL = ("all-linear",)


def put_on(kind: Kind, method: str, **options: Any) -> PeftModel:
    return attach.attach(load_tiny(kind), make_recipe(kind, method={"id": method, **options}))


def setting(kind: Kind, method: str, name: str, **options: Any) -> Any:
    return getattr(put_on(kind, method, **options).peft_config[TRAINED], name)


@pytest.mark.parametrize(
    ("kind", "method", "options", "name", "chosen"),
    [
        ("t5", "vblora", {}, "vector_length", 32),
        ("t5", "vblora", {"target_modules": ALL}, "vector_length", 16),
        ("t5", "vblora", {"vector_length": 8, "target_modules": ALL}, "vector_length", 8),
        ("t5", "gralora", {"rank": 16}, "gralora_k", 2),
        ("t5", "gralora", {"rank": 15}, "gralora_k", 1),
        ("t5", "gralora", {"rank": 16, "blocks": 8, "target_modules": ALL}, "gralora_k", 8),
        ("t5", "c3a", {}, "block_size", 32),
        ("llama", "c3a", {"target_modules": ALL}, "block_size", 16),
        ("t5", "miss", {"form": "plain"}, "init_weights", True),
        ("t5", "miss", {"form": "bat"}, "init_weights", "bat"),
        ("t5", "ia3", {}, "feedforward_modules", {"wo"}),
        ("t5", "ia3", {"target_modules": ALL}, "feedforward_modules", {"wo"}),
        ("llama", "ia3", {"target_modules": ("q_proj",)}, "feedforward_modules", set()),
    ],
)
def test_what_is_left_open_fits_the_layers(kind, method, options, name, chosen):
    found = setting(kind, method, name, **options)
    assert (set(found) if isinstance(chosen, set) else found) == chosen


def test_narrow_layers_get_as_many_frequencies_as_they_have_weights():
    model = put_on("llama", "fourierft", frequencies=1000, target_modules=ALL)
    counts = {parameter.numel() for parameter in attach.trainable_parameters(model).values()}
    # 32 × 32, 32 × 48, and keys and values of 32 × 16.
    assert counts == {1000, 512}


def test_the_bank_of_vectors_learns_slower_than_the_picks():
    model = put_on("t5", "vblora")
    assert set(model.learning_rate_factors.values()) == {0.1}
    assert all("vector_bank" in name for name in model.learning_rate_factors)
    assert set(model.learning_rate_factors) <= set(attach.trainable_parameters(model))


@pytest.mark.parametrize(
    ("kind", "method", "options", "field", "hint"),
    [
        ("t5", "vblora", {"vector_length": 5}, "vector_length", "2, 4, 8, 16, 32"),
        ("t5", "vblora", {"rank": 33}, "rank", "at most 32"),
        ("t5", "miss", {"rank": 33}, "rank", "At most 32"),
        ("t5", "miss", {"form": "bat", "rank": 5}, "rank", "2, 4, 8, 16, 32"),
        ("t5", "miss", {"form": "mini", "mini_rank": 5}, "mini_rank", "2, 4, 8, 16, 32"),
        ("t5", "gralora", {"rank": 12, "blocks": 3}, "blocks", "These do: 2, 4"),
        ("t5", "gralora", {"rank": 64}, "rank", "at most 32"),
        ("t5", "gralora", {"hybrid_rank": 40}, "hybrid_rank", "at most 32"),
        ("t5", "randlora", {"rank": 33}, "rank", "at most 32"),
        ("llama", "randlora", {"rank": 17}, "rank", "at most 16"),
        ("t5", "delora", {"rank": 33}, "rank", "at most 32"),
        ("t5", "boft", {"block_size": 5}, "block_size", "2, 4, 8, 16, 32"),
        ("t5", "hra", {"rank": 34}, "rank", "at most 32"),
        ("llama", "c3a", {"block_size": 32, "target_modules": ALL}, "block_size", "2, 4, 8, 16"),
        ("t5", "shira", {"rank": 17}, "rank", "At most 16"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(kind, method, options, field, hint):
    with pytest.raises(AdapterError) as caught:
        put_on(kind, method, **options)
    assert caught.value.field == f"method.{field}"
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("method", "options", "field"),
    [
        ("vblora", {"vectors": 2, "top": 3}, "method.top"),
        ("vera", {"rank": 1025}, "method.rank"),
        ("gralora", {"rank": 8, "blocks": 3}, "method.blocks"),
        ("hra", {"rank": 7}, "method.rank"),
    ],
)
def test_settings_that_exclude_each_other_are_refused_as_a_recipe(method, options, field):
    with pytest.raises(RecipeError) as caught:
        make_recipe("t5", method={"id": method, **options})
    assert [problem.field for problem in caught.value.problems] == [field]


@pytest.mark.parametrize("method", ["loha", "lokr", "miss", "delora", "oft", "boft", "hra", "c3a", "shira"])
def test_methods_of_linear_layers_are_refused_on_gpt2_unless_it_is_quantized(method):
    with pytest.raises(RecipeError) as caught:
        make_recipe("gpt2", method={"id": method})
    (problem,) = caught.value.problems
    entry = next(entry for entry in METHODS if entry.id == method)
    assert problem.field == "method.id"
    assert problem.message.startswith(f"{entry.title} needs linear layers; gpt2")
    assert "Conv1D" in problem.message
    if "nf4" in entry.quantizations:
        make_recipe("gpt2", method={"id": method}, base_model={"quantization": "nf4"})


@pytest.mark.parametrize(
    ("method", "model_type", "quantization", "field", "hint"),
    [
        ("delora", "t5", "nf4", "base_model.quantization", "It works on an unquantized base."),
        # Unquantized, its weights are in Conv1D layers, so taking that would not help.
        ("delora", "gpt2", "nf4", "method.id", "The closest method that works: LoRA."),
        ("shira", "gpt2", "int8", "base_model.quantization", "It works on an nf4 base or an fp4 base."),
    ],
)
def test_a_refused_quantization_names_only_what_works(method, model_type, quantization, field, hint):
    entry = next(entry for entry in METHODS if entry.id == method)
    refusal = entry.refusal(entry.options(), BaseFacts("decoder-only", model_type, quantization))
    assert refusal is not None
    assert (refusal.field, refusal.hint) == (field, hint)


@pytest.mark.parametrize(
    ("method", "one", "other"),
    [
        ("vera", {"rank": 4}, {"rank": 8}),
        ("vera", {"target_modules": ("q",)}, {"target_modules": ("wi_0",)}),
        ("randlora", {"rank": 4}, {"rank": 8}),
        ("randlora", {"sparse": True}, {"sparse": False}),
        ("miss", {"form": "plain", "rank": 4}, {"form": "bat", "rank": 4}),
        ("ia3", {"target_modules": ("wi_0", "wo")}, {"target_modules": ALL}),
    ],
)
def test_adapters_that_would_share_what_differs_are_each_right(method, one, other):
    base = load_tiny("t5")
    before = logits(base.model, base)
    installed, alone = [], []
    for seed, options in enumerate((one, other)):
        installed.append(install_random("t5", f"{method}-{seed}", seed, method={"id": method, **options}))
        fresh = load_tiny("t5")
        alone.append(logits(attach.load_adapter(fresh, installed[-1]), fresh))
    manager = AdapterManager(base)
    expected = [*zip(installed, alone, strict=True), (None, before), (installed[0], alone[0])]
    for adapter, right in expected:
        with manager.use(adapter) as model:
            assert torch.equal(logits(model, base), right)


def test_places_outside_of_the_weight_are_refused_by_the_computation():
    base = load_tiny("t5")
    model = attach_random(base, make_recipe("t5", method={"id": "shira", "rank": 2}))
    layer = next(module for module in model.modules() if hasattr(module, "shira_indices"))
    layer.shira_indices[TRAINED][0, 0] = 10_000
    with pytest.raises(IndexError):
        logits(model, base)


def test_as_many_places_are_changed_as_are_trained():
    model = attach_random(load_tiny("t5"), make_recipe("t5", method={"id": "shira", "rank": 2}))
    for module in model.modules():
        if hasattr(module, "shira_indices"):
            change = module.get_delta_weight(TRAINED)
            assert change.shape == module.get_base_layer().weight.shape
            assert int((change != 0).sum()) == 2 * sum(change.shape)
