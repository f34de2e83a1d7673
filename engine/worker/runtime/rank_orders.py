"""The orders that process 0 of a run gives to all others, and what they answer.

Process 0 decides: what is computed, when a run pauses, stops or computes less at a time, what is saved. The others
hold the same model and carry out one order after the other, so that all agree by construction. Each order has a
kind and, for each process, its own part; a process answers with results as they come, and says when it is done or has
failed. Knows nothing of what is computed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol

import torch

from engine.errors import AppError
from engine.worker.runtime.heartbeat import Peer
from engine.worker.runtime.process_group import ProcessGroup, digest

# Sent in the place of an order: the one being carried out is no longer wanted.
DROP = "drop"
END = "end"
RESULT, DONE, FAILED = "result", "done", "failed"
POLL_SECONDS = 0.0005
# Results of others are taken no more often while this process works itself.
TICK_SECONDS = 0.05

# Nothing but to lend parts of a sharded base model.
FOLLOW = "follow"

Tick = Callable[[], None]
Emit = Callable[[Any], None]


class Sharded(Protocol):
    """A base model of which each process holds a part."""

    def follow(self) -> None:
        """Lend that part until no process computes any more."""


class Ranks:
    """The other processes of a run, as process 0 has them."""

    def __init__(self, group: ProcessGroup) -> None:
        self.size = group.size
        # Of the adapter, once there is one: the others have them as they are when an order that uses them is given.
        self.trained: Sequence[torch.nn.Parameter] = ()
        # The base model, if it is sharded: after every order all lend their parts until all have computed.
        self.sharded: Sharded | None = None
        self._lends = self._is_followed = False
        self.group = group
        self._busy: list[int] = []
        self._looked_at = 0.0

    @property
    def peers(self) -> Sequence[Peer]:
        """The others."""
        return self.group.peers

    def order(self, kind: str, facts: Mapping[str, Any], parts: Sequence[Any] | None = None) -> None:
        """Let all others carry out an order, or with `parts` one for each part the first of them."""
        if self._is_followed:
            self.wait(_ignore)
        chosen = range(1, self.size) if parts is None else range(1, 1 + len(parts))
        self._busy, self._lends = list(chosen), self.sharded is not None
        self._is_followed = kind == FOLLOW
        for rank in chosen:
            part = None if parts is None else parts[rank - 1]
            self.group.send(rank, {"kind": kind, "facts": dict(facts), "part": part})

    def be_followed(self) -> None:
        """Let the others lend their parts of a sharded base model to what this process computes without an order."""
        if not self._lends:
            self.order(FOLLOW, {})

    def lend(self) -> None:
        """Lend this process's part of a sharded base model until the others have carried out their order."""
        if self._lends and self.sharded is not None:
            self._lends = self._is_followed = False
            self.sharded.follow()

    def take(self, on_result: Callable[[int, Any], None]) -> bool:
        """Take what has been answered; return whether all are done.

        `on_result(process, result)` gets each result. What a process failed with is raised once the others have
        dropped their part: AppError as it was, MemoryError where memory did not suffice, else RuntimeError.
        """
        for rank in tuple(self._busy):
            while rank in self._busy and self.group.has_message(rank):
                kind, content = self.group.receive(rank)
                if kind == RESULT:
                    on_result(rank, content)
                    continue
                self._busy.remove(rank)
                if kind == FAILED:
                    self.drop()
                    _raise(rank, content)
        return not self._busy

    def wait(self, on_result: Callable[[int, Any], None], on_tick: Tick = lambda: None) -> None:
        """Wait until all are done; an exception of `on_tick` lets them drop what they do."""
        try:
            self.lend()
            while not self.take(on_result):
                on_tick()
                time.sleep(POLL_SECONDS)
        except BaseException:
            if not self.is_broken:
                self.drop()
            raise

    def ask(self, kind: str, facts: Mapping[str, Any]) -> list[Any]:
        """Let all others carry out an order with one result each, and return these."""
        self.order(kind, facts)
        return self.answers()

    def answers(self) -> list[Any]:
        """Return the result of each of the others, once all are done."""
        found: dict[int, Any] = {}
        self.wait(found.__setitem__)
        return [found[rank] for rank in sorted(found)]

    def drop(self) -> None:
        """Let the others drop what they do, and wait until they have. Raises ProcessLostError."""
        for rank in self._busy:
            self.group.send(rank, {"kind": DROP})
        self.lend()
        while self._busy:
            kind, _ = self.group.receive(self._busy[0])
            if kind != RESULT:
                del self._busy[0]

    def map(
        self,
        kind: str,
        facts: Mapping[str, Any],
        parts: Sequence[Any],
        work: Callable[[Any, Emit, Tick], None],
        on_result: Callable[[int, Any], None],
        on_tick: Tick,
    ) -> None:
        """Do the first part here by `work(part, emit, tick)`, and let others do the others by an order.

        `on_result(number of the part, result)` gets each result as it comes. An exception ends the work on all parts.
        """
        mine, *theirs = parts
        nothing = [None] * (self.size - len(parts))
        self.order(kind, {**facts, "with_adapter": not _without_adapter}, [*theirs, *nothing])
        self.send_trained()

        def tick() -> None:
            on_tick()
            now = time.monotonic()
            if now - self._looked_at >= TICK_SECONDS:
                self._looked_at = now
                self.take(on_result)

        try:
            work(mine, partial(on_result, 0), tick)
        except BaseException:
            if not self.is_broken:
                self.drop()
            raise
        self.wait(on_result, on_tick)

    def same_tensors(self, tensors: Mapping[str, torch.Tensor]) -> list[str]:
        """Give the others' tensors of these names the same values; return the names of those that differed.

        A library may draw or decompose in another way on another processor.
        """
        digests = {name: digest(tensor) for name, tensor in tensors.items()}
        different = sorted({name for names in self.ask("compare", {"digests": digests}) for name in names})
        if different:
            self.order("copy", {"names": different})
            self.group.broadcast([tensors[name] for name in different])
            self.wait(_ignore)
        return different

    def send_trained(self) -> None:
        """Send the trained parameters to the others, which have been ordered to take part."""
        self.group.broadcast([each.data for each in self.trained])

    def sum(self, flat: torch.Tensor) -> torch.Tensor:
        """Return the sum with the others' tensors, which have been ordered to take part."""
        return self.group.sum_to_first(flat)

    def require_all(self) -> None:
        """Raise ProcessLostError unless all others answer."""
        self.group.refresh()
        self.ask("answer", {})

    def private_bytes(self) -> int:
        """Return the memory that the others on this computer have for themselves."""
        return sum(peer.private_bytes() for peer in self.peers)

    def end(self) -> None:
        """Let the others go."""
        if not self.group.is_broken:
            self.drop()
            for rank in range(1, self.size):
                self.group.send(rank, {"kind": END})
                self.group.receive(rank)
        self.group.leave()

    @property
    def is_broken(self) -> bool:
        """Whether one of them is lost."""
        return self.group.is_broken


def _ignore(*_: Any) -> None:
    """Take an answer that says nothing."""


def _raise(rank: int, failure: Mapping[str, Any]) -> None:
    sys.stderr.write(f"Process {rank}:\n{failure['trace']}\n")
    message = f"Process {rank} (on {failure['host']}): {failure['message']}"
    if failure["is_oom"]:
        raise MemoryError(message)
    if failure["is_known"]:
        raise AppError(message, failure["hint"], failure["field"])
    raise RuntimeError(message)


_own: list[Ranks] = []
_without_adapter: list[bool] = []


def current() -> Ranks | None:
    """Return the other processes of this one's run, None where it is alone, or one of the others."""
    return _own[-1] if _own else None


def use(ranks: Ranks) -> None:
    """Let `current` return these."""
    _own.append(ranks)


def forget() -> None:
    """Be alone again."""
    _own.clear()


def size() -> int:
    """Return the number of processes of this one's run."""
    return _own[-1].size if _own else 1


@contextmanager
def without_adapter() -> Iterator[None]:
    """Let the others compute without the adapter inside, as this process does."""
    _without_adapter.append(True)
    try:
        yield
    finally:
        _without_adapter.pop()
