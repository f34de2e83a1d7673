"""Translates option values that are English words, the words for 0 where it is no amount, and units."""

from __future__ import annotations

from engine.api import encodings, setting_text
from gui.look.language import mark, tr, translate

WORDS = (
    mark("all"),
    mark("ask"),
    mark("auto"),
    mark("automatic"),
    mark("best"),
    mark("biases"),
    mark("card"),
    mark("chat"),
    mark("constant"),
    mark("copied summary"),
    mark("cosine"),
    mark("default"),
    mark("duplicates"),
    mark("email"),
    mark("finish"),
    mark("invisible characters"),
    mark("last"),
    mark("leaks"),
    mark("lengths"),
    mark("linear"),
    mark("long conversation"),
    mark("long summary"),
    mark("loss"),
    mark("no limit"),
    mark("none"),
    mark("no speakers"),
    mark("norms"),
    mark("odd characters"),
    mark("off"),
    mark("on"),
    mark("orthogonal"),
    mark("other language"),
    mark("phone"),
    mark("plain"),
    mark("random"),
    mark("recipe"),
    mark("references"),
    mark("refuse"),
    mark("sentences"),
    mark("stop"),
    mark("summary longer"),
    mark("test"),
    mark("text"),
    mark("train"),
    mark("turns in one line"),
    mark("validation"),
    mark("vocabulary"),
    mark("weights"),
)


NAMES = setting_text.CALLED | encodings.ENCODINGS
OF_ONE = {
    "conversations": mark("conversation"),
    "evaluations": mark("evaluation"),
    "examples": mark("example"),
    "minutes": mark("minute"),
    "steps": mark("step"),
    "tokens": mark("token"),
}


def value_text(value: str) -> str:
    """Return what a value is called; names are the same in every language."""
    if value in NAMES:
        return translate(NAMES[value])
    return tr(value) if value in WORDS else value


def unit_text(unit: str, number: float) -> str:
    """Return a setting's unit as it stands behind a number: "steps", or "step" behind 1."""
    return tr(OF_ONE[unit]) if number == 1 and unit in OF_ONE else translate(unit)
