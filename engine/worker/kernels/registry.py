"""The replacements of library code, and which of them are on in this process.

`TUNESMITH_PATCHES` switches them: `all` (the default), `none`, or names with commas between; other names are ignored,
with a remark. A "speed" entry is off with a library version that it was not tested with; a "fix" stays on, with a
warning. Call sites ask `enabled`. With everything off, the worker runs on the public paths of transformers, PEFT and
accelerate. Imports no library.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, wraps
from typing import Any, Literal, NamedTuple

from engine.messages import joined, say
from engine.system.graphics import torch_build
from engine.system.versions import installed

VARIABLE = "TUNESMITH_PATCHES"
ALL, NONE = "all", "none"
# Versions that the entries were tested with: from the first, below the second.
TESTED = {"transformers": ("5.22", "5.25"), "peft": ("0.21", "0.22"), "torch": ("2.13", "2.16")}
# GPUs of AMD, Intel and Apple, on which nothing here was ever run: no "speed" entry applies to them.
UNPROVEN = frozenset({"hip", "xpu", "mps"})


class Patch(NamedTuple):
    """An entry: the libraries whose code it replaces, and the device and dtype that it is for; "" for all."""

    kind: Literal["speed", "fix"]
    libraries: tuple[str, ...] = ()
    device: str = ""
    dtype: str = ""


# In one place, so that an event, a cache and the doctor know them all before anything is imported.
PATCHES: Mapping[str, Patch] = {
    "attention": Patch("speed", ("transformers", "torch"), "cpu"),
    "position_bias": Patch("speed", ("transformers",)),
    "causal_attention": Patch("speed", ("transformers", "torch"), "cpu", "bfloat16"),
    "decode_attention": Patch("speed", ("transformers",), "cpu", "bfloat16"),
    "dropout": Patch("speed", ("torch",), "cpu"),
    "rms_norm": Patch("speed", ("transformers",), "cpu"),
    "linear": Patch("speed", ("torch",), "cpu", "float32"),
    "gelu": Patch("speed", ("transformers",)),
    "preallocated_cache": Patch("speed", ("transformers",)),
    "grouped_prefill": Patch("speed", ("transformers",)),
    "decode_loop": Patch("speed", ("transformers",)),
    "ranks": Patch("speed", (), "cpu"),
    "head_at_labels": Patch("speed"),
    "fused_lora": Patch("speed", ("peft",)),
    "multi_lora": Patch("speed", ("peft",)),
    "meta_trace": Patch("fix", ("torch",)),
    "peft_type": Patch("fix", ("peft",)),
    "shira_dense": Patch("fix", ("peft",)),
    "c3a_gradient": Patch("fix", ("peft",)),
    "boft_cuda": Patch("fix", ("peft",)),
    "tied_head": Patch("fix", ("transformers",)),
}
_planned_device = ""


class State(NamedTuple):
    """Whether an entry is on in this process, and why not or with which doubt: a version, as `transformers 6.0.0`."""

    name: str
    on: bool
    untested: str


def enabled(name: str, device: str = "", dtype: object = "") -> bool:
    """Tell whether an entry is on, for a device type ("cpu", "cuda" …) and a dtype if they are named.

    On the meta device the answer is for the device planned for.
    """
    device = _planned_device if device == "meta" else device
    return _enabled(name, device, str(dtype).removeprefix("torch."), os.environ.get(VARIABLE, ALL))


@cache
def _enabled(name: str, device: str, dtype: str, switch: str) -> bool:
    patch = PATCHES[name]
    build = torch_build.find() if device == "cuda" else None
    if build is not None and build.hip:
        # torch's builds for ROCm call AMD's GPUs "cuda" too.
        device = "hip"
    on_device = patch.kind == "fix" if device in UNPROVEN else not device or patch.device in ("", device)
    return _states(switch)[name].on and on_device and (not dtype or patch.dtype in ("", dtype))


def active(device: str, dtype: object = "") -> list[str]:
    """Return the names of all entries that are on for a device type and a dtype, sorted."""
    return sorted(name for name in PATCHES if enabled(name, device, dtype))


def states() -> list[State]:
    """Return the state of every entry in this process."""
    return list(_states(os.environ.get(VARIABLE, ALL)).values())


class Doubt(NamedTuple):
    """A notice about names that are not known, or library versions that entries were not tested with."""

    message: str
    hint: str
    level: str


def doubts() -> list[Doubt]:
    """Return what a run should be told of this process's entries."""
    messages = []
    if unknown := sorted(_named(os.environ.get(VARIABLE, ALL)) - {ALL, NONE, *PATCHES}):
        message = say("{} names no patch called {}.", VARIABLE, ", ".join(unknown))
        messages.append(Doubt(message, say("Known: {}, {}, {}.", ALL, NONE, ", ".join(PATCHES)), "warning"))
    untested = [state for state in states() if state.untested]
    for version_text in sorted({state.untested for state in untested}):
        mine = [state for state in untested if state.untested == version_text]
        off = [state.name for state in mine if not state.on]
        fixes = [state.name for state in mine if state.on]
        if off:
            message = say("Not tested with {}, so off: {}.", version_text, ", ".join(off))
            messages.append(Doubt(message, "Results are correct, but may take longer.", "notice"))
        if fixes:
            message = say("Not tested with {}, but on: {}.", version_text, ", ".join(fixes))
            hint = say("If something fails, install {}.", tested_versions(untested))
            messages.append(Doubt(message, hint, "warning"))
    return messages


