"""Realistic runs and adapters in the test's home, written with the engine's code and no worker."""

import json
import math
import random
import struct
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.adapters import library
from engine.adapters import metadata as adapter_toml
from engine.adapters.library import Adapter
from engine.adapters.metadata import (
    AdapterMetadata,
    BaseModelFacts,
    DataFacts,
    MethodFacts,
    PromptFacts,
    ScoreCard,
    TrainingFacts,
)
from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.jobs.events import EventWriter
from engine.jobs.job import Job, create_job
from engine.system.paths import runs_folder

MOMENT = 1_773_300_000.0
SCORES = ("rouge1", "rouge2", "rougeL", "rougeLsum")


def make_recipe(
    name: str = "flan-t5-base on SAMSum with LoRA",
    base: str = "google/flan-t5-base",
    source: str = "knkarthick/samsum",
    method_id: str = "lora",
    **method_options: Any,
) -> Recipe:
    """Return a recipe as a person would write it."""
    return recipes.from_tables(
        {
            "name": name,
            "base_model": {"id": base},
            "data": {"source": source},
            "method": {"id": method_id, **method_options},
        }
    )


def write_safetensors(path: Path, shapes: Mapping[str, Sequence[int]]) -> None:
    """Write a valid safetensors file of float32 zeros."""
    header: dict[str, Any] = {}
    offset = 0
    for name, shape in shapes.items():
        size = 4 * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(offset))


