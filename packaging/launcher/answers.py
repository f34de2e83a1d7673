"""Texts and answers that every way of showing the first start shares."""

from __future__ import annotations

from typing import Literal

Answer = Literal["again", "previous", "close"]
TITLE = "Tunesmith"
SUITS = " – suits this computer"
WORDS = (
    "Tunesmith sets itself up for you once: it fetches torch and the other libraries that it works with.\n"
    "What you have trained stays as it is."
)
