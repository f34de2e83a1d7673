"""What low-rank methods can't do: refused beside its field with a way out, before any weight is loaded."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

from engine.config.recipe import Recipe
from engine.errors import AdapterError, Problem, RecipeError
from engine.worker.adapters import attach
from engine.worker.modeling.architecture import architecture_of
from engine.worker.planning.planner import Planner
from tests.helpers.tiny_models import Kind, tiny_model
from tests.helpers.worker_setup import load_tiny, make_channel, make_recipe, write_conversations

pytestmark = pytest.mark.torch


def on(
    kind: Kind, quantization: str, table: dict[str, Any], data: Mapping[str, Any] = MappingProxyType({})
) -> Recipe:
    base = {"id": str(tiny_model(kind)), "precision": "float32", "quantization": quantization}
    return make_recipe(kind, base_model=base, method=table, data=dict(data))


@pytest.fixture(scope="module")
def conversations(tmp_path_factory):
    return {"source": str(write_conversations(tmp_path_factory.mktemp("data") / "conversations"))}


def planned(recipe: Recipe) -> list[Problem]:
    return [Problem(**each) for each in Planner(make_channel("plan")).plan(recipe)["problems"]]


@pytest.mark.parametrize(
    ("method_id", "options", "field"),
    [
        ("lora", {"rank": 65}, "method.rank"),
        ("delora", {"rank": 65}, "method.rank"),
        ("adalora", {"rank": 65, "initial_rank": 70}, "method.rank"),
        ("adalora", {"rank": 4, "initial_rank": 70}, "method.initial_rank"),
    ],
)
def test_a_rank_above_the_narrowest_adapted_layer_is_said_beside_it(method_id, options, field, conversations):
    table = {"id": method_id, "target_modules": ["q_proj"], **options}
    recipe = make_recipe("llama", method=table, data=conversations)
    (problem,) = planned(recipe)
    widths = load_tiny("llama").model.get_submodule("model.layers.0.self_attn.q_proj").weight.shape
    assert problem.field == field
    assert f"{widths[0]} × {widths[1]}" in problem.message
    assert f"at most {min(widths)}" in problem.hint
    with pytest.raises(AdapterError) as caught:
        attach.attach(load_tiny("llama"), recipe)
    assert caught.value.problems == (problem,)
    fits = {name: min(widths) - 1 if name == "rank" else min(widths) for name in options}
    assert planned(make_recipe("llama", method={**table, **fits}, data=conversations)) == []


@pytest.mark.parametrize("method_id", ["lora", "loha"])
def test_layers_that_are_not_there_are_named_with_those_that_are(method_id, conversations):
    table = {"id": method_id, "target_modules": ["q_proj", "query"]}
    (problem,) = planned(make_recipe("llama", method=table, data=conversations))
    assert problem.field == "method.target_modules"
    assert "no layer query" in problem.message
    assert all(name in problem.hint for name in ("q_proj", "k_proj", "down_proj"))


@pytest.mark.parametrize(
    ("kind", "method_id", "names"),
    [
        ("t5", "lora", ["shared"]), ("t5", "lora", ["q", "SelfAttention"]), ("t5", "vera", ["layer_norm"]),
        ("t5", "ia3", ["dropout"]), ("llama", "adalora", ["q_proj", "embed_tokens"]),
        ("gpt2", "lora", ["wte"]),
    ],
)  # fmt: skip
def test_what_is_no_linear_layer_is_refused_with_the_layers_that_are(kind, method_id, names, conversations):
    recipe = make_recipe(kind, method={"id": method_id, "target_modules": names}, data=conversations)
    (problem,) = planned(recipe)
    base = load_tiny(kind)
    assert problem.field == "method.target_modules"
    assert problem.message == f"{names[-1]} is not a linear layer of {recipe.base_model.id}."
    assert problem.hint == f"It has {', '.join(architecture_of(base.model).modules())}."
    with pytest.raises(AdapterError) as caught:
        attach.attach(base, recipe)
    assert caught.value.problems == (problem,)


@pytest.mark.parametrize(
    ("names", "message", "hint"),
    [
        ([""], "has no layer without a name", "It has q, k"),
        (
            ["q", "all-linear"],
            '"all-linear" can\'t be combined with names',
            "Use it alone, or name layers: q, k",
        ),
    ],
)
def test_no_name_and_a_name_for_all_layers_beside_others_are_refused(names, message, hint, conversations):
    table = {"id": "ia3", "target_modules": names}
    (problem,) = planned(make_recipe("t5", method=table, data=conversations))
    assert problem.field == "method.target_modules"
    assert message in problem.message
    assert hint in problem.hint


@pytest.mark.parametrize(
    ("kind", "names", "changed"),
    [
        ("t5", ["SelfAttention.q", "wo"], {"q", "wo"}),
        ("t5", ["encoder.block.0.layer.0.SelfAttention.k"], {"k"}),
        ("gpt2", ["c_attn"], {"c_attn"}),
        # The output head is not among what the form offers, but it is a linear layer.
        ("t5", ["lm_head"], {"lm_head"}),
        ("t5", ["all-linear"], {"q", "k", "v", "o", "wi_0", "wi_1", "wo"}),
    ],
)
def test_linear_layers_are_named_by_their_names_ends(kind, names, changed):
    recipe = make_recipe(kind, method={"id": "lora", "rank": 4, "target_modules": names})
    model = attach.attach(load_tiny(kind), recipe)
    assert {name.rpartition(".")[2] for name in attach.adapted_modules(model)} == changed


@pytest.mark.parametrize(
    ("table", "quantization", "field"),
    [
        ({"id": "lora", "dora": True}, "int8", "method.dora"),
        ({"id": "lora", "initialisation": "pissa"}, "int8", "method.initialisation"),
        ({"id": "adalora"}, "int8", "base_model.quantization"),
        ({"id": "lora", "dora": True, "initialisation": "pissa"}, "none", "method.initialisation"),
        ({"id": "lora", "rank": 3, "initialisation": "orthogonal"}, "none", "method.rank"),
        ({"id": "lora", "initialisation": "olora", "start_from": "an-adapter"}, "none", "method.start_from"),
        ({"id": "adalora", "start_from": "an-adapter"}, "none", "method.start_from"),
        ({"id": "adalora", "rank": 8, "initial_rank": 8}, "none", "method.initial_rank"),
        ({"id": "adalora", "full_share": 0.5, "settled_share": 0.5}, "none", "method.settled_share"),
        ({"id": "loha"}, "nf4", "base_model.quantization"),
        ({"id": "lokr"}, "fp4", "base_model.quantization"),
    ],
)
def test_what_does_not_go_together_is_refused_beside_its_field_with_a_way_out(table, quantization, field):
    with pytest.raises(RecipeError) as caught:
        on("llama", quantization, table)
    (problem,) = caught.value.problems
    assert problem.field == field
    assert problem.hint


@pytest.mark.parametrize("method_id", ["loha", "lokr"])
def test_weights_in_conv1d_layers_are_refused_until_they_are_quantized(method_id, conversations):
    with pytest.raises(RecipeError, match="Conv1D"):
        on("gpt2", "none", {"id": method_id})
    quantized = on("gpt2", "int8", {"id": method_id, "rank": 4}, conversations)
    assert planned(quantized) == []
