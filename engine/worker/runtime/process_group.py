"""Connects the processes of a run by torch.distributed: small messages, and tensors sent and summed.

Messages pass through the store at which the processes meet; gloo carries the tensors of processors and NCCL those of
cards. Nothing waits without noticing that another process is gone. A message holds tensors, numbers, texts and
containers of them, and is read without running code. Knows nothing of models.
"""

from __future__ import annotations

import gc
import io
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import accelerate.utils
import torch
import torch.distributed as dist

from engine.errors import ProcessLostError, WorkerError
from engine.system.ranks import Rank
from engine.worker.runtime import heartbeat, rank_meeting
from engine.worker.runtime.heartbeat import Heartbeat, OnLoss, Peer
from engine.worker.runtime.rank_meeting import TOGETHER, FolderStore, facts_key

# Whoever waits for a tensor looks after the others itself; this only ends what nobody looks after.
COLLECTIVE_LIMIT = timedelta(hours=24)
# A value of torch's store has at most 8 MiB.
PIECE_BYTES = 4 << 20
POLL_SECONDS = 0.0005
IDLE_SECONDS = 1.0
# Numbers that are multiplied with a tensor's words for its digest, and words at a time.
DIGEST_WORDS = 1 << 18
RESUME = "Resume goes on from the last checkpoint."


