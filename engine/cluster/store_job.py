"""The job store as a job of Ray on the cluster's head: `python -m engine.cluster.store_job STORAGE`.

It prints where it answers, as one line of JSON, and outlives the computers that send. Its calls are JSON and bytes over
HTTP, on loopback for those behind SSH and on the address at which Ray listens. Each entry is a task of Ray, which waits
until a node has room for it and starts again elsewhere if its node dies; other tasks ask the nodes what they have.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import re
import secrets
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, NoReturn

from pydantic_core import from_json, to_json
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from engine.cluster import entry, probe
from engine.cluster.connection import ANSWER_MARK, is_loopback
from engine.cluster.job_store import JobStore
from engine.cluster.store_client import CALLS, Places, cards_of
from engine.errors import OfflineError, first_line
from engine.messages import say
from engine.system import hub_cache
from engine.system.asgi_server import listen, make_server, read_body
from engine.system.connection import require_hub
from engine.system.hub_cache import Kind
from engine.system.paths import cluster_folder

# How often Ray restarts a task whose node dies or runs out of memory.
RETRIES = 10
WATCH_SECONDS = 0.25
# How long to wait for the answers of nodes.
FACTS_SECONDS, HUB_SECONDS, CLEAR_SECONDS = 30.0, 60.0, 300.0
# As if killed by a signal: the shell then starts the version that is installed now.
UPDATED = 129
# Next to Ray's dashboard; any free one if it is taken.
PORT = 8266
MAX_BODY_BYTES = 64 << 20
# For a part of 8 MB over a slow line.
REQUEST_SECONDS = 300.0
_DIGEST, _PORT = re.compile(r"[0-9a-f]{64}"), re.compile(r":[0-9]+\Z")
LOOPBACK = "127.0.0.1"
LetsIn = Callable[[Headers], bool]

Facts = dict[str, Any]


def main(place: str) -> None:
    """Start the job store of a storage and print where it answers, or why it can't start."""
    import ray

    ray.init(address="auto", log_to_driver=False, logging_level="error")
    host, secret = ray.util.get_node_ip_address(), secrets.token_hex(32)
    try:
        store = RayJobStore(place or str(cluster_folder() / "storage"))
        port = serve(store, host, lambda headers: is_let_in(headers, secret))
    # fsspec raises them for a place that it does not know, or needs another package for.
    except (OSError, ValueError, ImportError) as error:
        _answer({"problem": f"{type(error).__name__}: {error}"[:500]})
        return
    _answer({"port": port, "version": probe.installed_version()})
    store.work(f"{host}:{port}", secret)


def _answer(told: dict[str, Any]) -> None:
    sys.stdout.write(f"\n{ANSWER_MARK}{json.dumps(told)}\n")
    sys.stdout.flush()


def is_let_in(headers: Headers, secret: str) -> bool:
    """Tell whether headers have the secret of this store's tasks, or the token of Ray."""
    from ray._private.authentication import authentication_utils as tokens

    said = headers.get("Authorization", "")
    if hmac.compare_digest(said.encode(), f"Bearer {secret}".encode()):
        return True
    if tokens.is_token_auth_enabled():
        return bool(tokens.validate_request_token(said))
    # Without a token any program is let in, as Ray does, but no page in a browser: a page that somebody here opens
    # could send entries, to this address or to a host name that resolves to it.
    return "origin" not in headers and is_loopback(_PORT.sub("", headers.get("Host", "")).strip("[]"))


class RayJobStore(JobStore):
    """A job store whose entries are tasks of Ray."""

    def nodes(self) -> list[Facts]:
        """Return the id, address and resources of each node, and its facts or what kept it from telling them."""
        import ray
        from ray import cloudpickle

        # So that a node without Tunesmith can answer too.
        cloudpickle.register_pickle_by_value(probe)
        alive = _alive()
        ids, answers = [node["NodeID"] for node in alive], _ask(alive, FACTS_SECONDS, probe.facts)
        told = dict(zip(ids, answers, strict=True))
        return [
            {
                "node": node["NodeID"],
                "address": node["NodeManagerAddress"],
                "alive": node["Alive"],
                "processors": int(node.get("Resources", {}).get("CPU", 0)),
                "cards_for_entries": int(node.get("Resources", {}).get("GPU", 0)),
                **told.get(node["NodeID"], {"facts": None, "problem": "The node is gone."}),
            }
            for node in ray.nodes()
        ]

    def offer(self) -> Places:
        """Return what the nodes offer to entries."""
        import ray

        return Places.of_nodes(ray.nodes())

    def clear_nodes(self, remove: bool) -> list[Facts]:
        """Return what nodes keep that no entry needs, once per shared folder; delete it if asked to."""
        nodes = _alive()
        told = _kept(nodes, remove=False)
        by_folder = {
            (each["host"], each["folder"]): (node, each) for node, each in zip(nodes, told, strict=True)
        }
        if not remove:
            return [each for _, each in by_folder.values()]
        return _kept([node for node, each in by_folder.values() if not each["problem"]], remove=True)

    def every_node_has(self, repo_id: str, revision: str, kind: Kind) -> bool:
        """Tell whether every live node has a base model or data set of the hub, or reaches the hub."""
        return all(each["facts"] for each in _ask(_alive(), HUB_SECONDS, _has, repo_id, revision, kind))

    def work(self, address: str, secret: str) -> NoReturn:
        """Queue tasks and note their ends; they reach this store at `address`, with `secret`."""
        import ray

        version = probe.installed_version()
        # Ray's metrics show task names to everyone; an entry's would tell what is trained.
        options = {"name": "entry", "max_retries": RETRIES, "scheduling_strategy": "SPREAD"}
        run = ray.remote(**options)(entry.run_entry)
        tasks: dict[Any, str] = {}
        while True:
            # Entries end with the version that they began with.
            self._is_closing = probe.installed_version() != version
            if self._is_closing and not self.is_running():
                sys.exit(UPDATED)
            with self._lock:
                for task in [task for task, entry_id in tasks.items() if entry_id in self._withdrawn]:
                    ray.cancel(task)
                    del tasks[task]
                self._withdrawn.clear()
            waiting = {} if self._is_closing else self.waiting()
            known = set(tasks.values())
            if new := [entry_id for entry_id in waiting if entry_id not in known]:
                places = Places.of_nodes(ray.nodes())
                for entry_id in new:
                    queued = run.options(**places.resources(cards_of(waiting[entry_id])))
                    tasks[queued.remote(address, secret, entry_id)] = entry_id
            if not tasks:
                time.sleep(WATCH_SECONDS)
                continue
            for ended in ray.wait(list(tasks), timeout=WATCH_SECONDS)[0]:
                reason = ""
                try:
                    ray.get(ended)
                except ray.exceptions.RayError as error:
                    reason = str(error).strip().splitlines()[-1][:500]
                # Without effect if the task itself has reported the end.
                self.finish(tasks.pop(ended), 0, None, reason)


