"""The requests that wait for summaries, between clients and the one worker that writes them.

Requests are passed to the worker one after the other; those that wait for the same model and are not streamed go
together, in one batch. Lives in one event loop; `take` is called there with the worker's events. Knows nothing of HTTP.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.jobs.events import Event
from engine.server.chat_api import ChatRequest, RequestError

MAX_WAITING = 64
MAX_BATCH = 32
# What the worker reports of a request.
STARTED, EXTENDED, FINISHED, FAILED = (
    "summary_started",
    "summary_extended",
    "summary_finished",
    "summary_failed",
)

# Sends a command with its arguments to the worker.
Send = Callable[..., None]


@dataclass(eq=False)
class Ticket:
    """One request that waits or is answered; `events` are the worker's about it, None once it is gone."""

    asked: ChatRequest
    column: str | None
    defaults: Mapping[str, Any]
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    events: asyncio.Queue[Event | None] = field(default_factory=asyncio.Queue)
    # Nothing more is written for it: it has its summary, or nobody waits for it.
    is_done: bool = False

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of decoding: those of the adapter, and what was asked for."""
        return {**self.defaults, **self.asked.settings}

    def goes_with(self, other: Ticket) -> bool:
        """Tell whether one batch can answer both."""
        is_streamed = self.asked.stream or other.asked.stream
        return not is_streamed and self.column == other.column and self.settings == other.settings


class SummaryQueue:
    """A bounded queue of requests, and those that the worker has."""

    def __init__(self, send: Send, max_waiting: int = MAX_WAITING) -> None:
        self._send = send
        self._max_waiting = max_waiting
        self._waiting: deque[Ticket] = deque()
        self._batch: list[Ticket] = []
        self._command = ""
        self._is_ready = self._is_closed = False

    @property
    def length(self) -> int:
        """The number of requests that wait or are answered."""
        return len(self._waiting) + len(self._batch)

    def submit(self, ticket: Ticket) -> None:
        """Let a request wait for its turn. Raises RequestError where too many do, or the worker is gone."""
        if self._is_closed:
            raise RequestError(503, "The worker has ended. Start serving again.")
        if len(self._waiting) >= self._max_waiting:
            message = f"{self._max_waiting:,} requests wait already. Try again later."
            raise RequestError(429, message, kind="rate_limit_error")
        self._waiting.append(ticket)
        self._next()

    def drop(self, ticket: Ticket) -> None:
        """Forget a request whose client has gone; what nobody waits for any more is cancelled."""
        if ticket in self._waiting:
            self._waiting.remove(ticket)
        elif ticket in self._batch and not ticket.is_done:
            ticket.is_done = True
            if all(each.is_done for each in self._batch):
                self._send("cancel", request=self._command)

    def ready(self) -> None:
        """Begin, now that the worker has loaded the base model."""
        self._is_ready = True
        self._next()

    def take(self, event: Event) -> None:
        """Pass an event of the worker on to the request that it is about."""
        if event.get("request") != self._command:
            return
        if event["event"] == "request_finished":
            for ticket in self._batch:
                ticket.events.put_nowait(None)
            self._batch, self._command = [], ""
            self._next()
            return
        index = int(event.get("index", 0))
        if index < len(self._batch):
            ticket = self._batch[index]
            ticket.is_done |= event["event"] in {FINISHED, FAILED}
            ticket.events.put_nowait(event)

    def close(self) -> None:
        """Tell all that wait that the worker is gone."""
        self._is_closed = True
        for ticket in (*self._batch, *self._waiting):
            ticket.events.put_nowait(None)
        self._batch, self._waiting = [], deque()

    def _next(self) -> None:
        """Give the worker the next request, with those that go along."""
        if not self._is_ready or self._is_closed or self._batch or not self._waiting:
            return
        first = self._waiting[0]
        self._batch = [each for each in self._waiting if each is first or each.goes_with(first)][:MAX_BATCH]
        for ticket in self._batch:
            self._waiting.remove(ticket)
        self._command = first.id
        arguments: dict[str, Any] = {"request": first.id, "columns": [first.column], **first.settings}
        if first.asked.stream:
            arguments["conversation"] = first.asked.conversation
        else:
            arguments["conversations"] = [{"conversation": each.asked.conversation} for each in self._batch]
        self._send("summarize", **arguments)
