"""The models of a run's other processes: loaded while this process loads its own, and the same to the bit.

Without other processes, everything here does nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from peft import PeftModel

from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.errors import BaseModelError
from engine.worker.adapters import attach
from engine.worker.adapters.method_hooks import InitContext
from engine.worker.modeling import sharded_blocks
from engine.worker.modeling.base_models import LoadedBase, Model
from engine.worker.modeling.sharded_blocks import ShardedBlocks
from engine.worker.runtime import devices, heartbeat, rank_orders


class LoadedElsewhere:
    """The base models that the other processes load meanwhile."""

    def __init__(self) -> None:
        self.facts: list[Mapping[str, Any]] = []

    def require_same(self, base: LoadedBase) -> None:
        """Raise BaseModelError if a process has another base model than this one, or computes in another way."""
        own = {"fingerprint": base.fingerprint, "precision": base.precision, "device": base.device.type}
        for rank, told in enumerate(self.facts, start=1):
            where, here = f"Process {rank} (on {told['host']})", f"process 0 (on {heartbeat.HOST})"
            if told["fingerprint"] != own["fingerprint"]:
                message = f"{where} has other files of {base.options.id} than {here}."
                raise BaseModelError(message, "Copy the base model's folder.", "base_model.id")
            if told["precision"] != own["precision"]:
                message = f"{where} computes in {told['precision']}, {here} in {own['precision']}."
                raise BaseModelError(message, "Choose one precision for all.", "base_model.precision")
            if told["device"] != own["device"]:
                message = f"{where} has {_device(told['device'])}, {here} has {_device(own['device'])}."
                hint = "Start a process for each card, or choose cpu for all."
                raise BaseModelError(message, hint, "training.device")


def _device(kind: str) -> str:
    return "no graphics card" if kind == "cpu" else f"a {kind} device"


@contextmanager
def loading(recipe: Recipe) -> Iterator[LoadedElsewhere]:
    """Let the other processes load the recipe's base model while this one does so inside."""
    others, elsewhere = rank_orders.current(), LoadedElsewhere()
    if others is None:
        yield elsewhere
        return
    others.order("load", {"recipe": recipes.dumps(recipe)})
    yield elsewhere
    elsewhere.facts = others.answers()


def attach_everywhere(base: LoadedBase, recipe: Recipe, context: InitContext) -> PeftModel:
    """Return the base model with a new adapter, as the other processes have it too."""
    others = rank_orders.current()
    if others is not None:
        batches = [batch.as_tuple() for batch in context.batches]
        facts = {"recipe": recipes.dumps(recipe), "total_steps": context.total_steps, "batches": batches}
        others.order("attach", facts)
    model = attach.attach(base, recipe, context)
    if others is not None:
        others.answers()
        others.same_tensors(attach.all_tensors(model))
        others.trained = list(attach.trainable_parameters(model).values())
    if recipe.training.shard:
        shard_everywhere(base, model, recipe)
    return model


def shard_everywhere(base: LoadedBase, model: Model, recipe: Recipe) -> None:
    """Share the base model out over all processes; `model` is the base model, or with its adapter."""
    others = rank_orders.current()
    assert others is not None
    others.order("shard_base", {"device": recipe.training.device})
    blocks = sharded_blocks.shard(base, model, devices.usable(recipe.training.device), others.group)
    others.wait(lambda *_: None)
    others.sharded = ShardedBlocks(others.group, blocks, others.be_followed)
