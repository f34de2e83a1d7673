"""The HTTP server: chat completions and the list of models, for who has the token, on loopback alone."""

from __future__ import annotations

import asyncio
import hmac
import json
import threading
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from socket import socket
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope
from starlette.types import Send as SendMessage

from engine.errors import Problem, RecipeError
from engine.jobs.events import Event
from engine.server import chat_api
from engine.server.chat_api import Answer, RequestError
from engine.server.tickets import EXTENDED, FAILED, FINISHED, GONE, Send, Ticket, Tickets
from engine.system.asgi_server import listen, make_server

HOST = "127.0.0.1"
# What clients may call it: a page that gives its own name this address is refused.
NAMES = [HOST, "localhost"]
MAX_BODY_BYTES = 4 << 20
CLOSE_SECONDS = 10.0


@dataclass(frozen=True)
class Served:
    """A model by the name that clients give: the adapter, None for the base alone, and how it decodes."""

    column: str | None
    defaults: Mapping[str, Any]


class Server:
    """Answers requests in a thread of its own; `tell` and `close` may be called from any other."""

    _listener: socket
    _loop: asyncio.AbstractEventLoop

    def __init__(self, models: Mapping[str, Served], token: str, send: Send) -> None:
        self._models = models
        self._tickets = Tickets(send)
        self._watchers: set[asyncio.Task[None]] = set()
        self._server = make_server(self._application(token))
        self._thread = threading.Thread(target=self._serve, name="server", daemon=True)

    def _application(self, token: str) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/models", self._list_models),
                Route("/v1/chat/completions", self._complete, methods=["POST"]),
            ],
            middleware=[
                Middleware(TrustedHostMiddleware, allowed_hosts=NAMES, www_redirect=False),
                Middleware(_TokenRequired, token=token),
            ],
            exception_handlers={
                RequestError: _refuse,
                HTTPException: _refuse,
                ClientDisconnect: _refuse,
            },
        )

    def start(self, port: int) -> int:
        """Listen, and return the port; 0 takes any that is free. Raises RecipeError for one in use.

        Who connects waits until the worker has loaded the base model.
        """
        try:
            self._listener = listen(HOST, port)
        except OSError as error:
            problem = Problem(
                "--port", f"Port {port} can't be had: {error.strerror}.", "Give another, or 0 for any."
            )
            raise RecipeError((problem,)) from error
        return int(self._listener.getsockname()[1])

    def tell(self, event: Event) -> None:
        """Pass on an event of the worker."""
        if event["event"] == "base_ready":
            self._loop = asyncio.new_event_loop()
            self._thread.start()
        elif "request" in event:
            self._loop.call_soon_threadsafe(self._tickets.take, event)

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._server.serve(sockets=[self._listener]))

    def close(self) -> None:
        """Answer what waits with an error, and stop listening."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._tickets.close)
            self._server.should_exit = True
            self._thread.join(CLOSE_SECONDS)
        self._listener.close()

    # Requests
    async def _list_models(self, _: Request) -> Response:
        return JSONResponse(chat_api.model_list(list(self._models)))

    async def _complete(self, request: Request) -> Response:
        asked = chat_api.parse(await _body(request), list(self._models))
        served = self._models[asked.model]
        ticket = Ticket(asked, served.column, served.defaults)
        self._tickets.submit(ticket)
        watcher = asyncio.create_task(self._watch(request, ticket))
        self._watchers.add(watcher)
        watcher.add_done_callback(self._watchers.discard)
        event = await _next(ticket)
        if asked.stream:
            return StreamingResponse(
                _pieces(ticket, event),
                headers={"Cache-Control": "no-cache"},
                media_type="text/event-stream",
            )
        while event["event"] != FINISHED:
            event = await _next(ticket)
        answer = Answer(f"chatcmpl-{ticket.id}", asked.model)
        read, written = int(event["input_tokens"]), int(event["tokens"])
        capped = bool(event.get("capped"))
        return JSONResponse(answer.whole(event["summary"], capped=capped, read=read, written=written))

    async def _watch(self, request: Request, ticket: Ticket) -> None:
        """Cancel a request when its client leaves: what nobody reads must not be written. Ends with the answer too."""
        while (await request.receive())["type"] != "http.disconnect":
            pass
        self._tickets.drop(ticket)


class _TokenRequired:
    """Lets in who has the token."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app, self._token = app, token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: SendMessage) -> None:
        scheme, _, given = Headers(scope=scope).get("Authorization", "").partition(" ")
        # Headers are read as latin-1: so these are the bytes that were sent.
        is_right = hmac.compare_digest(given.strip().encode("latin-1"), self._token)
        app = self._app if is_right and scheme.lower() == "bearer" else _unauthorized
        await app(scope, receive, send)


async def _unauthorized(scope: Scope, receive: Receive, send: SendMessage) -> None:
    message = "The token is missing or wrong: Authorization: Bearer TOKEN."
    body = RequestError(401, message, kind="authentication_error").body()
    await JSONResponse(body, 401, {"WWW-Authenticate": "Bearer"})(scope, receive, send)


async def _refuse(_: Request, error: Exception) -> Response:
    """Answer an error in OpenAI's form."""
    if isinstance(error, HTTPException):
        return JSONResponse(
            RequestError(error.status_code, error.detail).body(), error.status_code, error.headers
        )
    if isinstance(error, RequestError):
        return JSONResponse(error.body(), error.status)
    # The client has left before it had sent all: nobody reads this.
    return Response(status_code=400)


async def _body(request: Request) -> bytes:
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise RequestError(415, "The body is compressed; send it as it is.")
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BODY_BYTES:
            raise RequestError(413, f"The body has more than {MAX_BODY_BYTES >> 20} MB.")
    return bytes(body)


async def _next(ticket: Ticket) -> Event:
    """Return the worker's next event about a request. Raises RequestError for a failure, and if there is none."""
    event = await ticket.events.get()
    if event is None:
        raise RequestError(503, GONE)
    if event["event"] == FAILED:
        raise RequestError(400, f"{event['message']} {event.get('hint', '')}".strip())
    return event


async def _pieces(ticket: Ticket, event: Event) -> AsyncIterator[str]:
    """Yield a summary as it is written, as server-sent events; `event` is the first of the worker's about it."""
    answer = Answer(f"chatcmpl-{ticket.id}", ticket.asked.model)
    sent = ""
    try:
        while event["event"] != FINISHED:
            if event["event"] == EXTENDED:
                sent += event["text"]
                yield _sent(answer.part(event["text"]))
            event = await _next(ticket)
    except RequestError as error:
        yield _sent(error.body())
    else:
        # With beams nothing comes before the end.
        rest = event["summary"].removeprefix(sent)
        if rest and event["summary"].startswith(sent):
            yield _sent(answer.part(rest))
        yield _sent(answer.last(capped=bool(event.get("capped"))))
    yield "data: [DONE]\n\n"


def _sent(body: dict[str, Any]) -> str:
    return f"data: {json.dumps(body)}\n\n"
