"""Runs an ASGI application on a socket, with limits on what clients can hold open or send."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

import uvicorn
from starlette.exceptions import HTTPException
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp

# Together with the backlog, below the 256 open files that some systems allow a process.
MAX_CONNECTIONS = 128
# This many are accepted before the first surplus one is dropped; two rounds of them can be open at a time.
BACKLOG = 16
# For a whole request, from the connection or the previous answer on.
REQUEST_SECONDS = 10.0
CLOSE_SECONDS = 2


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 is any free one. Raises OSError."""
    return socket.create_server((host, port), backlog=BACKLOG)


def make_server(
    app: ASGIApp, *, request_seconds: float = REQUEST_SECONDS, max_connections: int = MAX_CONNECTIONS
) -> uvicorn.Server:
    """Return a server for an application: `run` or `serve` it with `sockets=[listen(…)]`, end it by `should_exit`.

    A client that does not send its whole request within `request_seconds`, or reads nothing of its answer for that
    long, is dropped. Beyond `max_connections`, the client that has kept the server waiting longest is dropped, so that
    a new one is always served.
    """

    class Connection(BoundedConnection):
        seconds, most = request_seconds, max_connections

    return uvicorn.Server(
        uvicorn.Config(
            app,
            interface="asgi3",
            loop="asyncio",
            http=Connection,
            ws="none",
            lifespan="off",
            log_config=None,
            # Our errors are logged, those of clients are not.
            log_level="error",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            workers=1,
            timeout_graceful_shutdown=CLOSE_SECONDS,
        )
    )


async def read_body(request: Request, max_bytes: int) -> bytes:
    """Return the body of a request. Raises HTTPException 413 for a larger one."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > max_bytes:
            raise HTTPException(413)
    return bytes(body)


class BoundedConnection(H11Protocol):
    """A connection with a time limit for sending requests and reading answers."""

    seconds, most = REQUEST_SECONDS, MAX_CONNECTIONS
    _deadline: asyncio.TimerHandle

    @property
    def is_asking(self) -> bool:
        """Whether the request is missing or incomplete."""
        # None before the first request, despite its type.
        return self.cycle is None or self.cycle.response_complete or self.cycle.more_body  # type: ignore[redundant-expr]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time limit for a request."""
        super().connection_made(transport)
        self._deadline = self.loop.call_later(self.seconds, self._expire)
        if len(self.connections) > self.most:
            mine = [each for each in self.connections if isinstance(each, BoundedConnection)]
            min((each for each in mine if each.is_asking), key=lambda each: each._deadline.when())._drop()

    def on_response_complete(self) -> None:
        """Start the time limit for the next request."""
        super().on_response_complete()
        self._wait(self._expire)

    def pause_writing(self) -> None:
        """Start the time limit for reading the answer."""
        super().pause_writing()
        self._wait(self._drop)

    def resume_writing(self) -> None:
        """Return to the time limit for requests, which has no effect until the answer is complete."""
        super().resume_writing()
        self._wait(self._expire)

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the time limit."""
        super().connection_lost(exc)
        self._deadline.cancel()

    def _wait(self, then: Callable[[], None]) -> None:
        self._deadline.cancel()
        self._deadline = self.loop.call_later(self.seconds, then)

    def _expire(self) -> None:
        if self.is_asking:
            self._drop()

    def _drop(self) -> None:
        self.connections.discard(self)
        self.transport.abort()
