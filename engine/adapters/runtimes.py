"""What lets models write: Tunesmith's own engine, or CTranslate2, which is faster on a processor but runs plain models.

Imports no torch, so that a command can refuse before anything is loaded.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence

from engine.adapters.library import Adapter
from engine.config.decoding import CTRANSLATE2, OWN_ENGINE, TUNESMITH
from engine.errors import Problem

RUNTIMES = (TUNESMITH, CTRANSLATE2)
FIELD = "--runtime"
ON_PROCESSORS = ("auto", "cpu")


def is_installed() -> bool:
    """Return whether CTranslate2 is here."""
    return importlib.util.find_spec(CTRANSLATE2) is not None


def not_installed(field: str) -> list[Problem]:
    """Return the problem that CTranslate2 is not here, if so, for the field that asks for it."""
    if is_installed():
        return []
    return [
        Problem(field, "CTranslate2 is not installed.", "Install it: pip install 'tunesmith[ctranslate2]'.")
    ]


def problems(
    runtime: str,
    adapters: Sequence[Adapter],
    quantization: str = "none",
    device: str = "auto",
    field: str = FIELD,
) -> list[Problem]:
    """Return why a runtime, asked for by a field, can't write with these adapters on a base kept so on a device."""
    if runtime != CTRANSLATE2:
        return []
    found = not_installed(field)
    if quantization != "none":
        found.append(Problem(field, f"CTranslate2 does not run {quantization} bases.", OWN_ENGINE))
    if device not in ON_PROCESSORS:
        found.append(Problem(field, f"CTranslate2 runs on the processor here, not on {device}.", OWN_ENGINE))
    found += [
        Problem(
            field,
            f"CTranslate2 runs merged models, and {each.name} can't be merged: {each.unmergeable}.",
            OWN_ENGINE,
        )
        for each in adapters
        if each.unmergeable and not each.is_prompt
    ]
    return found
