"""How ranks that a launcher started come together: they meet, and make sure that they mean the same run.

On one computer they meet in a private folder, else at a port of a network that is named. Torch's own place to meet is a
port of all networks, at which anybody reads and writes. Imports no torch where nobody listens.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, Protocol

from engine.errors import StorageError, WorkerError, first_line
from engine.jobs.job import this_process
from engine.messages import say
from engine.system import ranks
from engine.system.files import delete, remove, rename
from engine.system.foreign_files import open_regular
from engine.system.locks import try_lock, unlock
from engine.system.paths import private_temporary_folder
from engine.system.ranks import Rank
from engine.system.versions import versions

# From the first sign of a rank to that of the last. On other computers torch is imported first, from slow disks.
JOIN_SECONDS, JOIN_SECONDS_ELSEWHERE = 25.0, 180.0
LOOK_SECONDS, LOCK_ATTEMPTS = 0.05, 100
# What a run left that was killed. Not younger: a folder is made a moment before it is locked.
LEFT_SECONDS = 3600.0
NAME, LOCK = "tunesmith-ranks", "lock"
TOGETHER = "Start all at the same time."
# What must be the same in all ranks, and what to do about it.
MUST_AGREE = {
    "recipe": "Start all ranks with the same recipe.",
    "data": "Give all ranks the same conversations, or only rank 0.",
}
# What rank 0 tells once it knows what to compute: the private folder of its job.
GO = "go"
# What rank 0 says of what all have told it: nothing, or why they can't compute together.
AGREED = "agreed"
# What rank 0 leaves behind when it goes without telling the others to.
LEFT = "left"
HOST = socket.gethostname()

_places: list[Rank] = []


class Board(Protocol):
    """Where ranks leave short words for one another."""

    def set(self, key: str, value: str, /) -> None:
        """Write a value."""

    def get(self, key: str, /) -> bytes:
        """Return a value that is there."""

    def check(self, keys: list[str], /) -> bool:
        """Tell whether all of these values are there."""


class Folder:
    """A board of files: a key is a file's name. Rank 0 made the folder, and may hold a lock in it while it lives."""

    def __init__(self, path: Path, lock: IO[bytes] | None = None) -> None:
        self.path = path
        self._lock = lock

    def set(self, key: str, value: str) -> None:
        """Write a value, which is there as a whole or not at all."""
        partial = self.path / f"{key}.partial"
        partial.write_text(value, encoding="utf-8")
        rename(partial, self.path / key)

    def get(self, key: str) -> bytes:
        """Return a value that is there."""
        with open_regular(self.path / key) as stream:
            return stream.read()

    def check(self, keys: Sequence[str]) -> bool:
        """Tell whether all of these values are there."""
        return all((self.path / key).exists() for key in keys)

    def remove(self) -> None:
        """Remove the folder."""
        if self._lock is not None:
            self._lock.close()
        remove(self.path)


