"""On a GPU a plan has as many tokens at a time as fill its memory; a 7B model in four bits fits on a small one.

The peak step that is predicted from lengths is one that the run computes, and none is larger.
"""

from dataclasses import replace
from operator import attrgetter

import numpy as np
import pytest
import torch
from transformers import LlamaConfig

from engine.config import recipe as recipes
from engine.config.training import TrainingOptions, total_steps
from engine.worker.adapters import attach
from engine.worker.dataset.batch_packing import BatchShape
from engine.worker.dataset.collator import MAX_GPU_TOKENS, MIN_GPU_TOKENS, Collator, StepSampler
from engine.worker.dataset.prompter import IGNORED, Encoded
from engine.worker.modeling import meta_model
from engine.worker.modeling.architecture import architecture_of
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.planning.memory_estimate import RUNTIME_BYTES
from engine.worker.planning.requirements import (
    FILLED,
    ONE_PROCESS,
    Memo,
    Processes,
    Requirements,
    predict_peak_step,
)
from engine.worker.runtime import devices
from engine.worker.runtime.rank_group import BUCKET_BYTES
from tests.helpers.shaped_models import LLAMA_SHAPES

pytestmark = pytest.mark.torch
CARD = torch.device("cuda", 0)
GIGABYTE = 1_000_000_000
# 200 examples of 512 tokens each, a sixth of them labels.
LENGTHS = [(512, 85)] * 200


@pytest.fixture(scope="module")
def llama():
    """Return what a plan knows of a Llama as wide as 7B, in NF4 with LoRA, by layers and training settings."""
    memo, made = Memo(), {}

    def estimate(layers, gigabytes, patch, processes=ONE_PROCESS, **training):
        key = (layers, *sorted(training.items()))
        if key not in made:
            made[key] = _requirements(layers, training)
        patch.setattr(devices, "capacity_bytes", lambda _: round(gigabytes * GIGABYTE))
        return replace(made[key], processes=processes).estimate(LENGTHS, memo)

    return estimate


def _requirements(layers, training):
    recipe = recipes.from_tables(
        {
            "base_model": {"id": "starter", "quantization": "nf4"},
            "data": {"source": "sample"},
            "method": {"id": "lora", "rank": 16, "target_modules": ["all-linear"]},
            "training": {"batch_size": 64, **training},
        }
    )
    config = LlamaConfig(**LLAMA_SHAPES["llama-7b"] | {"num_hidden_layers": layers})
    model = meta_model.build(config, "decoder-only", torch.bfloat16, has_own_head=False)
    meta_model.as_quantized(model)
    meta = torch.device("meta")
    base = LoadedBase(model, None, "decoder-only", recipe.base_model, "", "bfloat16", "", meta, 1)
    with meta:
        architecture, tuned = architecture_of(model), attach.attach(base, recipe)
    return Requirements(recipe, "decoder-only", tuned, architecture, CARD)


@pytest.mark.slow("engine/worker/planning/", "engine/worker/modeling/", quick=1)
@pytest.mark.parametrize(("gigabytes", "least"), [(12, 1024), (24, 4096)])
def test_qlora_of_7b_is_accepted_and_fills_the_card(llama, monkeypatch, gigabytes, least):
    facts, problem = llama(32, gigabytes, monkeypatch, activation_checkpointing=True)
    assert problem is None
    assert facts["memory_bytes"] <= FILLED * gigabytes * GIGABYTE
    assert least <= facts["micro_batch_tokens"] <= MAX_GPU_TOKENS


def test_the_next_size_would_not_fit(llama, monkeypatch):
    facts, _ = llama(4, 8, monkeypatch)
    more, _ = llama(4, 8, monkeypatch, micro_batch_tokens=2 * facts["micro_batch_tokens"])
    assert MIN_GPU_TOKENS < facts["micro_batch_tokens"] < MAX_GPU_TOKENS
    assert facts["memory_bytes"] <= FILLED * 8 * GIGABYTE < more["memory_bytes"]


def test_a_size_that_was_chosen_stays(llama, monkeypatch):
    facts, problem = llama(4, 24, monkeypatch, micro_batch_tokens=1024)
    assert (facts["micro_batch_tokens"], problem) == (1024, None)


def test_a_card_that_is_too_small_has_a_problem(llama, monkeypatch):
    facts, problem = llama(4, 1.0, monkeypatch)
    assert facts["micro_batch_tokens"] == MIN_GPU_TOKENS
    assert "1.0 GB is available" in problem.message


def test_a_process_has_its_part_of_a_step_and_a_whole_base_model(llama, monkeypatch):
    one, _ = llama(4, 24, monkeypatch, micro_batch_tokens=32768)
    each, _ = llama(4, 24, monkeypatch, Processes(4), micro_batch_tokens=32768)
    assert (each["processes"], each["sharded"]) == (4, False)
    assert each["memory"]["weights"] == one["memory"]["weights"]
    # A quarter of a step's 64 examples, at most.
    assert each["micro_batch"]["rows"] <= 16 < one["micro_batch"]["rows"]
    assert each["memory"]["activations"] < one["memory"]["activations"] / 3
    assert each["host_memory_bytes"] == 4 * RUNTIME_BYTES
    # Some of them are copied while they are summed over all.
    copies = min(one["memory"]["gradients"], BUCKET_BYTES)
    assert each["memory"]["gradients"] == one["memory"]["gradients"] + copies


