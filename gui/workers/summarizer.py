"""The window's summarizing worker: started with the first request, reused while the base model stays the same.

The pages share it, so that no base model is loaded twice. Owns the lifetime of the summarize job. Knows no widget.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from PySide6.QtCore import QObject, QTimer, Signal

from engine.api import Ending, Event, SummarizeOptions, run_text
from gui.look.format import percent
from gui.look.language import mark, tr, translate
from gui.workers.engine_thread import EngineThread
from gui.workers.eta import Eta

State = Literal["off", "starting", "ready", "closing", "dead"]
StartThread = Callable[[dict[str, Any]], EngineThread]

# What ends the preparation of a model with the base in memory.
PREPARED = ("summary_failed", "request_finished")
FETCHING = mark("Downloading the base model")


@dataclass(frozen=True)
class ConversationInput:
    """A conversation to summarise, and its reference summary, "" without one."""

    text: str
    reference: str = ""

    def arguments(self) -> dict[str, str]:
        given = {"conversation": self.text}
        return given | ({"reference": self.reference} if self.reference.strip() else {})


@dataclass(frozen=True)
class Request:
    """A request: conversations to summarise with the base model (None) and with adapters.

    `conversations` is one or a tuple of several. `prompt` replaces the prompt of every column: `template` and
    `max_conversation_tokens`.
    """

    conversations: ConversationInput | tuple[ConversationInput, ...]
    columns: tuple[str | None, ...]
    options: SummarizeOptions
    prompt: dict[str, Any] | None = None

    def arguments(self, request_id: str) -> dict[str, Any]:
        asked = {"request": request_id, "columns": list(self.columns), **self.options.model_dump()}
        asked |= {"prompt": self.prompt} if self.prompt else {}
        if isinstance(self.conversations, ConversationInput):
            return asked | self.conversations.arguments()
        return asked | {"conversations": [one.arguments() for one in self.conversations]}


class Summarizer(QObject):
    """One summarize job after the other, never two at a time.

    Signals: `changed` when the state or its text changes; `events(list)` with the worker's events; `idle` when the last
    request is answered; `died(Ending)` when the worker ends without being asked to.
    """

    changed = Signal()
    events = Signal(list)
    idle = Signal()
    died = Signal(object)

    def __init__(self, start_thread: StartThread, parent: QObject | None = None) -> None:
        """Prepare; `start_thread` starts a worker on the job's arguments and returns its running thread."""
        super().__init__(parent)
        self.state: State = "off"
        self.base_model: dict[str, Any] = {}
        self.precision = ""
        # Device, name, memory and id of the card, as the worker reports them when the base model is loaded.
        self.card: Event = {}
        # What the next worker is started for, and what this one was.
        self.device_wanted = self._device_asked = "auto"
        self._start_thread = start_thread
        self._thread: EngineThread | None = None
        self._waiting: tuple[str, Request] | None = None
        self._sent: set[str] = set()
        self._stage = ""
        self._is_preparing = False
        self._left = Eta()
        self._began = 0.0
        self._clock = QTimer(self)
        self._clock.setInterval(1000)
        self._clock.timeout.connect(self.changed)

    def suit(self, device: str) -> None:
        """Compute on a recipe's device from the next request on."""
        self.device_wanted = device

    @property
    def alive(self) -> bool:
        """Whether a worker holds the device or is starting."""
        return self._thread is not None

    @property
    def is_busy(self) -> bool:
        """Whether a request is not yet answered."""
        return bool(self._sent) or self._waiting is not None

    @property
    def status_text(self) -> str:
        """The stage of a worker that starts or prepares a model, with its time: "Loading the base model, 6 s"."""
        if self.state != "starting" and not self._is_preparing:
            return ""
        stage = translate(run_text.stage_title(self._stage))
        seconds = tr("{seconds} s", seconds=max(0, round(time.monotonic() - self._began)))
        left = self._left
        if left.done >= left.total:
            # Loading after the download is not counted.
            return f"{stage}, {seconds}"
        if left.unit != "bytes":
            return left.beside(f"{stage}, {percent(left.share)}")
        # Of the base model, only a download is counted in bytes.
        return f"{tr(FETCHING) if self._stage == 'load_base' else stage}, {left.how_far}"

    def summarize(self, base_model: dict[str, Any], request: Request) -> str:
        """Request summaries; start a worker if there is none for base model and device. Return the request's id."""
        request_id = secrets.token_hex(6)
        is_same = (base_model, self.device_wanted) == (self.base_model, self._device_asked)
        serves = is_same and self.state != "closing"
        if self._thread is not None and not serves:
            self._waiting = (request_id, request)
            self.base_model = base_model
            self.close()
            # Report the end to earlier requests, also if the worker was closing already.
            self.changed.emit()
            return request_id
        self.base_model = base_model
        if self._thread is None:
            self._start()
        self._ask(request_id, request)
        return request_id

    def will_answer(self, request_id: str) -> bool:
        """Return whether summaries of a request may still arrive: a closing worker drops its requests."""
        waits = self._waiting is not None and self._waiting[0] == request_id
        return waits or request_id in self._sent

    def cancel(self, request_id: str) -> None:
        """Cancel a request; its finished summaries stay. Loading a base model stops if no request needs it."""
        if self._waiting and self._waiting[0] == request_id:
            self._waiting = None
        elif self.state == "starting" and self._sent <= {request_id}:
            self.close()
        elif self._thread is not None:
            self._send("cancel", request=request_id)
            self._drop({request_id})

    def close(self) -> None:
        """End the worker to release the device; `changed` is emitted when it has ended."""
        if self._thread is None or self.state == "closing":
            return
        was_starting, thread = self.state == "starting", self._thread
        self._sent.clear()
        self._enter("closing")
        self._send("quit")
        if was_starting:
            # Nothing is lost yet, and others need not wait for the model to load.
            thread.force()
        else:
            QTimer.singleShot(5_000, thread, thread.force)

    def _ask(self, request_id: str, request: Request) -> None:
        self._sent.add(request_id)
        self._send("summarize", **request.arguments(request_id))

    def _send(self, command: str, **arguments: Any) -> None:
        if self._thread is not None:
            self._thread.send(command, **arguments)

    def _start(self) -> None:
        self._stage, self.precision, self.card = "", "", {}
        self._left.begin()
        self._began = time.monotonic()
        self._device_asked = self.device_wanted
        self._thread = self._start_thread({"base_model": self.base_model, "device": self._device_asked})
        self._thread.events.connect(self._on_events)
        self._thread.ended.connect(self._on_ended)
        self._enter("starting")

    def _enter(self, state: State) -> None:
        self.state, self._is_preparing = state, False
        if state == "starting":
            self._clock.start()
        else:
            self._clock.stop()
        self.changed.emit()

    def _on_events(self, events: list[Event]) -> None:
        for event in events:
            self._follow(event)
        self.events.emit(events)
        self._drop({event["request"] for event in events if event["event"] == "request_finished"})

    def _follow(self, event: Event) -> None:
        self._left.follow(event)
        if event["event"] == "stage_entered":
            self._stage = event["stage"]
            self._prepare(self._stage != "write")
            self.changed.emit()
        elif event["event"] in PREPARED:
            self._prepare(False)
        elif event["event"] == "base_ready" and self.state == "starting":
            self.precision, self.card = event["precision"], event
            self._enter("ready")

    def _prepare(self, is_preparing: bool) -> None:
        """Count the time that a worker takes to prepare another model than the base that it has in memory."""
        if self.state != "ready" or is_preparing == self._is_preparing:
            return
        self._is_preparing = is_preparing
        if is_preparing:
            self._began = time.monotonic()
            self._clock.start()
        else:
            self._clock.stop()

    def _drop(self, requests: set[str]) -> None:
        if requests & self._sent:
            self._sent -= requests
            if not self.is_busy:
                self.idle.emit()

    def _on_ended(self, ending: Ending) -> None:
        asked, self._thread = self.state == "closing", None
        self._sent.clear()
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._start()
            self._ask(*waiting)
        elif asked:
            self._enter("off")
        else:
            self._enter("dead")
            self.died.emit(ending)
