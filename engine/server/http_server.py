"""The HTTP server: chat completions and the list of models, for clients with the token, on loopback only.

Each open request is a ticket: a command that the one worker answers in its turn.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import secrets
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
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

from engine.errors import AppError, Problem, RecipeError
from engine.jobs.events import Event
from engine.server import chat_api
from engine.server.chat_api import Answer, ChatRequest, RequestError
from engine.system.asgi_server import listen, make_server, read_body

HOST = "127.0.0.1"
# The host names that clients may use: a page whose own name resolves to this address is refused.
NAMES = [HOST, "localhost"]
MAX_BODY_BYTES = 4 << 20
CLOSE_SECONDS = 10.0
MAX_WAITING = 64
GONE = "The worker has ended. Start serving again."
# What the worker reports of a request.
EXTENDED, FINISHED, FAILED = "summary_extended", "summary_finished", "summary_failed"

# Sends a command with its arguments to the worker. Raises AppError.
Send = Callable[..., None]


@dataclass(frozen=True)
class Served:
    """A model that is served: its adapter, None for the base model, and how it decodes."""

    column: str | None
    defaults: Mapping[str, Any]


@dataclass(eq=False)
class Ticket:
    """An open request; `events` are the worker's about it, then None."""

    asked: ChatRequest
    column: str | None
    defaults: Mapping[str, Any]
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    events: asyncio.Queue[Event | None] = field(default_factory=asyncio.Queue)

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of the worker's command: decoded as the adapter was scored, but with what was asked."""
        conversation = {"conversation": self.asked.conversation}
        # The worker streams a single conversation, but not a list.
        asked = conversation if self.asked.stream else {"conversations": [conversation]}
        return {"request": self.id, "columns": [self.column], **self.defaults, **self.asked.settings, **asked}


class Tickets:
    """The open requests, at most `max_waiting`. Belongs to one event loop."""

    def __init__(self, send: Send, max_waiting: int = MAX_WAITING) -> None:
        self._send, self._max_waiting = send, max_waiting
        self._open: dict[str, Ticket] = {}
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._open)

    def submit(self, ticket: Ticket) -> None:
        """Pass a request to the worker. Raises RequestError if too many wait or the worker can't be reached."""
        if self._is_closed:
            raise RequestError(503, GONE)
        if len(self._open) >= self._max_waiting:
            message = f"{self._max_waiting:,} requests are already waiting. Try again later."
            raise RequestError(429, message, kind="rate_limit_error")
        try:
            self._send("summarize", **ticket.arguments())
        except AppError as error:
            raise RequestError(503, f"{error.message} {error.hint}".strip()) from error
        self._open[ticket.id] = ticket

    def drop(self, ticket: Ticket) -> None:
        """Forget a request whose client has left, and cancel it if it is not over."""
        if self._open.pop(ticket.id, None) is not None:
            ticket.events.put_nowait(None)
            # If it can't be cancelled, nobody reads the summary.
            with suppress(AppError):
                self._send("cancel", request=ticket.id)

    def take(self, event: Event) -> None:
        """Pass a worker's event on to its request."""
        ticket = self._open.get(event["request"])
        if ticket is None:
            return
        if event["event"] == "request_finished":
            del self._open[ticket.id]
            ticket.events.put_nowait(None)
        else:
            ticket.events.put_nowait(event)

    def close(self) -> None:
        """Tell all open requests that the worker is gone."""
        self._is_closed = True
        for ticket in self._open.values():
            ticket.events.put_nowait(None)
        self._open.clear()


class Server:
    """Answers requests in its own thread; `tell` and `close` may be called from any other."""

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
            exception_handlers={RequestError: _refuse, HTTPException: _refuse, ClientDisconnect: _refuse},
        )

    def start(self, port: int) -> int:
        """Listen, and return the port; 0 is any free one. Raises RecipeError for one in use.

        Clients wait until the worker has loaded the base model.
        """
        try:
            self._listener = listen(HOST, port)
        except OSError as error:
            problem = Problem(
                "--port", f"Port {port} can't be opened: {error.strerror}.", "Use another, or 0 for any."
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
        """Answer open requests with an error, and stop listening."""
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
                _pieces(ticket, event), headers={"Cache-Control": "no-cache"}, media_type="text/event-stream"
            )
        while event["event"] != FINISHED:
            event = await _next(ticket)
        answer = Answer(f"chatcmpl-{ticket.id}", asked.model)
        read, written = int(event["input_tokens"]), int(event["tokens"])
        capped = bool(event.get("capped"))
        return JSONResponse(answer.whole(event["summary"], capped=capped, read=read, written=written))

    async def _watch(self, request: Request, ticket: Ticket) -> None:
        """Cancel a request when its client leaves. Ends with the answer too."""
        while (await request.receive())["type"] != "http.disconnect":
            pass
        self._tickets.drop(ticket)


class _TokenRequired:
    """Lets in requests with the token."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app, self._token = app, token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: SendMessage) -> None:
        scheme, _, given = Headers(scope=scope).get("Authorization", "").partition(" ")
        # Starlette decodes headers as latin-1: encoding gives back the bytes that were sent.
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
    # The client left while it sent the body.
    return Response(status_code=400)


async def _body(request: Request) -> bytes:
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise RequestError(415, "The body is compressed; send it as it is.")
    try:
        return await read_body(request, MAX_BODY_BYTES)
    except HTTPException as error:
        raise RequestError(413, f"The body is larger than {MAX_BODY_BYTES >> 20} MB.") from error


async def _next(ticket: Ticket) -> Event:
    """Return the worker's next event about a request. Raises RequestError if it failed or the worker has ended."""
    event = await ticket.events.get()
    if event is None:
        raise RequestError(503, GONE)
    if event["event"] == FAILED:
        raise RequestError(400, f"{event['message']} {event.get('hint', '')}".strip())
    return event


async def _pieces(ticket: Ticket, event: Event) -> AsyncIterator[str]:
    """Yield a summary as server-sent events; `event` is the worker's first about it."""
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
        # Beam search streams nothing before the end.
        rest = event["summary"].removeprefix(sent)
        if rest and event["summary"].startswith(sent):
            yield _sent(answer.part(rest))
        yield _sent(answer.last(capped=bool(event.get("capped"))))
    yield "data: [DONE]\n\n"


def _sent(body: dict[str, Any]) -> str:
    return f"data: {json.dumps(body)}\n\n"
