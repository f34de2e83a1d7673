"""What a method needs beyond PEFT: one MethodHooks for each PEFT type, named by its tuner's declaration."""

from __future__ import annotations

from functools import cache
from pkgutil import resolve_name
from typing import Any

from peft import PeftModel

from engine.methods import tuner_of
from engine.worker.adapters.method_hooks.base import TRAINED, InitContext, MethodHooks, Tensors

__all__ = ["TRAINED", "InitContext", "MethodHooks", "Tensors", "of", "of_config", "of_type"]


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
