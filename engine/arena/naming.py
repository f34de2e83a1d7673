"""Names entries by their recipes: the method with its variant, and what distinguishes it from others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.config import gguf_models, model_info, variants
from engine.config.recipe import gguf_file, local_folder
from engine.config.recipe_diff import differences
from engine.methods import Family, method, unknown_method
from engine.scoring.score_text import counted

MAX_DIFFERENCES_NAMED = 2


def entry_name(tables: Mapping[str, Any]) -> tuple[str, str]:
    """Return title and detail of an entry: its method with its variant, and its main option."""
    settings, base = dict(tables["method"]), tables.get("base_model", {})
    method_id = str(settings.pop("id", ""))
    if unknown_method(method_id):
        return method_id, ""
    entry = method(method_id)
    options, _ = entry.read_options({name: value for name, value in settings.items() if name != "start_from"})
    shots = tables.get("data", {}).get("shots", 0)
    parts = [
        entry.short(options) if options else "",
        _weight_format(base),
        "" if entry.trains else counted(shots, "example") if shots else "no examples",
    ]
    return _title(tables), ", ".join(part for part in parts if part)


def _title(tables: Mapping[str, Any]) -> str:
    entry = method(tables["method"]["id"])
    variant_id = variants.current(entry, tables, family_of(tables) or entry.families[0])
    variant = next((each for each in entry.variants if each.id == variant_id), None)
    # A variant by quantization is named by the weight format.
    return f"{entry.title} with {variant.title}" if variant and not variant.tables else entry.title


def _weight_format(base: Mapping[str, Any]) -> str:
    quantization = base.get("quantization", "none")
    if quantization in ("none", "int8"):
        return "" if quantization == "none" else quantization
    return f"{quantization}+double" if base.get("double_quantization", True) else quantization


def distinguishing_text(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """Return what distinguishes a recipe from one with the same name."""
    differing = [each for each in differences((one, other)) if each.values[1] is not None]
    return ", ".join(
        f"{each.key.rpartition('.')[2].replace('_', ' ')} {each.values[1]}"
        for each in differing[:MAX_DIFFERENCES_NAMED]
    )


def family_of(tables: Mapping[str, Any]) -> Family | None:
    """Return the family of a local base model, None for others."""
    base_id = str(tables.get("base_model", {}).get("id", ""))
    folder, file = local_folder(base_id), gguf_file(base_id)
    if folder is None:
        return gguf_models.facts(file, "none").family if file else None
    return model_info.read(folder, "none").family
