"""The private folder of a node: what entries need there, while any of them runs. Base models stay for the next."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.system.paths import cluster_folder, make_private

LOCK = "in-use.lock"


def models_folder() -> Path:
    """Return the folder of base models that were sent to this node, made if missing."""
    folder = cluster_folder() / "models"
    make_private(folder)
    return folder


@contextmanager
def node_home(node: str) -> Iterator[Path]:
    """Yield the Tunesmith home that the entries on a node share; it goes with the last of them.

    So do those of nodes of this computer that died.
    """
    homes = cluster_folder() / "nodes"
    make_private(homes)
    for each in homes.iterdir():
        if each.name != node:
            _remove_unused(each)
    home = homes / node
    lock = _shared(home)
    try:
        yield home
    finally:
        os.close(lock)
        _remove_unused(home)


def _shared(home: Path) -> int:
    """Return the open lock of a home, which keeps it from being removed."""
    while True:
        make_private(home)
        try:
            lock = os.open(home / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:
            continue
        fcntl.flock(lock, fcntl.LOCK_SH)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(lock), (home / LOCK).stat()):
                return lock
        # It was removed in between.
        os.close(lock)


def _remove_unused(home: Path) -> None:
    try:
        lock = os.open(home / LOCK, os.O_RDWR)
    except OSError:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(home, ignore_errors=True)
    except BlockingIOError:
        pass
    finally:
        os.close(lock)
