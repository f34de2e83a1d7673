"""The private folder of a node: what entries need there, while any of them runs. Base models stay for the next.

They and what a node left that died can be listed and removed.
"""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from engine.system.files import bytes_in
from engine.system.paths import cluster_folder, make_private

LOCK = "in-use.lock"
# Held while base models are read or removed. It lies beside them and stays.
MODELS_LOCK = "models.lock"
# As the hub's cache calls the folder of a model.
HUB_MODEL = "models--"


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
    with _models_lock(fcntl.LOCK_SH):
        for each in _homes():
            if each.name != node:
                _remove_unused(each)
        home = cluster_folder() / "nodes" / node
        lock = _shared(home)
        try:
            yield home
        finally:
            os.close(lock)
            _remove_unused(home)


def _homes() -> list[Path]:
    homes = cluster_folder() / "nodes"
    make_private(homes)
    return list(homes.iterdir())


@contextmanager
def _models_lock(operation: int) -> Iterator[None]:
    """Hold the lock of the base models. Raises BlockingIOError if that was asked for and another one has it."""
    lock = os.open(cluster_folder() / MODELS_LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, operation)
        yield
    finally:
        os.close(lock)


def clear(*, remove: bool) -> dict[str, Any]:
    """Return what no entry needs on this node, base models and data, with their bytes; remove it if asked to.

    While an entry runs the node is `in_use`, and all may be needed.
    """
    told: dict[str, Any] = {
        "host": platform.node(),
        "folder": str(cluster_folder()),
        "kept": [],
        "in_use": True,
    }
    with suppress(BlockingIOError), _models_lock(fcntl.LOCK_EX | fcntl.LOCK_NB):
        left = sum(map(bytes_in, _homes()))
        data = [{"what": "data", "name": "", "bytes": left}] if left else []
        told |= {"kept": [*_models(), *data], "in_use": False}
        if remove:
            for folder in (models_folder(), *_homes()):
                shutil.rmtree(folder, ignore_errors=True)
    return told


def _models() -> list[dict[str, Any]]:
    """Return the base models that were sent to this node."""
    sent = [(path.name, path) for path in models_folder().glob("models/*/*")]
    of_hub = models_folder().glob(f"hub/{HUB_MODEL}*")
    sent += [(path.name.removeprefix(HUB_MODEL).replace("--", "/"), path) for path in of_hub]
    return [{"what": "model", "name": name, "bytes": bytes_in(path)} for name, path in sorted(sent)]


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
