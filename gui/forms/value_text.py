"""Translates option values that are English words, and the words for 0 where it is no amount.

Names, such as those of optimizers and formats, are the same in every language.
"""

from __future__ import annotations

from gui.look.language import mark, tr

WORDS = (
    mark("all"),
    mark("auto"),
    mark("automatic"),
    mark("best"),
    mark("biases"),
    mark("card"),
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
    mark("leave_out"),
    mark("lengths"),
    mark("linear"),
    mark("long conversation"),
    mark("long summary"),
    mark("loss"),
    mark("never"),
    mark("no limit"),
    mark("none"),
    mark("norms"),
    mark("odd characters"),
    mark("off"),
    mark("once per epoch"),
    mark("orthogonal"),
    mark("other language"),
    mark("phone"),
    mark("random"),
    mark("refuse"),
    mark("stop"),
    mark("summary longer"),
    mark("test"),
    mark("text"),
    mark("train"),
    mark("validation"),
    mark("vocabulary"),
    mark("weights"),
)


def value_text(value: str) -> str:
    """Return the translated value; names are returned unchanged."""
    return tr(value) if value in WORDS else value
