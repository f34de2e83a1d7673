"""What well-known licences say of passing on what was made from a base model or from conversations. No legal advice."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.config.recipe import STARTER
from engine.messages import say


@dataclass(frozen=True)
class Terms:
    """What a licence allows, as a sentence; `forbids` says that nothing made from the work may be passed on."""

    text: str
    forbids: bool = False


FREE = Terms("You may share what you make from it freely.")
NAMED = Terms("You may share what you make from it if you name the licence and the authors.")
ALIKE = Terms("You may share what you make from it under the same licence, with attribution.")
NOT_SOLD = Terms("You may share what you make from it for non-commercial use, with attribution.")
NOT_SOLD_ALIKE = Terms(
    "You may share what you make from it for non-commercial use, under the same licence and with attribution."
)
OWN = Terms("You may share what you make from it only under those terms, which also bind whoever uses them.")
FORBIDDEN = Terms("You may not share what you make from it.", forbids=True)
UNKNOWN = "Its terms are unknown; read them before you share anything."
# The first that matches counts.
KNOWN = (
    (re.compile(r"cc-by(-nc)?-nd(-.*)?|all-rights-reserved|proprietary"), FORBIDDEN),
    (re.compile(r"cc-by-nc-sa(-.*)?"), NOT_SOLD_ALIKE),
    (re.compile(r"cc-by-nc(-.*)?"), NOT_SOLD),
    (re.compile(r"cc-by-sa(-.*)?|[al]?gpl(-.*)?"), ALIKE),
    (re.compile(r"cc-by(-\d.*)?|apache-2\.0|mit|bsd(-.*)?|isc|odc-by|mpl-2\.0"), NAMED),
    (re.compile(r"cc0(-.*)?|unlicense|public-domain|pddl|0bsd"), FREE),
    (re.compile(r"gemma|llama.*|openrail.*|.*-openrail.*"), OWN),
)


def identifier(name: str) -> str:
    """Return a licence's name as the hub writes it: "CC BY-NC 4.0" is "cc-by-nc-4.0"."""
    return re.sub(r"[\s_]+", "-", name.strip().lower())


def terms(name: str) -> Terms | None:
    """Return what a licence says, None if it is not known here."""
    return next((found for pattern, found in KNOWN if pattern.fullmatch(identifier(name))), None)


def of_base_model(name: str, licence: str) -> str:
    """Return what follows from the licence of a base model, as one or two sentences; either may be "", unknown."""
    if not name:
        return "The base model's licence is unknown; check it before you share anything."
    if not licence:
        return say("The licence of the base model {} is unknown; check it before you share anything.", name)
    if name == STARTER:
        return _with_terms(say("The practice model of Tunesmith is under {}.", licence), licence)
    return _with_terms(say("The base model {} is under {}.", name, licence), licence)


def of_data(licence: str) -> str:
    """Return what follows from the licence of the data, "" if it is not known, as one or two sentences."""
    if not licence:
        return "The data's licence is unknown; check it before you share anything."
    return _with_terms(say("The data is under {}.", licence), licence)


def _with_terms(sentence: str, licence: str) -> str:
    found = terms(licence)
    return say("{} {}", sentence, found.text if found else UNKNOWN)
