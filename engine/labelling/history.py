"""What was done in a labelling set, step by step, and what of it stands: the replay of its journal.

The same code takes in a change as it is made and as it is read back, so a set that is opened again is the set that
was closed. Knows nothing of files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.events import Event
from engine.labelling.items import Item, begun, changed


@dataclass(frozen=True)
class Step:
    """A change that can be taken back: what it was ("written", "drafted", "accepted" or "skipped"), and of what."""

    event: str
    time: float
    before: Item
    after: Item


class History:
    """The items of a set and the steps that led to them; the first `done` of the steps stand."""

    def __init__(self, items: Iterable[Item]) -> None:
        self.items: dict[int, Item] = {item.number: item for item in items}
        self.steps: list[Step] = []
        self.done = 0
        self.sittings = 0

    @property
    def last(self) -> Step | None:
        """The step that undo takes back."""
        return self.steps[self.done - 1] if self.done else None

    @property
    def next(self) -> Step | None:
        """The step that redo does again."""
        return self.steps[self.done] if self.done < len(self.steps) else None

    def of(self, number: int) -> list[Step]:
        """Return the steps that stand of one item, oldest first."""
        return [step for step in self.steps[: self.done] if step.after.number == number]

    def apply(self, record: Event) -> None:
        """Take in one record of the journal; one that makes no sense here is passed over."""
        event = record["event"]
        if event == "sitting_began":
            self.sittings += 1
        elif event == "undone" and self.last is not None:
            self.done -= 1
            before = self.steps[self.done].before
            self.items[before.number] = before
        elif event == "redone" and self.next is not None:
            after = self.steps[self.done].after
            self.items[after.number] = after
            self.done += 1
        elif event == "added":
            self._add(record)
        else:
            self._change(event, record)

    def _add(self, record: Mapping[str, Any]) -> None:
        number = record.get("item")
        if isinstance(number, int) and number not in self.items:
            texts = (str(record.get(key, "")) for key in ("id", "conversation", "summary"))
            self.items[number] = begun(number, *texts)

    def _change(self, event: str, record: Mapping[str, Any]) -> None:
        before = self.items.get(record.get("item", 0))
        try:
            after = changed(before, event, record) if before is not None else None
        except KeyError:
            return
        if before is None or after is None:
            return
        last = self.last
        if record.get("joins") and last is not None and last.after.number == after.number:
            before = last.before
            self.done -= 1
        self.steps[self.done :] = [Step(event, float(record.get("time", 0.0)), before, after)]
        self.done += 1
        self.items[after.number] = after
