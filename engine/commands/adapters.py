"""The verb `adapters`: list, show, compare, export, merge, import and delete adapters of the library."""

from __future__ import annotations

import argparse
import os
import shlex
from pathlib import Path
from typing import Any

from engine.adapters import hub_adapters, library
from engine.adapters.library import Adapter
from engine.commands.consent import confirm_base
from engine.commands.follow_job import STOPPED, Result, ask
from engine.commands.output import Output, fact_lines, table_lines
from engine.commands.parser import Verbs, whole_number
from engine.config.hub_sources import is_on_hub
from engine.config.recipe import local_folder
from engine.errors import AdapterError, AppError, OfflineError, StorageError
from engine.messages import counted
from engine.scoring import score_text
from engine.scoring.metrics import CHRF, HEADLINE_TITLES
from engine.system.command_name import command_name
from engine.system.connection import offline
from engine.system.files import partial_beside, remove
from engine.system.paths import is_text, path_exists, resolved
from engine.system.units import duration, size

FEWEST, MOST = 2, 6
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


def add(verbs: Verbs) -> None:
    """Declare the verb and its actions."""
    parser = verbs.add(
        "adapters", "List, show, compare, export, import, merge or delete adapters", list_adapters
    )
    actions = Verbs(parser, title="action")
    actions.add("list", "List the library", list_adapters)
    show = actions.add("show", "Show an adapter's metadata", show_adapter)
    take_in = actions.add("import", "Import an adapter from a folder, a zip or the hub", import_adapter)
    compare = actions.add("compare", "Show two to six adapters side by side", compare_adapters)
    compare.add_argument("adapters", nargs="+", metavar="ADAPTER", help=ADAPTER_HELP)
    delete = actions.add("delete", "Move an adapter to the trash", delete_adapter)
    for action in (show, delete):
        action.add_argument("adapter", metavar="ADAPTER", help=ADAPTER_HELP)
    _add_exports(actions)
    take_in.add_argument(
        "source", metavar="SOURCE", help="a folder, a zip, or an adapter on the hub: OWNER/NAME[@REVISION]"
    )


def list_adapters(_: argparse.Namespace, output: Output) -> int:
    """List the library, newest first."""
    adapters, unreadable = library.scan()
    output.json([_as_dict(adapter) for adapter in adapters])
    head = ("Adapter", "Method", "Base model", "ROUGE-1", "Gain", CHRF.title, "Size", "Id")
    empty = f"The library is empty. `{command_name()} train RECIPE.toml` creates an adapter."
    right = ("ROUGE-1", "Gain", CHRF.title, "Size")
    output.lines(table_lines(head, list(map(_row, adapters)), right, empty=empty))
    for folder in unreadable:
        output.remark(f"{folder.folder}: {folder.reason}")
    return 0


def _row(adapter: Adapter) -> tuple[str, ...]:
    metadata, card = adapter.metadata, adapter.metadata.score_card
    score = score_text.score(card.scores["rouge1"]["mean"]) if card else "not scored"
    # Cards of earlier versions have no chrF.
    chrf = score_text.score(card.measures[CHRF.name]["mean"]) if card and CHRF.name in card.measures else ""
    gain = score_text.gain(card.difference["rouge1"]["mean"]) if card else ""
    method = " ".join(filter(None, (metadata.method.title or metadata.method.id, metadata.method.summary)))
    base = Path(metadata.base_model.id).name
    return adapter.name, method, base, score, gain, chrf, size(adapter.size_bytes), adapter.id


def _as_dict(adapter: Adapter) -> dict[str, Any]:
    metadata = adapter.metadata.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {"adapter": adapter.id, "path": str(adapter.folder), "bytes": adapter.size_bytes} | metadata


def show_adapter(asked: argparse.Namespace, output: Output) -> int:
    """Show an adapter's metadata."""
    adapter = library.find(asked.adapter, shortened=True)
    output.json(_as_dict(adapter))
    output.lines(metadata_lines(adapter))
    changed = adapter.changed_files()
    if changed:
        output.remark(f"Files changed since training: {', '.join(changed)}.")
    return 0


def compare_adapters(asked: argparse.Namespace, output: Output) -> int:
    """Show adapters side by side: their metadata, and their scores with the gain over their base."""
    adapters = [library.find(name, shortened=True) for name in asked.adapters]
    if not FEWEST <= len({adapter.id for adapter in adapters}) == len(adapters) <= MOST:
        raise AdapterError("You can compare two to six different adapters.", "Name each once.", "adapter")
    comparable = len({adapter.score_group for adapter in adapters} - {None}) < 2
    output.json({"comparable": comparable, "adapters": [_as_dict(adapter) for adapter in adapters]})
    named = [dict(_facts(adapter) + _score_facts(adapter)) for adapter in adapters]
    titles = dict.fromkeys(title for facts in named for title in facts)
    rows = [(title, *(facts.get(title, "") for facts in named)) for title in titles]
    output.lines(table_lines(("", *(adapter.name for adapter in adapters)), rows))
    if not comparable:
        output.remark(
            "They were scored differently or have different base models, so the scores aren't comparable."
        )
    return 0


