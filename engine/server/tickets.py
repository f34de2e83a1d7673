"""The requests that wait for summaries, between clients and the one worker that writes them.

Each is a command of its own, which the worker answers in its turn. Lives in one event loop; `take` is called there with
the worker's events. Knows nothing of HTTP.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from engine.errors import AppError
from engine.jobs.events import Event
from engine.server.chat_api import ChatRequest, RequestError

MAX_WAITING = 64
GONE = "The worker has ended. Start serving again."
# What the worker reports of a request.
EXTENDED, FINISHED, FAILED = "summary_extended", "summary_finished", "summary_failed"

# Sends a command with its arguments to the worker. Raises AppError.
Send = Callable[..., None]


@dataclass(eq=False)
class Ticket:
    """One request that waits or is answered; `events` are the worker's about it, None once it is over."""

    asked: ChatRequest
    column: str | None
    defaults: Mapping[str, Any]
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    events: asyncio.Queue[Event | None] = field(default_factory=asyncio.Queue)

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of the worker's command: decoded as the adapter was scored, but for what was asked."""
        conversation = {"conversation": self.asked.conversation}
        # Text is reported as it grows for a conversation alone, not for a list of them.
        asked = conversation if self.asked.stream else {"conversations": [conversation]}
        return {
            "request": self.id,
            "columns": [self.column],
            **self.defaults,
            **self.asked.settings,
            **asked,
        }


class Tickets:
    """The open requests, a bounded number of them."""

    def __init__(self, send: Send, max_waiting: int = MAX_WAITING) -> None:
        self._send, self._max_waiting = send, max_waiting
        self._open: dict[str, Ticket] = {}
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._open)

    def submit(self, ticket: Ticket) -> None:
        """Pass a request to the worker. Raises RequestError where too many wait, or the worker can't be reached."""
        if self._is_closed:
            raise RequestError(503, GONE)
        if len(self._open) >= self._max_waiting:
            message = f"{self._max_waiting:,} requests wait already. Try again later."
            raise RequestError(429, message, kind="rate_limit_error")
        try:
            self._send("summarize", **ticket.arguments())
        except AppError as error:
            raise RequestError(503, f"{error.message} {error.hint}".strip()) from error
        self._open[ticket.id] = ticket

    def drop(self, ticket: Ticket) -> None:
        """Forget a request whose client has gone, and cancel it if it is not over."""
        if self._open.pop(ticket.id, None) is not None:
            ticket.events.put_nowait(None)
            # What can't be cancelled is written for nobody.
            with suppress(AppError):
                self._send("cancel", request=ticket.id)

    def take(self, event: Event) -> None:
        """Pass an event of the worker on to the request that it is about."""
        ticket = self._open.get(event["request"])
        if ticket is None:
            return
        if event["event"] == "request_finished":
            del self._open[ticket.id]
            ticket.events.put_nowait(None)
        else:
            ticket.events.put_nowait(event)

    def close(self) -> None:
        """Tell all that wait that the worker is gone."""
        self._is_closed = True
        for ticket in self._open.values():
            ticket.events.put_nowait(None)
        self._open.clear()
