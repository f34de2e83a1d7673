"""Which base models there are to choose, which adapters can stand beside one, and why the others can't.

Knows no widget.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.api import STARTER, Adapter
from gui.pages.playground.board import Entry

MOST_COLUMNS = 8
SAMPLES_NAME = "Bundled test conversations"


@dataclass(frozen=True)
class Choice:
    """An adapter to choose; `reason` says why it can't be; a foreign one belongs to another base model."""

    adapter: Adapter
    reason: str = ""
    is_foreign: bool = False

    @property
    def fits(self) -> bool:
        """Whether it can be chosen."""
        return not self.reason


def base_title(base_id: str) -> str:
    """Return how a base model is called on the page."""
    return "The bundled model" if base_id == STARTER else base_id


def entry(adapter: Adapter) -> Entry:
    """Return an adapter's column: its name, and its method in short."""
    method = adapter.passport.method
    return Entry(adapter.id, adapter.name, method.summary or method.title or method.id)


def adapter_choices(adapters: Iterable[Adapter], base_id: str, shown: Iterable[str]) -> list[Choice]:
    """Return every adapter, those that fit first, each other one with the reason why it doesn't."""
    taken = set(shown)
    choices = [_choice(adapter, base_id, taken) for adapter in adapters]
    return sorted(choices, key=lambda choice: not choice.fits)


def _choice(adapter: Adapter, base_id: str, taken: set[str]) -> Choice:
    made_for = adapter.passport.base_model.id
    if made_for != base_id:
        reason = f"made for {base_title(made_for) if made_for else 'a base model it does not name'}"
        return Choice(adapter, reason, is_foreign=True)
    if adapter.id in taken:
        return Choice(adapter, "shown already")
    return Choice(adapter, f"{MOST_COLUMNS} columns are the most" if len(taken) + 1 >= MOST_COLUMNS else "")


def base_choices(local_models: Iterable[str], adapters: Iterable[Adapter]) -> list[str]:
    """Return the bundled model, those on this computer and those that adapters name, each once."""
    named = [adapter.passport.base_model.id for adapter in adapters]
    return list(dict.fromkeys([STARTER, *local_models, *filter(None, named)]))