class ProcessGroup:
    """The processes of a run, as one of them sees them; `peers` are the others that it watches."""

    def __init__(self, rank: Rank, store: Any, peers: Sequence[Peer], on_loss: OnLoss) -> None:
        self.rank, self.size = rank.rank, rank.size
        self.peers = peers
        self._store = store
        self._folder = store if isinstance(store, FolderStore) else None
        self._sent: dict[int, int] = {}
        self._received: dict[int, int] = {}
        self._loss = ""
        self._heartbeat = Heartbeat(store.clone(), rank.rank, peers, self._note(on_loss))
        self._heartbeat.start()

    def _note(self, on_loss: OnLoss) -> OnLoss:
        def note(reason: str) -> None:
            self._loss = self._loss or reason
            if self._folder:
                self._folder.remove()
            on_loss(reason)

        return note

    @property
    def is_broken(self) -> bool:
        """Whether another process is lost."""
        return bool(self._loss)

    def check(self) -> None:
        """Raise ProcessLostError if another process is known to be lost."""
        if self._loss:
            raise ProcessLostError(self._loss, RESUME)

    def refresh(self) -> None:
        """Look for lost processes of this computer now. Raises ProcessLostError."""
        self._loss = self._loss or self._heartbeat.find_loss()
        self.check()

    # ------------------------------------------------------------------------------------------------- messages

    def send(self, to: int, message: Any) -> None:
        """Send a message to another process."""
        content, number = _packed(message), self._sent.get(to, 0)
        key = _message_key(self.rank, to, number)
        pieces = [content[start : start + PIECE_BYTES] for start in range(0, len(content), PIECE_BYTES)]
        with self.watched():
            for index, piece in enumerate(pieces[1:], start=1):
                self._store.set(f"{key}-{index}", piece)
            self._store.set(key, len(pieces).to_bytes(4, "little") + pieces[0])
        self._sent[to] = number + 1

    def has_message(self, sender: int) -> bool:
        """Tell whether a message of another process waits. Raises ProcessLostError."""
        self.check()
        with self.watched():
            return bool(self._store.check([self._next_key(sender)]))

    def receive(self, sender: int) -> Any:
        """Wait for the next message of another process and return it. Raises ProcessLostError."""
        key = self._next_key(sender)
        while not self._has_come(key):
            self.check()
        with self.watched():
            first = self._taken(key)
            rest = [self._taken(f"{key}-{index}") for index in range(1, int.from_bytes(first[:4], "little"))]
        self._received[sender] = self._received.get(sender, 0) + 1
        return _unpacked(b"".join([first[4:], *rest]))

    def _has_come(self, key: str) -> bool:
        """Wait a moment for a key."""
        try:
            self._store.wait([key], timedelta(seconds=IDLE_SECONDS))
        except dist.DistStoreError:
            return False
        except RuntimeError as error:
            self._raise_lost(error)
        return True

    def _taken(self, key: str) -> bytes:
        content: bytes = self._store.get(key)
        self._store.delete_key(key)
        return content

    def _next_key(self, sender: int) -> str:
        return _message_key(sender, self.rank, self._received.get(sender, 0))

    # -------------------------------------------------------------------------------------------------- tensors

    def broadcast(self, tensors: Sequence[torch.Tensor]) -> None:
        """Give tensors of equal shapes in all processes the values of process 0's. Raises ProcessLostError."""
        for some in _by_kind(tensors):
            flat = flatten(some)
            self._wait(partial(dist.broadcast, flat, 0, async_op=True))
            if self.rank:
                unflatten(flat, some)

    def sum_to_first(self, flat: torch.Tensor) -> torch.Tensor:
        """Return, in process 0, the sum of all processes' tensors; elsewhere something of the same shape.

        Values are added in the order of the processes, so that the same values give the same bits; each process adds a
        part of them, and sends and receives no more than two copies. Raises ProcessLostError.
        """
        part = -(-flat.numel() // self.size)
        padded = torch.zeros(part * self.size, dtype=flat.dtype, device=flat.device)
        padded[: flat.numel()] = flat
        received = torch.empty_like(padded)
        self._wait(lambda: dist.all_to_all_single(received, padded, async_op=True))
        first, *others = received.chunk(self.size)
        for other in others:
            first += other
        parts = list(padded.chunk(self.size)) if self.rank == 0 else None
        self._wait(lambda: dist.gather(first, parts, 0, async_op=True))
        return padded[: flat.numel()]

    def lowest(self, number: int) -> int:
        """Return the lowest of the numbers that all processes give at this point. Raises ProcessLostError."""
        found = torch.tensor(number)
        self._wait(lambda: dist.all_reduce(found, dist.ReduceOp.MIN, async_op=True))
        return int(found)

    def _wait(self, begin: Callable[[], Any]) -> None:
        """Wait for an operation of all processes, and notice if one of them is lost meanwhile."""
        with self.watched():
            work, began = begin(), time.monotonic()
            while not work.is_completed():
                self.check()
                # Small ones are done at once.
                time.sleep(POLL_SECONDS if time.monotonic() - began > POLL_SECONDS else 0.0)
            work.wait()

    # ------------------------------------------------------------------------------------------------------ end

    def leave(self) -> None:
        """End the connection; a broken one is left as it is, since its operations never end."""
        self._heartbeat.stop()
        if not self.is_broken:
            dist.destroy_process_group()
            _forget_sharded_tensors()
        # Nothing of the connection must be left to a search for garbage, which a fork of this process may be in.
        self._store = None
        gc.collect()
        if self._folder:
            self._folder.remove() if self.is_broken else self._folder.leave()

    def watched(self) -> _Watched:
        """Return a context in which an error of the connection is a lost process: it raises ProcessLostError."""
        return _Watched(self)

    def _raise_lost(self, error: BaseException) -> None:
        """Raise ProcessLostError for an error of the connection: the one that is gone is known a moment later."""
        deadline = time.monotonic() + 4 * heartbeat.BEAT_SECONDS
        while time.monotonic() < deadline and not self._loss:
            self._loss = self._heartbeat.find_loss()
            time.sleep(0.1)
        reason = (str(error).splitlines() or [""])[0][:200]
        self._loss = self._loss or f"The connection of the processes is lost: {reason}"
        raise ProcessLostError(self._loss, RESUME) from error


class _Watched:
    """A context in which an error of the connection means that a process is lost."""

    def __init__(self, group: ProcessGroup) -> None:
        self._group = group

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, RuntimeError | OSError):
            self._group._raise_lost(error)


