"""The model of a run, or of scoring, in all ranks: the same base, and the same adapter to the bit.

Where there is one rank, only this one's is made. A sharded base model is shared out over the ranks (FSDP): each holds a
part of every block's frozen weights. A block is gathered when it is computed and dropped afterwards, so all ranks
compute the same passes. What is trained stays whole in every rank, which is why torch's own FSDP of version 2 is
applied: it leaves out parameters by name, and goes with frozen 4-bit weights. accelerate would share out what is
trained too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from peft import PeftModel
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard

from engine.adapters.library import Adapter
from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.config.training import total_steps
from engine.errors import BaseModelError
from engine.messages import say
from engine.worker.adapters import attach
from engine.worker.adapters.method_hooks import InitContext
from engine.worker.dataset import token_cache
from engine.worker.dataset.collator import Collator, evaluation_batches
from engine.worker.dataset.prompter import Encoded
from engine.worker.kernels.registry import enabled
from engine.worker.modeling import base_models
from engine.worker.modeling.architecture import resident_bytes
from engine.worker.modeling.base_models import LoadedBase, Model
from engine.worker.planning.memory_estimate import RANK_BYTES
from engine.worker.runtime import devices, rank_group, rank_joining
from engine.worker.runtime.channel import Channel
from engine.worker.runtime.rank_group import RankGroup
from engine.worker.runtime.rank_meeting import HOST

# Training examples that a method may look at when it is initialised.
INITIAL_EXAMPLES = 64
# The tasks of other ranks.
LOAD, ATTACH, SHARD, USE = "load", "attach", "shard", "use"
# Numbers that are multiplied with a tensor's words for its digest, and words at a time.
DIGEST_WORDS = 1 << 18


def load(recipe: Recipe, channel: Channel) -> LoadedBase:
    """Return the recipe's base model, which all ranks load now. Raises BaseModelError if theirs differ."""
    group, training = rank_group.current(), recipe.training
    if group is not None and group.is_first:
        group.tell(LOAD, recipe=recipes.dumps(recipe))
    base = base_models.load(recipe.base_model, training.device, channel, on_host=training.shard)
    if group is not None:
        _require_same(base, group)
    return base


@contextmanager
def writing(channel: Channel, base: LoadedBase, recipe: Recipe, prompts: int) -> Iterator[None]:
    """Have as many ranks inside as pay for summaries of so many prompts, each with the base model.

    In a run that has several ranks, it is those. Raises what `rank_joining.joined` does.
    """
    if rank_group.current() is not None:
        yield
        return
    with rank_joining.joined(channel, suited_to_write(base, prompts)) as group:
        if group is None:
            yield
            return
        with devices.using_threads(devices.threads(base.device)):
            group.tell(LOAD, recipe=recipes.dumps(recipe))
            _require_same(base, group)
            yield


