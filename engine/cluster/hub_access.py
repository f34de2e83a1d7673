"""Whether the nodes of a cluster have something of the hub, or can fetch it themselves."""

from __future__ import annotations

from typing import Any

from engine.errors import OfflineError
from engine.system import hub_cache
from engine.system.connection import require_hub
from engine.system.hub_cache import Kind

ANSWER_SECONDS = 60.0


def every_node_has(ray: Any, repo_id: str, revision: str, kind: Kind) -> bool:
    """Tell whether each node that lives has a base model or data set of the hub, or reaches the hub."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    ask = ray.remote(num_cpus=0, max_retries=0)(_has)
    asked = [
        ask.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)).remote(
            repo_id, revision, kind
        )
        for node in ray.nodes()
        if node["Alive"]
    ]
    return all(ray.get(asked, timeout=ANSWER_SECONDS))


def _has(repo_id: str, revision: str, kind: Kind) -> bool:
    if hub_cache.is_cached(repo_id, revision, kind):
        return True
    try:
        require_hub()
    except OfflineError:
        return False
    return True
