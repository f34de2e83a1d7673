"""The choices of base models and adapters, with the reason why an adapter can't be chosen.

Knows no widget.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from engine.api import STARTER, Adapter
from gui.look.format import number_text
from gui.look.language import mark, tr, tr_count
from gui.models.list_text import base_text, method_text
from gui.pages.playground.column_results import ColumnModel

MAX_COLUMNS = 8
SAMPLES_NAME = mark("Bundled test conversations")
BASE_NAME, BUNDLED = mark("Base model"), mark("The practice model")


@dataclass(frozen=True)
class AdapterChoice:
    """An adapter to choose; `reason` says why it can't be chosen; a foreign one belongs to another base model."""

    adapter: Adapter
    reason: str = ""
    is_foreign: bool = False

    @property
    def fits(self) -> bool:
        return not self.reason


def base_title(base_id: str) -> str:
    """Return the name of a base model as shown: a hub id unchanged, a folder by its name."""
    return tr(BUNDLED) if base_id == STARTER else base_text(base_id)


def source_title(name: str) -> str:
    """Return the name of a source of conversations as shown."""
    return tr(SAMPLES_NAME) if name == SAMPLES_NAME else name


def base_entry(base_id: str) -> ColumnModel:
    """Return the base model's entry."""
    return ColumnModel(None, BASE_NAME, BUNDLED if base_id == STARTER else base_text(base_id))


def entry(adapter: Adapter) -> ColumnModel:
    """Return an adapter's entry: its name and its method."""
    return ColumnModel(adapter.id, adapter.name, method_text(adapter.metadata))


def adapter_choices(adapters: Iterable[Adapter], base_id: str, shown: Iterable[str]) -> list[AdapterChoice]:
    """Return all adapters: those that fit first, the others with the reason."""
    taken = set(shown)
    choices = [_choice(adapter, base_id, taken) for adapter in adapters]
    return sorted(choices, key=lambda choice: not choice.fits)


def _choice(adapter: Adapter, base_id: str, taken: set[str]) -> AdapterChoice:
    made_for = adapter.metadata.base_model.id
    if made_for != base_id:
        named = tr("trained for {model}", model=base_title(made_for))
        reason = named if made_for else tr("trained for an unknown base model")
        return AdapterChoice(adapter, reason, is_foreign=True)
    if adapter.id in taken:
        return AdapterChoice(adapter, tr("shown already"))
    full = len(taken) + 1 >= MAX_COLUMNS
    return AdapterChoice(adapter, tr("at most {most} columns", most=number_text(MAX_COLUMNS)) if full else "")


def foreign_text(adapter: Adapter) -> str:
    """Return the text about an adapter of another base model."""
    made_for = adapter.metadata.base_model.id
    if not made_for:
        return tr("{adapter} was trained for an unknown base model", adapter=adapter.name)
    return tr("{adapter} was trained for {model}", adapter=adapter.name, model=base_title(made_for))


def base_table(base_id: str, adapters: Iterable[Adapter]) -> dict[str, Any]:
    """Return the base model's table as the first adapter with metadata needs it."""
    first = next(iter(_with_known_form(adapters)), None)
    return first.metadata.base_model.as_table() if first else {"id": base_id}


def mixed_base_text(adapters: Iterable[Adapter]) -> str:
    """Return a notice if the adapters were trained on different quantizations or dtypes of the base model."""
    adapters_with_form = _with_known_form(adapters)
    if not adapters_with_form:
        return ""
    first, *others = adapters_with_form
    used = first.metadata.base_model.as_table()
    names = [other.name for other in others if other.metadata.base_model.as_table() != used]
    if not names:
        return ""
    return tr_count(
        len(names),
        "{names} was trained on another form of the base model; all run on that of {first}: {form}.",
        "{names} were trained on another form of the base model; all run on that of {first}: {form}.",
        names=", ".join(names),
        first=first.name,
        form=", ".join(str(value) for name, value in used.items() if name != "id"),
    )


def _with_known_form(adapters: Iterable[Adapter]) -> list[Adapter]:
    """Return the adapters whose metadata say how the base model was loaded."""
    return [adapter for adapter in adapters if len(adapter.metadata.base_model.as_table()) > 1]


def base_choices(local_models: Iterable[str], adapters: Iterable[Adapter]) -> list[str]:
    """Return each base model once: the bundled one, those on this computer, those of adapters."""
    named = [adapter.metadata.base_model.id for adapter in adapters]
    return list(dict.fromkeys([STARTER, *local_models, *filter(None, named)]))
