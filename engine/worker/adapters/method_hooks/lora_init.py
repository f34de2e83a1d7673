"""Initial values of LoRA's pairs other than PEFT's: PiSSA, OLoRA, orthogonal matrices and EVA.

PiSSA and OLoRA subtract the initial pair from the base weight and train it. Here the weight stays, and forward hooks
subtract a frozen copy of the initial pair, the base factors, from the pair's output: the same sum, but the base model
is bit-identical, switching the adapter off restores it exactly, and other adapters can be loaded beside it. The saved
adapter holds the trained pair and the base factors as one LoRA of twice the rank.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from copy import copy
from typing import Any

import torch
from peft import LoraConfig, PeftModel
from peft.tuners.lora import LoraLayer
from torch.nn.functional import linear

from engine.errors import AdapterError
from engine.messages import say
from engine.worker.adapters.method_hooks import TRAINED, Tensors
from engine.worker.dataset.collator import MicroBatch
from engine.worker.dataset.prompter import IGNORED
from engine.worker.kernels.compat import Conv1D, dequantize_module_weight
from engine.worker.modeling import forward
from engine.worker.modeling.base_models import LoadedBase

BASE_FACTOR = "base_factor"
# A full decomposition up to this width takes less than a second; above it, the leading part is found by iteration.
MAX_FULL_WIDTH = 1024
ITERATIONS = 16
OVERSAMPLING = 16
# Covariances are computed for as many layers at a time as fit into this; other layers read the examples again.
MAX_BYTES = 2 << 30
FLOAT32_BYTES = 4
FIELD = "method.initialisation"

Pair = tuple[torch.Tensor, torch.Tensor]
"""The matrices A (rank × inputs) and B (outputs × rank)."""


def adapted(model: PeftModel) -> Iterator[tuple[str, LoraLayer]]:
    """Yield the layers that the adapter in training changes, with their names in the PEFT model."""
    for name, module in model.named_modules():
        if isinstance(module, LoraLayer) and TRAINED in module.lora_A:
            yield name, module


def named_pair(layer: str, lora_A: torch.Tensor, lora_B: torch.Tensor) -> Tensors:
    """Return a layer's matrices under their names in PEFT's file.

    `lora_A` is rank × inputs, `lora_B` outputs × rank; their product is the change, with all scaling in it.
    """
    return {f"{layer}.lora_A.weight": lora_A, f"{layer}.lora_B.weight": lora_B}


# ------------------------------------------------------------------------------------------------ PiSSA and OLoRA


class _Subtraction:
    """Subtracts the output of the base factors from that of a pair. Both get the same input after dropout."""

    def __init__(self) -> None:
        self._reduced: torch.Tensor | None = None

    def reduce(self, lora_A: Any, inputs: tuple[torch.Tensor], _output: torch.Tensor) -> None:
        """Compute the output of A's base factor."""
        self._reduced = linear(inputs[0], lora_A.base_factor)

    def subtract(self, lora_B: Any, _inputs: Any, output: torch.Tensor) -> torch.Tensor:
        """Return the pair's output without that of the base factors; zero before training."""
        reduced, self._reduced = self._reduced, None
        assert reduced is not None
        return output - linear(reduced, lora_B.base_factor)


def attach(model: PeftModel) -> None:
    """Give every adapted layer base factors of the right shape, zero at first."""
    for _, layer in adapted(model):
        lora_A, lora_B, subtraction = layer.lora_A[TRAINED], layer.lora_B[TRAINED], _Subtraction()
        for matrix in (lora_A, lora_B):
            matrix.register_buffer(BASE_FACTOR, torch.zeros_like(matrix.weight), persistent=False)
        lora_A.register_forward_hook(subtraction.reduce)
        lora_B.register_forward_hook(subtraction.subtract)


def is_attached(model: PeftModel) -> bool:
    """Return whether the adapter in training has base factors."""
    return any(hasattr(layer.lora_A[TRAINED], BASE_FACTOR) for _, layer in adapted(model))


@torch.no_grad()
def init_from_weights(model: PeftModel, initialisation: str) -> None:
    """Set pairs and base factors to factors of each layer's weight."""
    for _, layer in adapted(model):
        base, rank = layer.get_base_layer(), layer.r[TRAINED]
        weight = dequantize_module_weight(base).detach().float()
        if isinstance(base, Conv1D):
            weight = weight.T
        pair = (
            _pissa(weight, rank, layer.scaling[TRAINED])
            if initialisation == "pissa"
            else _olora(weight, rank)
        )
        for matrix, value in zip((layer.lora_A[TRAINED], layer.lora_B[TRAINED]), pair, strict=True):
            matrix.weight.copy_(value)
            matrix.base_factor.copy_(value)


def _pissa(weight: torch.Tensor, rank: int, scaling: float) -> Pair:
    """Return the leading singular vectors of a weight, each times the root of its singular value.

    `weight` is outputs × inputs. Source: Meng et al. 2024, PiSSA.
    """
    if min(weight.shape) <= MAX_FULL_WIDTH:
        left, values, right = torch.linalg.svd(weight, full_matrices=False)
        right = right.T
    else:
        left, values, right = torch.svd_lowrank(weight, q=rank + OVERSAMPLING, niter=ITERATIONS)
    roots = (values[:rank] / scaling).sqrt()
    return roots[:, None] * right[:, :rank].T, left[:, :rank] * roots


