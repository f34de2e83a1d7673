"""Texts that are drawn or listed and may be names of others: held as they are shown, in one line, without commands."""

from __future__ import annotations

from dataclasses import dataclass, fields

from engine.api import escaping

MENU_LETTERS = 60


@dataclass(frozen=True)
class ShownTexts:
    """A value whose texts are escaped when it is made. What finds it again, such as a key, is no text of it."""

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, str) and not value.isprintable():
                object.__setattr__(self, each.name, escaping.in_one_line(value))


def menu_text(name: str) -> str:
    """Return a name as the text of a menu's entry, in which "&" would mark a key; a very long one loses its middle.

    A menu is as wide as its longest entry, also if no screen is.
    """
    shown = escaping.in_one_line(name)
    if len(shown) > MENU_LETTERS:
        half = MENU_LETTERS // 2
        shown = f"{shown[:half].rstrip()}…{shown[-half:].lstrip()}"
    return shown.replace("&", "&&")
