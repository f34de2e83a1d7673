"""The names and keys of the labelling page's shortcuts."""

from __future__ import annotations

from gui.core import actions

# The editor nearly always has the focus, so no shortcut is a key that types.
KEYS = tuple(each.id.partition(".")[2] for each in actions.in_scope("labelling") if not each.is_pressed)


def keys_text(name: str) -> str:
    """Return the shortcut of an action of this page, as this system writes it."""
    return actions.keys_text(f"labelling.{name}")