def connect(rank: Rank, facts: dict[str, Any], on_loss: OnLoss) -> tuple[ProcessGroup, list[Any]]:
    """Meet the other processes; return the group, and the facts that all of them told, in their order.

    Process 0 watches all others, and they watch process 0; `on_loss` is called in a thread. Raises WorkerError.
    """
    store = rank_meeting.meet(rank)
    told = {**heartbeat.facts_of_this_process(), **facts}
    store.set(facts_key(rank.rank), _packed(told))
    everyone = [_unpacked(content) for content in _facts_of_all(store, rank)]
    watched = range(1, rank.size) if rank.is_first else [0]
    peers = [Peer(each, *(everyone[each][name] for name in ("host", "pid", "place"))) for each in watched]
    group = ProcessGroup(rank, store, peers, on_loss)
    try:
        dist.init_process_group(
            backend(),
            store=dist.PrefixStore("tensors", store.addresses() if isinstance(store, FolderStore) else store),
            rank=rank.rank,
            world_size=rank.size,
            timeout=COLLECTIVE_LIMIT,
        )
    except RuntimeError as error:
        group._raise_lost(error)
    return group, everyone


def _forget_sharded_tensors() -> None:
    """Empty torch's cache of operations on sharded tensors, which keeps the group of this thread and its own threads.

    A fork by another thread frees what this one keeps, and would wait for the group's threads, which it doesn't have.
    """
    if "torch.distributed.tensor" in sys.modules:
        from torch.distributed.tensor import debug

        # Not in every torch that is allowed.
        getattr(debug, "_clear_sharding_prop_cache", lambda: None)()


def backend() -> str:
    """Return what carries the tensors of each kind of device."""
    return "cpu:gloo,cuda:nccl" if dist.is_nccl_available() and torch.cuda.is_available() else "gloo"


def _facts_of_all(store: Any, rank: Rank) -> Iterable[bytes]:
    """Wait for the facts of all processes. Raises WorkerError that names those that did not come."""
    keys = [facts_key(each) for each in range(rank.size)]
    try:
        store.wait(keys, timedelta(seconds=rank_meeting.JOIN_SECONDS))
    except RuntimeError as error:
        missing: list[str] = []
        with suppress(RuntimeError):
            missing = [str(each) for each, key in enumerate(keys) if not store.check([key])]
        if isinstance(store, FolderStore):
            store.remove()
        message = (
            f"{len(missing)} of {rank.size} processes did not come within {rank_meeting.JOIN_SECONDS:.0f} s: "
        )
        raise WorkerError(f"{message}{', '.join(missing[:8])}.", TOGETHER) from error
    return [store.get(key) for key in keys]


def _message_key(sender: int, to: int, number: int) -> str:
    return f"message-{sender}-{to}-{number}"


def _packed(message: Any) -> bytes:
    stream = io.BytesIO()
    torch.save(message, stream)
    return stream.getvalue()


def _unpacked(content: bytes) -> Any:
    return accelerate.utils.load(io.BytesIO(content), map_location="cpu", weights_only=True)


def _by_kind(tensors: Sequence[torch.Tensor]) -> list[list[torch.Tensor]]:
    """Return tensors in groups of one number format and device."""
    groups: dict[Any, list[torch.Tensor]] = {}
    for tensor in tensors:
        groups.setdefault((tensor.dtype, tensor.device), []).append(tensor)
    return list(groups.values())


def flatten(tensors: Sequence[torch.Tensor]) -> torch.Tensor:
    """Return the values of tensors of one kind, one after the other."""
    return torch.cat([tensor.detach().reshape(-1) for tensor in tensors])


@torch.no_grad()
def unflatten(flat: torch.Tensor, tensors: Sequence[torch.Tensor]) -> None:
    """Give tensors the values that `flatten` put one after the other."""
    begin = 0
    for tensor in tensors:
        tensor.copy_(flat[begin : begin + tensor.numel()].view(tensor.shape))
        begin += tensor.numel()


def digest(tensor: torch.Tensor) -> int:
    """Return a number that tells tensors with other bytes apart; computed where the tensor is."""
    content = tensor.detach().contiguous().reshape(-1).view(torch.uint8)
    content = torch.nn.functional.pad(content, (0, -content.numel() % 4)).view(torch.int32)
    weights = torch.arange(1, 2 * DIGEST_WORDS, 2, device=content.device)
    found = torch.zeros((), dtype=torch.int64, device=content.device)
    for words in content.split(DIGEST_WORDS):
        found = found * 31 + (words * weights[: words.numel()]).sum()
    return int(found)
