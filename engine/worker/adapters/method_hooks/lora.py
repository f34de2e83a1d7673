"""Hooks of LoRA: initialisations, the fused pass, LoRA+, and base factors in files and checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from peft import PeftConfig, PeftModel
from peft.tuners.lora import Embedding, LoraLayer

from engine.methods.low_rank import FROM_WEIGHTS, LoraOptions
from engine.options import Options
from engine.worker.adapters.method_hooks import TRAINED, InitContext, MethodHooks, Tensors, lora_init
from engine.worker.kernels import dropout
from engine.worker.kernels.compat import LoraVariant
from engine.worker.kernels.registry import enabled
from engine.worker.modeling.base_models import LoadedBase


class LowRankHooks(MethodHooks):
    """Methods whose rank can't be larger than the smaller side of a layer's weight."""

    ranks: ClassVar[tuple[str, ...]] = ("rank",)


class LoraHooks(LowRankHooks):
    """LoRA and its variants."""

    supports_mixed_batch: ClassVar[bool] = True

    def settings(self, options: Options, base: LoadedBase, context: InitContext) -> Mapping[str, Any]:
        """Return the initialisation where PEFT's own is used."""
        assert isinstance(options, LoraOptions)
        return {"init_lora_weights": "gaussian" if options.initialisation == "gaussian" else True}

    def add_modules(self, model: PeftModel, options: Options) -> None:
        """Add base factors if the initial pair is not zero, and let other pairs compute fused."""
        assert isinstance(options, LoraOptions)
        if options.initialisation in FROM_WEIGHTS:
            lora_init.attach(model)
        attach_fused(model)

    def initialize(self, model: PeftModel, base: LoadedBase, options: Options, context: InitContext) -> None:
        """Set the initial values of the pairs."""
        assert isinstance(options, LoraOptions)
        if options.initialisation in FROM_WEIGHTS:
            lora_init.init_from_weights(model, options.initialisation)
        elif options.initialisation == "orthogonal":
            lora_init.init_orthogonal(model)
        elif options.initialisation == "eva":
            lora_init.init_from_inputs(model, base, context.batches)

    def learning_rate_factors(self, model: PeftModel, options: Options) -> Mapping[str, float]:
        """Let the matrices B learn faster (Hayou et al. 2024, LoRA+)."""
        assert isinstance(options, LoraOptions)
        if options.lora_plus_ratio == 1.0:
            return {}
        part = f".lora_B.{TRAINED}."
        return {name: options.lora_plus_ratio for name, _ in model.named_parameters() if part in name}

    def state(self, model: PeftModel) -> Tensors:
        """Return the base factors, if any."""
        return lora_init.state(model) if lora_init.is_attached(model) else {}

    def load_state(self, model: PeftModel, tensors: Tensors) -> None:
        """Restore the base factors."""
        if lora_init.is_attached(model):
            lora_init.load_state(model, tensors)

    def saved_tensors(self, model: PeftModel) -> Tensors:
        """Return the pairs; with base factors as one LoRA of twice the rank."""
        tensors = super().saved_tensors(model)
        return tensors | lora_init.saved_tensors(model) if lora_init.is_attached(model) else tensors

    def saved_config(self, model: PeftModel) -> PeftConfig:
        """Return that of an ordinary LoRA."""
        config = super().saved_config(model)
        return lora_init.saved_config(config) if lora_init.is_attached(model) else config


class FusedLora(LoraVariant):
    """A layer's output plus its LoRA's, in the model's own dtype, with one saved copy of a layer's input.

    PEFT computes the pair in float32 whatever the model computes in. Every adapted layer then copies its input, saves
    it again after dropout, and converts what it adds; on a small decoder that took a third of a step and half of its
    memory. Here the parameters stay float32, as the optimizer needs them, and are rounded for the products, as mixed
    precision does elsewhere. Saved for the backward pass are the input itself, which query, key and value share, and
    the dropout mask. Summaries and scores are computed as PEFT computes them.
    """

    @staticmethod
    def forward(
        module: LoraLayer,
        active_adapter: str,
        x: torch.Tensor,
        result: torch.Tensor,
        **kwargs: Any,  # noqa: ARG004 - PEFT's signature
    ) -> torch.Tensor:
        """Return the base layer's `result` with the change added."""
        lora_A, lora_B = module.lora_A[active_adapter], module.lora_B[active_adapter]
        scaling = module.scaling[active_adapter]
        if not module.training:
            return result + lora_B(lora_A(x.to(lora_A.weight.dtype))) * scaling
        rate = getattr(module.lora_dropout[active_adapter], "p", 0.0)
        mask, factor = dropout.draw_mask(x, rate) if rate else (None, 1.0)
        output: torch.Tensor = _AddLora.apply(x, result, lora_A.weight, lora_B.weight, mask, scaling * factor)
        return output


def attach_fused(model: PeftModel) -> None:
    """Let every plain LoRA layer compute fused."""
    if not enabled("fused_lora", next(model.parameters()).device.type):
        return
    for _, layer in lora_init.adapted(model):
        plain = TRAINED not in layer.lora_variant and not isinstance(layer, Embedding)
        plain = plain and not hasattr(layer.lora_A[TRAINED], lora_init.BASE_FACTOR)
        if plain and layer.lora_B[TRAINED].bias is None:
            layer.lora_variant[TRAINED] = FusedLora()
            layer.cast_input_dtype_enabled = False


class _AddLora(torch.autograd.Function):
    """result + factor * masked(x) Aᵀ Bᵀ, where x is … × inputs, A rank × inputs and B outputs × rank."""

    @staticmethod
    def forward(
        context: Any,
        x: torch.Tensor,
        result: torch.Tensor,
        lora_A: torch.Tensor,
        lora_B: torch.Tensor,
        mask: torch.Tensor | None,
        factor: float,
    ) -> torch.Tensor:
        reduced = _rows(_masked(x, mask)) @ lora_A.to(x.dtype).T
        context.save_for_backward(x, lora_A, lora_B, mask, reduced)
        context.factor = factor
        output = torch.addmm(_rows(result), reduced, lora_B.to(result.dtype).T, alpha=factor)
        return output.view(result.shape)

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, lora_A, lora_B, mask, reduced = context.saved_tensors
        (gradient,) = gradients
        rows = _rows(gradient)
        grad_reduced = (rows @ lora_B.to(rows.dtype)).mul_(context.factor)
        grad_A = (grad_reduced.T @ _rows(_masked(x, mask))).to(lora_A.dtype)
        grad_B = (rows.T @ reduced).mul_(context.factor).to(lora_B.dtype)
        grad_x = None
        if context.needs_input_grad[0]:
            grad_x = (grad_reduced @ lora_A.to(grad_reduced.dtype)).view(x.shape)
            grad_x = _masked(grad_x, mask)
        return grad_x, gradient, grad_A, grad_B, None, None


def _rows(values: torch.Tensor) -> torch.Tensor:
    return values.reshape(-1, values.shape[-1])


def _masked(values: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
    return values if mask is None else dropout.masked(values, mask)
