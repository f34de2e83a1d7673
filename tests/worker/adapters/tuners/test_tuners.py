"""Our own tuners: bottleneck adapters behind sublayers, and copies of the base's own numbers.

That they learn, reload, generate, switch and resume on every kind of base is proven in tests/proof; here is what they
are made of, what they refuse, and a kind of base that the proof does not have.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import peft
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    OPTConfig,
    OPTForCausalLM,
    T5ForConditionalGeneration,
)
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from engine.adapters.library import WEIGHTS_NAME, Adapter
from engine.config import model_info
from engine.config.recipe import BaseModelOptions
from engine.errors import AdapterError
from engine.methods import selective
from engine.worker.adapters import attach
from engine.worker.adapters.adapter_manager import AdapterManager
from engine.worker.adapters.tuners.bottleneck import BottleneckConfig, BottleneckLayer
from engine.worker.adapters.tuners.selective import matches, own_parameters
from engine.worker.modeling import base_models
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.planning.planner import Planner
from tests.helpers.tiny_models import Kind, tiny_model
from tests.helpers.tiny_runs import tiny_recipe
from tests.helpers.worker_setup import install_random, load_tiny, logits, make_channel, make_recipe
from tests.proof.steps import furthest_off, written_steps

pytestmark = pytest.mark.torch

WIDTH = 32
EVERYTHING = [("bottleneck", {}), ("bitfit", {}), ("layernorm", {}), ("layers", {}), ("full", {})]


def put_on(kind: Kind, method: str, **options: Any) -> tuple[LoadedBase, peft.PeftModel]:
    base = load_tiny(kind)
    return base, attach.attach(base, make_recipe(kind, method={"id": method, **options}))


def misfit(kind: Kind, method: str, **options: Any) -> AdapterError:
    with pytest.raises(AdapterError) as caught:
        put_on(kind, method, **options)
    return caught.value


@pytest.fixture
def planner(channel):
    return Planner(channel)


@pytest.mark.parametrize(
    ("overrides", "matrices", "targets", "numbers"),
    [
        # One relative attention bias a stack stands in its first block.
        (["method.patterns=['q']", "method.last_blocks=0"], 6, ["q"], 6 * WIDTH * WIDTH),
        (["method.patterns=['Encoder.*.WI_?']", "method.last_blocks=0"], 4, ["wi_0", "wi_1"], 4 * WIDTH * 48),
        (["method.patterns=['o', 'wo']"], 5, ["o", "wo"], 3 * WIDTH * WIDTH + 2 * WIDTH * 48),
        (["method.kinds=norms"], 5, ["layer_norm"], 5 * WIDTH),
    ],
)
def test_the_plan_counts_what_is_chosen(planner, tmp_path, overrides, matrices, targets, numbers):
    plan = planner.plan(tiny_recipe(tmp_path, "t5", "layers", *overrides))
    assert plan["problems"] == []
    assert (plan["matrices"], plan["targets"], plan["trainable_parameters"]) == (matrices, targets, numbers)


@pytest.mark.parametrize(
    ("options", "field", "said"),
    [
        ({"last_blocks": 0, "patterns": ("q", "qq")}, "patterns", 'Nothing in the model is named like "qq"'),
        ({"patterns": ("lm_head",)}, "patterns", 'Nothing in the last block is named like "lm_head"'),
        ({"last_blocks": 2, "patterns": ("nix",)}, "patterns", "Nothing in the last 2 blocks"),
        ({"last_blocks": 3}, "last_blocks", "The longest stack of this model has 2 blocks, not 3"),
    ],
)
def test_a_choice_of_nothing_is_refused_beside_its_field(options, field, said):
    error = misfit("t5", "layers", **options)
    assert error.field == f"method.{field}"
    assert said in error.message


@pytest.mark.parametrize("kind", ["t5", "llama"])
def test_a_kind_of_model_that_is_not_known_to_lack_biases_is_looked_at(kind, planner, tmp_path, monkeypatch):
    monkeypatch.setattr(selective, "WITHOUT_BIASES", {})
    (problem,) = planner.plan(tiny_recipe(tmp_path, kind, "bitfit"))["problems"]
    assert (problem["field"], problem["hint"]) == (
        "method.id",
        "The closest method that works: LayerNorm tuning.",
    )
    assert "no biases" in problem["message"]


def has_biases(model_type: str, **flags: bool) -> bool:
    """Tell whether transformers builds biases into a model of one layer, whose configuration has these flags."""
    config = CONFIG_MAPPING[model_type](
        num_layers=1, num_hidden_layers=1, n_layers=1, num_decoder_layers=1, **flags
    )
    loader = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
    with torch.device("meta"):
        model = loader.from_config(config)
    found = any(own_parameters(module, "biases") for module in model.modules())
    assert found == base_models.facts(config, "none").biases
    return found


@pytest.mark.parametrize("model_type", selective.WITHOUT_BIASES)
def test_kinds_without_biases_have_some_only_if_their_configuration_asks(model_type):
    assert not has_biases(model_type)
    config = CONFIG_MAPPING[model_type]()
    for flag in model_info.BIAS_FLAGS:
        if hasattr(config, flag):
            assert has_biases(model_type, **{flag: True})


def test_bitfit_trains_the_biases_of_a_llama_that_has_some(planner, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(tiny_model("llama"), folder, ignore=shutil.ignore_patterns("*.safetensors"))
    config = json.loads((folder / "config.json").read_text("utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"attention_bias": True}), "utf-8")
    plan = planner.plan(tiny_recipe(tmp_path, "llama", "bitfit", f"base_model.id={folder}"))
    assert plan["problems"] == []
    # Two blocks, each with queries, keys, values (two heads of four share those) and outputs.
    assert (plan["biases"], plan["trainable_parameters"]) == (True, 2 * 3 * WIDTH)


@pytest.mark.parametrize(
    ("name", "pattern", "meant"),
    [
        ("decoder.block.1.layer.0.SelfAttention.q", "q", True),
        ("decoder.block.1.layer.0.SelfAttention.q", "selfattention", True),
        ("decoder.block.1.layer.0.SelfAttention.q", "decoder.block.1", True),
        ("decoder.block.1.layer.0.SelfAttention.q", "*att*", True),
        ("decoder.block.1.layer.0.SelfAttention.q", "block.?.layer", True),
        ("decoder.block.11.layer.0.SelfAttention.q", "block.1", False),
        ("decoder.block.1.layer.0.SelfAttention.q", "coder", False),
        ("encoder.block.1.layer.0.SelfAttention.q", "decoder", False),
    ],
)
def test_a_pattern_means_what_is_named_so_and_what_is_inside(name, pattern, meant):
    assert matches(name, pattern) == meant


def test_tied_numbers_stay_tied_and_count_once():
    base, model = put_on("t5-tied", "layers", last_blocks=0, patterns=("lm_head",))
    vocabulary = base.model.config.vocab_size
    assert attach.count_parameters(model)[0] == vocabulary * WIDTH
    (copy,) = attach.trainable_parameters(model).values()
    before = logits(model, base)
    copy.data.mul_(2.0)
    # Embedding and head both changed: doubling the head alone would double the logits.
    assert not torch.allclose(logits(model, base), 2 * before)


def stored(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / WEIGHTS_NAME)


@pytest.mark.parametrize("kind", ["t5-tied", "gpt2"])
def test_a_file_holds_each_number_once_and_the_plan_says_how_many_bytes(kind, planner, tmp_path):
    plan = planner.plan(tiny_recipe(tmp_path, kind, "full"))
    attach.save_adapter(put_on(kind, "full")[1], tmp_path / "saved")
    tensors = stored(tmp_path / "saved").values()
    assert sum(tensor.numel() for tensor in tensors) == load_tiny(kind).model.num_parameters()
    assert plan["adapter_bytes"] == sum(tensor.nbytes for tensor in tensors)
    # Beside the numbers a file has their names alone.
    assert (tmp_path / "saved" / WEIGHTS_NAME).stat().st_size < plan["adapter_bytes"] + 200 * len(tensors)


def test_a_file_with_a_tensor_too_many_is_refused():
    adapter = install_random("t5-tied", "new", method={"id": "full"})
    extra = {"base_model.model.lm_head.selective_values.bias": torch.zeros(3)}
    save_file(stored(adapter.folder) | extra, adapter.folder / WEIGHTS_NAME)
    with pytest.raises(AdapterError, match=r"lm_head\.selective_values\.bias"):
        attach.load_adapter(load_tiny("t5-tied"), adapter)


@pytest.mark.parametrize("assigned", [False, True])
def test_plain_peft_gives_tied_numbers_to_all_their_names_without_a_warning(assigned, tmp_path):
    base, model = put_on("t5-tied", "full")
    for parameter in attach.trainable_parameters(model).values():
        parameter.data.add_(0.1)
    attach.save_adapter(model, tmp_path)
    plain = T5ForConditionalGeneration.from_pretrained(tiny_model("t5-tied"))
    loaded = peft.PeftModel.from_pretrained(plain, tmp_path, low_cpu_mem_usage=assigned).eval()
    torch.testing.assert_close(logits(loaded, base), logits(model.eval(), base), rtol=1e-4, atol=1e-4)


def test_copies_are_float32_beside_a_base_in_bfloat16():
    options = BaseModelOptions(id=str(tiny_model("bart")), precision="bfloat16")
    base = base_models.load(options, "cpu", make_channel("inspect"))
    before = logits(base.model, base)
    model = attach.attach(base, make_recipe("bart", method={"id": "bitfit"}))
    copies = attach.trainable_parameters(model).values()
    assert {copy.dtype for copy in copies} == {torch.float32}
    assert torch.equal(logits(model.eval(), base), before)
    for copy in copies:
        copy.data.add_(0.1)
    assert not torch.equal(logits(model, base), before)


@pytest.mark.parametrize(
    ("kind", "houlsby", "pfeiffer"), [("t5", 10, 4), ("bart", 10, 4), ("llama", 4, 2), ("gpt2", 4, 2)]
)
def test_adapters_stand_behind_every_sublayer_or_behind_feed_forward(kind, houlsby, pfeiffer):
    for placement, places in (("houlsby", houlsby), ("pfeiffer", pfeiffer)):
        _, model = put_on(kind, "bottleneck", size=3, placement=placement)
        assert len(attach.adapted_modules(model)) == places
        # Two linear layers with their biases.
        assert attach.count_parameters(model)[0] == places * (2 * WIDTH * 3 + WIDTH + 3)


@pytest.mark.parametrize("activation", [nn.ReLU, nn.GELU, nn.SiLU])
def test_an_adapter_adds_its_network_of_the_layers_output(activation):
    torch.manual_seed(0)
    layer = BottleneckLayer(nn.Linear(5, 4), 4)
    config = BottleneckConfig(size=3, activation=activation.__name__.lower(), scale=0.5)
    layer.add_adapter("one", config)
    layer.set_adapter("one")
    read = torch.randn(2, 5)
    h = layer.base_layer(read)
    assert torch.equal(layer(read), h)
    nn.init.normal_(layer.bottleneck_up["one"].weight)
    added = 0.5 * layer.bottleneck_up["one"](activation()(layer.bottleneck_down["one"](h)))
    assert torch.equal(layer(read), h + added)
    layer.add_adapter("two", config)
    layer.set_adapter(["one", "two"])
    assert torch.equal(layer(read), h + added)
    with pytest.raises(NotImplementedError):
        layer.merge()


def test_no_adapter_stands_behind_what_is_no_linear_layer():
    error = misfit("llama", "bottleneck", target_modules=("input_layernorm",))
    assert error.field == "method.target_modules"
    assert "not a linear layer" in error.message


def test_two_placements_stand_beside_each_other():
    base = load_tiny("gpt2")
    manager = AdapterManager(base)
    both = [
        install_random("gpt2", placement, method={"id": "bottleneck", "size": size, "placement": placement})
        for placement, size in (("houlsby", 4), ("pfeiffer", 6))
    ]
    alone = []
    for adapter in both:
        fresh = load_tiny("gpt2")
        alone.append(logits(attach.load_adapter(fresh, adapter), fresh))
    before = logits(base.model, base)
    in_turn: list[tuple[Adapter | None, torch.Tensor]] = [(None, before), *zip(both, alone, strict=True)]
    for adapter, expected in [*in_turn, *reversed(in_turn)]:
        with manager.use(adapter) as model:
            assert torch.equal(logits(model, base), expected)


@pytest.fixture(scope="module")
def opt_folder(tmp_path_factory):
    """Return a small OPT: biases everywhere, positions of its own, a norm at its end."""
    folder = tmp_path_factory.mktemp("opt") / "tiny-opt"
    shutil.copytree(tiny_model("gpt2"), folder)
    (folder / "model.safetensors").unlink()
    tokenizer = load_tiny("gpt2").tokenizer
    end = tokenizer.eos_token_id
    torch.manual_seed(7)
    config = OPTConfig(
        vocab_size=len(tokenizer), hidden_size=WIDTH, word_embed_proj_dim=WIDTH, num_hidden_layers=2,
        ffn_dim=48, num_attention_heads=4, max_position_embeddings=256, bos_token_id=end, eos_token_id=end,
        pad_token_id=end,
    )  # fmt: skip
    model = OPTForCausalLM(config)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.normal_(0.0, 0.3)
    model.save_pretrained(folder)
    return folder


@pytest.mark.parametrize(("method", "options"), EVERYTHING, ids=[method for method, _ in EVERYTHING])
def test_an_opt_is_adapted_written_with_saved_and_restored(opt_folder, tmp_path, method, options):
    base_options = BaseModelOptions(id=str(opt_folder), precision="float32")
    base = base_models.load(base_options, "cpu", make_channel("inspect"))
    before = logits(base.model, base)
    recipe = make_recipe("gpt2", base_model={"id": str(opt_folder)}, method={"id": method, **options})
    model = attach.attach(base, recipe).eval()
    assert torch.equal(logits(model, base), before)
    for parameter in attach.trainable_parameters(model).values():
        parameter.data.add_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)) * 0.1)
    changed = logits(model, base)
    assert not torch.allclose(changed, before, atol=1e-3)
    rows = [base.tokenizer(text)["input_ids"] for text in ("Ann: do you have tea?", "Bob: yes")]
    assert furthest_off(written_steps(model, base, rows, 2), model, base, rows) < 1e-3
    attach.save_adapter(model, tmp_path)
    with model.disable_adapter():
        assert torch.equal(logits(model, base), before)
    fresh = OPTForCausalLM.from_pretrained(opt_folder)
    loaded = peft.PeftModel.from_pretrained(fresh, tmp_path).eval()
    assert torch.allclose(logits(loaded, base), changed, atol=1e-5)