def write_peft_files(folder: Path, base: str = "google/flan-t5-base", numbers: int = 256) -> None:
    """Write PEFT's two files into a folder, as any program with PEFT would."""
    config = {
        "peft_type": "LORA", "base_model_name_or_path": base, "r": 16, "lora_alpha": 32,
        "target_modules": ["v", "q"], "task_type": "SEQ_2_SEQ_LM",
    }  # fmt: skip
    (folder / library.CONFIG_NAME).write_text(json.dumps(config, indent=1), encoding="utf-8")
    write_safetensors(folder / library.WEIGHTS_NAME, {"base_model.q.lora_A.weight": (16, numbers // 16)})


def score_card(
    rouge1: float,
    *,
    half_width: float | None = 0.013,
    base: float = 0.469,
    verdict: str = "better",
    examples: int = 819,
    beams: int = 1,
    source: str = "knkarthick/samsum",
) -> ScoreCard:
    """Return scores around `rouge1` under a protocol of so many examples; `half_width` None: no intervals."""
    factors = dict(zip(SCORES, (1.0, 0.5, 0.84, 0.92), strict=True))

    def around(mean: float, share: float) -> dict[str, float]:
        if half_width is None:
            return {"mean": mean}
        return {"mean": mean, "low": mean - half_width * share, "high": mean + half_width * share}

    def spread(middle: float) -> dict[str, dict[str, float]]:
        return {name: around(middle * factor, 1.0) for name, factor in factors.items()}

    gain = rouge1 - base
    difference = {
        name: {**around(gain * factor, 0.5), "verdict": verdict} for name, factor in factors.items()
    }
    protocol = {"split": "test", "examples": examples, "beams": beams, "data": {"source": source}}
    return ScoreCard(
        protocol=protocol, base=spread(base), scores=spread(rouge1), difference=difference, capped=0.01,
        scored_at="2026-03-12T14:14:00+00:00",
    )  # fmt: skip


def make_metadata(
    name: str, made_at: float = MOMENT, recipe: Recipe | None = None, **values: Any
) -> AdapterMetadata:
    """Return a full metadata of a trained adapter."""
    recipe = recipe or make_recipe()
    entry = recipe.method.method
    options = recipe.method.options
    made: dict[str, Any] = {
        "schema": adapter_toml.SCHEMA,
        "id": name,
        "name": name,
        "made_at": datetime.fromtimestamp(made_at, UTC).isoformat(timespec="seconds"),
        "base_model": BaseModelFacts(
            id=recipe.base_model.id, revision="7bcac572", fingerprint="41d8e07a", family="encoder-decoder"
        ),
        "method": MethodFacts(
            id=entry.id, title=entry.title, peft_type=entry.peft_type, summary=entry.short(options),
            options=options.model_dump(mode="json", exclude_none=True), learning_rate=1e-3,
            targets=["q", "v"], matrices=72,
        ),
        "data": DataFacts(
            source=recipe.data.source, fingerprint="9f3c41d8e07a", licence="CC BY-NC-ND 4.0", excluded=127,
            train=1228, validation=69, test=819,
        ),
        "training": TrainingFacts(
            run="20260312-140200-lora-3f9a", step=924, total_steps=1540, seconds=724.0, seed=42,
            trainable_parameters=3_538_944, all_parameters=251_116_800,
        ),
        "prompt": PromptFacts(template=recipe.data.prompt, max_conversation_tokens=512),
        "versions": {"tunesmith": "0.1", "peft": "0.21.2"},
    }  # fmt: skip
    return AdapterMetadata.model_validate(made | values)


def add_adapter(
    name: str = "samsum-lora-r32",
    made_at: float = MOMENT,
    scores: Sequence[ScoreCard] = (),
    recipe: Recipe | None = None,
    numbers: int = 1024,
    **values: Any,
) -> Adapter:
    """Add an adapter with valid files to the library."""
    recipe = recipe or make_recipe()
    partial = library.partial_folder(name)
    write_peft_files(partial, recipe.base_model.id, numbers)
    recipes.save(recipe, partial / adapter_toml.RECIPE_NAME)
    return library.install(partial, make_metadata(name, made_at, recipe, scores=list(scores), **values))


@dataclass(frozen=True)
class RunSpec:
    """What the events of a synthetic run report."""

    steps: int = 40
    total_steps: int = 40
    outcome: str | None = "completed"
    kind: str = ""
    gain: float | None = 0.015
    verdict: str = "better"
    seconds: float = 724.0
    training_seconds: float | None = None
    started_at: float = MOMENT
    checkpoint_at: int | None = None
    adapter: str = ""
    loss_from: float = 2.4
    samples: int = 2
    facts: Mapping[str, Any] = field(default_factory=dict)


def add_run(recipe: Recipe | None = None, spec: RunSpec | None = None) -> Job:
    """Write the folder of a run with its events."""
    recipe, spec = recipe or make_recipe(), spec or RunSpec()
    job = create_job(runs_folder(), "train", {}, name=recipe.name, recipe=recipes.dumps(recipe))
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(spec.started_at))
    job = Job(job.folder.rename(job.folder.with_name(stamp + job.id[15:])))
    write_events(job, spec)
    if spec.checkpoint_at is not None:
        add_checkpoint(job, spec.checkpoint_at, recipe)
    return job


def add_checkpoint(job: Job, step: int, recipe: Recipe | None = None) -> Path:
    """Write a checkpoint with an adapter in it, as the worker does."""
    folder = job.folder / f"checkpoint-{step}"
    folder.mkdir()
    write_peft_files(folder)
    (folder / "optimizer.pt").write_bytes(bytes(5000))
    metadata = make_metadata(f"{job.id}-{step}", recipe=recipe)
    training = metadata.training.model_copy(update={"run": job.id, "step": step, "stopped": True})
    adapter_toml.save(
        metadata.model_copy(update={"training": training, "files": adapter_toml.checksums(folder)}), folder
    )
    return folder


class _EventLog:
    """Writes events with synthetic times."""

    def __init__(self, job: Job) -> None:
        self._writer = EventWriter(job.events_path, {"run": job.id, "attempt": 1})
        self.now = 0.0

    def write(self, event: str, **facts: Any) -> None:
        self._writer.write(event, **facts | {"time": self.now, "clock": self.now})

    def close(self) -> None:
        self._writer.close()


def write_events(job: Job, spec: RunSpec) -> None:
    random_ = random.Random(spec.steps)
    log = _EventLog(job)
    log.now = spec.started_at
    log.write("job_accepted", versions={}, pid=1)
    log.write("run_started", **_started(spec))
    for step in range(1, spec.steps + 1):
        log.now = spec.started_at + spec.seconds * step / max(1, spec.steps)
        loss = 1.1 + (spec.loss_from - 1.1) * math.exp(-5 * step / spec.total_steps)
        log.write("step_finished", **_step(step, loss + random_.uniform(-0.05, 0.05), spec.total_steps))
    for place in range(spec.samples):
        log.write(
            "sample_made", step=spec.steps, example=f"{place}", conversation="Ann: Tea?\nBo: At five.",
            reference="Ann and Bo have tea at five.", summary="They have tea at five.", rouge1=0.6,
        )  # fmt: skip
    if spec.checkpoint_at is not None:
        log.write("checkpoint_saved", path="", bytes=9, step=spec.checkpoint_at)
    _write_result(log, spec)
    if spec.outcome is not None:
        log.write("job_ended", outcome=spec.outcome, kind=spec.kind, message="", hint="")
    log.close()


def _started(spec: RunSpec) -> dict[str, Any]:
    return {
        "total_steps": spec.total_steps, "first_step": 0, "trainable_parameters": 3_538_944,
        "all_parameters": 251_116_800, "device": "cpu", "threads": 2, "precision": "bfloat16",
        "precision_reason": "", "examples": {"train": 1228, "validation": 69, "test": 819},
        "family": "encoder-decoder", "matrices": 72, "learning_rate": 1e-3,
    } | dict(spec.facts)  # fmt: skip


def _step(step: int, loss: float, total: int) -> dict[str, Any]:
    return {
        "step": step, "epoch": step / total, "loss": loss, "learning_rate": 1e-3, "gradient_norm": 0.7,
        "tokens_per_second": 900.0, "examples_per_second": 8.0, "memory_bytes": 2 << 30,
    }  # fmt: skip


def _write_result(log: _EventLog, spec: RunSpec) -> None:
    if spec.adapter:
        seconds = {} if spec.training_seconds is None else {"seconds": spec.training_seconds}
        log.write("adapter_saved", adapter=spec.adapter, path="", bytes=9, step=spec.steps, **seconds)
    if spec.gain is None or spec.outcome != "completed":
        return
    card = score_card(0.469 + spec.gain, verdict=spec.verdict)
    common = {"step": spec.steps, "split": "test", "protocol": card.protocol, "loss": None, "capped": 0.01}
    log.write("evaluated", of="base", scores=card.base, difference=None, seconds=4.0, **common)
    tuned = {"of": spec.adapter or "x", "scores": card.scores, "difference": card.difference}
    log.write("evaluated", **tuned, seconds=4.0, **common)
