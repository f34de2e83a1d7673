"""GGUF files as base models: which can be read, what unpacking one takes, and where the unpacked folder is.

transformers can neither train nor save a model that it reads from a GGUF file. So a file is unpacked once, into an
ordinary model folder in the cache that is named by the file's content; `engine.worker.modeling.gguf_unpacking` does it.
The folder serves when the file is gone, too. Knows nothing of torch.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from engine.errors import Problem, StorageError, disk_errors
from engine.messages import say
from engine.methods.base import BaseFacts, Family, Quantization
from engine.system import file_hashes, gguf_header
from engine.system.files import bytes_in, delete, write_atomically
from engine.system.foreign_files import FileKind, read_json
from engine.system.gguf_header import GgufError, GgufHeader
from engine.system.paths import gguf_folder, path_exists
from engine.system.units import size

FIELD = "base_model.id"
SUFFIX = ".gguf"
LIBRARY = "gguf"
SOURCE = "source.json"
# Part of every folder's name: raised when a file is unpacked in another way than before.
FORMAT = 2
# A file that is moved around is known by its last places.
MAX_PLACES = 8
# By llama.cpp's names: those whose logits were compared with the model that the file was made of. transformers reads
# some more, and several of them load as another model without an error.
ARCHITECTURES = ("llama", "qwen2", "qwen3", "gemma2", "gemma3", "phi3", "lfm2", "starcoder2", "bloom")
# Gemma scales queries by a number that its files don't hold. Where heads have this width, it is the default one.
GEMMA_WIDTH = 256
FAMILY: Family = "decoder-only"
HINT = "Choose the model's safetensors folder or hub id."
DAMAGED_HINT = "Download or copy the file again."
# The dtype of the folder by the format of most of the file's weights. What was quantized has 11 significant bits at
# most in each scale, so float16 loses nothing that quantization has left.
PRECISIONS = {"F32": "float32", "BF16": "bfloat16"}
OTHER_PRECISION = "float16"
PLAIN = ("F32", "F16", "BF16")
VALUE_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}


def is_gguf(path: Path) -> bool:
    """Tell whether a path names a GGUF file: by its content, its name, or as one that was unpacked and is gone."""
    if path_exists(path):
        return not path.is_dir() and (path.suffix.lower() == SUFFIX or gguf_header.is_marked(path))
    return _remembered(path) is not None


def unpacked_folder(path: Path) -> Path | None:
    """Return the model folder that a GGUF file was unpacked to, None if it was not or can't be read.

    Nor is it known of a large file that no worker has read yet: that takes time.
    """
    if not path_exists(path):
        return _remembered(path)
    try:
        digest = file_hashes.at_once(path)
    except OSError:
        return None
    folder = None if digest is None else place(digest)
    return folder if folder is not None and (folder / SOURCE).is_file() else None


def place(digest: str) -> Path:
    """Return the folder that a file of this SHA-256 is unpacked to."""
    return gguf_folder() / f"{FORMAT}-{digest}"


def outline_place(digest: str) -> Path:
    """Return the folder for the configuration and the tokenizer of a file of this SHA-256 alone."""
    return place(digest).with_suffix(".outline")


def problem(path: Path) -> Problem | None:
    """Return why a GGUF file can't be a base model here, None if it can or is unpacked already."""
    if unpacked_folder(path) is not None:
        return None
    try:
        header = gguf_header.read(path)
    except (OSError, GgufError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        return Problem(FIELD, say("{} can't be read: {}.", path.name, reason), DAMAGED_HINT)
    why, hint = _refusal(header)
    if why:
        return Problem(FIELD, say("{} can't be a base model: {}.", path.name, why), hint)
    if not find_spec(LIBRARY):
        message = "GGUF files need the package gguf, which is not installed."
        return Problem(FIELD, message, "Run `pip install gguf`.")
    return None


def _refusal(header: GgufHeader) -> tuple[str, str]:
    """Return why a file is no base model, and a hint; "" for one that is."""
    name = header.architecture
    parts = header.whole("split.count") or 1
    if parts > 1:
        return (
            say("it is one of {} parts", parts),
            "Join them first: llama-gguf-split --merge FIRST_PART model.gguf.",
        )
    kind = header.text("general.type")
    if kind not in ("", "model"):
        return say("it is of the type {}", kind[:40]), "Choose the model's own file."
    if name not in ARCHITECTURES:
        read = ", ".join(ARCHITECTURES)
        return say("its architecture is {}; supported: {}", name[:40] or "unknown", read), HINT
    if header.whole(f"{name}.expert_count"):
        return "mixtures of experts can't be read from GGUF files", HINT
    layers = header.whole(f"{name}.block_count") or 0
    if not 0 < layers <= len(header.tensors):
        return say("it declares {:,} layers and has {:,} tensors", layers, len(header.tensors)), DAMAGED_HINT
    return _other_attention(header), HINT


def _other_attention(header: GgufHeader) -> str:
    """Return what a file says or lacks of its attention so that another model would be read, "" for nothing."""
    name = header.architecture
    heads, width = header.whole(f"{name}.attention.head_count"), header.whole(f"{name}.embedding_length")
    in_head = header.whole(f"{name}.attention.key_length") or (width // heads if heads and width else 0)
    turned = header.whole(f"{name}.rope.dimension_count") or in_head
    if turned != in_head:
        return say("rotary positions on {:,} of {:,} values per head are not supported", turned, in_head)
    if name.startswith("gemma") and in_head != GEMMA_WIDTH:
        return say("it lacks the attention scale for {:,} values per head", in_head)
    return ""


def precision(header: GgufHeader) -> str:
    """Return the dtype that a file is unpacked to."""
    return PRECISIONS.get(stored_format(header), OTHER_PRECISION)


def stored_format(header: GgufHeader) -> str:
    """Return the format of most of a file's values: "F16", "Q4_K"."""
    values: Counter[str] = Counter()
    for tensor in header.tensors:
        values[tensor.format] += tensor.values
    return values.most_common(1)[0][0]


def announcement(path: Path) -> tuple[str, str]:
    """Return message and hint for before a file is unpacked: how large it gets, and how precise its weights are.

    Raises OSError, GgufError.
    """
    header = gguf_header.read(path)
    form, taken = stored_format(header), size(unpacked_bytes(header))
    message = say(
        "{} is unpacked once: {} in {} become {} in {}.",
        path.name,
        size(header.file_bytes),
        form,
        taken,
        precision(header),
    )
    if form in PLAIN:
        return message, "The weights keep their number format."
    return message, say("Precision lost in {} doesn't come back.", form)


def unpacked_bytes(header: GgufHeader) -> int:
    """Return the size of the weights that a file is unpacked to."""
    return header.parameters * VALUE_BYTES[precision(header)]


def facts(path: Path, quantization: Quantization) -> BaseFacts:
    """Return what is known of a file's model before it is unpacked."""
    try:
        header = gguf_header.read(path)
    except (OSError, GgufError):
        return BaseFacts(quantization=quantization)
    name = header.architecture
    return BaseFacts(FAMILY, name, quantization, header.whole(f"{name}.context_length"), biases=False)


def remember(folder: Path, path: Path) -> None:
    """Write into an unpacked folder where its file is, so that it is found when the file is gone. Raises OSError.

    A folder that another file was unpacked to from there goes, unless that file is known elsewhere too.
    """
    for other in _folders():
        left = [known for known in _places(other) if known != str(path)]
        if other != folder and not left:
            delete(other)
        elif other != folder and left != _places(other):
            write_atomically(other / SOURCE, json.dumps({"schema": 1, "paths": left}))
    places = [str(path), *(known for known in _places(folder) if known != str(path))][:MAX_PLACES]
    if places != _places(folder):
        write_atomically(folder / SOURCE, json.dumps({"schema": 1, "paths": places}))


def delete_unpacked(path: Path) -> int:
    """Delete the folder that a file was unpacked to, not the file; return the number of bytes freed."""
    folder = unpacked_folder(path)
    if folder is None:
        return 0
    freed = bytes_in(folder)
    with disk_errors("{} can't be deleted: {}.", folder, hint="Check the folder's permissions."):
        delete(folder)
    return freed


def unpacked() -> Iterator[tuple[str, Path]]:
    """Yield the path of each file that was unpacked, as it was named last, and the folder."""
    for folder in _folders():
        yield _places(folder)[0], folder


def _remembered(path: Path) -> Path | None:
    return next((folder for folder in _folders() if str(path) in _places(folder)), None)


def _folders() -> list[Path]:
    with suppress(OSError, StorageError):
        return sorted(folder for folder in gguf_folder().iterdir() if _places(folder))
    return []


def _places(folder: Path) -> list[str]:
    try:
        found: Any = read_json(folder / SOURCE, FileKind.CACHED)
    except (OSError, ValueError):
        return []
    paths = found.get("paths") if isinstance(found, dict) else None
    return [each for each in paths if isinstance(each, str)] if isinstance(paths, list) else []
