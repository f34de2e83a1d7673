"""The conversations of a labelling set, what changes make of them, and the history of changes that can be undone.

The same code applies new changes and those read from the journal. Counts are updated with each change, so that large
sets answer each key press as fast as small ones. Knows nothing of files or windows.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any, Literal, get_args

from engine.jobs.events import Event
from engine.system.validators import Check, has, is_count, is_flag, is_one_of, is_text

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
        draft = item.draft if facts["text"].strip() else None
        return replace(item, text=facts["text"], draft=draft, state="drafted" if draft else "open")
    if event == "drafted":
        draft = Draft(facts["base_model"], facts.get("adapter"), facts["name"], facts["text"])
        return replace(item, text=draft.text, draft=draft, state="drafted")
    if event == "skipped":
        return replace(item, state="skipped")
    return replace(item, state="accepted") if item.text.strip() else None


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


CHANGES = ("written", "drafted", "accepted", "skipped")
# Above every number that a set gives.
MAX_NUMBER = 10_000_000

# The schema of a journal, whose lines may be damaged or of another program.
_ITEM: Mapping[str, Check] = {"item": is_count}
_is_draft = has({"base_model": is_text, "name": is_text, "text": is_text}, {"adapter": is_text})

_SCHEMAS: Mapping[str, Check] = {
    "added": has({**_ITEM, "conversation": is_text}, {"id": is_text, "summary": is_text}),
    "carried": has({**_ITEM, "state": is_one_of(*get_args(State))}, {"text": is_text, "draft": _is_draft}),
    "written": has({**_ITEM, "text": is_text}, {"joins": is_flag}),
    "drafted": has({**_ITEM, "base_model": is_text, "name": is_text, "text": is_text}, {"adapter": is_text}),
    "accepted": has(_ITEM),
    "skipped": has(_ITEM),
}


@dataclass(frozen=True)
class Step:
    """A change that can be undone ("written", "drafted", "accepted" or "skipped"), with its item before and after."""

    event: str
    before: Item
    after: Item


class History:
    """The items of a set and the steps that led to them; the first `done` of the steps are in effect.

    `counts` are the numbers of items by state, `accepted` the numbers of the accepted items, in order of acceptance.
    """

    def __init__(self, items: Iterable[Item]) -> None:
        self.items: dict[int, Item] = {}
        self.counts: Counter[str] = Counter()
        self.accepted: dict[int, None] = {}
        self.steps: list[Step] = []
        self.done = 0
        self.sittings = 0
        for item in items:
            self._put(item)

    @property
    def last(self) -> Step | None:
        """The step that undo reverts."""
        return self.steps[self.done - 1] if self.done else None

    @property
    def next(self) -> Step | None:
        """The step that redo applies again."""
        return self.steps[self.done] if self.done < len(self.steps) else None

    def was_changed(self, number: int) -> bool:
        """Tell whether a step that is in effect changed an item."""
        return any(step.after.number == number for step in self.steps[: self.done])

    def apply(self, record: Event) -> None:
        """Apply one record of the journal. Invalid records are skipped, and events that are not known."""
        event = record["event"]
        is_valid = _SCHEMAS.get(event)
        if is_valid is not None and not is_valid(record):
            return
        if event == "sitting_began":
            self.sittings += 1
        elif event == "undone":
            if (step := self.last) is not None:
                self.done -= 1
                self._put(step.before)
        elif event == "redone":
            if (step := self.next) is not None:
                self.done += 1
                self._put(step.after)
        elif event == "added":
            number = record["item"]
            if 0 < number <= MAX_NUMBER and number not in self.items:
                texts = (record.get(key) or "" for key in ("id", "conversation", "summary"))
                self._put(new_item(number, *texts))
        elif event == "carried":
            self._carry(record)
        else:
            self._change(event, record)

    def _put(self, item: Item) -> None:
        before = self.items.get(item.number)
        if before is not None:
            self.counts[before.state] -= 1
        self.counts[item.state] += 1
        self.items[item.number] = item
        if item.state == "accepted":
            self.accepted.setdefault(item.number)
        else:
            self.accepted.pop(item.number, None)

    def _carry(self, record: Mapping[str, Any]) -> None:
        """Apply what another set knew of a conversation; this is no step that can be undone."""
        before = self.items.get(record["item"])
        after = with_carried(before, record) if before is not None else None
        if after is not None:
            self._put(after)

    def _change(self, event: str, record: Mapping[str, Any]) -> None:
        before = self.items.get(record.get("item", 0)) if event in CHANGES else None
        after = changed(before, event, record) if before is not None else None
        if before is None or after is None:
            return
        last = self.last
        if record.get("joins") and last is not None and last.after.number == after.number:
            before = last.before
            self.done -= 1
        self.steps[self.done :] = [Step(event, before, after)]
        self.done += 1
        self._put(after)
