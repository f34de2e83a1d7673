"""Renders a report's templates with Jinja2.

Markup is in the templates and in the plots alone: autoescape makes every other value text, so nothing that a
conversation says becomes markup, and what would turn or hide the writing is written out. A name that a template
misspells is an error.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from engine.report import cells
from engine.scoring import score_text
from engine.system.paths import templates_folder
from engine.system.units import size
from engine.text.escaping import escaped

UNKNOWN = "–"
# The window's colours, light and dark.
COLOURS = {
    "background": ("#F6F6F3", "#151817"),
    "surface": ("#FFFFFF", "#1C201E"),
    "sunken": ("#EDEEEA", "#232826"),
    "line": ("#DFE1DB", "#2C322F"),
    "text": ("#1A1E1C", "#E8ECE9"),
    "muted": ("#505752", "#ABB3AE"),
    "hint": ("#5E6560", "#98A19B"),
    "accent": ("#0C6A5E", "#5FC3B0"),
    "accent_mid": ("#5C9A8F", "#367267"),
    "warning": ("#96500F", "#E2A56E"),
    "error": ("#A62B20", "#F08A7E"),
    "grey": ("#838A84", "#858E88"),
    "grey_soft": ("#C6CAC5", "#48504B"),
}
LIGHT = {name: light for name, (light, _) in COLOURS.items()}
DARK = {name: dark for name, (_, dark) in COLOURS.items()}
# Beside controls and halves of characters, what neither HTML nor XML may hold.
_FORBIDDEN = re.compile("[\ufdd0-\ufdef\ufffe\uffff]")


def render(name: str, **values: Any) -> str:
    """Return the page that a template makes of values."""
    page = _environment().get_template(name).render(light=LIGHT, dark=DARK, **values)
    return _FORBIDDEN.sub("\ufffd", escaped(page))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(templates_folder() / "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "amount": score_text.amount,
        "change": score_text.change,
        "interval": score_text.interval_in,
        "seeds": score_text.seeds,
        "size": size,
        "tone": cells.tone,
        "verdict": lambda name: score_text.VERDICT_TEXTS.get(name, name),
    }
    environment.globals["UNKNOWN"] = UNKNOWN
    return environment
