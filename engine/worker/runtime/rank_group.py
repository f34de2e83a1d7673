"""The ranks of a run, connected by torch.distributed: gloo for what is in the computer's memory, NCCL for GPUs.

All execute the same training loop. In between, rank 0 tells the others what it needs their help for: a task, and facts
that are no conversations. Examples and results are files in the job's private folder. Knows nothing of models.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import IO, Any

import torch
import torch.distributed as dist

from engine.errors import AppError, ProcessLostError, first_line
from engine.messages import from_json, say, to_json
from engine.system import processes
from engine.system.files import remove
from engine.system.foreign_files import open_regular
from engine.system.ranks import Rank
from engine.worker.runtime import oom
from engine.worker.runtime.rank_meeting import LEFT, Board, Folder, being, peer_of, use_network_of

# A rank that is dead is noticed at once, one that hangs once torch has waited for it so long.
TIMEOUT = timedelta(minutes=30)
LOOK_SECONDS, POLL_SECONDS, TICK_SECONDS = 0.5, 0.005, 0.05
# For what a run saves once a rank is lost: libraries may wait for that one.
STUCK_SECONDS = 15.0
# Gradients are summed so many bytes at a time: what their copies take.
BUCKET_BYTES = 32 << 20
RESUME = "Start it again; the run resumes from its last checkpoint."
FAILED = "failed"
END = "end"

Tick = Callable[[], None]
OnResult = Callable[[int, Any], None]
Work = Callable[[Sequence[int], OnResult, Tick], None]
OnStuck = Callable[[ProcessLostError], None]


class RankGroup:
    """All ranks, as one of them sees them. `folder` is private, and all can read it.

    `is_sharded`: each holds a part of the base model alone, so all have to compute the same passes.
    """

    def __init__(self, rank: Rank, board: Board, folder: Path) -> None:
        self.number, self.size = rank.rank, rank.size
        self.folder = folder
        self.is_sharded = False
        # Whom this one watches.
        watched = range(1, rank.size) if self.is_first else [0]
        self.peers = [peer_of(board, each) for each in watched]
        self._board = board
        self._shares = 0
        self._loss: BaseException | None = None
        self._is_out = threading.Event()
        self._kills = processes.memory_kills()

    def connect(self) -> None:
        """Let torch connect all ranks. Raises what `watched` does."""
        board: Any = self._board
        store = (
            dist.FileStore(str(board.path / "torch"), self.size)
            if isinstance(board, Folder)
            else dist.PrefixStore("torch", board)
        )
        with self._connected():
            dist.init_process_group(
                backend(), store=store, rank=self.number, world_size=self.size, timeout=TIMEOUT
            )

    @property
    def is_first(self) -> bool:
        """Whether this is rank 0, which owns the run."""
        return self.number == 0

    # ---------------------------------------------------------------------------------------------- collectives

    def broadcast(self, message: Any = None) -> Any:
        """Return rank 0's message, which JSON can hold, in every rank. Raises what `watched` does."""
        content = json.dumps(message).encode() if self.is_first else b""
        with self._connected():
            size = torch.tensor([len(content)])
            dist.broadcast(size, 0)
            flat = torch.tensor(list(content) if self.is_first else [0] * int(size), dtype=torch.uint8)
            dist.broadcast(flat, 0)
        return message if self.is_first else json.loads(bytes(flat.tolist()))

    def gather(self, message: Any) -> list[Any]:
        """Return the messages of all ranks, which JSON can hold, in every rank. Raises what `watched` does."""
        content = json.dumps(message).encode()
        [size] = self.largest([len(content)])
        padded = torch.tensor(list(content.ljust(size)), dtype=torch.uint8)
        found = [torch.empty_like(padded) for _ in range(self.size)]
        with self._connected():
            dist.all_gather(found, padded)
        return [json.loads(bytes(each.tolist())) for each in found]

    def largest(self, numbers: Sequence[int]) -> list[int]:
        """Return, at each place, the largest of the numbers that all ranks give. Raises what `watched` does."""
        found = torch.tensor(numbers)
        with self._connected():
            dist.all_reduce(found, dist.ReduceOp.MAX)
        return [int(each) for each in found]

    def sum_(self, tensors: Sequence[torch.Tensor]) -> None:
        """Replace tensors by their sums over all ranks. Raises what `watched` does."""
        self._change(tensors, dist.all_reduce)

    def send_from_first(self, tensors: Sequence[torch.Tensor]) -> None:
        """Give tensors of equal shapes in all ranks the values of rank 0's. Raises what `watched` does."""
        self._change(tensors, partial(dist.broadcast, src=0))

    def _change(self, tensors: Sequence[torch.Tensor], collective: Callable[[torch.Tensor], Any]) -> None:
        """Do what changes a tensor in all ranks to each of these; several small ones are copied into one."""
        for bucket in _buckets(tensors):
            alone = bucket[0] if len(bucket) == 1 and bucket[0].is_contiguous() else None
            flat = torch.cat([each.reshape(-1) for each in bucket]) if alone is None else alone
            with self._connected():
                collective(flat)
            if alone is None:
                for each, part in zip(bucket, flat.split([each.numel() for each in bucket]), strict=True):
                    each.copy_(part.view(each.shape))

    # ---------------------------------------------------------------------------------------------------- tasks

    def tell(self, task: str, **facts: Any) -> None:
        """Let all others begin a task: their next `broadcast()` returns it with its facts."""
        self.broadcast({"task": task, **facts})

    def share(
        self, task: str, count: int, work: Work, on_result: OnResult, on_tick: Tick, **facts: Any
    ) -> None:
        """Do `work(items, on_result, tick)` for `count` items, numbered from 0: each rank has every n-th of them.

        `on_result(item, result)` gets each result as it comes, wherever. The others do theirs by `do_share`. With a
        sharded base model every rank does all. An exception ends the work here; theirs is forgotten.
        """
        on_tick()
        self._shares += 1
        self.tell(task, share=self._shares, count=count, **facts)
        if self.is_sharded:
            work(range(count), on_result, on_tick)
            return
        results = [
            _Results(self._share_file(self._shares, rank), len(range(rank, count, self.size)))
            for rank in range(1, self.size)
        ]
        looked_at = 0.0

        def tick() -> None:
            nonlocal looked_at
            on_tick()
            if time.monotonic() - looked_at >= TICK_SECONDS:
                looked_at = time.monotonic()
                self.check()
                for each in results:
                    each.take(on_result)

        try:
            work(range(0, count, self.size), on_result, tick)
            while not all(each.take(on_result) for each in results):
                tick()
                time.sleep(POLL_SECONDS)
        finally:
            for each in results:
                each.close()

    def do_share(self, told: dict[str, Any], work: Work) -> None:
        """Do this rank's part of what rank 0 shares."""
        if self.is_sharded:
            work(range(told["count"]), lambda *_: None, no_tick)
            return
        file = self._share_file(told["share"], self.number)
        with file.open("w", encoding="ascii", buffering=1) as stream:
            work(
                range(self.number, told["count"], self.size),
                lambda *found: print(json.dumps(found), file=stream),
                no_tick,
            )

    def _share_file(self, share: int, rank: int) -> Path:
        return self.folder / f"share-{share}-{rank}"

    # ----------------------------------------------------------------------------------------------- lost ranks

    def check(self) -> None:
        """Raise what `watched` does if another rank is known to be lost."""
        if self._loss is not None:
            raise self._loss

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Take a library's error inside for the loss of another rank if one is lost.

        Raises ProcessLostError, or what ended that rank: AppError, MemoryError, RuntimeError.
        """
        try:
            yield
        except RuntimeError as error:
            deadline = time.monotonic() + 2 * LOOK_SECONDS
            while self._loss is None and time.monotonic() < deadline:
                self._loss = self.find_loss()
                time.sleep(POLL_SECONDS)
            if self._loss is None:
                raise
            raise self._loss from error

    @contextmanager
    def _connected(self) -> Iterator[None]:
        """Take any error of the connection for the loss of another rank."""
        try:
            with self.watched():
                yield
        except RuntimeError as error:
            if error is self._loss:
                raise
            message = say("The ranks lost their connection: {}", first_line(error))
            self._loss = ProcessLostError(message, RESUME)
            raise self._loss from error

    def find_loss(self) -> BaseException | None:
        """Return why the run can't go on with the others, None if nothing is known."""
        with suppress(RuntimeError, OSError):
            if self._board.check([FAILED]):
                return _as_error(from_json(self._board.get(FAILED)))
        for peer in self.peers:
            if peer.is_gone():
                if processes.memory_kills() > self._kills:
                    return oom.ProcessKilled(say("{} was killed for lack of memory.", peer.name))
                return ProcessLostError(say("{} ended or was killed.", peer.name), RESUME)
        return None

    def watch(self, on_stuck: OnStuck) -> None:
        """Look for lost ranks of this computer from now on, in a thread.

        Rank 0 notes the loss, and `on_stuck(error)` is called if it does not get out in time. Others end at once.
        """
        look = self._look_at_others if self.is_first else self._look_at_first
        threading.Thread(target=look, args=(on_stuck,), daemon=True, name="ranks").start()

    def stop_watching(self) -> None:
        """Let the thread of `watch` end."""
        self._is_out.set()

    def _look_at_others(self, on_stuck: OnStuck) -> None:
        while not self._is_out.wait(LOOK_SECONDS):
            if self._loss is None:
                self._loss = self.find_loss()
            if self._loss is not None:
                break
        if not self._is_out.wait(STUCK_SECONDS):
            message = getattr(self._loss, "message", str(self._loss))
            on_stuck(ProcessLostError(message, RESUME))

    def _look_at_first(self, _: OnStuck) -> None:
        [first] = self.peers
        code = None
        while code is None and not self._is_out.wait(LOOK_SECONDS):
            try:
                code = 0 if has_left(self._board) else 1 if first.is_gone() else None
            except RuntimeError:
                code = 1
        if code is not None and not self._is_out.is_set():
            os._exit(code)

    def leave(self, *, in_order: bool) -> None:
        """Go. Rank 0 lets the others end first, or if it does not leave in order, lets them be ended."""
        in_order = in_order and self._loss is None
        if self.is_first:
            try:
                if in_order:
                    self.tell(END)
                else:
                    self._board.set(LEFT, "")
            except (AppError, RuntimeError, OSError):
                in_order = False
        self._is_out.set()
        if in_order or not torch.cuda.is_available():
            # What waits for a lost rank on a GPU is left as it is.
            with suppress(RuntimeError):
                dist.destroy_process_group()


