"""The conversations of a labelling set as values, and what each change makes of them.

Knows nothing of files, order or windows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

State = Literal["open", "drafted", "accepted", "skipped"]
Author = Literal["source", "person", "draft", "edited draft"]


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
