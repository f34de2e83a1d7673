"""The job store as its callers see it: each call is carried out by the actor on the cluster's head."""

from __future__ import annotations

from typing import Any

ANSWER_SECONDS = 60.0


class RemoteStore:
    """The job store's calls, carried out by the actor: `missing(…)` waits for the answer of `missing.remote(…)`."""

    def __init__(self, ray: Any, actor: Any) -> None:
        self._ray = ray
        self._actor = actor

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._actor, name)
        return lambda *arguments: self._ray.get(method.remote(*arguments), timeout=ANSWER_SECONDS)