def _olora(weight: torch.Tensor, rank: int) -> Pair:
    """Return the leading rows of R and columns of Q of the QR decomposition (Büyükakyüz 2024, OLoRA)."""
    left, right = torch.linalg.qr(weight)
    return right[:rank], left[:, :rank]


def state(model: PeftModel) -> Tensors:
    """Return the base factors, which a decomposition on another machine may compute differently."""
    return {
        f"{name}.{part}": getattr(layer, part)[TRAINED].base_factor
        for name, layer in adapted(model)
        for part in ("lora_A", "lora_B")
    }


def load_state(model: PeftModel, tensors: Tensors) -> None:
    """Restore what `state` returned."""
    for name, factor in state(model).items():
        factor.copy_(tensors[name])


def saved_tensors(model: PeftModel) -> Tensors:
    """Return pairs and base factors as one LoRA of twice the rank, with the scaling in B."""
    tensors: Tensors = {}
    for name, layer in adapted(model):
        lora_A, lora_B, scaling = layer.lora_A[TRAINED], layer.lora_B[TRAINED], layer.scaling[TRAINED]
        tensors |= named_pair(
            name,
            torch.cat([lora_A.weight, lora_A.base_factor]),
            torch.cat([lora_B.weight * scaling, lora_B.base_factor * -scaling], dim=1),
        )
    return tensors


def saved_config(config: LoraConfig) -> LoraConfig:
    """Return the configuration of `saved_tensors`."""
    saved = copy(config)
    saved.r = saved.lora_alpha = 2 * config.r
    saved.use_rslora = False
    return saved


# ------------------------------------------------------------------------------------------- orthogonal matrices, EVA


@torch.no_grad()
def init_orthogonal(model: PeftModel) -> None:
    """Set the matrices to random ones whose product is zero; the rank must be even.

    PEFT rounds its own to the base's dtype, which is an integer for 4-bit bases.
    """
    for _, layer in adapted(model):
        lora_A, lora_B = layer.lora_A[TRAINED].weight, layer.lora_B[TRAINED].weight
        rank = len(lora_A)
        orthogonal, _ = torch.linalg.qr(torch.randn(rank, rank))
        inputs = torch.randn(rank // 2, layer.in_features)
        outputs = torch.randn(layer.out_features, rank // 2)
        lora_A.copy_(orthogonal[0::2].T @ inputs / 10.0)
        lora_B.copy_(outputs @ orthogonal[1::2] / 10.0)


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


@torch.no_grad()
def init_from_inputs(model: PeftModel, base: LoadedBase, batches: Sequence[MicroBatch]) -> None:
    """Start each pair at the main directions of its layer's inputs for `batches` (Paischer et al. 2024, EVA).

    The inputs are summed up as a covariance matrix. Its leading eigenvectors become A, and B stays zero, so that
    training starts from the base model. Every layer keeps the recipe's rank. PEFT's own EVA never ends where examples
    are few, and fails on encoder-decoders. Raises AdapterError if there are no examples, or fewer tokens than the rank.
    """
    if not batches:
        message = "EVA needs training examples."
        raise AdapterError(message, "Choose another initialisation.", FIELD)
    was_training = model.training
    model.eval()
    for group in _in_groups([layer for _, layer in adapted(model)]):
        covariances = [_Covariance(layer) for layer in group]
        for batch in (each.to(base.device) for each in batches):
            masks = [batch.attention_mask.bool()]
            if base.family == "encoder-decoder":
                masks.append(batch.labels != IGNORED)
            with ExitStack() as hooks:
                for covariance in covariances:
                    hook = covariance.layer.register_forward_pre_hook(
                        lambda _, inputs, of=covariance, masks=masks: of.add(inputs[0], masks)
                    )
                    hooks.callback(hook.remove)
                forward.logits(model, base.family, batch.input_ids, batch.attention_mask, batch.labels)
        for covariance in covariances:
            _init_from_covariance(covariance)
    model.train(was_training)


def _in_groups(layers: list[LoraLayer]) -> Iterator[list[LoraLayer]]:
    """Yield layers whose covariances fit in memory together."""
    group: list[LoraLayer] = []
    for layer in layers:
        if group and sum(FLOAT32_BYTES * int(each.in_features) ** 2 for each in [*group, layer]) > MAX_BYTES:
            yield group
            group = []
        group.append(layer)
    yield group


def _init_from_covariance(covariance: _Covariance) -> None:
    lora_A = covariance.layer.lora_A[TRAINED].weight
    rank = len(lora_A)
    if covariance.tokens < rank:
        raise AdapterError(
            say("EVA needs at least {} tokens; the training examples have {}.", rank, covariance.tokens),
            "Choose another initialisation, lower the rank, or add examples.",
            FIELD,
        )
    _, found = torch.linalg.eigh(covariance.sum)
    directions = found.flip(1)[:, :rank].T
    # An eigenvector has either sign, by the last digit: by its largest value it has the same one on every device.
    largest = directions.gather(1, directions.abs().argmax(dim=1, keepdim=True))
    lora_A.copy_(directions * largest.sign())