class _Results:
    """What another rank writes of its part, a line for each of its `count` items."""

    def __init__(self, file: Path, count: int) -> None:
        self._file = file
        self._missing = count
        self._stream: IO[bytes] | None = None
        self._rest = b""

    def take(self, on_result: OnResult) -> bool:
        """Take what has come; return whether that is all."""
        if self._stream is None and self._missing and self._file.exists():
            self._stream = open_regular(self._file)
        if self._stream is not None and self._missing:
            *lines, self._rest = (self._rest + self._stream.read()).split(b"\n")
            for line in lines:
                on_result(*json.loads(line))
            self._missing -= len(lines)
        return not self._missing

    def close(self) -> None:
        """Take no more, and remove the file."""
        if self._stream is not None:
            self._stream.close()
        remove(self._file)


def no_tick() -> None:
    """Do nothing in between."""


def backend() -> str:
    """Return what carries the tensors of each kind of device."""
    if torch.cuda.is_available() and dist.is_nccl_available():
        return "cpu:gloo,cuda:nccl"
    has_xccl = torch.xpu.is_available() and dist.is_xccl_available()
    return "cpu:gloo,xpu:xccl" if has_xccl else "gloo"


def _buckets(tensors: Sequence[torch.Tensor]) -> Iterator[list[torch.Tensor]]:
    """Yield tensors of one dtype and device together, up to a number of bytes, the same in every rank."""
    by_kind: dict[Any, list[torch.Tensor]] = {}
    for tensor in tensors:
        by_kind.setdefault((tensor.dtype, tensor.device), []).append(tensor)
    for some in by_kind.values():
        bucket: list[torch.Tensor] = []
        for tensor in some:
            if bucket and sum(each.nbytes for each in bucket) + tensor.nbytes > BUCKET_BYTES:
                yield bucket
                bucket = []
            bucket.append(tensor)
        yield bucket


