"""The HTTP server: chat completions and the list of models, for who has the token, on loopback alone."""

from __future__ import annotations

import asyncio
import hmac
import json
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from engine.errors import AppError, Problem, RecipeError
from engine.jobs.events import Event
from engine.server import chat_api
from engine.server.chat_api import Answer, RequestError
from engine.server.summary_queue import EXTENDED, FAILED, FINISHED, STARTED, Send, SummaryQueue, Ticket

HOST = "127.0.0.1"
MAX_BODY_BYTES = 4 << 20
START_SECONDS = 10.0
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Served:
    """A model by the name that clients give: the adapter, None for the base alone, and how it decodes."""

    column: str | None
    defaults: Mapping[str, Any]


class Server:
    """Answers requests in a thread of its own; `tell` and `close` may be called from any other."""

    def __init__(self, models: Mapping[str, Served], token: str, send: Send) -> None:
        self._models, self._token, self._send = models, token, send
        self._loop = asyncio.new_event_loop()
        self._queue: SummaryQueue
        self._runner: web.AppRunner
        self._thread = threading.Thread(target=self._loop.run_forever, name="server", daemon=True)

    def start(self, port: int) -> int:
        """Listen, and return the port; 0 takes any that is free. Raises RecipeError for one in use."""
        self._thread.start()
        try:
            return asyncio.run_coroutine_threadsafe(self._listen(port), self._loop).result(START_SECONDS)
        except OSError as error:
            self.close()
            problem = Problem(
                "--port", f"Port {port} can't be had: {error.strerror}.", "Give another, or 0 for any."
            )
            raise RecipeError((problem,)) from error

    async def _listen(self, port: int) -> int:
        self._queue = SummaryQueue(self._send)
        application = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[self._guard])
        application.add_routes([
            web.get("/v1/models", self._list_models),
            web.post("/v1/chat/completions", self._complete),
        ])  # fmt: skip
        # What nobody reads must not be written.
        self._runner = web.AppRunner(application, access_log=None, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, port)
        await site.start()
        return int(self._runner.addresses[0][1])

    def tell(self, event: Event) -> None:
        """Pass on an event of the worker."""
        if event["event"] == "base_ready":
            self._loop.call_soon_threadsafe(self._queue.ready)
        elif "request" in event:
            self._loop.call_soon_threadsafe(self._queue.take, event)

    def close(self) -> None:
        """Answer what waits with an error, and stop listening."""
        if not self._thread.is_alive():
            return
        with suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(START_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_SECONDS)
        self._loop.close()

    async def _end(self) -> None:
        self._queue.close()
        await self._runner.cleanup()

    # Requests
    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let in who has the token, and answer errors in OpenAI's form."""
        try:
            self._require_token(request)
            return await handler(request)
        except RequestError as error:
            return _json(error.body(), error.status)
        except web.HTTPException as error:
            return _json(RequestError(error.status, error.reason).body(), error.status)

    def _require_token(self, request: web.Request) -> None:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            message = "The token is missing or wrong: Authorization: Bearer TOKEN."
            raise RequestError(401, message, kind="authentication_error")

    async def _list_models(self, _: web.Request) -> web.Response:
        return _json(chat_api.model_list(list(self._models)))

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        asked = chat_api.parse(await request.read(), list(self._models))
        served = self._models[asked.model]
        ticket = Ticket(asked, served.column, served.defaults)
        self._queue.submit(ticket)
        try:
            if asked.stream:
                return await self._stream(request, ticket)
            return await self._answer(ticket)
        finally:
            self._queue.drop(ticket)

    async def _answer(self, ticket: Ticket) -> web.Response:
        while event := await ticket.events.get():
            _require_no_failure(event)
            if event["event"] == FINISHED:
                answer = Answer(f"chatcmpl-{ticket.id}", ticket.asked.model)
                read, written = int(event["input_tokens"]), int(event["tokens"])
                capped = bool(event.get("capped"))
                return _json(answer.whole(event["summary"], capped=capped, read=read, written=written))
        raise RequestError(503, "The worker has ended. Start serving again.")

    async def _stream(self, request: web.Request, ticket: Ticket) -> web.StreamResponse:
        """Send a summary as it is written, as server-sent events."""
        first = await ticket.events.get()
        if first is None:
            raise RequestError(503, "The worker has ended. Start serving again.")
        _require_no_failure(first)
        answer = Answer(f"chatcmpl-{ticket.id}", ticket.asked.model)
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
        )
        await response.prepare(request)
        sent, event = "", first if first["event"] != STARTED else await ticket.events.get()
        while event is not None:
            if event["event"] == EXTENDED:
                sent += event["text"]
                await _send(response, answer.part(event["text"]))
            elif event["event"] == FINISHED:
                # With beams nothing comes before the end.
                rest = event["summary"].removeprefix(sent)
                if rest and event["summary"].startswith(sent):
                    await _send(response, answer.part(rest))
                await _send(response, answer.last(capped=bool(event.get("capped"))))
            elif event["event"] == FAILED:
                await _send(response, RequestError(500, event["message"]).body())
            event = await ticket.events.get()
        await response.write(b"data: [DONE]\n\n")
        await response.write_eof()
        return response


def _require_no_failure(event: Event) -> None:
    if event["event"] == FAILED:
        raise RequestError(400, f"{event['message']} {event.get('hint', '')}".strip())


async def _send(response: web.StreamResponse, body: dict[str, Any]) -> None:
    await response.write(f"data: {json.dumps(body)}\n\n".encode())


def _json(body: dict[str, Any], status: int = 200) -> web.Response:
    return web.json_response(body, status=status)


def make_send(send: Callable[..., None], failed: Callable[[AppError], None]) -> Send:
    """Return a `send` whose errors, such as a full disk, are reported instead of raised in the event loop."""

    def guarded(command: str, **arguments: Any) -> None:
        try:
            send(command, **arguments)
        except AppError as error:
            failed(error)

    return guarded