def tested_versions(states: Iterable[State]) -> str:
    """Return the versions that untested entries were tested with: "torch from 2.13 below 2.14"."""
    doubted = dict.fromkeys(state.untested.partition(" ")[0] for state in states if state.untested)
    return joined(
        ", ",
        (say("{} from {} below {}", library, TESTED[library][0], TESTED[library][1]) for library in doubted),
    )


def _named(switch: str) -> set[str]:
    return {name.strip() for name in switch.split(",") if name.strip()} or {ALL}


@cache
def _states(switch: str) -> dict[str, State]:
    named = _named(switch)
    untested = {library: _untested(library, installed(library), *ends) for library, ends in TESTED.items()}
    states = {}
    for name, patch in PATCHES.items():
        is_chosen = ALL in named or name in named
        doubt = (
            next(filter(None, (untested[library] for library in patch.libraries)), "") if is_chosen else ""
        )
        states[name] = State(name, is_chosen and (patch.kind == "fix" or not doubt), doubt)
    return states


def _untested(library: str, present: str, first: str, end: str) -> str:
    """Return a library with its version if that is outside of the tested ones; nothing for one that is not there."""
    return f"{library} {present}" if present and not _parts(first) <= _parts(present) < _parts(end) else ""


def _parts(number: str) -> tuple[int, ...]:
    """Return a version's leading numbers: (5, 24, 0) of 5.24.0.dev1."""
    parts = []
    for part in number.split("+", maxsplit=1)[0].split("."):
        if not part.isdigit():
            break
        parts.append(int(part))
    return tuple(parts)


@contextmanager
def planned_for(device: str) -> Iterator[None]:
    """Let `enabled` answer for a device type where tensors are on the meta device."""
    global _planned_device  # noqa: PLW0603 - a plan is made in one thread
    before, _planned_device = _planned_device, device
    try:
        yield
    finally:
        _planned_device = before


def replace(owner: Any, attribute: str, ours: Callable[..., Any], name: str = "") -> None:
    """Let a library's function be `ours` for tensors on the meta device, and wherever the entry `name` is on.

    A plan has no values there, which some functions of the libraries read.
    """
    stock = getattr(owner, attribute)

    @wraps(stock)
    def chosen(*args: Any, **kwargs: Any) -> Any:
        has_no_values = any(getattr(value, "is_meta", False) for value in args)
        return (ours if has_no_values or (name and enabled(name)) else stock)(*args, **kwargs)

    setattr(owner, attribute, chosen)


def forget() -> None:
    """Look at the installed versions again."""
    _states.cache_clear()
    _enabled.cache_clear()
