"""What the checks of a shard share: conversations, base models, trained adapters, logits, a process that reloads.

Everything is made by the worker's own parts. Knows nothing of what is checked.
"""

import gc
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from peft import PeftModel
from torch.utils.data import DataLoader

from engine.adapters import metadata as adapter_toml
from engine.adapters.library import Adapter
from engine.adapters.metadata import AdapterMetadata, BaseModelFacts, MethodFacts, PromptFacts, now_text
from engine.config.recipe import Recipe
from engine.jobs.events import EventWriter
from engine.jobs.job import create_job
from engine.system.paths import jobs_folder
from engine.text.conversations import Example
from engine.worker.adapters import attach
from engine.worker.adapters.method_hooks import InitContext
from engine.worker.dataset.collator import Collator, MicroBatch, StepSampler, steps_from, train_loader
from engine.worker.dataset.dataset import Splits
from engine.worker.dataset.prompting import make_prompter
from engine.worker.evaluation.losses import Batches, mean_loss
from engine.worker.modeling import base_models, forward
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.planning.planner import Planner
from engine.worker.runtime import devices
from engine.worker.runtime.channel import Channel
from engine.worker.training import checkpoints, training_loop
from engine.worker.training.training_run import TrainState, prepare
from tests.helpers.pretend_card import empty_accelerator, is_registered
from tests.helpers.worker_setup import stop_dropout
from tests.proof.cells import EXAMPLES, STEPS
from tests.proof.reload import Reloader

CONVERSATIONS = (
    ("Ann: Do you have the key?\nBob: Yes, it is in my coat.", "Bob has the key."),
    ("Bob: Tea?\nCyd: Please.", "Cyd wants tea."),
    ("Dan: Where is it?\nAnn: At the station.", "It is at the station."),
)
HALF = STEPS // 2
NO_SPLITS = Splits((), (), (), "", "", "")


@dataclass
class Trained:
    """An adapter after a few steps, and what was seen on the way."""

    base: LoadedBase
    model: PeftModel
    before: float
    after: float
    # By parameter: whether its gradient was ever more than nothing; those that have no business with one.
    gradients: dict[str, bool]
    strays: set[str]

    @property
    def fall(self) -> float:
        """By how much the loss fell, in nats a token."""
        return self.before - self.after if math.isfinite(self.after) else -math.inf


@contextmanager
def opened(folder: Path, device: str = "cpu") -> Iterator["Workshop"]:
    """Open a workshop in a folder, on a device. Computes with one thread, since everything is tiny."""
    # On the pretend card too it is the processor that plain PEFT computes on.
    reloader = Reloader(folder / "reload.log", "cpu" if is_registered() else device)
    try:
        with patch.object(devices, "threads", return_value=1):
            yield Workshop(folder, reloader, device)
    finally:
        reloader.close()


@dataclass
class Workshop:
    """One folder, one process to reload in, and everything made for one shard's cells."""

    folder: Path
    reloader: Reloader
    device: str = "cpu"
    _untouched: LoadedBase | None = None
    _trainings: int = 0

    @cached_property
    def source(self) -> Path:
        """The conversations as a file, more often than once because splits are made of it."""
        path = self.folder / "conversations.jsonl"
        rows = [
            json.dumps({"id": str(number), "dialogue": f"{text} {number}", "summary": summary})
            for number, (text, summary) in enumerate(CONVERSATIONS * 4)
        ]
        path.write_text("\n".join(rows), encoding="utf-8")
        return path

    @cached_property
    def channel(self) -> Channel:
        """The channel of a job that nobody follows."""
        job = create_job(jobs_folder(), "plan", {})
        return Channel(job, EventWriter(job.events_path, {"job": job.id, "attempt": 1}))

    @cached_property
    def planner(self) -> Planner:
        """Plans, with data that are read once."""
        return Planner(self.channel)

    def untouched(self, recipe: Recipe) -> LoadedBase:
        """Return a base model that nothing was ever put on, the same for all cells: they must leave it so."""
        if self._untouched is None or self._untouched.options != recipe.base_model:
            self._untouched = self.load(recipe)
        return self._untouched

    def load(self, recipe: Recipe) -> LoadedBase:
        """Return a base model fresh from its files."""
        return base_models.load(recipe.base_model, self.device, self.channel)

    def train(self, recipe: Recipe, folder: Path, resumed: bool = False, dropout: bool = True) -> Trained:
        """Train by the product's own loop, with a checkpoint in the middle; or go on from that one."""
        self._trainings += 1
        if self._trainings == 2:
            # All libraries are there. Every training collects garbage; it need not look through them each time.
            gc.collect()
            gc.freeze()
        base = self.load(recipe)
        encoded = encode(recipe, base)
        collator = Collator(base.family, base.tokenizer.pad_token_id, 10_000)
        context = init_context(base, collator, encoded)
        model = attach.attach(base, recipe, context)
        if not dropout:
            stop_dropout(model)
        sampler = StepSampler(encoded, EXAMPLES, recipe.training.seed, "random")
        held_out = Batches(encoded, collator)
        before = mean_loss(model, held_out, base.family, lambda: None)
        seen = _Gradients()
        empty_accelerator()
        state = prepare(model, base, recipe.training, recipe.learning_rate(base.family), STEPS)
        state.optimizer.optimizer.register_step_pre_hook(lambda *_: seen.look(model))
        self._take_steps(state, train_loader(encoded, collator, sampler), folder, resumed)
        after = mean_loss(model, held_out, base.family, lambda: None)
        return Trained(base, model.eval(), before, after, seen.told, seen.strays)

    @staticmethod
    def _take_steps(state: TrainState, loader: DataLoader[Any], folder: Path, resumed: bool) -> None:
        """Take all steps with a checkpoint in the middle, or those after it."""
        first, random_states = 0, None
        if resumed:
            first, random_states = HALF, partial(checkpoints.load_random_states, folder)
            checkpoints.load_trainable(state.model, folder)
            checkpoints.load_state(state, folder)
        for number, batch in islice(steps_from(loader, first, random_states), STEPS - first):
            training_loop.train_step(state, batch, number)
            if number + 1 == HALF:
                folder.mkdir(exist_ok=True)
                checkpoints.save_trainable(state.model, folder)
                checkpoints.save_state(state, folder)


