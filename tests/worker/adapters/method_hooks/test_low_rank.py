"""LoRA with its refinements and AdaLoRA: each is what its paper says. What holds for all is the proof's."""

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel
from peft.tuners.lora import LoraLayer
from safetensors.torch import load_file
from torch.nn.functional import linear
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

from engine.adapters import library
from engine.config.recipe import Recipe
from engine.errors import AdapterError
from engine.methods import Variant, method
from engine.worker.adapters import attach, method_hooks
from engine.worker.adapters.method_hooks import TRAINED, InitContext
from engine.worker.adapters.method_hooks.lora_init import adapted
from engine.worker.dataset.collator import Collator, MicroBatch, StepSampler, steps_from, train_loader
from engine.worker.dataset.prompter import Encoded
from engine.worker.modeling import base_models, forward
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.training.optimizer import make_optimizer
from engine.worker.training.training_loop import train_step
from engine.worker.training.training_run import StepReport, TrainState, prepare
from tests.helpers.tiny_models import Kind, tiny_model
from tests.helpers.worker_setup import load_tiny, make_channel, make_recipe

pytestmark = [
    pytest.mark.torch,
    # PEFT's own, when it loads a LoRA onto GPT-2.
    pytest.mark.filterwarnings("ignore:fan_in_fan_out"),
]

RANK = 4
STEPS = 12
TEXTS = ("Ann: tea?", "Bob: yes, please, and two cups of it.", "Cyd: the key is in my coat.", "Dan: no.")
SUMMARIES = ("Ann asks.", "Bob wants two cups.", "It is in Cyd's coat.", "Dan refuses.")


def lora(kind: Kind = "llama", quantization: str = "none", **options: Any) -> Recipe:
    table = {"id": "lora", "rank": RANK, "alpha": 8, "target_modules": ["all-linear"], "dropout": 0.0}
    return on(kind, quantization, table | options)


def adalora(kind: Kind = "llama", **options: Any) -> Recipe:
    table = {"id": "adalora", "rank": 2, "initial_rank": 4, "alpha": 8, "dropout": 0.0}
    return on(kind, "none", table | options)


def on(kind: Kind, quantization: str, table: dict[str, Any]) -> Recipe:
    base = {"id": str(tiny_model(kind)), "precision": "float32", "quantization": quantization}
    training = {"learning_rate": 0.02, "epochs": STEPS // 2, "batch_size": 2, "device": "cpu", "seed": 3}
    return make_recipe(kind, base_model=base, method=table, training=training)


def load(recipe: Recipe) -> LoadedBase:
    return base_models.load(recipe.base_model, "cpu", make_channel("inspect"))


def encoded(base: LoadedBase) -> list[Encoded]:
    found = []
    for text, summary in zip(TEXTS, SUMMARIES, strict=True):
        read, written = (base.tokenizer(each)["input_ids"] for each in (text, summary))
        if base.family == "encoder-decoder":
            found.append(Encoded(read, written))
        else:
            found.append(Encoded(read + written, [-100] * len(read) + written))
    return found


def batches(base: LoadedBase, rows: int = len(TEXTS)) -> list[MicroBatch]:
    """Return the examples in padded batches of so many rows."""
    collator = Collator(base.family, base.tokenizer.pad_token_id, 10_000)
    examples = encoded(base)
    return [
        batch
        for start in range(0, len(examples), rows)
        for batch in collator(examples[start : start + rows]).micro_batches
    ]


def attached(recipe: Recipe, base: LoadedBase | None = None) -> PeftModel:
    base = base or load(recipe)
    return attach.attach(base, recipe, InitContext(STEPS, tuple(batches(base))))


@torch.no_grad()
def logits(model: Any, base: LoadedBase) -> torch.Tensor:
    (batch,) = batches(base)
    model.eval()
    return forward.logits(model, base.family, batch.input_ids, batch.attention_mask, batch.labels)


def train(
    recipe: Recipe, watch: Callable[[StepReport, TrainState], None] = lambda _report, _state: None
) -> PeftModel:
    """Train by the product's loop; `watch` is called after every step."""
    base = load(recipe)
    model = attached(recipe, base)
    state = prepare(model, base, recipe.training, recipe.learning_rate(base.family), STEPS)
    training, examples = recipe.training, encoded(base)
    sampler = StepSampler(examples, training.batch_size, training.seed, training.order)
    loader = train_loader(examples, Collator(base.family, base.tokenizer.pad_token_id, 10_000), sampler)
    for number, batch in islice(steps_from(loader, 0), STEPS):
        report = train_step(state, batch, number)
        assert report is not None
        watch(report, state)
    return model


def by_plain_peft(base: LoadedBase, folder: Path, kind: Kind) -> torch.Tensor:
    loader = AutoModelForSeq2SeqLM if base.family == "encoder-decoder" else AutoModelForCausalLM
    return logits(PeftModel.from_pretrained(loader.from_pretrained(tiny_model(kind)), folder), base)


def layers(model: PeftModel) -> list[LoraLayer]:
    return [layer for _, layer in adapted(model)]


def change(layer: LoraLayer) -> torch.Tensor:
    """Return the product of a layer's two matrices as they are, scaled (outputs × inputs)."""
    first, second = layer.lora_A[TRAINED].weight, layer.lora_B[TRAINED].weight
    return (second @ first).detach() * layer.scaling[TRAINED]


def weight_of(layer: LoraLayer) -> torch.Tensor:
    return layer.get_base_layer().weight.detach()


def test_pissa_begins_at_the_best_change_of_its_rank():
    for layer in layers(attached(lora(initialisation="pissa"))):
        left, values, right = torch.linalg.svd(weight_of(layer), full_matrices=False)
        best = left[:, :RANK] * values[:RANK] @ right[:RANK]
        assert torch.allclose(change(layer), best, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "quantization", "initialisation"),
    [("gpt2", "none", "olora"), ("t5", "none", "pissa"), ("llama", "nf4", "pissa")],
)
def test_a_start_at_the_weights_own_directions_leaves_the_base(kind, quantization, initialisation):
    recipe = lora(kind, quantization, initialisation=initialisation)
    base = load(recipe)
    weights = {name: tensor.clone() for name, tensor in base.model.state_dict().items()}
    before = logits(base.model, base)
    model = attached(recipe, base)
    assert torch.equal(logits(model, base), before)
    now = {name.replace(".base_layer", ""): tensor for name, tensor in base.model.state_dict().items()}
    assert all(torch.equal(now[name], tensor) for name, tensor in weights.items())


