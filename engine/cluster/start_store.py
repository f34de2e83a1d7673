"""What a job on a cluster's head runs to find the job store of a storage, or to start it: `… start_store STORAGE`.

It prints where the job store listens, as JSON in one line. Ray starts it anew if its process dies, and one of another
version of Tunesmith is replaced: what it started begins again from its last checkpoint.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from engine.cluster.connection import ANSWER_MARK
from engine.cluster.probe import installed_version
from engine.cluster.store_actor import NAMESPACE, JobStoreActor, name_of

HEAD = "node:__internal_head__"
CALLS_AT_ONCE = 16


def main(place: str) -> None:
    """Print where the job store of a storage listens, or why it can't be started."""
    import ray

    ray.init(address="auto", namespace=NAMESPACE, log_to_driver=False, logging_level="error")
    answer: dict[str, Any]
    try:
        answer = _found(ray, place) or _started(ray, place)
    except ray.exceptions.RayError as error:
        answer = {"problem": str(error).strip().splitlines()[-1][:500]}
    sys.stdout.write(f"\n{ANSWER_MARK}{json.dumps(answer)}\n")


def _found(ray: Any, place: str) -> dict[str, Any] | None:
    """Return the facts of the job store that is there, unless it is of another version and was ended."""
    try:
        actor = ray.get_actor(name_of(place))
    except ValueError:
        return None
    told: dict[str, Any] = ray.get(actor.address.remote())
    if told["version"] == installed_version():
        return told
    ray.kill(actor)
    return None


def _started(ray: Any, place: str) -> dict[str, Any]:
    options = {
        "name": name_of(place),
        "lifetime": "detached",
        "get_if_exists": True,
        "num_cpus": 0,
        "resources": {HEAD: 0.001},
        "max_restarts": -1,
        "max_task_retries": 3,
        "max_concurrency": CALLS_AT_ONCE,
    }
    actor = ray.remote(JobStoreActor).options(**options).remote(place, name_of(place))
    try:
        told: dict[str, Any] = ray.get(actor.address.remote())
    except ray.exceptions.RayError:
        ray.kill(actor)
        raise
    return told


if __name__ == "__main__":
    main(sys.argv[1])
