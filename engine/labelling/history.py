"""Replays the journal of a labelling set: its items, and the steps that can be undone and redone.

The same code applies new changes and those read from the journal. Counts are updated with each change, so that large
sets answer each key press as fast as small ones. Knows nothing of files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from engine.jobs.events import Event
from engine.labelling.items import Item, State, changed, new_item, with_carried
from engine.system.validators import Check, has, is_count, is_flag, is_one_of, is_text

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
            step = self.last
            if step is not None:
                self.done -= 1
                self._put(step.before)
        elif event == "redone":
            step = self.next
            if step is not None:
                self._apply_step(step)
        elif event == "added":
            self._add(record)
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

    def _apply_step(self, step: Step) -> None:
        self.done += 1
        self._put(step.after)

    def _add(self, record: Mapping[str, Any]) -> None:
        number = record["item"]
        if 0 < number <= MAX_NUMBER and number not in self.items:
            texts = (record.get(key) or "" for key in ("id", "conversation", "summary"))
            self._put(new_item(number, *texts))

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
        step = Step(event, before, after)
        self.steps[self.done :] = [step]
        self._apply_step(step)
