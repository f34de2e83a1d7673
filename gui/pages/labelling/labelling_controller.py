"""The labelling controller: reads a source into a set, and owns the set, the current conversation and every operation.

Saves typed text on every key. Knows no widget.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.api import DataError, Example, labelling
from gui.core.open_work import OpenWork
from gui.look.language import sentences
from gui.pages.labelling.items_view import ItemNavigation, ItemOrder
from gui.pages.playground.history import HistoryStore, collect
from gui.workers.engine_thread import ShownJob


class LabellingController(OpenWork[labelling.LabellingSet]):
    """The open set and its current conversation.

    Signals: `moved` if another conversation is current, or its text was changed other than by typing; `opened` after a
    set was opened.
    """

    moved = Signal()
    opened = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.item_order = ItemOrder()
        self._navigation = ItemNavigation()
        self._typed: str | None = None
        # How many summaries were taken over from the playground that a person had corrected.
        self.corrected = 0

    # The set

    def open(self, set_id: str, examples: Sequence[Example] = ()) -> None:
        """Open a set, add the missing ones of `examples`, and go to the first of them.

        What was corrected or rated good in the playground is carried over. A large set takes a moment, so it is read
        in a thread; then `opened` follows, or `changed` with an error.
        """
        if self.work is not None and self.work.about.id == set_id:
            self._begin(self.work, examples)
            self.take_corrections()
            return
        self._release()
        self._read(
            lambda: (labelling.LabellingSet(set_id), _corrections()),
            lambda found: self._take(found[0], examples, found[1]),
            lambda found: found[0].close(),
        )

    def take_corrections(self) -> None:
        """Carry over what was corrected or rated good in the playground since."""
        self._background.run(_corrections, self._carry)

    def _carry(self, known: Iterable[labelling.Item]) -> None:
        work = self.work
        if work is None:
            return
        carried: list[labelling.Item] = []
        for item in known:
            self._done(partial(_carry, work, item, carried))
        self.corrected = sum(item.state == "accepted" for item in carried)
        if carried:
            self.item_order.renew()
            self._emit_moved()

    def _take(
        self,
        work: labelling.LabellingSet,
        examples: Sequence[Example],
        known: Iterable[labelling.Item],
    ) -> None:
        self._hold(work)
        self.item_order.take(work)
        self._begin(work, examples, known)

    def _begin(
        self, work: labelling.LabellingSet, examples: Sequence[Example], known: Iterable[labelling.Item] = ()
    ) -> None:
        self.error = None
        numbers: list[int] = []
        for example in examples:
            self._done(partial(_add, work, example, numbers))
        self._carry(known)
        self.item_order.renew()
        if numbers:
            self._navigation.go(numbers[0])
        elif self._navigation.current is None:
            self._go_to(self._where_to_begin(work))
        self.opened.emit()
        self._emit_moved()

    def _where_to_begin(self, work: labelling.LabellingSet) -> int | None:
        """Return the conversation edited last, else the first one to do, else the first."""
        last = work.history.last
        if last is not None and work.item(last.after.number).to_do and last.after.text:
            return last.after.number
        waiting = self.item_order.numbers()
        return waiting[0] if waiting else next((item.number for item in work.items), None)

    def close(self) -> None:
        self._release()
        self.changed.emit()

    def _release(self) -> None:
        self.save()
        self._typed = None
        self._navigation = ItemNavigation()
        self.item_order.take(None)
        self._leave()

    # The current conversation

    @property
    def item(self) -> labelling.Item | None:
        number = self._navigation.current
        return None if self.work is None or number is None else self.work.item(number)

    @property
    def can_go_back(self) -> bool:
        return self._navigation.can_go_back

    def choose_order(self, key: str) -> None:
        self.item_order.order = key
        self._begin_again()

    def choose_shown(self, key: str) -> None:
        """Choose which conversations are listed: to do, drafts, accepted, skipped, or all."""
        self.item_order.shown = key
        self._begin_again()

    def search(self, text: str) -> None:
        """List only conversations with these words, or this number."""
        self.item_order.search = text
        self.item_order.renew()
        self.changed.emit()

    def _begin_again(self) -> None:
        """Go to the first listed conversation, unless the current one has unfinished text."""
        self.item_order.renew()
        if not self.save():
            return
        item, listed = self.item, self.item_order.numbers()
        self._navigation = ItemNavigation()
        half_written = item is not None and item.to_do and item.text and item.number in listed
        first = item.number if item is not None and (half_written or not listed) else next(iter(listed), None)
        self._go_to(first)
        self._emit_moved()

    def _go_to(self, number: int | None) -> None:
        if number is not None:
            self._navigation.go(number)

    def forward(self) -> None:
        """Go to the next conversation and leave this one unchanged."""
        if self.save():
            self._navigation.forward(self.item_order.numbers())
            self._emit_moved()

    def back(self) -> None:
        if self.save():
            self._navigation.back()
            self._emit_moved()

    def go(self, number: int) -> None:
        if self.work is not None and number != self._navigation.current and self.save():
            self._navigation.go(number)
            self._emit_moved()

    def next_to_draft(self) -> labelling.Item | None:
        work = self.work
        if work is None:
            return None
        items = (work.item(number) for number in self.item_order.numbers())
        return next((item for item in items if item.to_do and not item.text), None)

    # Operations

    def typed(self, text: str) -> None:
        """Save typed text; if the disk refuses it, the next key or operation tries again."""
        self._typed = text
        self.save()

    def save(self) -> bool:
        """Save the typed text. Return whether it is saved; if not, `error` says why."""
        work, item, text = self.work, self.item, self._typed
        if work is None or item is None or text is None:
            return True
        if not self._done(lambda: work.write(item.number, text)):
            return False
        self._typed = None
        if self.work is not None and self.work.item(item.number).state != item.state:
            self.item_order.renew()
        self.changed.emit()
        return True

    def put_draft(self, number: int, draft: labelling.Draft) -> None:
        """Replace a conversation's summary by a draft; the current conversation stays."""
        work = self.work
        if work is not None and self.save() and self._done(lambda: work.put_draft(number, draft)):
            self.item_order.renew()
            if number == self._navigation.current:
                self.moved.emit()
            self.changed.emit()

    def accept(self) -> None:
        self._decide(lambda work, number: work.accept(number))

    def skip(self) -> None:
        self._decide(lambda work, number: work.skip(number))

    def _decide(self, act: Callable[[labelling.LabellingSet, int], None]) -> None:
        work, item = self.work, self.item
        if work is None or item is None or not self.save():
            return
        if self._done(lambda: act(work, item.number)):
            self.item_order.renew()
            self._navigation.on([number for number in self.item_order.numbers() if number != item.number])
            self._emit_moved()

    def undo(self) -> None:
        if self.work is not None and self.save():
            self._step(self.work.history.last, self.work.undo)

    def redo(self) -> None:
        if self.work is not None and self.save():
            self._step(self.work.history.next, self.work.redo)

    def _step(self, step: labelling.Step | None, take: Callable[[], object]) -> None:
        if step is not None and self._done(take):
            self.item_order.renew()
            self._navigation.go(step.after.number)
            self._emit_moved()

    def problem(self) -> str:
        error = self.error
        return sentences(error.message, error.hint) if isinstance(error, DataError) else ""

    def _emit_moved(self) -> None:
        self.moved.emit()
        self.changed.emit()


def _add(work: labelling.LabellingSet, example: Example, numbers: list[int]) -> None:
    numbers.append(work.add(example))


def _carry(work: labelling.LabellingSet, known: labelling.Item, carried: list[labelling.Item]) -> None:
    if work.carry(known):
        carried.append(known)


def _corrections() -> tuple[labelling.Item, ...]:
    """Return what was corrected or rated good in the playground."""
    return collect(HistoryStore().items).items


class Reader(ShownJob):
    """The source being read. `made(id, result)` carries the set and what was read."""

    made = Signal(str, object)
    source = ""

    def read(self, values: dict[str, Any], base_model: str) -> None:
        """Read the source in these `[data]` values, in place of any other.

        Exclusions by tokens use the tokenizer of `base_model`.
        """
        self.source = str(values["source"])
        self._ask("label_data", {"data": values, "base_model": base_model})

    def _take(self, result: dict[str, Any]) -> None:
        super()._take(result)
        self.made.emit(result["set"], result)