def suited_to_write(base: LoadedBase, prompts: int) -> int:
    """Return by how many ranks so many prompts are best summarised: as many as have memory for the base model."""
    if base.device.type != "cpu" or not enabled("ranks", "cpu"):
        return 1
    parameters = base.model.num_parameters()
    count = rank_joining.launched() or rank_joining.suited(prompts, parameters, rank_joining.MIN_PROMPTS)
    each = RANK_BYTES + resident_bytes(base.model)
    return max(1, min(count, 1 + devices.unused_bytes(base.device) // each))


def use_adapter(adapter: Adapter) -> None:
    """Let the other ranks write with an adapter of the library from now on."""
    rank_group.tell(USE, folder=str(adapter.folder.resolve()))


def _require_same(base: LoadedBase, group: RankGroup) -> None:
    """Raise BaseModelError if a rank has another base model than rank 0, or computes in another way."""
    facts = {
        "host": HOST,
        "fingerprint": base.fingerprint,
        "precision": base.precision,
        "device": base.device.type,
    }
    first, *_ = everyone = group.gather(facts)
    for rank, told in enumerate(everyone):
        where, there = say("Rank {} (on {})", rank, told["host"]), say("rank 0 (on {})", first["host"])
        if told["fingerprint"] != first["fingerprint"]:
            message = say("{} has different files of {} than {}.", where, base.options.id, there)
            raise BaseModelError(message, "Copy the base model's folder.", "base_model.id")
        if told["precision"] != first["precision"]:
            message = say("{} computes in {}, {} in {}.", where, told["precision"], there, first["precision"])
            raise BaseModelError(message, "Choose one precision for all.", "base_model.precision")
        if told["device"] != first["device"]:
            message = say(
                "{} has {}, {} has {}.", where, _device(told["device"]), there, _device(first["device"])
            )
            raise BaseModelError(message, "Start one process per GPU, or choose cpu.", "training.device")


def _device(kind: str) -> str:
    return "no GPU" if kind == "cpu" else say("a {} device", kind)


def attach_adapter(
    base: LoadedBase, recipe: Recipe, train: Sequence[Encoded], collator: Collator
) -> PeftModel:
    """Return the base model with a new adapter, as the other ranks have it too."""
    group = rank_group.current()
    if group is None:
        return attach.attach(base, recipe, init_context(recipe, train, collator))
    # An adapter to start from is in this computer's library: its values are sent.
    compares = bool(recipe.method.start_from) or not all(peer.is_here for peer in group.peers)
    name = token_cache.share(train, group.folder)
    group.tell(ATTACH, recipe=recipes.dumps(recipe), train=name, tokens=collator.tokens, compares=compares)
    model = attach.attach(base, recipe, init_context(recipe, train, collator))
    make_same(group, model, compares=compares)
    if recipe.training.shard:
        shard(base, model, recipe, group)
    return model


def init_context(recipe: Recipe, train: Sequence[Encoded], collator: Collator) -> InitContext:
    """Return what a method may look at when it is initialised."""
    steps, _ = total_steps(len(train), recipe.training)
    return InitContext(steps, tuple(evaluation_batches(train[:INITIAL_EXAMPLES], collator)))


@torch.no_grad()
def make_same(group: RankGroup, model: PeftModel, *, compares: bool) -> None:
    """Give all ranks rank 0's trained values; if it `compares`, all values that differ.

    A library may draw or decompose in another way on another CPU.
    """
    if not compares:
        group.send_from_first([each.data for each in attach.trainable_parameters(model).values()])
        return
    tensors = attach.all_tensors(model)
    digests = group.gather({name: digest(tensor) for name, tensor in tensors.items()})
    different = sorted(name for name in tensors if len({each.get(name) for each in digests}) > 1)
    group.send_from_first([tensors[name].data for name in different])


def share_base(base: LoadedBase, model: Model, recipe: Recipe) -> None:
    """Share the base model out over all ranks, which are told to."""
    group = rank_group.current()
    assert group is not None
    group.tell(SHARD)
    shard(base, model, recipe, group)


def shard(base: LoadedBase, model: Model, recipe: Recipe, group: RankGroup) -> None:
    """Move this rank's part of a model's blocks to the recipe's device; `model` is the base with its adapter.

    Raises BaseModelError for a model whose blocks are not known.
    """
    device, names = devices.usable(recipe.training.device), set(base.model._no_split_modules or ())
    blocks = [module for module in base.model.modules() if type(module).__name__ in names]
    if not blocks:
        message = say("{} can't be sharded: its blocks are unknown.", base.options.id)
        raise BaseModelError(message, "Train without sharding.", "training.shard")
    mesh = init_device_mesh(device.type, (group.size,))
    for block in blocks:
        trained = {parameter for parameter in block.parameters() if parameter.requires_grad}
        fully_shard(block, mesh=mesh, reshard_after_forward=True, ignored_params=trained)
        block.register_forward_pre_hook(_restore_4bit_weights)
    model.to(device)
    base.device = device
    for block in blocks:
        # Once outside of inference mode, whose tensors can't be trained through.
        assert isinstance(block, FSDPModule)
        block.unshard()
        block.reshard()
    devices.free_unused(device)
    group.is_sharded = True


def _restore_4bit_weights(block: nn.Module, _: Any) -> None:
    """Let gathered 4-bit weights be bitsandbytes' own again: some methods read them before the layer itself does."""
    for module in block.modules():
        if getattr(module, "quant_state", None) is not None:
            from bitsandbytes.nn.modules import fix_4bit_weight_quant_state_from_module

            fix_4bit_weight_quant_state_from_module(module)


def digest(tensor: torch.Tensor) -> int:
    """Return a number that tells tensors with other bytes apart; computed where the tensor is."""
    content = tensor.detach().contiguous().reshape(-1).view(torch.uint8)
    content = torch.nn.functional.pad(content, (0, -content.numel() % 4)).view(torch.int32)
    weights = torch.arange(1, 2 * DIGEST_WORDS, 2, device=content.device)
    found = torch.zeros((), dtype=torch.int64, device=content.device)
    for words in content.split(DIGEST_WORDS):
        found = found * 31 + (words * weights[: words.numel()]).sum()
    return int(found)