def _score_facts(adapter: Adapter) -> list[tuple[str, str]]:
    card = adapter.metadata.score_card
    if card is None:
        return [("Scores", "not scored yet")]
    own = {**card.measures, **card.scores}
    scores = [
        (title, score_text.interval(own[name])) for name, title in HEADLINE_TITLES.items() if name in own
    ]
    difference = card.difference["rouge1"]
    gain = f"{score_text.gain(difference['mean'])}, {difference['verdict']}"
    return [*scores, ("ROUGE-1 gain", gain)]


def metadata_lines(adapter: Adapter) -> list[str]:
    """Return an adapter's metadata as text."""
    return fact_lines([("Adapter", adapter.name), *_facts(adapter)]) + _score_lines(adapter)


def _facts(adapter: Adapter) -> list[tuple[str, str]]:
    metadata, training = adapter.metadata, adapter.metadata.training
    method = metadata.method
    settings = ", ".join(f"{name} {value}" for name, value in method.options.items())
    stopped = f" of {training.total_steps:,}, stopped" if training.stopped else ""
    pairs = [
        ("Id", adapter.id),
        ("Made", metadata.made_at),
        ("Imported", metadata.imported_at or ""),
        ("Base model", f"{metadata.base_model.id} {metadata.base_model.revision}"),
        ("Precision", f"{metadata.base_model.precision}, quantization {metadata.base_model.quantization}"),
        ("Method", method.title or method.id),
        ("Settings", settings),
        ("Learning rate", f"{method.learning_rate:g}" if method.learning_rate else ""),
        ("Trained on", f"{metadata.data.source}, {counted(metadata.data.train, 'conversation')}"),
        ("Steps", f"{training.step:,}{stopped} in {duration(training.seconds)}"),
        ("Trainable parameters", f"{training.trainable_parameters:,}"),
        *(
            (
                f"As {each.to} {each.precision}".strip(),
                score_text.verification_lines(each.verified.model_dump())[0],
            )
            for each in metadata.exports
        ),
        ("From the hub", f"{metadata.hub.id} {metadata.hub.revision}" if metadata.hub else ""),
        ("Tags", ", ".join(metadata.tags)),
        ("Notes", metadata.notes),
        ("Folder", str(adapter.folder)),
    ]
    return [(name, value) for name, value in pairs if value.strip()]


def _score_lines(adapter: Adapter) -> list[str]:
    card = adapter.metadata.score_card
    if card is None:
        return [f"Not scored yet. `{command_name()} evaluate` scores it."]
    base, own = {**card.base_measures, **card.base}, {**card.measures, **card.scores}
    return [
        "",
        *table_lines(("Score", "Base", "Adapter"), score_text.headline_rows(base, own)),
        *(f"{note}." for note in score_text.language_notes(card.protocol)),
        score_text.verdict(card.difference["rouge1"], card.protocol),
    ]


def import_adapter(asked: argparse.Namespace, output: Output) -> int:
    """Copy an adapter into the library, from this computer or from the hub."""
    source = resolved(Path(asked.source))
    if path_exists(source):
        adapter = library.import_adapter(source)
        output.json(_as_dict(adapter))
        output.lines([*_imported_lines(adapter), *library.remarks_on_weights(adapter)])
        return 0
    named = hub_adapters.named(asked.source)
    if named is None:
        hint = "Choose a folder or a zip, or an adapter on the hub by OWNER/NAME."
        raise AdapterError(f"{asked.source} doesn't exist.", hint, "source")
    repo_id, revision = named
    if offline() and not hub_adapters.is_here(repo_id, revision):
        message = f"{repo_id} is not downloaded, and Tunesmith is offline."
        hint = "Start it without --offline and HF_HUB_OFFLINE, or choose a folder or a zip on this computer."
        raise OfflineError(message, hint, "source")
    request = {"action": "import_adapter", "id": repo_id, "revision": revision}
    return ask(
        "models",
        request,
        output,
        lambda result: _imported_lines(library.find(result["adapter"])),
        complete=lambda result: _as_dict(library.find(result["adapter"])),
    )[0]


def _imported_lines(adapter: Adapter) -> list[str]:
    base = adapter.metadata.base_model.id
    needs = f"Its base model is {base}." if base else "It doesn't name its base model."
    return [f"Imported {adapter.name} as {adapter.id}.", needs]


