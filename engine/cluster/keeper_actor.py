"""The keeper as an actor of Ray: found by its name, on the head of the cluster, whoever asks."""

from __future__ import annotations

from typing import Any

NAME = "keeper"


def find(ray: Any) -> Any | None:
    """Return the keeper of the connected cluster, None if nothing was ever sent there."""
    try:
        return ray.get_actor(NAME)
    except ValueError:
        return None
