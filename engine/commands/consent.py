"""Asks the user before conversations are sent to another computer, once for each, and before downloads from the hub.

Without a terminal, or with `--json`, nobody can be asked: then nothing is sent without `--yes`, and downloads start.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from engine.commands.follow_job import ask, quiet_result
from engine.commands.output import Output
from engine.computers import sending, store
from engine.config.hub_sources import is_on_hub
from engine.config.recipe import Recipe
from engine.errors import ComputerError
from engine.system.command_name import command_name
from engine.system.connection import offline
from engine.system.units import size


def add_to(parser: argparse.ArgumentParser) -> None:
    """Declare the options of a verb that sends."""
    parser.add_argument(
        "--on",
        default="",
        dest="computer",
        metavar="COMPUTER",
        help=f"train on another computer, one of `{command_name()} computers`",
    )
    parser.add_argument(
        "--yes", action="store_true", help="send the conversations without asking, now and in future"
    )


def confirm(asked: argparse.Namespace, *recipes: Recipe, output: Output) -> bool:
    """Say what is sent, and return whether the user agrees, now or before. Raises ComputerError."""
    computer = store.find(asked.computer)
    sending.require_online(computer)
    for recipe in recipes:
        sending.require_any_device(recipe)
    if not output.as_json:
        # A source that can't be read is not counted: the run says why.
        counts: dict[str, int] = {}
        for source, options in sending.to_count(recipes).items():
            result = quiet_result("count_conversations", {"data": options.model_dump()})
            if "conversations" in result:
                counts[source] = result["conversations"]
        output.lines(sending.lines(computer, recipes, counts))
    if computer.agreed:
        return True
    if not asked.yes:
        if not can_ask(output):
            raise ComputerError(
                "Sending conversations to this computer needs your agreement.", "Add --yes once.", "--yes"
            )
        if not agrees("Send them there, now and in future?"):
            return False
    store.agree(computer.name)
    return True


def can_ask(output: Output) -> bool:
    """Tell whether somebody sits at a terminal."""
    return output.live and sys.stdin.isatty()


def agrees(question: str) -> bool:
    """Ask, and return whether the answer is yes."""
    try:
        return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError:
        return False


def confirm_downloads(recipe: Recipe, output: Output) -> bool:
    """Return whether the run may start: nothing is missing, nobody can be asked, or the answer is yes."""
    base, source = recipe.base_model, recipe.data.source
    sources = [{"id": source, "repository": "dataset"}] if is_on_hub(source) else []
    return _confirm([*_base_repository(base.id, base.revision), *sources], output)


def confirm_base(base: Mapping[str, Any], output: Output) -> bool:
    """Return whether the base model of a `[base_model]` table may be loaded."""
    return _confirm(_base_repository(base["id"], base.get("revision", "main")), output)


def _base_repository(base_id: str, revision: str) -> list[dict[str, str]]:
    return [{"id": base_id, "revision": revision}] if base_id and is_on_hub(base_id) else []


def _confirm(repositories: Iterable[dict[str, str]], output: Output) -> bool:
    if not can_ask(output) or offline():
        return True
    texts = []
    for repository in repositories:
        # Empty if it is unknown: the run then says why.
        _, cost = ask("models", {"action": "cost", **repository}, output, lambda _: [])
        if cost.get("missing_bytes"):
            licence = f", licence {cost['licence']}" if cost.get("licence") else ""
            gated = " You have to accept its licence first." if cost.get("gated") else ""
            texts.append(f"{cost['id']}: {size(cost['missing_bytes'])} to download{licence}.{gated}")
    if not texts:
        return True
    output.lines(texts)
    return agrees("Download and start?")
