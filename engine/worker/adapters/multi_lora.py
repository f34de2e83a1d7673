"""Several LoRA adapters at once: each row of a batch is computed with the adapter of its column, or as the base alone.

PEFT's own way (`adapter_names`) takes a layer's rows apart, adapter by adapter; on the starter it cost half as much
again as this one, which puts all adapters of a layer side by side into one pair of matrices and lets each row see its
own share. What can't be mixed so, or is not the same when it is measured, is left to be written alone. Knows nothing
of what is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from peft import PeftModel
from peft.tuners.lora import LoraLayer

from engine.worker.adapters import attach
from engine.worker.modeling import forward
from engine.worker.modeling.base_models import LoadedBase

# Layers whose adapter is a product of two matrices, added to what the layer computes.
PLAIN_LAYERS = ("Linear", "Linear8bitLt", "Linear4bit")
# Settings of strangers' adapters that change more than that.
BEYOND_LAYERS = ("modules_to_save", "trainable_token_indices", "layer_replication")
# How far logits may be off, as a share of the largest: what rounding in these number formats comes to. In float32 no
# text differs for it; 16-bit formats round every batch in a way of its own, and on the starter 4 of 30 texts differed.
TOLERANCES = {torch.float32: 1e-3, torch.bfloat16: 0.05, torch.float16: 0.02}
MEASURED_TEXT = "Ann: Where are you?\nBob: At the office, till five."


class Mix:
    """The adapters of a model that rows can be computed with: `columns` are their names, None for the base."""

    def __init__(self, model: PeftModel, columns: Sequence[str | None]) -> None:
        self._model = model
        self._pairs = [_Pairs(layer, columns) for layer in _layers(model, columns)]

    @contextmanager
    def on(self) -> Iterator[Mix]:
        """Let the model compute so; `take` says before each batch whose rows are in it."""
        handles = [pairs.layer.base_layer.register_forward_hook(pairs.added) for pairs in self._pairs]
        try:
            with self._model.disable_adapter():
                yield self
        finally:
            for handle in handles:
                handle.remove()

    def take(self, columns: Sequence[int]) -> None:
        """Say which column each row of the next batch belongs to, by its place among the columns."""
        for pairs in self._pairs:
            pairs.take(columns)


class _Pairs:
    """The pairs of matrices of one layer, side by side, and which share of them each row sees."""

    def __init__(self, layer: Any, columns: Sequence[str | None]) -> None:
        self.layer = layer
        held = [place for place, name in enumerate(columns) if name in layer.lora_A]
        names = [columns[place] for place in held]
        with torch.no_grad():
            self._first = torch.cat([layer.lora_A[name].weight for name in names])
            self._second = torch.cat(
                [layer.lora_B[name].weight * layer.scaling[name] for name in names], dim=1
            )
        ranks = torch.tensor([len(layer.lora_A[name].weight) for name in names])
        # Whose each of the ranks is.
        self._owners = torch.tensor(held).repeat_interleave(ranks).to(self._first.device)
        self._shares = self._first.new_zeros(0)

    def take(self, columns: Sequence[int]) -> None:
        """Note the columns of a batch's rows."""
        rows = torch.tensor(columns, device=self._owners.device)
        self._shares = (rows[:, None] == self._owners).to(self._first.dtype)[:, None, :]

    def added(self, _layer: Any, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> torch.Tensor:
        """Add to what the base layer computed (rows × tokens × outputs) what each row's adapter does."""
        read = inputs[0].to(self._first.dtype)
        if read.dim() != 3 or len(read) % len(self._shares):
            raise RuntimeError("The layer's rows are not those of the batch.")
        # A decoder that follows beams has each row as often as there are beams.
        shares = self._shares.repeat_interleave(len(read) // len(self._shares), dim=0)
        narrow = torch.nn.functional.linear(read, self._first) * shares
        return (output + torch.nn.functional.linear(narrow, self._second)).to(output.dtype)


def _layers(model: PeftModel, columns: Sequence[str | None]) -> list[LoraLayer]:
    return [
        module
        for module in model.modules()
        if isinstance(module, LoraLayer) and any(name in module.lora_A for name in columns)
    ]


def can_mix(model: PeftModel, base: LoadedBase, adapter_id: str) -> bool:
    """Tell whether an adapter on the model computes in a mix what it computes alone: by its layers, then measured."""
    name = attach.adapter_name(adapter_id)
    return _is_plain(model, name) and _is_the_same(model, base, adapter_id, name)


def _is_plain(model: PeftModel, name: str) -> bool:
    """Tell whether all that an adapter changes are plain layers' outputs."""
    config = model.peft_config[name]
    if any(getattr(config, setting, None) for setting in BEYOND_LAYERS):
        return False
    holders = [
        module
        for module in model.modules()
        if isinstance(module, LoraLayer) and (name in module.r or name in module.lora_embedding_A)
    ]
    return bool(holders) and all(
        type(layer).__name__ in PLAIN_LAYERS
        and name in layer.lora_A
        and name not in layer.lora_variant
        and layer.lora_B[name].bias is None
        and not layer.merged
        for layer in holders
    )


@torch.inference_mode()
def _is_the_same(model: PeftModel, base: LoadedBase, adapter_id: str, name: str) -> bool:
    """Compare the logits of the base and an adapter, computed alone and mixed."""
    columns = (None, name)
    alone = []
    for column in (None, adapter_id):
        with attach.active(model, column):
            alone.append(_logits(model, base, rows=1)[0])
    try:
        with Mix(model, columns).on() as mix:
            mix.take([0, 1])
            mixed = _logits(model, base, rows=2)
    except RuntimeError:
        # A model that puts a batch's tokens into one long row, say.
        return False
    expected = torch.stack(alone)
    tolerance = TOLERANCES.get(base.model.dtype, TOLERANCES[torch.float32])
    return bool((mixed - expected).abs().max() <= tolerance * expected.abs().max())


def _logits(model: PeftModel, base: LoadedBase, rows: int) -> torch.Tensor:
    """Return the logits after a short text, as often as there are rows."""
    ids = torch.tensor([base.tokenizer(MEASURED_TEXT)["input_ids"]] * rows, device=base.device)
    return forward.logits(model, base.family, ids, torch.ones_like(ids), ids).float()
