"""The job store's calls over HTTP, for the computers that send and the tasks on nodes: JSON and bytes.

It listens on loopback, for those behind SSH, and where Ray itself listens on the head.
"""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Callable
from typing import Any

from pydantic_core import from_json, to_json
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from engine.cluster.connection import is_loopback
from engine.cluster.job_store import JobStore
from engine.cluster.store_client import CALLS
from engine.system.asgi_server import listen, make_server

# Beside Ray's dashboard; another free one if this is taken.
PORT = 8266
MAX_BODY_BYTES = 64 << 20
# For a part of 8 MB over a slow line.
REQUEST_SECONDS = 300.0
_DIGEST, _PORT = re.compile(r"[0-9a-f]{64}"), re.compile(r":[0-9]+\Z")
LOOPBACK = "127.0.0.1"
LetsIn = Callable[[Headers], bool]


def serve(job_store: JobStore, host: str, lets_in: LetsIn) -> int:
    """Answer calls on loopback and on the address `host` of this computer, in a thread; return the port."""
    sockets = _bound(dict.fromkeys((LOOPBACK, host)))
    server = make_server(application(job_store, lets_in), request_seconds=REQUEST_SECONDS)
    threading.Thread(target=lambda: asyncio.run(server.serve(sockets)), daemon=True).start()
    return int(sockets[0].getsockname()[1])


def _bound(hosts: Any) -> list[socket.socket]:
    """Return a socket at each address, all with the same port."""
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
    raise OSError(f"no port is free on {', '.join(hosts)}")


def application(job_store: JobStore, lets_in: LetsIn) -> ASGIApp:
    """Return the job store's calls as a web application for those whom `lets_in` knows by their headers."""

    async def call(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in CALLS:
            raise HTTPException(404)
        arguments = from_json(await _body(request))
        answer = await run_in_threadpool(getattr(job_store, name), *arguments)
        return Response(to_json(answer, bytes_mode="base64"), media_type="application/json")

    async def put(request: Request) -> Response:
        await run_in_threadpool(job_store.put, *_part(request), await _body(request))
        return Response()

    async def part(request: Request) -> Response:
        content = await run_in_threadpool(job_store.part, *_part(request))
        return Response(status_code=404) if content is None else Response(content)

    routes = [
        Route("/calls/{name}", call, methods=["POST"]),
        Route("/parts/{digest}/{number:int}", put, methods=["PUT"]),
        Route("/parts/{digest}/{number:int}", part, methods=["GET"]),
    ]
    inner, refused = Starlette(routes=routes), PlainTextResponse("the token is not this cluster's", 401)

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        # Before anything else of a request is read.
        answers = inner if lets_in(Headers(scope=scope)) else refused
        await answers(scope, receive, send)

    return guarded


def is_from_page(headers: Headers) -> bool:
    """Tell whether a request may come from a page in a browser, also of a name that was given this address.

    Where no token is asked for, any page that somebody on this computer opens could else send entries.
    """
    host = _PORT.sub("", headers.get("Host", "")).strip("[]")
    return "origin" in headers or not is_loopback(host)


async def _body(request: Request) -> bytes:
    found = bytearray()
    async for piece in request.stream():
        found += piece
        if len(found) > MAX_BODY_BYTES:
            raise HTTPException(413)
    return bytes(found)


def _part(request: Request) -> tuple[str, int]:
    digest = str(request.path_params["digest"])
    if not _DIGEST.fullmatch(digest):
        raise HTTPException(404)
    return digest, int(request.path_params["number"])
