"""Converts a merged model into CTranslate2's format, with a script that needs ctranslate2 and tokenizers alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.adapters import exports
from engine.config.decoding import CTRANSLATE2
from engine.errors import AdapterError, Problem
from engine.worker.exports import plain_prompt

LIBRARY = CTRANSLATE2
PRECISIONS = ("float32", "bfloat16", "float16", "int8")
# What has no scale is float32: in bfloat16, as the files may be, many processors can't compute it.
QUANTIZATIONS = {"int8": "int8_float32"}
# Besides the model, what its script reads.
TOKENIZER = "tokenizer.json"


def problems(precision: str) -> list[Problem]:
    """Return why nothing can be converted here."""
    missing = exports.missing_ctranslate2("--to")
    if missing or precision in PRECISIONS:
        return missing
    return [Problem("--precision", f"CTranslate2 has no {precision}.", f"Choose {', '.join(PRECISIONS)}.")]


def convert(plain: Path, target: Path, precision: str, settings: dict[str, Any] | None = None) -> None:
    """Convert the plain model in one folder into another; with the settings of a prompt also a script that summarises.

    Raises AdapterError for a kind of model that CTranslate2 does not know.
    """
    from ctranslate2.converters import TransformersConverter

    try:
        converter = TransformersConverter(str(plain), copy_files=[TOKENIZER] if settings else None)
        # An export's folder is there already, empty.
        converter.convert(str(target), quantization=QUANTIZATIONS.get(precision, precision), force=True)
    except (ValueError, NotImplementedError, RuntimeError, AttributeError) as error:
        message = f"CTranslate2 can't convert this model: {str(error).splitlines()[0][:200]}"
        raise AdapterError(message, "Export it as merged.") from error
    if settings:
        plain_prompt.write(settings, LIBRARY, target)
