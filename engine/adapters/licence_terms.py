"""What well-known licences say of passing on what was made from a base model or from conversations. No legal advice."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Terms:
    """What a licence allows; `forbids` says that nothing made from the work may be passed on."""

    text: str
    forbids: bool = False


FREE = Terms("may be passed on freely")
NAMED = Terms("may be passed on if the licence and the authors are named")
ALIKE = Terms("may be passed on under the same licence only, with the authors named")
NOT_SOLD = Terms("may be passed on and used for non-commercial purposes only, with the authors named")
NOT_SOLD_ALIKE = Terms(
    "may be passed on and used for non-commercial purposes and under the same licence only, with the authors named"
)
OWN = Terms("may be passed on with those terms alone, which whoever uses it must follow")
FORBIDDEN = Terms("must not be passed on", forbids=True)
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


def sentence(what: str, name: str) -> str:
    """Return what follows from the licence of a base model or of data as a sentence."""
    if not name:
        return f"The licence of {what} is not known: find it out before you pass anything on."
    found = terms(name)
    told = (
        "what it says of passing on is not known here: read it"
        if found is None
        else f"what was made from it {found.text}"
    )
    return f"{what[0].upper()}{what[1:]} is under {name}: {told}."
