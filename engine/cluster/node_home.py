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

# Held by every entry on this computer; who has it alone may remove what entries need.
LOCK = "in-use.lock"
# As the hub's cache calls the folder of a model.
HUB_MODEL = "models--"


def models_folder() -> Path:
    """Return the folder of base models that were sent to this node, made if missing."""
    folder = cluster_folder() / "models"
    make_private(folder)
    return folder


@contextmanager
def node_home(node: str) -> Iterator[Path]:
    """Yield the Tunesmith home that the entries on a node share. All go with the last entry on this computer."""
    # What nodes left that died.
    _remove_unused_homes()
    try:
        with _locked(fcntl.LOCK_SH):
            home = _homes() / node
            make_private(home)
            yield home
    finally:
        _remove_unused_homes()


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
    with suppress(BlockingIOError), _locked(fcntl.LOCK_EX | fcntl.LOCK_NB):
        left = bytes_in(_homes())
        data = [{"what": "data", "name": "", "bytes": left}] if left else []
        told |= {"kept": [*_models(), *data], "in_use": False}
        if remove:
            for folder in (models_folder(), _homes()):
                shutil.rmtree(folder, ignore_errors=True)
    return told


def _models() -> list[dict[str, Any]]:
    """Return the base models that were sent to this node."""
    sent = [(path.name, path) for path in models_folder().glob("models/*/*")]
    of_hub = models_folder().glob(f"hub/{HUB_MODEL}*")
    sent += [(path.name.removeprefix(HUB_MODEL).replace("--", "/"), path) for path in of_hub]
    return [{"what": "model", "name": name, "bytes": bytes_in(path)} for name, path in sorted(sent)]


def _homes() -> Path:
    homes = cluster_folder() / "nodes"
    make_private(homes)
    return homes


def _remove_unused_homes() -> None:
    with suppress(BlockingIOError), _locked(fcntl.LOCK_EX | fcntl.LOCK_NB):
        shutil.rmtree(_homes(), ignore_errors=True)


@contextmanager
def _locked(operation: int) -> Iterator[None]:
    """Hold the lock of this computer's entries. Raises BlockingIOError if it was not to be waited for."""
    lock = os.open(cluster_folder() / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, operation)
        yield
    finally:
        os.close(lock)
