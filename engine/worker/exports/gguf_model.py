"""Exports for llama.cpp, LM Studio and Ollama: a GGUF file that asks in the very words of training.

The file's chat template writes the prompt of training around the last message, so that a program which chats with the
model asks as it was taught to be asked.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from engine.adapters.exports import QUANTIZER, has_quantizer
from engine.errors import AdapterError, Problem
from engine.system.foreign_files import FileKind, read_bytes
from engine.worker.exports import gguf_converter, plain_prompt, programs
from engine.worker.exports.answers import ExportFailed
from engine.worker.runtime.channel import Channel

MODEL = "model.gguf"
RUNTIME = "gguf"
SENTENCEPIECE = "spiece.model"
# llama.cpp's names of number formats by ours.
KINDS = {"float32": "f32", "bfloat16": "bf16", "float16": "f16", "int8": "q8_0"}
# What llama.cpp's own program makes of a file in bfloat16, where it is on the computer.
QUANTIZED = {"q4_K_M": "Q4_K_M"}
MODELFILE = "Modelfile"
# What a folder needs beside the model for its script. Of the file alone transformers takes T5 and others for other
# models, without an error.
BESIDE = ("tokenizer.json", "tokenizer_config.json", "config.json")


def problems(family: str, base: Path, precision: str) -> list[Problem]:
    """Return why a base model in a folder can't become a GGUF file."""
    known = (*KINDS, *QUANTIZED)
    if precision not in known:
        return [Problem("--precision", f"GGUF has no {precision}.", f"Choose {', '.join(known)}.")]
    if precision in QUANTIZED and not has_quantizer():
        message = f"{precision} is made by {QUANTIZER} of llama.cpp, which is not on this computer."
        return [Problem("--precision", message, "Install llama.cpp, or choose int8.")]
    if family == "encoder-decoder" and not (base / SENTENCEPIECE).is_file():
        message = f"This base model has no {SENTENCEPIECE}, which llama.cpp needs for its kind."
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
        _set_chat_template(merged, chat_template(settings))
    _convert(channel, merged, target, precision)
    if not (target / MODEL).is_file():
        raise AdapterError("llama.cpp's converter wrote no file.", "Export it as merged.")
    for name in BESIDE:
        shutil.copyfile(merged / name, target / name)
    plain_prompt.write(settings, RUNTIME, target)


def _convert(channel: Channel, merged: Path, target: Path, precision: str) -> None:
    if precision in KINDS:
        gguf_converter.convert(channel, merged, target / MODEL, KINDS[precision])
        return
    whole = target / f"whole.{MODEL}"
    gguf_converter.convert(channel, merged, whole, KINDS["bfloat16"])
    command = [QUANTIZER, str(whole), str(target / MODEL), QUANTIZED[precision]]
    try:
        programs.run(channel, command, target)
    except ExportFailed as error:
        raise AdapterError(f"{QUANTIZER} failed: {error}", "Choose another precision.") from error
    whole.unlink()


def _set_chat_template(folder: Path, template: str) -> None:
    """Let the tokenizer's configuration have this chat template and no other."""
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(
        json.dumps(config | {"chat_template": template}, ensure_ascii=False, indent=2), encoding="utf-8"
    )


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
