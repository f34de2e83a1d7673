"""Target modules of an adapter and the widths of their layers, known before it is attached."""

from __future__ import annotations

from collections.abc import Mapping

from peft.utils import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING

from engine.errors import AdapterError
from engine.messages import say
from engine.worker.modeling.architecture import Width, architecture_of, width_of
from engine.worker.modeling.base_models import LoadedBase

ALL_LINEAR = "all-linear"
_ALONE = say('"{}" can\'t be combined with names.', ALL_LINEAR)


def default_targets(base: LoadedBase) -> list[str] | str:
    """Return the modules that PEFT adapts in this model type, or all linear ones where it knows none."""
    known = TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING.get(base.model.config.model_type)
    return list(known) if known else ALL_LINEAR


def refuse_no_layers(base: LoadedBase, named: tuple[str, ...] | None) -> None:
    """Raise AdapterError for target modules that are no linear layers of the base model.

    PEFT ignores unknown names, fails at some modules, and adapts embeddings without effect.
    """
    if not named or named == (ALL_LINEAR,):
        return
    layers = ", ".join(architecture_of(base.model).modules())
    # The name of the whole model is empty.
    named_modules = [(full, module) for full, module in base.model.named_modules() if full]
    for name in named:
        if name == ALL_LINEAR:
            message, hint = _ALONE, say("Use it alone, or name layers: {}.", layers)
        elif not (modules := [module for full, module in named_modules if _is_named(full, [name])]):
            message, hint = (
                say("{} has no layer {}.", base.options.id, name or "without a name"),
                say("It has {}.", layers),
            )
        elif any(width_of(module) is None for module in modules):
            message, hint = (
                say("{} is not a linear layer of {}.", name, base.options.id),
                say("It has {}.", layers),
            )
        else:
            continue
        raise AdapterError(message, hint, "method.target_modules")


def adapted_widths(base: LoadedBase, named: tuple[str, ...] | None) -> Mapping[str, Width]:
    """Return the widths of the linear layers that `named`, or the default, matches, by full name."""
    targets = list(named) if named else default_targets(base)
    every = targets in (ALL_LINEAR, [ALL_LINEAR])
    head = base.model.get_output_embeddings()
    return {
        name: width
        for name, module in base.model.named_modules()
        if (width := width_of(module)) is not None
        and (module is not head if every else _is_named(name, targets))
    }


def _is_named(name: str, targets: list[str] | str) -> bool:
    return any(name == target or name.endswith(f".{target}") for target in targets)
