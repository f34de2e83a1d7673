"""Settings as people read them: a title for a recipe's key, a name for its value.

A key or value that is not known, as an imported adapter may have, stays as it is.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from engine.config.data_options import DataOptions
from engine.config.training import EvaluationOptions, TrainingOptions
from engine.methods import METHODS
from engine.options import OptionInfo, Options, describe

# What a value is called whose key in a recipe is no word for people.
CALLED = {
    "adafactor": "Adafactor",
    "adamw": "AdamW",
    "adamw_8bit": "AdamW, 8 bits",
    "ctranslate2": "CTranslate2",
    "cut": "cut at the end",
    "houlsby": "Houlsby",
    "iban": "IBAN",
    "leave_out": "leave out",
    "paged_adamw_8bit": "AdamW, 8 bits, paged",
    "pfeiffer": "Pfeiffer",
    "piecewise": "in parts",
    "rouge1": "ROUGE-1",
    "tunesmith": "Tunesmith",
}


# Declared beside the recipe, which imports the changes of a run and so this module.
TITLES = {
    "base_model.id": "Base model",
    "base_model.revision": "Revision",
    "base_model.precision": "Precision",
    "base_model.quantization": "Quantization",
    "base_model.double_quantization": "Double quantization",
    "method.id": "Method",
}


def title(key: str) -> str:
    """Return what the form calls a key of a recipe: "Batch size" for training.batch_size."""
    found = _declared().get(key)
    return found.title if found else TITLES.get(key, key)


def value(key: str, given: Any) -> str:
    """Return a value as text: "automatic" for 0 where it means that, "on" for true, a method's title for its id."""
    found = _declared().get(key)
    if isinstance(given, bool):
        return "on" if given else "off"
    if found and found.zero and given == 0:
        return found.zero
    if isinstance(given, list | tuple):
        return ", ".join(map(str, given))
    if key == "method.id":
        return next((entry.title for entry in METHODS if entry.id == given), str(given))
    if isinstance(given, float):
        return f"{given:g}"
    return f"{given:,}" if isinstance(given, int) else str(given)


def called(text: str) -> str:
    """Return what a value is called whose key is no word for people."""
    return CALLED.get(text, text)


@cache
def _declared() -> dict[str, OptionInfo]:
    """Return every setting by its key; methods that share a key have the same title for it, or the first has."""
    tables: list[tuple[str, type[Options]]] = [
        ("data", DataOptions),
        ("training", TrainingOptions),
        ("evaluation", EvaluationOptions),
        *(("method", entry.options) for entry in reversed(METHODS)),
    ]
    return {f"{name}.{info.name}": info for name, declaration in tables for info in describe(declaration)}
