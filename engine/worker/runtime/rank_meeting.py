"""Where the processes of a run meet: on one computer in a private folder, else at a port of a network that is named.

Torch's own place to meet is a port of all networks, at which anybody reads and writes. In a folder a value is a file.
"""

from __future__ import annotations

import errno
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import IO

import torch.distributed as dist

from engine.errors import StorageError, WorkerError
from engine.system import ranks
from engine.system.foreign_files import open_regular
from engine.system.locks import try_lock, unlock
from engine.system.ranks import Rank
from engine.system.text_paths import private_temporary_folder

# Torch and its libraries are imported by all at once, which may take a while from a slow disk.
JOIN_SECONDS = 180.0
LONGEST_PAUSE = 0.002
LOOK_SECONDS = 0.05
# What a run left that was killed. Not younger: a folder is made a moment before it is locked.
LEFT_SECONDS = 3600.0
NAME, LOCK = "tunesmith-ranks", "lock"
TOGETHER = "Start all of them at the same time."


class FolderStore:
    """What is used of torch's stores, by files of a folder: a key is a file's name.

    `size` processes meet there; process 0 made the folder, and holds `lock` while it lives.
    """

    def __init__(self, folder: Path, size: int, lock: IO[bytes] | None = None) -> None:
        self._folder = folder
        self._size = size
        self._lock = lock

    def clone(self) -> FolderStore:
        """Return what another thread may use."""
        return self

    def set(self, key: str, value: bytes) -> None:
        """Write a value, which is there as a whole or not at all."""
        partial = self._folder / f"{key}.partial"
        with partial.open("xb") as stream:
            stream.write(value)
        partial.rename(self._folder / key)

    def get(self, key: str) -> bytes:
        """Return a value that is there."""
        with open_regular(self._folder / key) as stream:
            return stream.read()

    def check(self, keys: Sequence[str]) -> bool:
        """Tell whether all of these values are there."""
        return all((self._folder / key).exists() for key in keys)

    def wait(self, keys: Sequence[str], limit: timedelta) -> None:
        """Wait for values. Raises DistStoreError if they do not come."""
        began = time.monotonic()
        while not self.check(keys):
            waited = time.monotonic() - began
            if waited > limit.total_seconds():
                raise dist.DistStoreError
            time.sleep(min(LONGEST_PAUSE, waited / 20))

    def delete_key(self, key: str) -> None:
        """Delete a value."""
        (self._folder / key).unlink()

    def add(self, key: str, amount: int) -> int:
        """Count up and return the count: how long a file is."""
        with (self._folder / key).open("ab", buffering=0) as stream:
            stream.write(b"." * amount)
            return stream.tell()

    def addresses(self) -> dist.Store:
        """Return torch's own store for where its libraries reach each process, in the same folder."""
        return dist.FileStore(str(self._folder / "addresses"), self._size)

    def release(self) -> None:
        """Tell others that process 0 is gone."""
        if self._lock is not None:
            self._lock.close()

    def leave(self) -> None:
        """Go; the last one removes the folder."""
        self.release()
        with suppress(OSError):
            if self.add("left", 1) >= self._size:
                self.remove()

    def remove(self) -> None:
        """Remove the folder: a process is lost, or did not come."""
        self.release()
        shutil.rmtree(self._folder, ignore_errors=True)


def meet(rank: Rank) -> FolderStore | dist.TCPStore:
    """Meet the other processes, and let libraries open their ports nowhere but there; return the store of all.

    Raises WorkerError and StorageError.
    """
    interface = ranks.loopback() if rank.is_on_one_computer else os.environ[ranks.INTERFACE]
    os.environ.update({ranks.INTERFACE: interface, ranks.NCCL_INTERFACE: f"={interface}"})
    if not rank.is_on_one_computer:
        return _network_store(rank, interface)
    parent = private_temporary_folder()
    if parent is None:
        message = f"{tempfile.gettempdir()} has no folder in which the processes can meet without others."
        raise StorageError(message, "Let TMPDIR name a folder of your own.", "TMPDIR")
    name = f"{NAME}-{ranks.require_port()}-"
    return _new_folder_store(rank, parent, name) if rank.is_first else _folder_store(rank, parent, name)


def _new_folder_store(rank: Rank, parent: Path, name: str) -> FolderStore:
    _remove_left(parent)
    folder = Path(tempfile.mkdtemp(prefix=name, dir=parent))
    lock = (folder / LOCK).open("xb")
    try_lock(lock)
    return FolderStore(folder, rank.size, lock)


def _folder_store(rank: Rank, parent: Path, name: str) -> FolderStore:
    """Return the store that process 0 makes. Raises WorkerError if it does not."""
    began = time.monotonic()
    while time.monotonic() - began < JOIN_SECONDS:
        for folder in parent.glob(f"{name}*"):
            # In another run with this port, this process's place is taken.
            if not (folder / facts_key(rank.rank)).exists() and _is_held(folder):
                return FolderStore(folder, rank.size)
        time.sleep(LOOK_SECONDS)
    hint = f"{TOGETHER} On several computers {ranks.LOCAL_SIZE} has to be set."
    raise WorkerError(f"Process 0 did not come within {JOIN_SECONDS:.0f} s.", hint)


def facts_key(rank: int) -> str:
    """Return the key of what a process tells all others."""
    return f"facts-{rank}"


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
                shutil.rmtree(folder)


def _network_store(rank: Rank, interface: str) -> dist.TCPStore:
    """Return torch's store at the network that is named. Whoever is in that network reads it, and writes."""
    host, port = ranks.require_address()
    try:
        listener = _listener(host, port, interface) if rank.is_first else None
        return dist.TCPStore(
            host,
            port,
            rank.size,
            rank.is_first,
            timedelta(seconds=JOIN_SECONDS),
            wait_for_workers=False,
            master_listen_fd=listener,
        )
    except RuntimeError as error:
        message = (
            f"{host}:{port}, where the processes meet, can't be reached: {str(error).splitlines()[0][:200]}"
        )
        raise WorkerError(message, "Is process 0 running there, and the port open?", ranks.ADDRESS) from error


def _listener(host: str, port: int, interface: str) -> int:
    """Return a socket that listens at a host's address in one network alone."""
    own = ranks.addresses(interface)
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    family, address = next(((each[0], each[4]) for each in found if each[4][0] in own), (None, None))
    if family is None or address is None:
        message = f"{host} has no address at {interface} ({ranks.INTERFACE}), where the processes meet."
        hint = f"Let {ranks.ADDRESS} be process 0's address there: {', '.join(own)}."
        raise WorkerError(message, hint, ranks.ADDRESS)
    try:
        return socket.create_server(address[:2], family=family, backlog=1024).detach()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        message = f"Port {port} is in use ({ranks.PORT} + 1)."
        raise WorkerError(message, "Choose another port.", ranks.PORT) from error
