"""The actions `adapters export` and `adapters merge`: adapters for other programs and other people."""

from __future__ import annotations

import argparse
import os
import shlex
from pathlib import Path
from typing import Any

from engine.adapters import library
from engine.adapters.library import Adapter
from engine.commands.terminal import text_tables
from engine.commands.terminal.consent import confirm_base
from engine.commands.terminal.follow_job import STOPPED, Result, ask
from engine.commands.terminal.output import Output
from engine.commands.terminal.parser import Verbs, whole_number
from engine.config.hub_sources import is_on_hub
from engine.config.recipe import local_folder
from engine.errors import AppError, StorageError
from engine.scoring import score_text
from engine.system.files import aside
from engine.system.paths import is_text, resolved
from engine.system.units import size

ADAPTER_HELP = "an adapter: its id or the beginning of it, its name or its folder"
PEFT, MERGED, HUB = "peft", "merged", "hub"
KINDS = {
    PEFT: "the adapter as it is, for PEFT (a zip if TARGET ends in .zip)",
    MERGED: "base and adapter as one plain transformers model",
    "ctranslate2": "the merged model for CTranslate2, fast on CPUs",
    "gguf": "a file for llama.cpp and LM Studio, made by llama.cpp's own converter (downloaded once, 77 MB)",
    "ollama": "the same with a Modelfile, created in Ollama if it runs on this computer",
    "script": "a Python script that repeats the training with transformers and PEFT alone, with its conversations",
    HUB: "the adapter with a model card, to a repository on the Hugging Face Hub, private unless --public",
}
# Their libraries need older versions of transformers.
ELSEWHERE = {
    "onnx": "optimum-onnx 0.1 takes transformers before 4.58",
    "openvino": "optimum-intel 2.2 takes transformers before 5.6",
}
PRECISIONS = ("float32", "bfloat16", "float16", "int8", "q4_K_M")
CONVERSATIONS = 100


def add(actions: Verbs) -> None:
    """Declare the actions."""
    export = actions.add(
        "export", "Export an adapter for other programs, and score the export", export_adapter
    )
    kinds = "; ".join(f"{kind}: {does}" for kind, does in KINDS.items())
    export.add_argument(
        "--to",
        type=_kind,
        choices=KINDS,
        default=PEFT,
        help=f"{kinds} (default: {PEFT}). For ONNX or OpenVINO, export {MERGED} and convert the folder in a "
        "separate environment: no converter supports these versions of the libraries",
    )
    export.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="",
        help="dtype of the weights (default: as stored)",
    )
    export.add_argument(
        "--conversations",
        type=whole_number,
        default=CONVERSATIONS,
        metavar="N",
        help=f"test conversations on which export and adapter are compared, 0 for none (default: {CONVERSATIONS})",
    )
    export.add_argument("--public", action="store_true", help="hub: make the repository public")
    export.add_argument(
        "--with-conversations",
        action="store_true",
        help="hub: include the few-shot conversations of the adapter's prompt",
    )
    export.add_argument(
        "--model",
        type=Path,
        metavar="FOLDER",
        help="hub: push the plain model in this folder, made by --to merged, instead of the adapter",
    )
    export.add_argument(
        "--dry-run",
        action="store_true",
        help="hub: show every file and the model card, send nothing",
    )
    merge = actions.add(
        "merge", "Merge an adapter into its base model, as export --to merged does", merge_adapter
    )
    for action, target in (
        (export, "a new folder, a zip of an adapter, or OWNER/NAME on the hub"),
        (merge, "a new folder"),
    ):
        action.add_argument("adapter", metavar="ADAPTER", help=ADAPTER_HELP)
        action.add_argument("target", type=Path, metavar="TARGET", help=target)


def _kind(text: str) -> str:
    """Return a kind of export, as an argument's type; explain why some well-known kinds can't be written here."""
    if text in ELSEWHERE:
        raise argparse.ArgumentTypeError(
            f"{text} can't be written here: {ELSEWHERE[text]}. Use --to {MERGED}, and convert that folder with it in "
            "an environment of its own"
        )
    return text


