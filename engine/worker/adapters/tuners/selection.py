"""Selects the modules and parameters of a base model that a selective adapter trains.

Knows models by their structure alone: norms by their class, blocks by the lists that hold them, everything else by its
name. Layers of adapters that are loaded already are unwrapped, so the selection does not depend on other adapters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from fnmatch import fnmatchcase

from peft.tuners.tuners_utils import BaseTunerLayer
from torch import nn

from engine.errors import AdapterError
from engine.methods import named
from engine.scoring.score_text import counted

KINDS = ("all", "weights", "biases", "norms")
NORM_CLASSES = (nn.LayerNorm, nn.RMSNorm, nn.GroupNorm)
MAX_NAMES = 12


def select(model: nn.Module, kind: str, last_blocks: int, patterns: Sequence[str]) -> list[str]:
    """Return the names of the modules that hold the trained parameters, in the model's order.

    `kind` is one of KINDS. `last_blocks` limits the selection to the last blocks of each stack (0: no limit), and
    `patterns` to module names, see `matches`. Modules that share a parameter with a selected one are selected too, so
    that it stays shared. Raises AdapterError where nothing is left.
    """
    holders = {name: module for name, module in _modules(model).items() if own_parameters(module, kind)}
    if not holders:
        field = "method.kinds" if last_blocks or patterns else "method.id"
        nearest = named(_nearest(model))
        raise AdapterError(f"This model has no {kind} to train.", f"Nearest that works: {nearest}.", field)
    chosen = _in_last_blocks(model, holders, last_blocks) if last_blocks else list(holders)
    where = (
        f"the last {last_blocks} blocks"
        if last_blocks > 1
        else "the last block"
        if last_blocks
        else "the model"
    )
    if not chosen:
        raise AdapterError(f"There are no {kind} in {where}.", "Choose from more blocks.", "method.kinds")
    if patterns:
        chosen = _named_like(chosen, patterns, where)
    return _with_sharers(holders, chosen, kind)


def _nearest(model: nn.Module) -> str:
    """Return the method to take for a model without biases: of the norms, if it has any."""
    return "layernorm" if any(own_parameters(module, "norms") for module in model.modules()) else "lora"


def own_parameters(module: nn.Module, kind: str) -> dict[str, nn.Parameter]:
    """Return a module's own parameters of a kind by name."""
    parameters = dict(module.named_parameters(recurse=False))
    if kind == "norms":
        return parameters if is_norm(module) else {}
    return {
        name: parameter
        for name, parameter in parameters.items()
        if kind == "all" or (kind == "biases") == is_bias(name)
    }


def is_norm(module: nn.Module) -> bool:
    """Tell whether a module is a norm: T5LayerNorm, LlamaRMSNorm and many others have no common class."""
    if isinstance(module, NORM_CLASSES):
        return True
    vectors = all(parameter.dim() <= 1 for parameter in module.parameters())
    return "norm" in type(module).__name__.lower() and vectors


def is_bias(parameter_name: str) -> bool:
    """Tell whether a module's own parameter is a bias."""
    return parameter_name == "bias" or parameter_name.endswith("_bias")


def matches(name: str, pattern: str) -> bool:
    """Tell whether the name of a module or of a parent module matches `pattern`.

    `*` and `?` stand for any characters, case does not matter, and the pattern may start after any dot:
    "SelfAttention" matches everything inside such modules, "decoder.block.1" one block.
    """
    parts, pattern = name.lower().split("."), pattern.lower()
    above = (".".join(parts[: end + 1]) for end in range(len(parts)))
    return any(fnmatchcase(path, pattern) or fnmatchcase(path, f"*.{pattern}") for path in above)


def _modules(model: nn.Module) -> dict[str, nn.Module]:
    """Return every module of the base model by name, without the adapters around it."""
    modules: dict[str, nn.Module] = {}
    wrapped: list[str] = []
    for name, module in model.named_modules():
        if any(name.startswith(f"{outer}.") for outer in wrapped[-1:]):
            continue
        if isinstance(module, BaseTunerLayer):
            wrapped.append(name)
        modules[name] = module.get_base_layer() if isinstance(module, BaseTunerLayer) else module
    return modules


def _in_last_blocks(model: nn.Module, names: Iterable[str], count: int) -> list[str]:
    stacks = _stacks(model)
    longest = max(map(len, stacks.values()), default=0)
    if count > longest:
        raise AdapterError(
            f"The longest stack of this model has {counted(longest, 'block')}, not {count}.",
            "Choose fewer of the last blocks.",
            "method.last_blocks",
        )
    blocks = [
        f"{stack}.{number}."
        for stack, modules in stacks.items()
        for number in range(max(0, len(modules) - count), len(modules))
    ]
    return [name for name in names if name.startswith(tuple(blocks))]


def _stacks(model: nn.Module) -> dict[str, nn.ModuleList]:
    """Return the lists of transformer blocks by name: the outermost module lists whose modules have submodules."""
    stacks: dict[str, nn.ModuleList] = {}
    for name, module in model.named_modules():
        inside = any(name.startswith(f"{stack}.") for stack in stacks)
        if isinstance(module, nn.ModuleList) and not inside and all(map(_has_parts, module)):
            stacks[name] = module
    return {name: stack for name, stack in stacks.items() if len(stack)}


def _has_parts(module: nn.Module) -> bool:
    return next(module.children(), None) is not None


def _named_like(names: list[str], patterns: Sequence[str], where: str) -> list[str]:
    for pattern in patterns:
        if not any(matches(name, pattern) for name in names):
            raise AdapterError(
                f'Nothing in {where} is named like "{pattern}".',
                f"Names there: {_names_text(names)}.",
                "method.patterns",
            )
    return [name for name in names if any(matches(name, pattern) for pattern in patterns)]


def _names_text(names: Collection[str]) -> str:
    """Return the most frequent last parts of the names, and one full name as an example."""
    parts = Counter(name.rpartition(".")[2] for name in names)
    listed = ", ".join(part for part, _ in parts.most_common(MAX_NAMES))
    more = ", …" if len(parts) > MAX_NAMES else ""
    return f"{listed}{more}, as in {max(names, key=len)}"


def _with_sharers(holders: dict[str, nn.Module], chosen: list[str], kind: str) -> list[str]:
    def ids(name: str) -> set[int]:
        return {id(parameter) for parameter in own_parameters(holders[name], kind).values()}

    shared = set().union(*(ids(name) for name in chosen))
    return [name for name in holders if ids(name) & shared]