class _Gradients:
    """Look at every gradient just before the optimizer does."""

    def __init__(self) -> None:
        self.told: dict[str, bool] = {}
        self.strays: set[str] = set()

    def look(self, model: PeftModel) -> None:
        for name, parameter in model.named_parameters():
            if not parameter.requires_grad:
                self.strays |= {name} if parameter.grad is not None else set()
                continue
            tells = parameter.grad is not None and bool(parameter.grad.abs().max() > 0)
            self.told[name] = self.told.get(name, False) or tells


def init_context(base: LoadedBase, collator: Collator, encoded: list[Any]) -> InitContext:
    """Return what the initial adapter may depend on: the fixed batch."""
    batches = [batch.to(base.device) for batch in collator(encoded).micro_batches]
    return InitContext(STEPS, batches)


def encode(recipe: Recipe, base: LoadedBase) -> list[Any]:
    """Return the fixed batch's examples as token ids."""
    prompter = make_prompter(recipe, base, NO_SPLITS)
    return [prompter.example(Example(text, text, summary)) for text, summary in CONVERSATIONS]


def prompts(recipe: Recipe, base: LoadedBase) -> list[list[int]]:
    """Return what is summarised: of uneven lengths, the longest first."""
    prompter = make_prompter(recipe, base, NO_SPLITS)
    return sorted((prompter.input_ids(text) for text, _ in CONVERSATIONS), key=len, reverse=True)


def fixed_batch(recipe: Recipe, base: LoadedBase) -> MicroBatch:
    collator = Collator(base.family, base.tokenizer.pad_token_id, 10_000)
    return collator(encode(recipe, base)).micro_batches[0].to(base.device)


@torch.no_grad()
def logits(model: Any, family: Any, batch: MicroBatch) -> torch.Tensor:
    """Return what the training-time forward computes in eval mode, where it is not padding."""
    model.eval()
    logits = forward.logits(model, family, batch.input_ids, batch.attention_mask, batch.labels)
    if family == "decoder-only":
        return logits[batch.attention_mask.bool()]
    return logits[batch.labels != -100]


@torch.no_grad()
def shake(model: PeftModel, seed: int) -> None:
    """Add random numbers to all that is trained, so that the adapter does more than six steps taught it.

    What is exactly nothing after training was taken away, as AdaLoRA does, and stays so.
    """
    generator = torch.Generator().manual_seed(seed)
    for parameter in attach.trainable_parameters(model).values():
        noise = torch.randn(parameter.shape, generator=generator) * 0.05
        parameter.add_(noise.to(parameter.device, parameter.dtype) * (parameter != 0))


def save(model: PeftModel, base: LoadedBase, recipe: Recipe, folder: Path) -> Adapter:
    """Write an adapter as a run does and return it with a metadata."""
    attach.save_adapter(model, folder)
    metadata = AdapterMetadata(
        schema=1,
        id=folder.name,
        name=folder.name,
        made_at=now_text(),
        base_model=BaseModelFacts(
            id=recipe.base_model.id, fingerprint=base.fingerprint, family=base.family,
            precision=base.precision, quantization=recipe.base_model.quantization,
            double_quantization=recipe.base_model.double_quantization,
        ),
        method=MethodFacts(id=recipe.method.id, peft_type=recipe.method.method.peft_type),
        prompt=PromptFacts(template=recipe.data.prompt, max_conversation_tokens=512),
    )  # fmt: skip
    adapter_toml.save(metadata, folder)
    return Adapter(folder, metadata)
