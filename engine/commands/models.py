"""The verb `models`: base models on this computer, those of the catalogue, and a search on the hub."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any

from engine.commands.follow_job import ask
from engine.commands.output import Output, table_lines
from engine.commands.parser import Verbs
from engine.config import model_info
from engine.config.model_info import CatalogueModel
from engine.config.recipe import STARTER
from engine.system.units import size
from engine.text import languages

HINT = "plan RECIPE --set base_model.id=ID shows a run's memory and time, even before a download."
MAX_LANGUAGES = 4

Facts = dict[str, Any]


def add(verbs: Verbs) -> None:
    models = verbs.add("models", "List base models: those on this computer and well-known ones", list_models)
    models.add_argument("--search", metavar="WORDS", help="search the Hugging Face Hub instead")


def list_models(asked: argparse.Namespace, output: Output) -> int:
    """List base models, or those that the hub finds."""
    if asked.search:
        return ask("models", {"action": "search", "words": asked.search}, output, _found_lines)[0]
    catalogue = [model.as_dict() for model in model_info.catalogue()]
    return ask(
        "models",
        {"action": "list"},
        output,
        lambda result: _listed_lines(result["models"]),
        complete=lambda result: result | {"catalogue": catalogue},
    )[0]


def _listed_lines(here: Iterable[Facts]) -> list[str]:
    head = ("On this computer", "Family", "Size", "Licence")
    rows = [
        (
            f"{STARTER} (practice model)" if model["id"] == STARTER else str(model["id"]),
            model["family"] or "not a text model",
            size(model["size_bytes"]),
            model["licence"],
        )
        for model in here
    ]
    ids = {row[0] for row in rows}
    others = [model for model in model_info.catalogue() if model.id not in ids]
    head_of_others = (
        "To download", "Family", "Parameters", "Download", "Format", "Context", "Licence", "Languages",
    )  # fmt: skip
    table = table_lines(head_of_others, [_catalogue_row(model) for model in others])
    return [*table_lines(head, rows), "", *table, "", HINT]


def _catalogue_row(model: CatalogueModel) -> tuple[str, ...]:
    return (
        model.id,
        model.family,
        f"{model.parameters / 1e6:,.0f} M",
        size(model.download_bytes),
        "chat" if model.chat else "plain",
        f"{model.context:,}" if model.context else "no limit",
        f"{model.licence}, to accept" if model.gated else model.licence,
        language_text(model.languages, model.language_count),
    )


def language_text(codes: Iterable[str], count: int) -> str:
    """Return languages by name, the first ones of many: "English, German and 27 more"."""
    names = [languages.name(code) for code in codes]
    total = max(count, len(names))
    if total <= MAX_LANGUAGES:
        return ", ".join(names)
    first = names[: MAX_LANGUAGES - 1]
    return f"{', '.join(first)} and {total - len(first)} more"


def _found_lines(result: Facts) -> list[str]:
    head = ("On the hub", "Parameters", "Downloads", "Licence", "Languages")
    rows = [
        (
            model["id"],
            f"{model['parameters'] / 1e6:,.0f} M" if model["parameters"] else "",
            f"{model['downloads']:,}",
            f"{model['licence']}, to accept" if model["gated"] else model["licence"],
            language_text(model["languages"], 0),
        )
        for model in result["found"]
    ]
    return table_lines(head, rows) if rows else ["The hub has no text-generating model like that."]
