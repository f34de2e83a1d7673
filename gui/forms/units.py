"""The units of settings, in the singular where the number is 1."""

from __future__ import annotations

from gui.look.language import mark, tr, translate

OF_ONE = {
    "conversations": mark("conversation"),
    "evaluations": mark("evaluation"),
    "examples": mark("example"),
    "minutes": mark("minute"),
    "steps": mark("step"),
    "tokens": mark("token"),
}


def unit_text(unit: str, number: float) -> str:
    """Return a setting's unit as it stands behind a number: "steps", or "step" behind 1."""
    return tr(OF_ONE[unit]) if number == 1 and unit in OF_ONE else translate(unit)
