"""The results in the playground's columns: summaries as they are written, marks and figures.

Built from the worker's events alone. Knows no widget and no process.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from engine.api import Claim, Event, added, check_claims, clock
from gui.look.language import tr
from gui.workers.eta import Eta

Status = Literal["empty", "waiting", "running", "finished", "failed", "cancelled"]
Thumb = Literal["", "up", "down"]
MARKED: tuple[Status, ...] = ("running", "finished", "cancelled")
LETTERS_A_TOKEN = 3.6
# The results are redrawn many times while the last column is written; the other marks don't change.
_added = lru_cache(maxsize=64)(added)
_check = lru_cache(maxsize=64)(check_claims)


@dataclass(frozen=True)
class ColumnModel:
    """The model of a column: the base model (`adapter` None) or an adapter, with its name.

    `name` and `detail` are stored; `title` and `about` are shown.
    """

    adapter: str | None
    name: str
    detail: str = ""

    @property
    def title(self) -> str:
        """Return the name shown; that of the bundled base model is translated."""
        return self.name if self.adapter else tr(self.name)

    @property
    def about(self) -> str:
        """Return the detail shown; that of the bundled base model is translated."""
        return self.detail if self.adapter else tr(self.detail)


@dataclass(frozen=True)
class Feedback:
    """The user's feedback on a summary: a thumb, a note, and a corrected summary."""

    thumb: Thumb = ""
    note: str = ""
    edited: str = ""


@dataclass
class Column:
    """One column: its entry and its summary."""

    entry: ColumnModel
    status: Status = "empty"
    text: str = ""
    tokens: int | None = None
    seconds: float | None = None
    scores: dict[str, float] = field(default_factory=dict)
    is_capped: bool = False
    message: str = ""
    hint: str = ""
    feedback: Feedback = field(default_factory=Feedback)
    # The summaries of a long conversation's chunks, round by round.
    rounds: tuple[tuple[str, ...], ...] = ()
    chunks: int = 1
    # The remaining time of the current round.
    left: Eta = field(default_factory=Eta, repr=False, compare=False)

    @property
    def tokens_per_second(self) -> float | None:
        """Return the speed of a finished summary."""
        return self.tokens / self.seconds if self.tokens and self.seconds else None

    def clear(self, status: Status = "empty") -> None:
        """Clear the summary."""
        self.status, self.text, self.message, self.hint = status, "", "", ""
        self.tokens, self.seconds, self.scores, self.is_capped = None, None, {}, False
        self.feedback, self.rounds, self.chunks = Feedback(), (), 1
        self.left.begin()


@dataclass(frozen=True)
class Marks:
    """The marks of one summary: passages that the base summary lacks, and unsupported claims.

    `is_measured` is False where a summary has no claims and names can't be told in its script.
    """

    added: tuple[tuple[int, int], ...] = ()
    unsupported: tuple[Claim, ...] = ()
    names_told: bool = True
    dates_known: bool = True
    is_measured: bool = True


class ColumnResults:
    """The columns of one request, the base first."""

    def __init__(self, base: ColumnModel) -> None:
        self.columns: list[Column] = [Column(base)]
        self.request: str | None = None
        self.conversation = ""
        self.input_tokens: int | None = None

    @property
    def base(self) -> Column:
        """Return the base model's column."""
        return self.columns[0]

    @property
    def adapters(self) -> list[str]:
        """Return the adapters' ids, in order."""
        return [column.entry.adapter for column in self.columns if column.entry.adapter is not None]

    @property
    def busy(self) -> bool:
        """Whether summaries are still being written."""
        return any(column.status in ("waiting", "running") for column in self.columns)

    def column(self, adapter: str | None) -> Column | None:
        """Return the column of an adapter (None: the base), if there is one."""
        return next((column for column in self.columns if column.entry.adapter == adapter), None)

    def add(self, entry: ColumnModel) -> None:
        """Add a column for another adapter, unless it has one."""
        if self.column(entry.adapter) is None:
            self.columns.append(Column(entry))

    def remove(self, adapter: str) -> None:
        """Remove an adapter's column."""
        self.columns = [column for column in self.columns if column.entry.adapter != adapter]

    def begin(self, request: str, conversation: str) -> None:
        """Expect new summaries of a conversation in every column."""
        self.request, self.conversation, self.input_tokens = request, conversation, None
        for column in self.columns:
            column.clear("waiting")

    def end_unfinished(self, status: Status, message: str = "", hint: str = "") -> None:
        """End the unfinished columns: cancelled, or failed with a message."""
        for column in self.columns:
            if column.status in ("waiting", "running"):
                column.status, column.message, column.hint = status, message, hint
        self.request = None

    def apply(self, event: Event) -> None:
        """Apply an event of the worker; those of other requests are ignored."""
        handler = _HANDLERS.get(event["event"])
        if handler is None or self.request is None or event.get("request") != self.request:
            return
        column = self.column(event.get("adapter"))
        if column is not None:
            handler(column, event)
            self.input_tokens = event.get("input_tokens", self.input_tokens)
        if not self.busy:
            self.request = None

    def marks(self, column: Column) -> Marks:
        """Return the marks of a summary; claims are checked once it is complete."""
        if column.status not in MARKED or not column.text:
            return Marks()
        against_base = column is not self.base and self.base.status in MARKED and self.base.text
        spans = _added(column.text, self.base.text) if against_base else ()
        if column.status != "finished":
            return Marks(spans)
        check = _check(column.text, self.conversation)
        is_measured = check.unsupported_fraction is not None
        return Marks(spans, check.unsupported, check.names_told, check.dates_known, is_measured)


def _started(column: Column, event: Event) -> None:
    column.clear("running")
    column.chunks = event.get("pieces", 1)
    column.left.report(0, column.chunks, clock(event))


def _piece(column: Column, event: Event) -> None:
    """Add the summary of a chunk; they arrive in any order, the longest first."""
    *before, last = column.rounds if len(column.rounds) == event["round"] else (*column.rounds, ())
    filled = [*last, *[""] * (event["pieces"] - len(last))]
    filled[event["piece"] - 1] = event["summary"]
    column.rounds = (*before, tuple(filled))
    column.left.report(sum(map(bool, filled)), event["pieces"], clock(event))


def _extended(column: Column, event: Event) -> None:
    column.status = "running"
    column.text += event["text"]


def _finished(column: Column, event: Event) -> None:
    column.status = "cancelled" if event.get("cancelled") else "finished"
    column.text = event["summary"]
    column.tokens, column.seconds = event["tokens"], event["seconds"]
    column.scores = dict(event.get("scores") or {})
    column.is_capped = bool(event.get("capped"))


def _failed(column: Column, event: Event) -> None:
    column.status, column.message, column.hint = "failed", event["message"], event.get("hint", "")


_HANDLERS = {
    "summary_started": _started,
    "piece_finished": _piece,
    "summary_extended": _extended,
    "summary_finished": _finished,
    "summary_failed": _failed,
}


def about_tokens(text: str) -> int:
    """Estimate the number of tokens of a text, before a tokenizer has counted them."""
    return round(len(text) / LETTERS_A_TOKEN)