@dataclass(frozen=True)
class Peer:
    """Another rank: its number, its computer, its process, and the place where that has its id."""

    rank: int
    host: str
    pid: int
    place: str

    @property
    def name(self) -> str:
        """What it is called where it fails."""
        return say("Rank {} (on {})", self.rank, self.host)

    @property
    def is_here(self) -> bool:
        """Whether it is on this computer."""
        return self.place == this_process().place

    def is_gone(self) -> bool:
        """Tell whether it is known to have ended."""
        import psutil

        if not self.is_here:
            return False
        try:
            return bool(psutil.Process(self.pid).status() == psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return True
        except psutil.Error:
            return False

    def private_bytes(self) -> int:
        """Return its memory on this computer without what it may share with files and other processes."""
        import psutil

        if self.is_here:
            with suppress(psutil.Error):
                memory = psutil.Process(self.pid).memory_info()
                return int(memory.rss - getattr(memory, "shared", 0))
        return 0


@contextmanager
def being(rank: Rank) -> Iterator[None]:
    """Let this process be one of several inside, whether they are connected or not."""
    _places.append(rank)
    try:
        yield
    finally:
        _places.pop()


def place() -> Rank | None:
    """Return which rank this process is, None if it is alone."""
    return _places[-1] if _places else None


def local_size() -> int:
    """Return how many of the run's ranks share this computer."""
    return _places[-1].local_size if _places else 1


def use_network_of(rank: Rank) -> None:
    """Let libraries open their ports at one interface alone: on one computer where no other one reaches it."""
    interface = ranks.loopback() if rank.is_on_one_computer else os.environ[ranks.INTERFACE]
    os.environ.update({ranks.INTERFACE: interface, ranks.NCCL_INTERFACE: f"={interface}"})


def meet(rank: Rank, identity: Mapping[str, str]) -> Board:
    """Meet the other ranks and compare what they are; return their board. `identity` is that of the run.

    What a rank does not know of the run, it does not disagree about. Raises WorkerError and StorageError.
    """
    if rank.is_on_one_computer:
        board: Any = _new_folder() if rank.is_first else _find_folder(rank)
        seconds = JOIN_SECONDS
    else:
        board, seconds = _network_store(rank, os.environ[ranks.INTERFACE]), JOIN_SECONDS_ELSEWHERE
    tell_facts(board, rank, identity)
    if rank.is_first:
        _require_agreement(board, rank, seconds)
        return board
    if not _appears(board, [AGREED], seconds):
        raise WorkerError(say("Rank 0 didn't answer within {:.0f} s.", seconds), TOGETHER)
    if message := board.get(AGREED).decode():
        raise WorkerError(message, TOGETHER)
    return board


def _require_agreement(board: Board, rank: Rank, seconds: float) -> None:
    """Wait for all ranks, and tell them the result. Raises WorkerError if they can't compute together."""
    keys = [_facts_key(each) for each in range(rank.size)]
    if _appears(board, keys, seconds):
        problem = disagreement([json.loads(board.get(key)) for key in keys])
        board.set(AGREED, problem.message if problem else "")
    else:
        missing = [str(each) for each, key in enumerate(keys) if not board.check([key])]
        named = ", ".join(missing[:8])
        message = say(
            "{} of {} ranks didn't come within {:.0f} s: {}.", len(missing), rank.size, seconds, named
        )
        hint = say("{} If you don't need {}, unset it.", TOGETHER, ranks.SIZE)
        problem = WorkerError(message, hint, ranks.SIZE)
    if problem is not None:
        if isinstance(board, Folder):
            # The others read why.
            time.sleep(4 * LOOK_SECONDS)
            board.remove()
        raise problem


def _appears(board: Board, keys: list[str], seconds: float) -> bool:
    """Wait until all of these values are there; return False if they are not in time."""
    began = time.monotonic()
    while not board.check(keys):
        if time.monotonic() - began > seconds:
            return False
        time.sleep(LOOK_SECONDS)
    return True


def tell_facts(board: Board, rank: Rank, identity: Mapping[str, str]) -> None:
    """Leave word of this rank: its process, its versions, and what it knows of the run."""
    told = {**identity, "host": HOST, "versions": dict(versions()), **asdict(this_process())}
    board.set(_facts_key(rank.rank), json.dumps(told))


def has_come(board: Board, rank: int) -> bool:
    """Tell whether a rank has left word."""
    return board.check([_facts_key(rank)])


def peer_of(board: Board, rank: int) -> Peer:
    """Return a rank that has come."""
    told = json.loads(board.get(_facts_key(rank)))
    return Peer(rank, told["host"], told["pid"], told["place"])


def disagreement(everyone: Sequence[Mapping[str, Any]]) -> WorkerError | None:
    """Return why ranks can't compute together by what they told, None if they can."""
    first, *others = everyone
    for rank, told in enumerate(others, start=1):
        where = say("Rank {} (on {})", rank, told["host"])
        if told.get("problem"):
            return WorkerError(say("{}: {}", where, told["problem"]), MUST_AGREE["recipe"])
        for name in sorted(set(first["versions"]) | set(told["versions"])):
            has, expected = (each["versions"].get(name, "none") for each in (told, first))
            if has != expected:
                message = say(
                    "{} has {} {}, rank 0 (on {}) has {}.", where, name, has, first["host"], expected
                )
                return WorkerError(message, "Install the same versions on all computers.")
        for name, hint in MUST_AGREE.items():
            if told.get(name) and first.get(name) and told[name] != first[name]:
                what = "another recipe" if name == "recipe" else "other conversations"
                return WorkerError(say("{} has {} than rank 0 (on {}).", where, what, first["host"]), hint)
    return None


def _facts_key(rank: int) -> str:
    return f"facts-{rank}"


def _parent() -> Path:
    parent = private_temporary_folder()
    if parent is None:
        message = say("{} has no private folder in which ranks can meet.", tempfile.gettempdir())
        raise StorageError(message, "Set TMPDIR to a folder of your own.", "TMPDIR")
    return parent


def _new_folder() -> Folder:
    parent = _parent()
    _remove_left(parent)
    folder = Path(tempfile.mkdtemp(prefix=f"{NAME}-{ranks.require_port()}-", dir=parent))
    lock = (folder / LOCK).open("xb")
    for _ in range(LOCK_ATTEMPTS):
        if try_lock(lock):
            break
        # Another rank holds it for a moment, to see whether this one does.
        time.sleep(LOOK_SECONDS / 10)
    return Folder(folder, lock)


def _find_folder(rank: Rank) -> Folder:
    """Return the folder that rank 0 makes. Raises WorkerError if it does not."""
    parent, began = _parent(), time.monotonic()
    while time.monotonic() - began < JOIN_SECONDS:
        for folder in parent.glob(f"{NAME}-{ranks.require_port()}-*"):
            # In another run with this port, this rank's place is taken.
            if not (folder / _facts_key(rank.rank)).exists() and _is_held(folder):
                return Folder(folder)
        time.sleep(LOOK_SECONDS)
    hint = say("{} With several computers, {} must be set.", TOGETHER, ranks.LOCAL_SIZE)
    raise WorkerError(say("Rank 0 didn't start within {:.0f} s.", JOIN_SECONDS), hint)


def _is_held(folder: Path) -> bool:
    """Tell whether the process that made a folder to meet in lives."""
    with suppress(OSError), open_regular(folder / LOCK, "r+b") as lock:
        if not try_lock(lock):
            return True
        unlock(lock)
    return False


def _remove_left(parent: Path) -> None:
    """Remove what runs that were killed could not.

    What cleans temporary files takes a lock after some days, though its run goes on: without one a folder stays.
    """
    for folder in (lock.parent for lock in parent.glob(f"{NAME}-*/{LOCK}")):
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > LEFT_SECONDS and not _is_held(folder):
                delete(folder)


def _network_store(rank: Rank, interface: str) -> Any:
    """Return torch's store at the network that is named. Whoever is in that network reads it, and writes."""
    import torch.distributed as dist

    host, port = ranks.require_address()
    listener = _listener(host, port, interface) if rank.is_first else None
    try:
        return dist.TCPStore(
            host,
            port,
            rank.size,
            rank.is_first,
            timedelta(seconds=JOIN_SECONDS_ELSEWHERE),
            wait_for_workers=False,
            master_listen_fd=listener,
        )
    except RuntimeError as error:
        message = say("{}:{}, where the ranks meet, can't be reached: {}", host, port, first_line(error))
        raise WorkerError(
            message, "Check that rank 0 runs there and the port is open.", ranks.ADDRESS
        ) from error


def _listener(host: str, port: int, interface: str) -> int:
    """Return a socket that listens at a host's address in one network alone."""
    own = ranks.addresses(interface)
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    family, address = next(((each[0], each[4]) for each in found if each[4][0] in own), (None, None))
    if family is None or address is None:
        message = say("{} has no address at {} ({}), where the ranks meet.", host, interface, ranks.INTERFACE)
        hint = say("Set {} to rank 0's address: {}.", ranks.ADDRESS, ", ".join(own))
        raise WorkerError(message, hint, ranks.ADDRESS)
    try:
        return socket.create_server(address[:2], family=family, backlog=1024).detach()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        message = say("Port {} is in use ({} + 1).", port, ranks.PORT)
        raise WorkerError(message, "Choose another port.", ranks.PORT) from error
