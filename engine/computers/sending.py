"""What a run would send to another computer: shown before anything leaves this one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.computers.computer import Computer
from engine.config import general_text, hub_sources
from engine.config.data_options import DataOptions
from engine.config.recipe import SAMPLE, STARTER, Recipe, looks_like_path
from engine.errors import ComputerError
from engine.messages import say
from engine.system.connection import offline
from engine.system.files import bytes_in
from engine.system.paths import expand_user
from engine.system.units import size

# About ten seconds of reading.
MAX_COUNTED_BYTES = 100_000_000


@dataclass(frozen=True)
class Sent:
    """A file or folder that leaves this computer; `conversations` is their number, None if unknown."""

    path: Path
    bytes: int
    is_model: bool = False
    conversations: int | None = None


def require_online(computer: Computer, field: str = "--on") -> None:
    """Raise ComputerError while Tunesmith is offline."""
    if offline():
        raise ComputerError(
            say("Tunesmith is offline and can't reach {}.", computer.name), "Start without --offline.", field
        )


def require_any_device(recipe: Recipe) -> None:
    """Raise ComputerError for a recipe that names a GPU of this computer by its number."""
    device = recipe.training.device
    if ":" in device:
        raise ComputerError(
            say("{} is a GPU of this computer.", device),
            "Choose auto: the cluster assigns the GPU.",
            "training.device",
        )


def texts_of(recipe: Recipe) -> list[str]:
    """Return the paths of the user's files and folders that a run reads."""
    source, general = recipe.data.source, recipe.evaluation.general_text
    found = [source] if source != SAMPLE and not hub_sources.is_on_hub(source) else []
    return found + ([general] if general_text.is_file(general) else [])


def to_count(recipes: Iterable[Recipe]) -> dict[str, DataOptions]:
    """Return the sources that runs of recipes send, if their conversations can be counted within seconds."""
    found = {recipe.data.source: recipe.data for recipe in recipes if recipe.data.source in texts_of(recipe)}
    return {
        source: options
        for source, options in found.items()
        if bytes_in(expand_user(source)) <= MAX_COUNTED_BYTES
    }


def of_recipes(recipes: Iterable[Recipe], counts: Mapping[str, int]) -> list[Sent]:
    """Return what runs of recipes send, each path once; nodes fetch models of the hub themselves if they can.

    `counts` are the known numbers of conversations by source.
    """
    found: dict[Path, Sent] = {}
    for recipe in recipes:
        for text in texts_of(recipe):
            path = expand_user(text)
            found.setdefault(path, Sent(path, bytes_in(path), conversations=counts.get(text)))
        for text in (recipe.base_model.id, recipe.method.start_from):
            if text and text != STARTER and looks_like_path(text):
                path = expand_user(text)
                found.setdefault(path, Sent(path, bytes_in(path), is_model=True))
    return list(found.values())


def lines(computer: Computer, recipes: Sequence[Recipe], counts: Mapping[str, int]) -> list[str]:
    """Return the text that says what leaves this computer, and for where."""
    sent = of_recipes(recipes, counts)
    if not sent:
        return [say("None of your conversations leave this computer: {} has everything.", computer.name)]
    return [f"Sent to {computer.name} ({computer.destination}) unless already there:", *map(_line, sent)]


def _line(sent: Sent) -> str:
    if sent.is_model:
        return f"  a model, {sent.path}: {size(sent.bytes)}"
    number = "conversations" if sent.conversations is None else say("{:,} conversations", sent.conversations)
    return f"  {number}, {sent.path}: {size(sent.bytes)}"
