"""The programs of others that make some exports, where they are on the computer."""

from __future__ import annotations

import shutil
from pathlib import Path

from engine.system.paths import cache_folder

# llama.cpp's converter to GGUF, of the source package that has it.
CONVERTER_PACKAGE, CONVERTER_VERSION, CONVERTER = "llama-cpp-python", "0.3.36", "convert_hf_to_gguf.py"
# llama.cpp's own, which makes four bits of a GGUF file in bfloat16.
QUANTIZER = "llama-quantize"


def converter_folder() -> Path:
    """Return where the converter is kept once it was fetched."""
    return cache_folder() / f"llama.cpp-{CONVERTER_VERSION}"


def has_converter() -> bool:
    """Tell whether the converter was fetched."""
    return (converter_folder() / CONVERTER).is_file()


def has_quantizer() -> bool:
    """Tell whether GGUF files of four bits can be made here."""
    return shutil.which(QUANTIZER) is not None
