"""The conversations of a labelling set as values, what each change makes of them, and how long summaries usually are.

Knows nothing of files or windows.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any, Literal

State = Literal["open", "drafted", "accepted", "skipped"]
Author = Literal["source", "person", "draft", "edited draft"]
CACHED_LENGTHS = 8192
MIN_TO_COMPARE = 10
# Words of a summary divided by the square root of its conversation's words: nine in ten of SAMSum's references are
# between, whatever the length of the conversation.
USUAL_RATIOS = (1.0, 4.0)


@dataclass(frozen=True)
class Draft:
    """A model's summary; `adapter` is None for the base model alone, `name` is the name of the model."""

    base_model: str
    adapter: str | None
    name: str
    text: str


@dataclass(frozen=True)
class Item:
    """A conversation with its summary.

    `number` counts from 1 within the set and never changes; `id` is the source's. `given` is the summary of the
    source, if any. Only an accepted summary is part of the data set.
    """

    number: int
    id: str
    conversation: str
    given: str = ""
    text: str = ""
    state: State = "open"
    draft: Draft | None = None

    @property
    def to_do(self) -> bool:
        """Whether it waits for a decision."""
        return self.state in ("open", "drafted")

    @property
    def written_by(self) -> Author:
        """Who wrote the text: a changed draft stays an edited draft until it is emptied."""
        if self.draft is not None:
            return "draft" if self.text == self.draft.text else "edited draft"
        return "source" if self.given and self.text == self.given else "person"


def new_item(number: int, identity: str, conversation: str, given: str = "") -> Item:
    """Return a new item: accepted if its source has a summary for it, else open."""
    given = given.strip()
    return Item(number, identity, conversation, given, given, "accepted" if given else "open")


def carried_fields(item: Item) -> dict[str, Any]:
    """Return what another set can take over of a conversation, for `with_carried`."""
    return {"text": item.text, "state": item.state, "draft": asdict(item.draft) if item.draft else None}


def with_carried(item: Item, facts: Mapping[str, Any]) -> Item | None:
    """Return the item with what another set knew of its conversation, None for a draft of another version."""
    try:
        draft = Draft(**facts["draft"]) if facts.get("draft") else None
    except TypeError:
        return None
    text: str = facts.get("text") or ""
    if facts["state"] == "accepted" and not text.strip():
        return None
    return replace(item, text=text, state=facts["state"], draft=draft)


def changed(item: Item, event: str, facts: Mapping[str, Any]) -> Item | None:
    """Return the item after a change, None for one that makes no sense: nothing is accepted without a summary."""
    if event == "written":
        return _written(item, facts["text"])
    if event == "drafted":
        draft = Draft(facts["base_model"], facts.get("adapter"), facts["name"], facts["text"])
        return replace(item, text=draft.text, draft=draft, state="drafted")
    if event == "accepted":
        return replace(item, state="accepted") if item.text.strip() else None
    if event == "skipped":
        return replace(item, state="skipped")
    return None


def _written(item: Item, text: str) -> Item:
    """Return the item with a new text, which waits for a decision again."""
    draft = item.draft if text.strip() else None
    return replace(item, text=text, draft=draft, state="drafted" if draft else "open")


def usual_words(conversation: str, accepted: Sequence[Item] = ()) -> tuple[int, int]:
    """Return the usual range of words in a summary of the conversation.

    It covers eight in ten accepted summaries once there are enough of them, else nine in ten of SAMSum's references.
    """
    low, high = USUAL_RATIOS
    if len(accepted) >= MIN_TO_COMPARE:
        ratios = [count_words(item.text) / _root(item.conversation) for item in accepted]
        tenths = statistics.quantiles(ratios, n=10, method="inclusive")
        low, high = tenths[0], tenths[-1]
    root = _root(conversation)
    return max(1, math.floor(low * root)), max(1, math.ceil(high * root))


@lru_cache(maxsize=CACHED_LENGTHS)
def _root(conversation: str) -> float:
    return math.sqrt(max(1, count_words(conversation)))


def count_words(text: str) -> int:
    """Return the number of words in a text, separated by spaces."""
    return len(text.split())