@pytest.mark.parametrize("initialisation", ["pissa", "olora"])
def test_pair_and_base_factors_are_saved_as_one_lora_of_twice_the_rank(initialisation, tmp_path):
    recipe = lora(initialisation=initialisation, rs_lora=True)
    model, base = train(recipe), load_tiny("llama")
    expected = logits(model, base)
    attach.save_adapter(model, tmp_path / "saved")
    config = LoraConfig.from_pretrained(tmp_path / "saved")
    assert (config.r, config.lora_alpha, config.use_rslora) == (2 * RANK, 2 * RANK, False)
    assert config.init_lora_weights is True
    assert (expected - logits(base.model, base)).abs().max() > 0.1
    assert (by_plain_peft(base, tmp_path / "saved", "llama") - expected).abs().max() < 1e-4


def read_by(base: LoadedBase, name: str) -> torch.Tensor:
    """Return what a layer reads in the examples, each alone and so without padding (tokens × width)."""
    read: list[torch.Tensor] = []
    layer = base.model.get_submodule(name)
    hook = layer.register_forward_pre_hook(lambda _, inputs: read.append(inputs[0].flatten(0, 1)))
    with torch.no_grad():
        for batch in batches(base, rows=1):
            forward.logits(base.model, base.family, batch.input_ids, batch.attention_mask, batch.labels)
    hook.remove()
    return torch.cat(read)


@pytest.mark.parametrize("kind", ["t5", "llama"])
def test_eva_begins_at_the_main_directions_of_what_a_layer_reads_without_the_padding(kind):
    model = attached(lora(kind, initialisation="eva"))
    base = load_tiny(kind)
    base.model.eval()
    looked_at = 0
    for name, layer in adapted(model):
        directions = layer.lora_A[TRAINED].weight.detach()
        read = read_by(base, name.removeprefix("base_model.model."))
        values = torch.linalg.svdvals(read)
        reached = torch.linalg.matrix_norm(linear(read, directions)) ** 2
        assert float(reached) == pytest.approx(float((values[:RANK] ** 2).sum()), rel=1e-4)
        assert torch.allclose(directions @ directions.T, torch.eye(RANK), atol=1e-5)
        assert not layer.lora_B[TRAINED].weight.any()
        looked_at += 1
    assert looked_at > 5


def test_eva_without_examples_or_with_too_few_says_so():
    base = load_tiny("llama")
    with pytest.raises(AdapterError, match="needs training examples") as caught:
        attach.attach(base, lora(initialisation="eva"))
    assert caught.value.field == "method.initialisation"
    (few,) = Collator("decoder-only", 0, 100)([Encoded([5, 6], [5, 6])]).micro_batches
    with pytest.raises(AdapterError, match=r"at least 4 tokens; the training examples have 2"):
        attach.attach(load_tiny("llama"), lora(initialisation="eva"), InitContext(STEPS, (few,)))