def test_each_card_computes_as_many_tokens_at_a_time_as_one_alone(llama, monkeypatch):
    one, _ = llama(4, 24, monkeypatch, micro_batch_tokens=512)
    each, _ = llama(4, 24, monkeypatch, Processes(4), micro_batch_tokens=512)
    assert each["micro_batch_tokens"] == 4 * one["micro_batch_tokens"]
    assert each["micro_batch"]["rows"] == one["micro_batch"]["rows"]


@pytest.mark.slow("engine/worker/planning/", "engine/worker/modeling/")
def test_a_base_that_fits_no_card_fits_on_several_when_it_is_sharded(llama, monkeypatch):
    whole, problem = llama(32, 3, monkeypatch, Processes(8), activation_checkpointing=True)
    sharded, none = llama(32, 3, monkeypatch, Processes(8, sharded=True), activation_checkpointing=True)
    assert problem.field == "base_model.id"
    assert none is None
    # A part of the blocks; three blocks, embeddings and head are whole where they are computed.
    assert whole["memory"]["weights"] / 8 < sharded["memory"]["weights"] < whole["memory"]["weights"] / 2.5
    assert sharded["host_memory_bytes"] == 8 * (RUNTIME_BYTES + whole["memory"]["weights"])
    for trained in ("adapter", "gradients", "optimizer"):
        assert sharded["memory"][trained] == whole["memory"][trained]


def test_processes_on_a_processor_share_its_memory(monkeypatch):
    requirements = replace(_requirements(2, {}), device=torch.device("cpu"), processes=Processes(2))
    monkeypatch.setattr(devices, "capacity_bytes", lambda _: 8 * GIGABYTE)
    facts, _ = requirements.estimate(LENGTHS, Memo())
    assert facts["memory_there_bytes"] == 4 * GIGABYTE
    assert facts["replicas"] == 1
    assert "host_memory_bytes" not in facts


@pytest.mark.parametrize(
    ("processes", "field"),
    [
        (Processes(1, sharded=True), "training.shard"),
        (Processes(65), "training.batch_size"),
        (Processes(64), None),
    ],
)
def test_processes_that_can_not_share_a_step_are_told(processes, field):
    problems = processes.problems(_requirements(2, {}).recipe)
    assert [problem.field for problem in problems] == ([field] if field else [])


WEIGHT = attrgetter("weight")
CHANCE = np.random.default_rng(3)
MIXED = [(int(inputs), int(labels)) for inputs, labels in CHANCE.integers((5, 2), (90, 20), (41, 2))]


def encoded(family):
    if family == "encoder-decoder":
        return [Encoded((5,) * inputs, (6,) * labels) for inputs, labels in MIXED]
    return [
        Encoded((5,) * (inputs + labels), (IGNORED,) * inputs + (5,) * labels) for inputs, labels in MIXED
    ]


def computed(training, family, tokens, shards):
    """Return the shapes of all micro-batches of a run, step by step and shard by shard."""
    examples = encoded(family)
    collators = [Collator(family, 0, tokens, shards, own) for own in range(shards)]
    sampler = StepSampler(examples, training.batch_size, training.seed, training.order)
    steps, steps_per_epoch = total_steps(len(examples), training)
    for number in range(steps):
        epoch, step = divmod(number, steps_per_epoch)
        chosen = [examples[index] for index in sampler.steps(epoch)[step]]
        yield [[shape(batch) for batch in collator(chosen).micro_batches] for collator in collators]


def shape(batch):
    rows, length = batch.input_ids.shape
    return BatchShape(rows, length, batch.labels.shape[1], batch.label_tokens)


@pytest.mark.parametrize("family", ["encoder-decoder", "decoder-only"])
@pytest.mark.parametrize("order", ["lengths", "random"])
@pytest.mark.parametrize(
    ("steps", "tokens"), [({"epochs": 3}, 40), ({"max_steps": 2}, 600), ({"max_steps": 9}, 150)]
)
@pytest.mark.parametrize("shards", [1, 2])
def test_the_predicted_step_is_computed_and_none_is_larger(family, order, steps, tokens, shards):
    training = TrainingOptions(batch_size=6, order=order, seed=4, **steps)
    peak = predict_peak_step(training, family, MIXED, tokens, shards)
    largest = [
        [max(shard, key=WEIGHT) for shard in step] for step in computed(training, family, tokens, shards)
    ]
    assert list(peak.shapes) in largest
    assert max(sum(shape.weight for shape in shapes) for shapes in largest) == peak.weight
    assert peak.largest == max(peak.shapes, key=WEIGHT)
    assert peak.relative_weight * peak.largest.weight == pytest.approx(peak.weight)
    assert 1 <= peak.relative_weight <= shards


def test_without_examples_the_peak_is_empty():
    peak = predict_peak_step(TrainingOptions(), "decoder-only", [], 100)
    assert (list(peak.shapes), peak.largest, peak.relative_weight) == ([], BatchShape(), 1)


def test_of_shards_with_memories_of_their_own_only_the_largest_counts():
    training = TrainingOptions(batch_size=6, seed=4, epochs=3)
    peak = predict_peak_step(training, "decoder-only", MIXED, 150, 2, in_one_memory=False)
    shapes = [
        shape for step in computed(training, "decoder-only", 150, 2) for shard in step for shape in shard
    ]
    assert len(peak.shapes) == peak.relative_weight == 1
    assert peak.largest.weight == max(shape.weight for shape in shapes)