def delete_adapter(asked: argparse.Namespace, output: Output) -> int:
    """Move an adapter to the trash."""
    adapter = library.find(asked.adapter, shortened=True)
    trash_path = library.delete(adapter)
    output.json({"adapter": adapter.id, "path": str(trash_path)})
    output.line(f"Moved {adapter.name} to the trash: {trash_path}")
    return 0


def _add_exports(actions: Verbs) -> None:
    export = actions.add(
        "export", "Export an adapter for other programs, and score the export", export_adapter
    )
    kinds = "; ".join(f"{kind}: {does}" for kind, does in KINDS.items())
    export.add_argument(
        "--to",
        type=_export_kind,
        choices=KINDS,
        default=PEFT,
        help=f"{kinds} (default: {PEFT}). For ONNX or OpenVINO, export {MERGED} and convert the folder in a "
        "separate environment: no converter supports these versions of the libraries",
    )
    export.add_argument(
        "--precision", choices=PRECISIONS, default="", help="dtype of the weights (default: as stored)"
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
        "--dry-run", action="store_true", help="hub: show every file and the model card, send nothing"
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


def _export_kind(text: str) -> str:
    """Return a kind of export, as an argument's type; explain why some well-known kinds can't be written here."""
    if text in ELSEWHERE:
        raise argparse.ArgumentTypeError(
            f"{text} can't be written here: {ELSEWHERE[text]}. Use --to {MERGED}, and convert that "
            "folder in a separate environment"
        )
    return text


def export_adapter(asked: argparse.Namespace, output: Output) -> int:
    """Export an adapter and show the result of its verification."""
    adapter = library.find(asked.adapter, shortened=True)
    if asked.to != HUB and (asked.public or asked.with_conversations or asked.dry_run or asked.model):
        message = "--public, --with-conversations, --model and --dry-run work only with --to hub."
        raise AppError(message, f"Remove them, or add --to {HUB}.", "--to")
    if asked.to == PEFT:
        target = resolved(asked.target)
        export = library.export_zip if target.suffix.lower() == ".zip" else library.export_folder
        path = export(adapter, target)
        output.json({"adapter": adapter.id, "path": str(path), "verified": None})
        output.line(f"Exported {adapter.name} to {path}.")
        return 0
    if asked.to == HUB:
        return _push_to_hub(adapter, asked, output)
    return export_model(adapter, asked.to, asked.target, asked.precision, asked.conversations, output)


def merge_adapter(asked: argparse.Namespace, output: Output) -> int:
    """Merge an adapter into its base model: a plain model folder that needs no PEFT."""
    adapter = library.find(asked.adapter, shortened=True)
    return export_model(adapter, MERGED, asked.target, "", 0, output)


def _push_to_hub(adapter: Adapter, asked: argparse.Namespace, output: Output) -> int:
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
        files = table_lines(("File", "Size"), rows, right=("Size",))
        return [f"Nothing was uploaded. This would go to {place}:", "", *files, "", result["card"]]

    code, _ = ask("push", arguments, output, show)
    return code


def export_model(
    adapter: Adapter, to: str, given: Path, precision: str, conversations: int, output: Output
) -> int:
    target = resolved(given)
    if os.path.lexists(target):
        raise StorageError(f"{target} already exists.", "Choose another name.", "target")
    if not is_text(target):
        raise StorageError(f"{target.name} is not UTF-8 text.", "Choose another name.", "target")
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
        return [written, *_verification_lines(result), *_next_step(adapter, to, target, result)]

    # Also removes what a killed worker leaves behind, as after a second Ctrl+C.
    unfinished = partial_beside(target)
    try:
        return ask("export", arguments | {"aside": str(unfinished)}, output, show)[0]
    finally:
        remove(unfinished)


def _verification_lines(result: Result) -> list[str]:
    """Return the result of the verification; a training script has conversations instead."""
    if result["verified"]:
        return score_text.verification_lines(result["verified"])
    held = counted(result["conversations"], "conversation")
    return [f"It contains the {held} of the training; share it only with people allowed to read them."]


def _next_step(adapter: Adapter, to: str, target: Path, result: Result) -> list[str]:
    """Return the command to run next: the script, the model in Ollama, or the one that creates it there."""
    if to == "script":
        base_id = adapter.metadata.base_model.id
        # The script fetches a base model of the hub by its name, but can't know where a folder will be.
        base = [] if is_on_hub(base_id) else [str(local_folder(base_id) or base_id)]
        return [f"Run: {shlex.join(['python', str(target / 'train.py'), *base])}"]
    if result["model"]:
        return [f"Ollama has it as {result['model']}. Try: ollama run {result['model']}"]
    told = [result["problem"]] if result["problem"] else []
    return [*told, f"Run: {result['command']}"] if result["command"] else told
