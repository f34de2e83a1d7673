"""llama.cpp's own converter to GGUF, from the source package of `llama-cpp-python`, fetched once and checked by hash.

Of 77 MB, 2 MB are kept. It runs in a process of its own: it replaces parts of the libraries that it imports.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from engine.adapters.exports import (
    CONVERTER,
    CONVERTER_PACKAGE,
    CONVERTER_VERSION,
    converter_folder,
    has_converter,
)
from engine.errors import AppError, OfflineError
from engine.system.connection import offline
from engine.system.paths import cache_folder
from engine.worker.exports import programs
from engine.worker.exports.answers import ExportFailed
from engine.worker.runtime.channel import Channel

SHA256 = "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e"
REQUIREMENT = f"{CONVERTER_PACKAGE}=={CONVERTER_VERSION} --hash=sha256:{SHA256}\n"
LIBRARY = "gguf-py"
# What of the package is kept, below its folder of llama.cpp.
SOURCES = PurePosixPath("vendor/llama.cpp")
KEPT = (CONVERTER, "conversion", f"{LIBRARY}/gguf", f"{LIBRARY}/LICENSE", "LICENSE")


def fetch(channel: Channel) -> None:
    """Fetch the converter unless it is here. Raises OfflineError, AppError, Stopped."""
    if has_converter():
        return
    if offline():
        raise OfflineError("llama.cpp's converter is not on this computer.", "Connect once: it has 77 MB.")
    if importlib.util.find_spec("pip") is None:
        hint = "Install pip beside Tunesmith: python -m ensurepip, or uv tool install --with pip."
        raise AppError("llama.cpp's converter is fetched by pip, which is not here.", hint)
    channel.enter("download")
    with tempfile.TemporaryDirectory(dir=cache_folder()) as temporary:
        archive = _downloaded(channel, Path(temporary))
        partial = Path(temporary) / "kept"
        extract(archive, partial)
        shutil.rmtree(converter_folder(), ignore_errors=True)
        partial.rename(converter_folder())


def _downloaded(channel: Channel, target: Path) -> Path:
    requirements = target / "requirements.txt"
    requirements.write_text(REQUIREMENT, encoding="ascii")
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--no-binary",
        CONVERTER_PACKAGE,
        "--require-hashes",
    ]
    _run(channel, [*command, "--quiet", "--dest", str(target), "-r", str(requirements)], target)
    found = list(target.glob("*.tar.gz"))
    if len(found) != 1:
        raise AppError("llama.cpp's converter can't be fetched.", "Try again later.")
    return found[0]


def extract(archive: Path, target: Path) -> None:
    """Extract what is kept of the source package. Raises AppError if the converter is not in it."""
    with tarfile.open(archive) as packed:
        for member in packed:
            inside = _place(member.name)
            if inside is not None and member.isfile():
                source = packed.extractfile(member)
                assert source is not None
                path = target / inside
                path.parent.mkdir(parents=True, exist_ok=True)
                with source, path.open("wb") as copy:
                    shutil.copyfileobj(source, copy)
    if not (target / CONVERTER).is_file():
        raise AppError("The package has no converter.", "Update Tunesmith.")


def _place(name: str) -> Path | None:
    """Return where a file of the archive goes, None for one that is not kept."""
    parts = PurePosixPath(name).parts[1:]
    if parts[: len(SOURCES.parts)] != SOURCES.parts or ".." in parts:
        return None
    inside = PurePosixPath(*parts[len(SOURCES.parts) :])
    return Path(inside) if any(inside.is_relative_to(kept) for kept in KEPT) else None


def convert(channel: Channel, model: Path, target: Path, kind: str) -> None:
    """Convert a plain model into a GGUF file of a kind: f32, f16, bf16 or q8_0. Raises AppError, Stopped."""
    program = converter_folder() / CONVERTER
    environment = os.environ | {
        "PYTHONPATH": str(converter_folder() / LIBRARY),
        "HF_HUB_OFFLINE": "1",
        "NO_LOCAL_GGUF": "",
    }
    command = [sys.executable, str(program), str(model), "--outfile", str(target), "--outtype", kind]
    _run(channel, command, model, environment)


def _run(
    channel: Channel, command: Sequence[str], folder: Path, environment: dict[str, str] | None = None
) -> None:
    try:
        programs.run(channel, command, folder, environment)
    except ExportFailed as error:
        raise AppError(f"llama.cpp's converter failed: {error}", "Export it as merged.") from error
