"""What a method needs beyond PEFT: one MethodHooks for each PEFT type, named by its tuner's declaration.

By default hooks do nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pkgutil import resolve_name
from typing import Any, ClassVar

import torch
from peft import PeftConfig, PeftModel
from peft.utils import get_peft_model_state_dict

from engine.methods import tuner_of
from engine.options import Options
from engine.worker.dataset.collator import MicroBatch
from engine.worker.modeling.base_models import LoadedBase

TRAINED = "default"
Tensors = dict[str, torch.Tensor]


@dataclass(frozen=True)
class InitContext:
    """What the initial adapter may depend on besides the recipe: the run's length and its first batches."""

    total_steps: int = 1000
    batches: Sequence[MicroBatch] = ()


class MethodHooks:
    """The default: PEFT does everything. Subclasses override what differs.

    Hooks are stateless: all state is in the model, so any part of the worker can get them.
    """

    # Options that are a rank, which must fit the smaller side of every adapted layer's weight.
    ranks: ClassVar[tuple[str, ...]] = ()
    # Whether the size of the adapter's file depends on training, so that it can only be estimated before.
    sized_by_training: ClassVar[bool] = False
    # Whether several adapters may be active in one batch, each for its own rows; each is measured first.
    supports_mixed_batch: ClassVar[bool] = False

    # Whether the trainable parameters replace parameters of the base model, so that they don't add to its size.
    copies_base_parameters: ClassVar[bool] = False

    def settings(self, options: Options, base: LoadedBase, context: InitContext) -> Mapping[str, Any]:
        """Return PEFT settings that depend on the base model or the run; they override those of the options."""
        return {}

    def add_modules(self, model: PeftModel, options: Options) -> None:
        """Add modules that PEFT's adapter lacks; also called on the meta device."""

    def initialize(self, model: PeftModel, base: LoadedBase, options: Options, context: InitContext) -> None:
        """Set initial values other than PEFT's; not called on the meta device."""

    def learning_rate_factors(self, model: PeftModel, options: Options) -> Mapping[str, float]:
        """Return the factors of the learning rate by parameter name, for those that are not 1."""
        return {}

    def extra_loss(self, model: PeftModel) -> torch.Tensor | None:
        """Return a term to add to the training loss; reported losses are without it."""
        return None

    def on_optimizer_step(self, model: PeftModel, step: int) -> None:
        """Act after an optimizer step (counted from 1), before the gradients are cleared."""

    def state(self, model: PeftModel) -> Tensors:
        """Return the tensors that a resume needs besides the trainable parameters."""
        return {}

    def load_state(self, model: PeftModel, tensors: Tensors) -> None:
        """Restore what `state` returned."""

    def is_compatible(self, config: Any, other: Any) -> bool:
        """Return whether adapters with these two PEFT configurations can be loaded on one base model."""
        return True

    def saved_tensors(self, model: PeftModel) -> Tensors:
        """Return the tensors of the adapter's file; on the meta device only their shapes matter."""
        tensors: Tensors = get_peft_model_state_dict(model, save_embedding_layers=False)
        return tensors

    def saved_config(self, model: PeftModel) -> PeftConfig:
        """Return the configuration that goes with `saved_tensors`."""
        config: PeftConfig = model.peft_config[TRAINED]
        return config


def of(model: PeftModel) -> MethodHooks:
    """Return the hooks of the adapter in training."""
    return of_config(model.peft_config[TRAINED])


def of_config(config: Any) -> MethodHooks:
    """Return the hooks of a PEFT configuration's type."""
    return of_type(str(config.peft_type.value))


def of_type(peft_type: str) -> MethodHooks:
    """Return the hooks of a PEFT type; a tuner of our own is registered with PEFT from then on."""
    tuner = tuner_of(peft_type)
    return _at(tuner.hooks) if tuner is not None else MethodHooks()


@cache
def _at(path: str) -> MethodHooks:
    """Return the hooks at a path, "package.module:Class"; those that do nothing for "". Imports their module."""
    hooks: MethodHooks = resolve_name(path)() if path else MethodHooks()
    return hooks
