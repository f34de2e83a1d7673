"""Which entries of the patch table are on in this process.

`TUNESMITH_PATCHES` switches them: `all` (the default), `none`, or names with commas between. A "speed" entry is off
with a library version that it was not tested with; a "fix" stays on, with a warning. Call sites ask `enabled`. With
everything off, the worker runs on the public paths of transformers, PEFT and accelerate. Imports no library.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, wraps
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple

from engine.errors import SettingError
from engine.system.graphics import torch_build
from engine.worker.kernels.patch_table import PATCHES, UNPROVEN, Patch

VARIABLE = "TUNESMITH_PATCHES"
ALL, NONE = "all", "none"
BY_NAME: Mapping[str, Patch] = {patch.name: patch for patch in PATCHES}
_planned_device = ""


class State(NamedTuple):
    """Whether an entry is on in this process, and why not or with which doubt: a version, as `transformers 6.0.0`."""

    patch: Patch
    on: bool
    untested: str


def enabled(name: str, device: str = "", dtype: object = "") -> bool:
    """Tell whether an entry is on, for a device type ("cpu", "cuda" …) and a number format if they are named.

    On the meta device the answer is for the device planned for. Raises SettingError for a bad TUNESMITH_PATCHES.
    """
    device = _planned_device if device == "meta" else device
    return _enabled(name, device, str(dtype).removeprefix("torch."), os.environ.get(VARIABLE, ALL))


@cache
def _enabled(name: str, device: str, dtype: str, switch: str) -> bool:
    state, patch = _states(switch)[name], BY_NAME[name]
    on_device = not device or _applies(patch, "hip" if device == "cuda" and _is_for_amd() else device)
    in_dtype = not dtype or not patch.dtypes or dtype in patch.dtypes
    return state.on and on_device and in_dtype


def _applies(patch: Patch, device: str) -> bool:
    if device in UNPROVEN:
        return patch.kind == "fix"
    return not patch.devices or device in patch.devices


def _is_for_amd() -> bool:
    """Tell whether torch calls AMD's cards "cuda", as its builds for ROCm do."""
    build = torch_build.find()
    return build is not None and bool(build.hip)


def active(device: str, dtype: object = "") -> list[str]:
    """Return the names of all entries that are on for a device type and a number format, sorted."""
    return sorted(name for name in BY_NAME if enabled(name, device, dtype))


def states() -> list[State]:
    """Return the state of every entry in this process. Raises SettingError for a bad TUNESMITH_PATCHES."""
    return list(_states(os.environ.get(VARIABLE, ALL)).values())


class Doubt(NamedTuple):
    """A notice about library versions that entries were not tested with."""

    message: str
    hint: str
    level: str


def doubts() -> list[Doubt]:
    """Return what a run should be told of this process's entries. Raises SettingError for a bad TUNESMITH_PATCHES."""
    untested = [state for state in states() if state.untested]
    messages = []
    for version_text in sorted({state.untested for state in untested}):
        mine = [state for state in untested if state.untested == version_text]
        off = [state.patch.name for state in mine if not state.on]
        fixes = [state.patch.name for state in mine if state.on]
        if off:
            message = f"Not tested with {version_text}, so the library's own code runs in place of: {', '.join(off)}."
            messages.append(Doubt(message, "Results are right; the work may take longer.", "notice"))
        if fixes:
            message = f"Not tested with {version_text}, and on all the same: {', '.join(fixes)}."
            hint = f"If something fails, install {tested_versions(untested)}."
            messages.append(Doubt(message, hint, "warning"))
    return messages


def tested_versions(states: Iterable[State]) -> str:
    """Return the versions that untested entries were tested with: "torch from 2.13 below 2.14"."""
    doubted = [(state.patch, state.untested.partition(" ")[0]) for state in states if state.untested]
    ranges = {library: patch.libraries[library] for patch, library in doubted}
    return ", ".join(f"{library} from {first} below {end}" for library, (first, end) in ranges.items())


@cache
def _states(switch: str) -> dict[str, State]:
    chosen = _chosen(switch)
    libraries = {library for patch in PATCHES for library in patch.libraries}
    present = {library: installed(library) for library in libraries}
    states = {}
    for patch in PATCHES:
        doubts = (_untested(library, present[library], *ends) for library, ends in patch.libraries.items())
        untested = next(filter(None, doubts), "")
        on = patch.name in chosen and (patch.kind == "fix" or not untested)
        states[patch.name] = State(patch, on, untested if patch.name in chosen else "")
    return states


def _chosen(switch: str) -> set[str]:
    """Return the names that TUNESMITH_PATCHES chooses. Raises SettingError for one that the table does not have."""
    names = {name.strip() for name in switch.split(",") if name.strip()}
    if names == {NONE}:
        return set()
    everything = set(BY_NAME) if not names or ALL in names else set()
    names -= {ALL}
    unknown = sorted(names - BY_NAME.keys())
    if unknown:
        raise SettingError(
            f"{VARIABLE} names no patch called {', '.join(unknown)}.",
            f"Known: {ALL}, {NONE}, {', '.join(BY_NAME)}.",
            VARIABLE,
        )
    return everything | names


def _untested(library: str, present: str, first: str, end: str) -> str:
    """Return a library with its version if that is outside of the tested ones; nothing for one that is not there."""
    return f"{library} {present}" if present and not _parts(first) <= _parts(present) < _parts(end) else ""


def installed(library: str) -> str:
    """Return the version of an installed library, nothing if it is not there."""
    try:
        return version(library)
    except PackageNotFoundError:
        return ""


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


def replace(owner: Any, attribute: str, name: str, ours: Callable[..., Any]) -> None:
    """Let a library's function be `ours` whenever the entry `name` is on, and for tensors on the meta device.

    A plan has no values there, which some functions of the libraries read.
    """
    stock = getattr(owner, attribute)

    @wraps(stock)
    def chosen(*args: Any, **kwargs: Any) -> Any:
        has_no_values = any(getattr(value, "is_meta", False) for value in args)
        return (ours if has_no_values or enabled(name, _device_of(args)) else stock)(*args, **kwargs)

    setattr(owner, attribute, chosen)


def _device_of(values: tuple[Any, ...]) -> str:
    """Return the type of the device of the first tensor, or of the first module's weights; "" without any."""
    for value in values:
        if hasattr(value, "device"):
            return str(value.device.type)
        if hasattr(value, "parameters"):
            return next((str(parameter.device.type) for parameter in value.parameters()), "")
    return ""


def forget() -> None:
    """Look at the installed versions again."""
    _states.cache_clear()
    _enabled.cache_clear()
