"""What the worker asks of a method beyond PEFT's own doing, and the usual answer: nothing more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch
from peft import PeftModel
from peft.utils import get_peft_model_state_dict

from engine.options import Options
from engine.worker.dataset.collator import MicroBatch
from engine.worker.modeling.base_models import LoadedBase

TRAINED = "default"
Tensors = dict[str, torch.Tensor]


@dataclass(frozen=True)
class InitContext:
    """What an adapter's making may depend on besides its recipe: the run's length and what it learns from."""

    total_steps: int = 1000
    batches: Sequence[MicroBatch] = ()


class MethodHooks:
    """The usual: PEFT does it all. Subclasses say what they do otherwise.

    Handlings keep nothing: what they know stands in the model, so that any part of the worker can ask for one.
    """

    # Options that name a rank which no adapted layer's smaller side may be below.
    ranks: ClassVar[tuple[str, ...]] = ()
    # Whether training decides how large the adapter's file is, so that it can only be estimated before.
    sized_by_training: ClassVar[bool] = False
    # Whether adapters may be computed side by side, each for its own rows of a batch; each is measured all the same.
    supports_mixed_batch: ClassVar[bool] = False

    # Whether the trainable parameters replace parameters of the base model, so that they don't add to its size.
    copies_base_parameters: ClassVar[bool] = False

    def settings(self, options: Options, base: LoadedBase, context: InitContext) -> Mapping[str, Any]:
        """Return PEFT settings that depend on the base model or the run, over those of the options."""
        return {}

    def add_modules(self, model: PeftModel, options: Options) -> None:
        """Add the parts that PEFT's adapter lacks; called without weights too."""

    def initialize(self, model: PeftModel, base: LoadedBase, options: Options, context: InitContext) -> None:
        """Set the adapter's initial numbers where PEFT's are not wanted; not called without weights."""

    def learning_rate_factors(self, model: PeftModel, options: Options) -> Mapping[str, float]:
        """Return by how much the learning rate of named parameters differs from the run's."""
        return {}

    def extra_loss(self, model: PeftModel) -> torch.Tensor | None:
        """Return what a step's loss has on top while training; reported losses are without it."""
        return None

    def on_optimizer_step(self, model: PeftModel, step: int) -> None:
        """Do what is due after an optimizer step (counted from 1), before the gradients are cleared."""

    def state(self, model: PeftModel) -> Tensors:
        """Return what a resume needs beyond the trained numbers."""
        return {}

    def load_state(self, model: PeftModel, tensors: Tensors) -> None:
        """Put back what `state` returned."""

    def is_compatible(self, config: Any, other: Any) -> bool:
        """Tell whether adapters with these two PEFT configurations compute right on one base model."""
        return True

    def saved_tensors(self, model: PeftModel) -> Tensors:
        """Return the tensors of the adapter's file; without weights their shapes are right."""
        tensors: Tensors = get_peft_model_state_dict(model, save_embedding_layers=False)
        return tensors

    def save(self, model: PeftModel, folder: Path) -> None:
        """Write the trained adapter in PEFT's own format."""
        model.save_pretrained(folder, save_embedding_layers=False, selected_adapters=[TRAINED])
