"""EVA: let each pair begin at the main directions of what its layer reads (Paischer et al. 2024).

The layer's inputs for the first training examples are gathered as a matrix of products; its leading eigenvectors
become the pair's first matrix, and the second stays zero, so that the start is the base. Every layer keeps the
recipe's rank. PEFT's own way waits for ever where examples are few, and fails on encoder-decoders.
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
from engine.worker.adapters.method_hooks.lora_export import adapted
from engine.worker.dataset.collator import MicroBatch
from engine.worker.dataset.prompting import IGNORED
from engine.worker.modeling import forward
from engine.worker.modeling.base_models import LoadedBase

# Products are gathered for as many layers at a time as fit in this; the examples are read again for the others.
MOST_BYTES = 2 << 30
FLOAT32_BYTES = 4
FIELD = "method.initialisation"


class _Products:
    """What one layer reads, as the sum of products of its inputs (inputs × inputs)."""

    def __init__(self, layer: LoraLayer) -> None:
        self.layer = layer
        self.tokens = 0
        matrix = layer.lora_A[TRAINED].weight
        self.sum = torch.zeros(layer.in_features, layer.in_features, device=matrix.device)

    def add(self, inputs: torch.Tensor, kinds: Sequence[torch.Tensor]) -> None:
        """Count the inputs (batch × length × width) of tokens in that are no padding.

        `kinds` say which are none in the input and in the summary (batch × length). Where both are equally long
        a layer may read either: then those that are none in both.
        """
        fitting = [kind for kind in kinds if kind.shape == inputs.shape[:2]]
        read = inputs.detach()[torch.stack(fitting).all(dim=0)].float()
        self.sum += read.T @ read
        self.tokens += len(read)


def init_from_inputs(model: PeftModel, base: LoadedBase, batches: Sequence[MicroBatch]) -> None:
    """Set the first matrices by what the layers read in `batches`.

    Raises AdapterError if there are none, or fewer tokens than a layer has ranks.
    """
    if not batches:
        message = "EVA starts from training examples, and there are none."
        raise AdapterError(message, "Choose another initialisation.", FIELD)
    was_training = model.training
    model.eval()
    for group in _in_groups([layer for _, layer in adapted(model)]):
        for products in _read(model, base, batches, group):
            _begin(products)
    model.train(was_training)


def _in_groups(layers: list[LoraLayer]) -> Iterator[list[LoraLayer]]:
    """Yield layers whose products fit in memory together."""
    group: list[LoraLayer] = []
    for layer in layers:
        if group and sum(map(_bytes, [*group, layer])) > MOST_BYTES:
            yield group
            group = []
        group.append(layer)
    yield group


def _bytes(layer: LoraLayer) -> int:
    return FLOAT32_BYTES * int(layer.in_features) ** 2


@torch.no_grad()
def _read(
    model: PeftModel, base: LoadedBase, batches: Sequence[MicroBatch], layers: list[LoraLayer]
) -> list[_Products]:
    """Run the examples through the model and return what the layers read."""
    gathered = [_Products(layer) for layer in layers]
    for batch in (each.to(base.device) for each in batches):
        with ExitStack() as hooks:
            for products in gathered:
                hook = products.layer.register_forward_pre_hook(_counting(products, batch, base.family))
                hooks.callback(hook.remove)
            forward.logits(model, base.family, batch.input_ids, batch.attention_mask, batch.labels)
    return gathered


def _counting(products: _Products, batch: MicroBatch, family: Family) -> Any:
    kinds = [batch.attention_mask.bool()]
    if family == "encoder-decoder":
        kinds.append(batch.labels != IGNORED)
    return lambda _, inputs: products.add(inputs[0], kinds)


@torch.no_grad()
def _begin(products: _Products) -> None:
    first = products.layer.lora_A[TRAINED].weight
    rank = len(first)
    if products.tokens < rank:
        raise AdapterError(
            f"EVA needs at least {rank} tokens to look at; the training examples have {products.tokens}.",
            "Choose another initialisation, a lower rank or more examples.",
            FIELD,
        )
    _, directions = torch.linalg.eigh(products.sum)
    first.copy_(directions.flip(1)[:, :rank].T)
