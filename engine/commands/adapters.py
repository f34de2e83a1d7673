"""The verb `adapters`: list, show, compare, export, import, merge and delete adapters of the library."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from engine.adapters import hub_adapters, library
from engine.adapters.library import Adapter
from engine.commands import adapter_export
from engine.commands.adapter_export import ADAPTER_HELP
from engine.commands.terminal import text_tables
from engine.commands.terminal.follow_job import ask
from engine.commands.terminal.output import Output
from engine.commands.terminal.parser import Verbs
from engine.errors import AdapterError, OfflineError
from engine.scoring import score_text
from engine.scoring.metrics import CHRF, HEADLINE_TITLES
from engine.system.command_name import command_name
from engine.system.connection import offline
from engine.system.paths import path_exists, resolved
from engine.system.units import size

FEWEST, MOST = 2, 6


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
    adapter_export.add(actions)
    take_in.add_argument(
        "source", metavar="SOURCE", help="a folder, a zip, or an adapter on the hub: OWNER/NAME[@REVISION]"
    )


def list_adapters(_: argparse.Namespace, output: Output) -> int:
    """List the library, newest first."""
    adapters, unreadable = library.scan()
    output.json([_as_dict(adapter) for adapter in adapters])
    if adapters:
        head = ("Adapter", "Method", "Base model", "ROUGE-1", "Gain", CHRF.title, "Size", "Id")
        rows = [_row(adapter) for adapter in adapters]
        output.lines(text_tables.table(head, rows, right=("ROUGE-1", "Gain", CHRF.title, "Size")))
    else:
        output.line(f"The library is empty. `{command_name()} train RECIPE.toml` makes an adapter.")
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
        raise AdapterError("Two to six different adapters can be compared.", "Name each once.", "adapter")
    comparable = len({adapter.score_group for adapter in adapters} - {None}) < 2
    output.json({"comparable": comparable, "adapters": [_as_dict(adapter) for adapter in adapters]})
    named = [dict(_facts(adapter) + _score_facts(adapter)) for adapter in adapters]
    titles = dict.fromkeys(title for facts in named for title in facts)
    rows = [(title, *(facts.get(title, "") for facts in named)) for title in titles]
    output.lines(text_tables.table(("", *(adapter.name for adapter in adapters)), rows))
    if not comparable:
        output.remark("They were not scored alike, or not for the same base: the scores can't be compared.")
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
    return text_tables.facts([("Adapter", adapter.name), *_facts(adapter)]) + _score_lines(adapter)


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
        ("Trained on", f"{metadata.data.source}, {score_text.counted(metadata.data.train, 'conversation')}"),
        ("Steps", f"{training.step:,}{stopped} in {score_text.duration(training.seconds)}"),
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
    rows = [
        (title, score_text.interval(base[name]), score_text.interval(own[name]))
        for name, title in HEADLINE_TITLES.items()
        if name in own and name in base
    ]
    return [
        "",
        *text_tables.table(("Score", "Base", "Adapter"), rows),
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
        raise AdapterError(f"There is nothing at {asked.source}.", hint, "source")
    repo_id, revision = named
    if offline() and not hub_adapters.is_here(repo_id, revision):
        message = f"{repo_id} is not on this computer, and Tunesmith is offline."
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
    needs = f"Its base model is {base}." if base else "It does not name its base model."
    return [f"Imported {adapter.name} as {adapter.id}.", needs]


def delete_adapter(asked: argparse.Namespace, output: Output) -> int:
    """Move an adapter to the trash."""
    adapter = library.find(asked.adapter, shortened=True)
    trash_path = library.delete(adapter)
    output.json({"adapter": adapter.id, "path": str(trash_path)})
    output.line(f"Moved {adapter.name} to the trash: {trash_path}")
    return 0
