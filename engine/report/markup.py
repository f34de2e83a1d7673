"""Elements of HTML and SVG whose texts are escaped by how they are made.

Only `element` and `join` make `Html`; every other string put into one is text, so nothing that a conversation says
can become markup. Knows nothing of reports.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

# What neither HTML nor XML may hold.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_VOID = frozenset({"meta", "br"})

Attribute = str | int | float | None


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def element(tag: str, *children: str, **attributes: Attribute) -> Html:
    """Return an element; `class_` is the class, `stroke_width` is stroke-width, None leaves an attribute out."""
    told = "".join(
        f' {name.strip("_").replace("_", "-")}="{_plain(_number(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    if tag in _VOID:
        return Html(f"<{tag}{told}>")
    return Html(f"<{tag}{told}>{join(children)}</{tag}>")


def join(children: Iterable[str]) -> Html:
    """Return children one behind the other, escaped where they are text."""
    return Html("".join(child if isinstance(child, Html) else _plain(child) for child in children))


def _plain(text: str) -> str:
    return html.escape(_FORBIDDEN.sub("\ufffd", text))


def _number(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")