def has_left(board: Board) -> bool:
    """Tell whether rank 0 is through with the run, in whatever order. Raises RuntimeError if it can't be asked."""
    return board.check([LEFT]) or (isinstance(board, Folder) and not board.path.exists())


def tell_failure(board: Board, rank: int, error: Exception) -> None:
    """Leave word for rank 0 of what ends a rank."""
    known = error if isinstance(error, AppError) else None
    failure = {
        "rank": rank,
        "message": known.message if known else f"{type(error).__name__}: {error}"[:500],
        "hint": known.hint if known else "",
        "field": known.field if known else None,
        "is_known": known is not None,
        "is_oom": oom.is_oom(error),
        "trace": "".join(traceback.format_exception(error)),
    }
    with suppress(RuntimeError, OSError):
        board.set(FAILED, to_json(failure))


def _as_error(failure: dict[str, Any]) -> BaseException:
    sys.stderr.write(f"Rank {failure['rank']}:\n{failure['trace']}\n")
    message = say("Rank {}: {}", failure["rank"], failure["message"])
    if failure["is_oom"]:
        return MemoryError(message)
    if failure["is_known"]:
        return AppError(message, failure["hint"], failure["field"])
    return RuntimeError(message)


_groups: list[RankGroup] = []
_without_adapter = False


def current() -> RankGroup | None:
    """Return the ranks that this process is connected to, None if it is alone."""
    return _groups[-1] if _groups else None


def size() -> int:
    """Return the number of ranks."""
    return _groups[-1].size if _groups else 1


def tell(task: str, **facts: Any) -> None:
    """Let the other ranks begin a task, if there are any."""
    if _groups:
        _groups[-1].tell(task, **facts)


@contextmanager
def connected(rank: Rank, board: Board, folder: Path, on_stuck: OnStuck) -> Iterator[RankGroup]:
    """Have all ranks connected inside. Raises what `RankGroup.watched` does."""
    use_network_of(rank)
    in_order = False
    with being(rank):
        group = RankGroup(rank, board, folder)
        group.watch(on_stuck)
        try:
            group.connect()
            _groups.append(group)
            with group.watched():
                yield group
            in_order = True
        finally:
            _groups.clear()
            group.leave(in_order=in_order)


def without_adapter() -> bool:
    """Tell whether this process computes without the adapter, as the others then have to."""
    return _without_adapter


@contextmanager
def leaving_out_adapter() -> Iterator[None]:
    """Let the others compute without the adapter inside, as this process does."""
    global _without_adapter  # noqa: PLW0603 - one thread computes
    before, _without_adapter = _without_adapter, True
    try:
        yield
    finally:
        _without_adapter = before
