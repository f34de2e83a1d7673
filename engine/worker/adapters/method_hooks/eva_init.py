"""EVA initialisation: each pair starts at the main directions of its layer's inputs (Paischer et al. 2024).

The inputs for the first training examples are summed up as a covariance matrix. Its leading eigenvectors become A, and
B stays zero, so that training starts from the base model. Every layer keeps the recipe's rank. PEFT's own EVA never
ends where examples are few, and fails on encoder-decoders.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import torch
from peft import PeftModel
from peft.tuners.lora import LoraLayer

from engine.errors import AdapterError
from engine.methods import Family
from engine.worker.adapters.method_hooks.base import TRAINED
from engine.worker.adapters.method_hooks.lora_layers import adapted
from engine.worker.dataset.collator import MicroBatch
from engine.worker.dataset.prompter import IGNORED
from engine.worker.modeling import forward
from engine.worker.modeling.base_models import LoadedBase

# Covariances are computed for as many layers at a time as fit into this; other layers read the examples again.
MAX_BYTES = 2 << 30
FLOAT32_BYTES = 4
FIELD = "method.initialisation"


class _Covariance:
    """The covariance of one layer's inputs (inputs × inputs), not normalised."""

    def __init__(self, layer: LoraLayer) -> None:
        self.layer = layer
        self.tokens = 0
        weight = layer.lora_A[TRAINED].weight
        self.sum = torch.zeros(layer.in_features, layer.in_features, device=weight.device)

    def add(self, inputs: torch.Tensor, masks: Sequence[torch.Tensor]) -> None:
        """Add the inputs (batch × length × width) of all tokens that are no padding.

        `masks` are true for tokens of the input and for those of the summary (batch × length). A layer's inputs may
        belong to either if both have the same length: then tokens count that both masks have.
        """
        fitting = [mask for mask in masks if mask.shape == inputs.shape[:2]]
        rows = inputs.detach()[torch.stack(fitting).all(dim=0)].float()
        self.sum += rows.T @ rows
        self.tokens += len(rows)


def init_from_inputs(model: PeftModel, base: LoadedBase, batches: Sequence[MicroBatch]) -> None:
    """Set the matrices A by the layers' inputs for `batches`.

    Raises AdapterError if there are none, or fewer tokens than the rank.
    """
    if not batches:
        message = "EVA starts from training examples, and there are none."
        raise AdapterError(message, "Choose another initialisation.", FIELD)
    was_training = model.training
    model.eval()
    for group in _in_groups([layer for _, layer in adapted(model)]):
        for covariance in _covariances(model, base, batches, group):
            _init(covariance)
    model.train(was_training)


def _in_groups(layers: list[LoraLayer]) -> Iterator[list[LoraLayer]]:
    """Yield layers whose covariances fit in memory together."""
    group: list[LoraLayer] = []
    for layer in layers:
        if group and sum(map(_bytes, [*group, layer])) > MAX_BYTES:
            yield group
            group = []
        group.append(layer)
    yield group


def _bytes(layer: LoraLayer) -> int:
    return FLOAT32_BYTES * int(layer.in_features) ** 2


@torch.no_grad()
def _covariances(
    model: PeftModel, base: LoadedBase, batches: Sequence[MicroBatch], layers: list[LoraLayer]
) -> list[_Covariance]:
    """Run the examples through the model and return the covariance of each layer's inputs."""
    covariances = [_Covariance(layer) for layer in layers]
    for batch in (each.to(base.device) for each in batches):
        with ExitStack() as hooks:
            for covariance in covariances:
                hook = covariance.layer.register_forward_pre_hook(_adding(covariance, batch, base.family))
                hooks.callback(hook.remove)
            forward.logits(model, base.family, batch.input_ids, batch.attention_mask, batch.labels)
    return covariances


def _adding(covariance: _Covariance, batch: MicroBatch, family: Family) -> Any:
    masks = [batch.attention_mask.bool()]
    if family == "encoder-decoder":
        masks.append(batch.labels != IGNORED)
    return lambda _, inputs: covariance.add(inputs[0], masks)


@torch.no_grad()
def _init(covariance: _Covariance) -> None:
    lora_A = covariance.layer.lora_A[TRAINED].weight
    rank = len(lora_A)
    if covariance.tokens < rank:
        raise AdapterError(
            f"EVA needs at least {rank} tokens; the training examples have {covariance.tokens}.",
            "Choose another initialisation, a lower rank or more examples.",
            FIELD,
        )
    _, found = torch.linalg.eigh(covariance.sum)
    directions = found.flip(1)[:, :rank].T
    # An eigenvector has either sign, by the last digit: by its largest value it has the same one on every device.
    largest = directions.gather(1, directions.abs().argmax(dim=1, keepdim=True))
    lora_A.copy_(directions * largest.sign())
