"""The programs of others that make some exports, where they are on the computer."""

from __future__ import annotations

import shutil

# llama.cpp's own, which makes four bits of a GGUF file in bfloat16.
QUANTIZER = "llama-quantize"


def has_quantizer() -> bool:
    """Tell whether GGUF files of four bits can be made here."""
    return shutil.which(QUANTIZER) is not None
