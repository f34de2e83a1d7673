"""Several LoRA adapters in one batch: each row is computed with the adapter of its column, or as the base alone.

PEFT's own way (`adapter_names`) splits a layer's rows by adapter. On the starter it took 1.5 times as long as this one,
which stacks all adapters of a layer into one pair of matrices and masks the ranks that are not a row's own. Adapters
that can't be stacked, or whose logits differ when they are, are written one after another.
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

# Layers whose adapter is a product of two matrices, added to the layer's output.
PLAIN_LAYERS = ("Linear", "Linear8bitLt", "Linear4bit")
# Settings of imported adapters that change more than that.
BEYOND_LAYERS = ("modules_to_save", "trainable_token_indices", "layer_replication")
# How far logits may differ, as a fraction of the largest: the rounding error of these dtypes. In float32 it
# changes no text. 16-bit formats round every batch differently: on the starter 4 of 30 texts differed.
TOLERANCES = {torch.float32: 1e-3, torch.bfloat16: 0.05, torch.float16: 0.02}
PROBE_TEXT = "Ann: Where are you?\nBob: At the office, till five."


class MixedBatch:
    """The adapters of a model that a batch's rows are computed with: `columns` are their names, None for the base."""

    def __init__(self, model: PeftModel, columns: Sequence[str | None]) -> None:
        self._model = model
        self._layers = [
            _StackedLora(module, columns)
            for module in model.modules()
            if isinstance(module, LoraLayer) and any(name in module.lora_A for name in columns)
        ]

    @contextmanager
    def active(self) -> Iterator[MixedBatch]:
        """Let the model compute each row with its column; `select` must be called before each batch."""
        handles = [each.layer.base_layer.register_forward_hook(each.add_change) for each in self._layers]
        try:
            with self._model.disable_adapter():
                yield self
        finally:
            for handle in handles:
                handle.remove()

    def select(self, columns: Sequence[int]) -> None:
        """Set the column index of each row of the next batch."""
        for layer in self._layers:
            layer.select(columns)


class _StackedLora:
    """The adapters of one layer, stacked along the rank, and a mask of the ranks that each row uses."""

    def __init__(self, layer: Any, columns: Sequence[str | None]) -> None:
        self.layer = layer
        indices = [index for index, name in enumerate(columns) if name in layer.lora_A]
        names = [columns[index] for index in indices]
        with torch.no_grad():
            self._lora_A = torch.cat([layer.lora_A[name].weight for name in names])
            self._lora_B = torch.cat(
                [layer.lora_B[name].weight * layer.scaling[name] for name in names], dim=1
            )
        ranks = torch.tensor([len(layer.lora_A[name].weight) for name in names])
        # The column of each of the stacked ranks.
        self._column_of_rank = torch.tensor(indices).repeat_interleave(ranks).to(self._lora_A.device)
        self._mask = self._lora_A.new_zeros(0)

    def select(self, columns: Sequence[int]) -> None:
        """Set the column index of each row of the next batch."""
        rows = torch.tensor(columns, device=self._column_of_rank.device)
        self._mask = (rows[:, None] == self._column_of_rank).to(self._lora_A.dtype)[:, None, :]

    def add_change(self, _layer: Any, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> torch.Tensor:
        """Return the base layer's output (rows × tokens × outputs) with the change by each row's adapter added."""
        x = inputs[0].to(self._lora_A.dtype)
        if x.dim() != 3 or len(x) % len(self._mask):
            raise RuntimeError("The layer's rows are not those of the batch.")
        # Beam search repeats each row once a beam.
        mask = self._mask.repeat_interleave(len(x) // len(self._mask), dim=0)
        reduced = torch.nn.functional.linear(x, self._lora_A) * mask
        return (output + torch.nn.functional.linear(reduced, self._lora_B)).to(output.dtype)


def supports_mixed_batch(model: PeftModel, base: LoadedBase, adapter_id: str) -> bool:
    """Return whether a loaded adapter computes in a mixed batch what it does alone: by its layers, then measured."""
    name = attach.adapter_name(adapter_id)
    return _is_plain(model, name) and _gives_same_logits(model, base, adapter_id, name)


def _is_plain(model: PeftModel, name: str) -> bool:
    """Return whether an adapter changes nothing but the outputs of plain layers."""
    config = model.peft_config[name]
    if any(getattr(config, setting, None) for setting in BEYOND_LAYERS):
        return False
    adapted = [
        module
        for module in model.modules()
        if isinstance(module, LoraLayer) and (name in module.r or name in module.lora_embedding_A)
    ]
    return bool(adapted) and all(
        type(layer).__name__ in PLAIN_LAYERS
        and name in layer.lora_A
        and name not in layer.lora_variant
        and layer.lora_B[name].bias is None
        and not layer.merged
        for layer in adapted
    )


@torch.inference_mode()
def _gives_same_logits(model: PeftModel, base: LoadedBase, adapter_id: str, name: str) -> bool:
    """Compare the logits of the base and an adapter, computed one by one and in a mixed batch."""

    def logits(rows: int) -> torch.Tensor:
        ids = torch.tensor([base.tokenizer(PROBE_TEXT)["input_ids"]] * rows, device=base.device)
        return forward.logits(model, base.family, ids, torch.ones_like(ids), ids).float()

    alone = []
    for column in (None, adapter_id):
        with attach.active(model, column):
            alone.append(logits(1)[0])
    try:
        with MixedBatch(model, (None, name)).active() as batch:
            batch.select([0, 1])
            mixed = logits(2)
    except RuntimeError:
        # The model reshapes a batch's rows, for example into one long row of tokens.
        return False
    expected = torch.stack(alone)
    tolerance = TOLERANCES.get(base.model.dtype, TOLERANCES[torch.float32])
    return bool((mixed - expected).abs().max() <= tolerance * expected.abs().max())
