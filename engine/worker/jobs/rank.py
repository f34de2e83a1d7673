"""A process of a run that another one owns: it holds the same model and carries out one order after the other.

It has no job, reads no conversations, and writes nothing but a log in a folder of its own that goes with it. Process 0
sends it all that it needs; the orders are those of `runtime.rank_orders`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel

from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.errors import AppError, ProcessLostError
from engine.system import ranks
from engine.system.ranks import FACTS
from engine.worker.adapters import attach
from engine.worker.adapters.method_hooks import InitContext
from engine.worker.dataset.collator import MicroBatch
from engine.worker.evaluation import general_loss, shared_losses
from engine.worker.generation import generate
from engine.worker.kernels.library import checkpoint_activations
from engine.worker.modeling import base_models, sharded_blocks
from engine.worker.modeling.base_models import LoadedBase, Model
from engine.worker.modeling.sharded_blocks import ShardedBlocks
from engine.worker.runtime import devices, heartbeat, oom, process_group, rank_joining
from engine.worker.runtime.channel import SilentChannel, Stopped
from engine.worker.runtime.process_group import ProcessGroup
from engine.worker.runtime.rank_orders import DONE, DROP, END, FAILED, FOLLOW, RESULT
from engine.worker.runtime.scratch import Scratch
from engine.worker.training import determinism, loss, rank_shards
from engine.worker.training.data_parallel import AddGradients
from engine.worker.training.loss import token_loss_sum
from engine.worker.training.rank_shards import ShardServer
from engine.worker.training.training_run import ACTIVATION_CHECKPOINTING

FIRST = 0
STOP_SIGNALS = ("SIGTERM", "SIGINT", "SIGHUP")
Answer = dict[str, Any]


def serve(scratch: Scratch) -> int:
    """Join the run that the environment names and compute for it to its end; return an exit code.

    Why this process ended too early is said on the standard error as it was.
    """
    try:
        return _serve(scratch)
    except AppError as error:
        scratch.say(f"{error.message} {error.hint}")
        return 1


def _serve(scratch: Scratch) -> int:
    own = ranks.own()
    assert own is not None

    def on_loss(reason: str) -> None:
        """End at once: nothing here is worth saving."""
        scratch.say(f"Process {own.rank} ends: {reason}")
        scratch.remove()
        os._exit(1)

    told = json.loads(os.environ.get(FACTS, "{}"))
    group, everyone = process_group.connect(own, rank_joining.facts(told), on_loss)
    # Process 0 says why.
    if rank_joining.disagreement(everyone):
        group.leave()
        return 1
    for name in STOP_SIGNALS:
        # Whether the run stops, process 0 decides.
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    _Orders(group).carry_out_all()
    return 0


class _Orders:
    """Carries out the orders of process 0."""

    def __init__(self, group: ProcessGroup) -> None:
        self._group = group
        self._channel = SilentChannel(self._is_dropped)
        self._base: LoadedBase | None = None
        self._model: PeftModel | None = None
        self._shards: ShardServer | None = None
        self._sharded: ShardedBlocks | None = None
        self._handlers: Mapping[str, Callable[[Answer, Any], None]] = {
            "load": self._load,
            "attach": self._attach,
            "compare": self._compare,
            "copy": self._copy,
            "shard_base": self._shard_base,
            "answer": lambda *_: self._emit(True),
            FOLLOW: lambda *_: None,
            generate.ORDER: self._generate,
            shared_losses.ORDER: self._losses,
            rank_shards.SHARD: self._shard,
            rank_shards.SUM: self._sum,
        }

    def carry_out_all(self) -> None:
        """Carry out all orders to the last."""
        while (order := self._group.receive(FIRST))["kind"] != END:
            # What was to be dropped is done already.
            if order["kind"] != DROP:
                self._carry_out(order)
        self._group.send(FIRST, (DONE, None))
        self._group.leave()

    def _carry_out(self, order: dict[str, Any]) -> None:
        sharded, has_failed = self._sharded, False
        try:
            self._handlers[order["kind"]](order["facts"], order["part"])
        except Stopped:
            pass
        except ProcessLostError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, process 0 says it
            self._group.send(FIRST, (FAILED, _failure(error)))
            has_failed = True
        if sharded:
            sharded.follow()
        if not has_failed:
            self._group.send(FIRST, (DONE, None))

    def _emit(self, result: Any) -> None:
        self._group.send(FIRST, (RESULT, result))

    def _is_dropped(self) -> bool:
        """Tell whether process 0 has changed its mind. Nothing else comes while an order is carried out."""
        return self._group.has_message(FIRST) and self._group.receive(FIRST)["kind"] == DROP

    def _tick(self) -> None:
        if self._is_dropped():
            raise Stopped

    # -------------------------------------------------------------------------------------------------- the model

    def _load(self, facts: Answer, _: Any) -> None:
        recipe = _recipe(facts["recipe"])
        training = recipe.training
        base = self._base = base_models.load(
            recipe.base_model, training.device, self._channel, on_host=training.shard
        )
        self._emit({
            "host": heartbeat.HOST,
            "fingerprint": base.fingerprint,
            "precision": base.precision,
            "device": base.device.type,
        })  # fmt: skip

    def _attach(self, facts: Answer, _: Any) -> None:
        recipe, base = _recipe(facts["recipe"]), self._base
        assert base is not None
        batches = tuple(MicroBatch(*batch) for batch in facts["batches"])
        self._model = attach.attach(base, recipe, InitContext(facts["total_steps"], batches))
        if recipe.training.activation_checkpointing:
            checkpoint_activations(self._model, ACTIVATION_CHECKPOINTING)
        if not recipe.training.shard:
            self._serve_shards()
        self._emit(True)

    def _shard_base(self, facts: Answer, _: Any) -> None:
        base, device = self._base, devices.usable(facts["device"])
        assert base is not None
        blocks = sharded_blocks.shard(base, self._model or base.model, device, self._group)
        self._sharded = ShardedBlocks(self._group, blocks)
        if self._model is not None:
            # What is trained is on the device now.
            self._serve_shards()

    def _serve_shards(self) -> None:
        trained = [each for each in self._attached().parameters() if each.requires_grad]
        self._shards = ShardServer(trained, self._add_gradients)

    def _compare(self, facts: Answer, _: Any) -> None:
        tensors = attach.all_tensors(self._attached())
        own = {name: process_group.digest(tensor) for name, tensor in tensors.items()}
        self._emit([name for name, digest in facts["digests"].items() if own[name] != digest])

    def _copy(self, facts: Answer, _: Any) -> None:
        tensors = attach.all_tensors(self._attached())
        self._group.broadcast([tensors[name] for name in facts["names"]])

    def _attached(self) -> PeftModel:
        assert self._model is not None
        return self._model

    # -------------------------------------------------------------------------------------------------- training

    def _shard(self, facts: Answer, part: dict[str, Any] | None) -> None:
        assert self._shards is not None
        torch.set_num_threads(facts["threads"])
        determinism.switch(on=facts["deterministic"])
        self._receive_trained()
        self._shards.clear()
        self._attached().train()
        if part is not None:
            computed = self._shards.compute(rank_shards.from_message(part), facts["scale"], self._is_dropped)
            if computed is None:
                raise Stopped
            self._emit(computed)

    def _sum(self, *_: Any) -> None:
        assert self._shards is not None
        for flat in self._shards.sums():
            self._group.sum_to_first(flat)

    def _add_gradients(self, scale: float) -> AddGradients:
        base, model = self._base, self._attached()
        assert base is not None

        def add(batch: MicroBatch, label_tokens: int) -> torch.Tensor:
            loss = token_loss_sum(model, batch.to(base.device), base.family) / label_tokens
            (loss * scale).backward()
            return loss.detach()

        return add

    def _receive_trained(self) -> None:
        self._group.broadcast([each.data for each in self._attached().parameters() if each.requires_grad])

    # --------------------------------------------------------------------------------------------------- scoring

    def _generate(self, facts: Answer, inputs: list[list[int]] | None) -> None:
        base = self._base
        assert base is not None
        with self._model_of(facts) as model:
            if inputs:
                generate.write_part(model, base.tokenizer, base.family, facts, inputs, self._emit, self._tick)

    def _losses(self, facts: Answer, part: list[tuple[Any, ...]] | None) -> None:
        base = self._base
        assert base is not None
        functions = {loss.KIND: loss.loss_sums, general_loss.KIND: general_loss.row_losses}
        with self._model_of(facts) as model:
            model.eval()
            batches = [MicroBatch(*batch) for batch in part or ()]
            shared_losses.compute(
                model, functions[facts["losses"]](base.family), batches, self._emit, self._tick
            )

    @contextmanager
    def _model_of(self, facts: Answer) -> Iterator[Model]:
        """Give the model that an order is about: the base, or with the adapter as it is in process 0."""
        assert self._base is not None
        if self._model is None:
            yield self._base.model
            return
        self._receive_trained()
        with nullcontext() if facts["with_adapter"] else self._model.disable_adapter():
            yield self._model


def _recipe(text: str) -> Recipe:
    """Return the recipe of a message, without the adapter that the run goes on from: its values are sent."""
    recipe = recipes.load_text(text, Path.cwd())
    return replace(recipe, method=replace(recipe.method, start_from=""))


def _failure(error: Exception) -> dict[str, Any]:
    is_known = isinstance(error, AppError)
    failure = {
        "host": heartbeat.HOST,
        "message": error.message if isinstance(error, AppError) else f"{type(error).__name__}: {error}"[:500],
        "hint": error.hint if isinstance(error, AppError) else "",
        "field": error.field if isinstance(error, AppError) else None,
        "is_known": is_known,
        "is_oom": oom.is_oom(error),
        "trace": traceback.format_exc(),
    }
    # What the error held is free only without it.
    error.__traceback__ = None
    for kind in ("cuda", "xpu"):
        devices.free_unused(torch.device(kind)) if failure["is_oom"] else None
    sys.stderr.flush()
    return failure
