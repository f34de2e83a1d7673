"""What was done in a labelling set, step by step, and what of it stands: the replay of its journal.

The same code takes in a change as it is made and as it is read back, so a set that is opened again is the set that
was closed. What is asked at every key that is pressed is kept as it changes, so that a set of many thousand
conversations answers as fast as one of three. Knows nothing of files.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.jobs.events import Event
from engine.labelling.items import Item, changed, new_item, with_carried


@dataclass(frozen=True)
class Step:
    """A change that can be taken back: what it was ("written", "drafted", "accepted" or "skipped"), and of what."""

    event: str
    time: float
    before: Item
    after: Item


class History:
    """The items of a set and the steps that led to them; the first `done` of the steps stand.

    `counts` has how many items are in which state, `accepted` the numbers of those that are accepted, the one that
    was accepted last at the end.
    """

    def __init__(self, items: Iterable[Item]) -> None:
        self.items: dict[int, Item] = {}
        self.counts: Counter[str] = Counter()
        self.accepted: dict[int, None] = {}
        self.steps: list[Step] = []
        self.done = 0
        self.sittings = 0
        self._of: defaultdict[int, list[Step]] = defaultdict(list)
        for item in items:
            self._put(item)

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
        return list(self._of.get(number, ()))

    def apply(self, record: Event) -> None:
        """Take in one record of the journal; one that makes no sense here is passed over."""
        event = record["event"]
        if event == "sitting_began":
            self.sittings += 1
        elif event == "undone":
            step = self.last
            if step is not None:
                self._take_back()
                self._put(step.before)
        elif event == "redone":
            step = self.next
            if step is not None:
                self._stand(step)
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

    def _stand(self, step: Step) -> None:
        self.done += 1
        self._of[step.after.number].append(step)
        self._put(step.after)

    def _take_back(self) -> None:
        self.done -= 1
        self._of[self.steps[self.done].after.number].pop()

    def _add(self, record: Mapping[str, Any]) -> None:
        number = record.get("item")
        if isinstance(number, int) and number not in self.items:
            texts = (str(record.get(key, "")) for key in ("id", "conversation", "summary"))
            self._put(new_item(number, *texts))

    def _carry(self, record: Mapping[str, Any]) -> None:
        """Take in what another set knew of a conversation; it is no step that could be taken back here."""
        before = self.items.get(record.get("item", 0))
        after = with_carried(before, record) if before is not None else None
        if after is not None:
            self._put(after)

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
            self._take_back()
        step = Step(event, float(record.get("time", 0.0)), before, after)
        self.steps[self.done :] = [step]
        self._stand(step)
