"""Converts a merged model into CTranslate2's format, with a script that needs ctranslate2 and tokenizers alone."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from engine.errors import AdapterError, Problem
from engine.worker.exports import plain_prompt

LIBRARY = "ctranslate2"
PRECISIONS = ("float32", "bfloat16", "float16", "int8")
# Besides the model, what its script reads.
TOKENIZER = "tokenizer.json"


def problems(precision: str) -> list[Problem]:
    """Return why nothing can be converted here."""
    if importlib.util.find_spec(LIBRARY) is None:
        hint = "Install it: pip install 'tunesmith[ctranslate2]'."
        return [Problem("--to", "CTranslate2 is not installed.", hint)]
    if precision not in PRECISIONS:
        return [
            Problem("--precision", f"CTranslate2 has no {precision}.", f"Choose {', '.join(PRECISIONS)}.")
        ]
    return []


def convert(merged: Path, target: Path, precision: str, settings: dict[str, Any]) -> None:
    """Convert the merged model in one folder into another. Raises AdapterError for a kind of model it does not know."""
    from ctranslate2.converters import TransformersConverter

    try:
        converter = TransformersConverter(str(merged), copy_files=[TOKENIZER])
        # The folder is there already, empty.
        converter.convert(str(target), quantization=precision, force=True)
    except (ValueError, NotImplementedError, RuntimeError) as error:
        message = f"CTranslate2 can't convert this model: {str(error).splitlines()[0][:200]}"
        raise AdapterError(message, "Export it as merged.") from error
    plain_prompt.write(settings, LIBRARY, target)
