"""Notices within seconds when another process of a run is dead, or hangs.

Every process counts up in the store that all of them share. A count that stands still means that its process was
stopped, or that its computer is gone; a process on this computer is also looked up in the system's list. A thread
does so, whatever the process itself waits for.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import psutil

from engine.jobs.job import this_process
from engine.system import memory_kills

BEAT_SECONDS = 1.0
# Less than the 30 s within which a run has to end; more than an import, which holds up all threads.
SILENT_SECONDS = 18.0
HANGS = "It hangs, or its computer is gone."
HOST = socket.gethostname()


OnLoss = Callable[[str], None]


@dataclass(frozen=True)
class Peer:
    """Another process: its number, its computer, its id, and where that is its id.

    Containers may share the name of their computer, and count their processes from 1.
    """

    rank: int
    host: str
    pid: int
    place: str

    @property
    def is_here(self) -> bool:
        """Whether it is on this computer."""
        return self.place == this_process().place

    def as_text(self) -> str:
        """Return its name for people."""
        return f"Process {self.rank} (on {self.host})"

    def kill(self) -> None:
        """End it at once, if it is on this computer."""
        if self.is_here:
            with suppress(psutil.Error):
                psutil.Process(self.pid).kill()

    def private_bytes(self) -> int:
        """Return its memory on this computer without what it may share with files and other processes."""
        if self.is_here:
            with suppress(psutil.Error):
                memory = psutil.Process(self.pid).memory_info()
                return int(memory.rss - getattr(memory, "shared", 0))
        return 0


class Heartbeat:
    """Counts up for this process and watches the counts of `peers`.

    `store` is a connection of its own. `on_loss(reason)` is called once, in the thread, for the first loss. A process
    of this computer that hangs is killed: it can't end by itself, and its launcher would wait for it.
    """

    def __init__(self, store: Any, rank: int, peers: Sequence[Peer], on_loss: OnLoss) -> None:
        self._store, self._rank, self._peers = store, rank, peers
        self._on_loss = on_loss
        self._over = threading.Event()
        self._kills = memory_kills.count()
        self._seen: dict[int, tuple[int, float]] = {}
        self._thread = threading.Thread(target=self._run, daemon=True, name="heartbeat")

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._over.set()
        self._thread.join(2 * BEAT_SECONDS)
        # Its end must not be left to a search for garbage, which a fork of this process may be in.
        self._store = None

    def find_loss(self) -> str:
        """Return which process of this computer is gone and why, "" if none is known to be."""
        for peer in self._peers:
            if peer.is_here and not _lives(peer.pid):
                killed = memory_kills.count() > self._kills
                why = "was killed for lack of memory" if killed else "ended or was killed"
                return f"{peer.as_text()} {why}."
        return ""

    def _run(self) -> None:
        while not self._over.wait(BEAT_SECONDS):
            silent = None
            try:
                self._store.add(_key(self._rank), 1)
                reason, silent = self.find_loss(), self._find_silent()
            except (RuntimeError, OSError) as error:
                reason = self.find_loss() or f"The connection of the processes is lost: {_first_line(error)}"
            if silent and not reason:
                reason = f"{silent.as_text()} has not answered for {SILENT_SECONDS:.0f} s. {HANGS}"
                silent.kill()
            if reason and not self._over.is_set():
                self._on_loss(reason)
                return

    def _find_silent(self) -> Peer | None:
        """Return a process whose count stands still, if there is one."""
        now = time.monotonic()
        for peer in self._peers:
            count = self._store.add(_key(peer.rank), 0)
            before, since = self._seen.get(peer.rank, (-1, now))
            if count != before:
                self._seen[peer.rank] = (count, now)
            elif now - since > SILENT_SECONDS:
                return peer
        return None


def _lives(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True


def _key(rank: int) -> str:
    return f"beat-{rank}"


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def facts_of_this_process() -> dict[str, Any]:
    """Return what others need to know this process by."""
    return {"host": HOST, **asdict(this_process())}