def test_eva_s_directions_do_not_depend_on_the_sign_that_a_device_finds(monkeypatch):
    def found() -> list[torch.Tensor]:
        return [
            layer.lora_A[TRAINED].weight.detach() for layer in layers(attached(lora(initialisation="eva")))
        ]

    eigh, expected = torch.linalg.eigh, found()

    def turned(matrix: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        values, directions = eigh(matrix)
        return values, directions * torch.tensor([1, -1]).repeat(len(values) // 2)

    monkeypatch.setattr(torch.linalg, "eigh", turned)
    assert all(torch.equal(one, other) for one, other in zip(found(), expected, strict=True))


def rates(state: TrainState) -> dict[str, float]:
    """Return the learning rate of each trainable parameter by name."""
    named = {id(parameter): name for name, parameter in state.model.named_parameters()}
    return {
        named[id(each)]: group["lr"] for group in state.optimizer.param_groups for each in group["params"]
    }


def test_lora_plus_lets_the_second_matrices_learn_faster():
    found: list[dict[str, float]] = []
    told: list[float] = []

    def watch(report, state):
        found.append(rates(state))
        told.append(report.learning_rate)

    train(lora(lora_plus_ratio=16.0), watch)
    for step, by_name in enumerate(found, start=1):
        for name, rate in by_name.items():
            usual = 0.02 * (1 - step / STEPS)
            assert rate == pytest.approx(16 * usual if "lora_B" in name else usual)
    assert told == pytest.approx([0.02 * (1 - step / STEPS) for step in range(STEPS)])


def test_qlora_trains_a_4_bit_base_by_a_paged_8_bit_optimizer(tmp_path):
    (qlora,) = (variant for variant in method("lora").variants if variant.id == "qlora")
    assert isinstance(qlora, Variant)
    recipe = make_recipe(
        "llama",
        base_model={"id": str(tiny_model("llama")), **qlora.tables["base_model"]},
        training={"device": "cpu", **qlora.tables["training"]},
    )
    base = load(recipe)
    optimizer = make_optimizer(attached(recipe, base), recipe.training, 0.01)
    assert optimizer.is_paged
    assert optimizer.args.optim_bits == 8
    quantized = [module for module in base.model.modules() if type(module).__name__ == "Linear4bit"]
    assert quantized
    assert all(layer.weight.quant_state.nested for layer in quantized)


def kept_parts(model: PeftModel) -> int:
    return sum(int((layer.lora_E[TRAINED] != 0).sum()) for layer in layers(model))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_adalora_trains_pairs_and_values_but_not_the_rank_in_the_scaling(precision):
    base = {"id": str(tiny_model("t5")), "precision": precision}
    model = attached(make_recipe("t5", base_model=base, method=adalora("t5").as_tables()["method"]))
    names = {name.split(".")[-2] for name in attach.trainable_parameters(model)}
    assert names == {"lora_A", "lora_B", "lora_E"}


def test_adalora_takes_parts_away_until_the_average_rank_is_left():
    seen: list[int] = []
    model = train(adalora("t5"), watch=lambda _, state: seen.append(kept_parts(state.model)))
    count = len(layers(model))
    # A tenth of the steps at full rank, three tenths at the final one, and less and less between.
    assert seen[0] == 4 * count
    assert seen == sorted(seen, reverse=True)
    assert set(seen[-4:]) == {2 * count}


def test_adalora_reports_losses_without_the_pull_to_right_angles():
    losses: dict[float, list[float]] = {}
    for pull in (0.0, 10.0):
        told = losses.setdefault(pull, [])
        train(adalora(orthogonality=pull), watch=lambda report, _, told=told: told.append(report.loss))
    # The first is that of the base.
    assert losses[10.0][0] == losses[0.0][0]
    assert losses[10.0][-1] != losses[0.0][-1]


def test_adalora_s_pull_is_what_peft_adds_to_a_loss():
    recipe = adalora()
    base = load(recipe)
    model = attached(recipe, base).eval()
    (batch,) = batches(base)
    inputs = {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask, "labels": batch.labels}
    with torch.no_grad():
        added = model(**inputs).loss - model.base_model.model(**inputs).loss
    found = method_hooks.of(model).extra_loss(model)
    assert found is not None
    assert found.item() == pytest.approx(added.item(), rel=1e-4)


def test_a_finished_adalora_is_a_plain_lora_whose_rank_differs_by_layer(tmp_path):
    kind: Kind = "t5"
    recipe = adalora(kind, target_modules=["all-linear"])
    model, base = train(recipe), load_tiny(kind)
    expected = logits(model, base)
    attach.save_adapter(model, tmp_path / "saved")
    config = LoraConfig.from_pretrained(tmp_path / "saved")
    assert config.peft_type == "LORA"
    assert len(set(config.rank_pattern.values())) > 1
    assert config.rank_pattern == config.alpha_pattern
    tensors = load_file(tmp_path / "saved" / library.WEIGHTS_NAME)
    assert sum(len(tensor) for name, tensor in tensors.items() if "lora_A" in name) >= kept_parts(model)
    assert (by_plain_peft(base, tmp_path / "saved", kind) - expected).abs().max() < 1e-4


def test_a_layer_that_keeps_nothing_is_saved_as_a_change_by_nothing(tmp_path):
    model = train(adalora())
    emptied = layers(model)[0]
    with torch.no_grad():
        emptied.lora_E[TRAINED].zero_()
    base = load_tiny("llama")
    attach.save_adapter(model, tmp_path / "saved")
    assert (by_plain_peft(base, tmp_path / "saved", "llama") - logits(model, base)).abs().max() < 1e-4
