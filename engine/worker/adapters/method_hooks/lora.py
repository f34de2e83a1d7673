"""Hooks of LoRA: initialisations, the fused pass, LoRA+, and base factors in files and checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from peft import PeftConfig, PeftModel

from engine.methods.low_rank import FROM_WEIGHTS, LoraOptions
from engine.options import Options
from engine.worker.adapters.method_hooks import fused_lora, lora_init
from engine.worker.adapters.method_hooks.base import TRAINED, InitContext, MethodHooks, Tensors
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
        fused_lora.attach(model)

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
