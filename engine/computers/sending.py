"""What a run would send to another computer, and to whom: told before anything leaves this one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.computers.computer import Computer
from engine.config import general_text, hub_sources, known_plans
from engine.config.recipe import SAMPLE, STARTER, Recipe, looks_like_path
from engine.errors import ComputerError
from engine.system.connection import offline
from engine.system.files import bytes_in
from engine.system.paths import expand_user
from engine.system.units import size


@dataclass(frozen=True)
class Sent:
    """A file or folder that leaves this computer. `conversations` is their number, None where it is not known."""

    path: Path
    bytes: int
    is_model: bool = False
    conversations: int | None = None


def require_online(computer: Computer) -> None:
    """Return if something may be sent. Raises ComputerError while Tunesmith is offline."""
    if offline():
        raise ComputerError(
            f"Tunesmith is offline, so nothing is sent to {computer.name}.",
            "Start it without --offline.",
            "--on",
        )


def require_any_device(recipe: Recipe) -> None:
    """Return unless a recipe names a card by its number, which is one of this computer's. Raises ComputerError."""
    device = recipe.training.device
    if ":" in device:
        raise ComputerError(
            f"{device} is a card of this computer.",
            "Choose auto: the cluster gives each run a card.",
            "training.device",
        )


def texts_of(recipe: Recipe) -> list[str]:
    """Return the paths of files and folders with texts of the person that a run reads."""
    source, general = recipe.data.source, recipe.evaluation.general_text
    found = [source] if source != SAMPLE and not hub_sources.is_on_hub(source) else []
    return found + ([general] if general_text.is_file(general) else [])


def of_recipes(recipes: Iterable[Recipe]) -> list[Sent]:
    """Return what runs of recipes send, each path once; of models on the hub nodes fetch what they can."""
    found: dict[Path, Sent] = {}
    for recipe in recipes:
        for text in texts_of(recipe):
            path = expand_user(text)
            number = _conversations(recipe) if text == recipe.data.source else None
            found.setdefault(path, Sent(path, bytes_in(path), conversations=number))
        for text in (recipe.base_model.id, recipe.method.start_from):
            if text and text != STARTER and looks_like_path(text):
                path = expand_user(text)
                found.setdefault(path, Sent(path, bytes_in(path), is_model=True))
    return list(found.values())


def _conversations(recipe: Recipe) -> int | None:
    """Return how many conversations a recipe's data has, if a plan was made of it."""
    counts = (known_plans.load(recipe) or {}).get("examples")
    return sum(counts.values()) if isinstance(counts, dict) else None


def lines(computer: Computer, recipes: Sequence[Recipe]) -> list[str]:
    """Return as lines what leaves this computer, and to whom."""
    sent = of_recipes(recipes)
    if not sent:
        return [f"No conversations of yours leave this computer: {computer.name} has all that is needed."]
    return [f"To {computer.name} ({computer.destination}) go, unless they are there:", *map(_line, sent)]


def _line(sent: Sent) -> str:
    if sent.is_model:
        return f"  a model, {sent.path}: {size(sent.bytes)}"
    number = "conversations" if sent.conversations is None else f"{sent.conversations:,} conversations"
    return f"  {number}, {sent.path}: {size(sent.bytes)}"