def _alive() -> list[Facts]:
    import ray

    return [node for node in ray.nodes() if node["Alive"]]


def _kept(nodes: list[Facts], *, remove: bool) -> list[Facts]:
    nothing = {"folder": "", "kept": [], "in_use": False}
    return [
        {"host": node["NodeManagerAddress"], **nothing, **(told["facts"] or {}), "problem": told["problem"]}
        for node, told in zip(nodes, _ask(nodes, CLEAR_SECONDS, entry.clear, remove), strict=True)
    ]


def _has(repo_id: str, revision: str, kind: Kind) -> bool:
    if hub_cache.is_cached(repo_id, revision, kind):
        return True
    try:
        require_hub()
    except OfflineError:
        return False
    return True


def _ask(nodes: list[Facts], seconds: float, question: Callable[..., Any], *arguments: Any) -> list[Facts]:
    """Return the answer of each node as `facts`, or its `problem`."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    ask = ray.remote(num_cpus=0, max_retries=0)(question)
    here = [NodeAffinitySchedulingStrategy(node["NodeID"], soft=False) for node in nodes]
    asked = [ask.options(scheduling_strategy=each).remote(*arguments) for each in here]
    if asked:
        ray.wait(asked, num_returns=len(asked), timeout=seconds)
    told = list[Facts]()
    for task in asked:
        facts, problem = None, ""
        try:
            facts = ray.get(task, timeout=0)
        except ray.exceptions.GetTimeoutError:
            problem = "The node doesn't answer."
        except ray.exceptions.RayError as error:
            problem = say("The node couldn't report its hardware: {}", first_line(error))
        told.append({"facts": facts, "problem": problem})
    return told


def serve(job_store: JobStore, host: str, lets_in: LetsIn) -> int:
    """Answer calls in a thread, on loopback and on the address `host`; return the port."""
    sockets = _bound(dict.fromkeys((LOOPBACK, host)))
    server = make_server(application(job_store, lets_in), request_seconds=REQUEST_SECONDS)
    threading.Thread(target=lambda: asyncio.run(server.serve(sockets)), daemon=True).start()
    return int(sockets[0].getsockname()[1])


def _bound(hosts: Any) -> list[socket.socket]:
    """Return a listening socket at each address, all with the same port."""
    for port in (PORT, 0, 0, 0):
        bound: list[socket.socket] = []
        try:
            for host in hosts:
                at = port or (bound[0].getsockname()[1] if bound else 0)
                bound.append(listen(host, at))
        except OSError:
            for each in bound:
                each.close()
        else:
            return bound
    raise OSError(say("no port is free on {}", ", ".join(hosts)))


def application(job_store: JobStore, lets_in: LetsIn) -> ASGIApp:
    """Return the job store's calls as a web application for requests whose headers `lets_in` accepts."""

    async def call(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in CALLS:
            raise HTTPException(404)
        arguments = from_json(await read_body(request, MAX_BODY_BYTES))
        answer = await run_in_threadpool(getattr(job_store, name), *arguments)
        return Response(to_json(answer, bytes_mode="base64"), media_type="application/json")

    async def put(request: Request) -> Response:
        await run_in_threadpool(job_store.put, *_part(request), await read_body(request, MAX_BODY_BYTES))
        return Response()

    async def part(request: Request) -> Response:
        content = await run_in_threadpool(job_store.part, *_part(request))
        return Response(status_code=404) if content is None else Response(content)

    routes = [
        Route("/calls/{name}", call, methods=["POST"]),
        Route("/parts/{digest}/{number:int}", put, methods=["PUT"]),
        Route("/parts/{digest}/{number:int}", part, methods=["GET"]),
    ]
    inner, refused = Starlette(routes=routes), PlainTextResponse("the token belongs to another cluster", 401)

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        # Before anything else of the request is read.
        answers = inner if lets_in(Headers(scope=scope)) else refused
        await answers(scope, receive, send)

    return guarded


def _part(request: Request) -> tuple[str, int]:
    digest = str(request.path_params["digest"])
    if not _DIGEST.fullmatch(digest):
        raise HTTPException(404)
    return digest, int(request.path_params["number"])


if __name__ == "__main__":
    main(sys.argv[1])