def export_adapter(asked: argparse.Namespace, output: Output) -> int:
    """Export an adapter and show the result of its verification."""
    adapter = library.find(asked.adapter, shortened=True)
    if asked.to != HUB and (asked.public or asked.with_conversations or asked.dry_run or asked.model):
        message = "--public, --with-conversations, --model and --dry-run are for the hub alone."
        raise AppError(message, f"Leave them out, or give --to {HUB}.", "--to")
    if asked.to == PEFT:
        target = resolved(asked.target)
        export = library.export_zip if target.suffix.lower() == ".zip" else library.export_folder
        path = export(adapter, target)
        output.json({"adapter": adapter.id, "path": str(path), "verified": None})
        output.line(f"Exported {adapter.name} to {path}.")
        return 0
    if asked.to == HUB:
        return _push(adapter, asked, output)
    return _export(adapter, asked.to, asked.target, asked.precision, asked.conversations, output)


def merge_adapter(asked: argparse.Namespace, output: Output) -> int:
    """Merge an adapter into its base model: a plain model folder that needs no PEFT."""
    adapter = library.find(asked.adapter, shortened=True)
    return _export(adapter, MERGED, asked.target, "", 0, output)


def _push(adapter: Adapter, asked: argparse.Namespace, output: Output) -> int:
    arguments: dict[str, Any] = {
        "adapter": str(adapter.folder),
        "target": asked.target.as_posix(),
        "public": asked.public,
        "with_conversations": asked.with_conversations,
        "dry_run": asked.dry_run,
        "model": str(resolved(asked.model)) if asked.model else "",
    }

    def show(result: Result) -> list[str]:
        place = f"{result['path']}, {'private' if result['private'] else 'public'}"
        if result["sent"]:
            return [f"Sent {adapter.name} to {place}."]
        rows = [(file["name"], size(file["bytes"])) for file in result["files"]]
        files = text_tables.table(("File", "Size"), rows, right=("Size",))
        return [f"Nothing was sent. To {place}, this would go:", "", *files, "", result["card"]]

    code, _ = ask("push", arguments, output, show)
    return code


def _export(
    adapter: Adapter, to: str, given: Path, precision: str, conversations: int, output: Output
) -> int:
    target = resolved(given)
    if os.path.lexists(target):
        raise StorageError(f"{target} exists already.", "Choose another name.", "target")
    if not is_text(target):
        raise StorageError(f"{target.name} is no text in UTF-8.", "Choose another name.", "target")
    if not confirm_base(adapter.metadata.base_model.as_table(), output):
        return STOPPED
    arguments: dict[str, Any] = {
        "adapter": str(adapter.folder),
        "to": to,
        "target": str(target),
        "precision": precision,
        "conversations": conversations,
    }

    def show(result: Result) -> list[str]:
        written = f"Wrote {adapter.name} to {result['path']}, {size(result['bytes'])}."
        return [written, *_found(result), *_next_step(adapter, to, target, result)]

    # Also removes what a killed worker leaves behind, as after a second Ctrl+C.
    with aside(target) as unfinished:
        code, _ = ask("export", arguments | {"aside": str(unfinished)}, output, show)
    return code


def _found(result: Result) -> list[str]:
    """Return the result of the verification; a training script has conversations instead."""
    if result["verified"]:
        return score_text.verification_lines(result["verified"])
    held = score_text.counted(result["conversations"], "conversation")
    return [f"It holds the {held} of the training: pass it on only to those who may read them."]


def _next_step(adapter: Adapter, to: str, target: Path, result: Result) -> list[str]:
    """Return the command to run next: the script, the model in Ollama, or the one that creates it there."""
    if to == "script":
        base_id = adapter.metadata.base_model.id
        # The script fetches a base model of the hub by its name, but can't know where a folder will be.
        base = [] if is_on_hub(base_id) else [str(local_folder(base_id) or base_id)]
        return [f"Run: {shlex.join(['python', str(target / 'train.py'), *base])}"]
    if result["model"]:
        return [f"Ollama has it as {result['model']}. Run: ollama run {result['model']}"]
    told = [result["problem"]] if result["problem"] else []
    return [*told, f"Run: {result['command']}"] if result["command"] else told
