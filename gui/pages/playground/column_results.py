"""The results in the playground's columns: summaries as they are written, marks and figures, and all as Markdown.

Built from the worker's events alone. Knows no widget and no process.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from engine.api import Claim, Event, SummarizeOptions, added, check_claims, clock, escaping
from gui.look.format import number_text, plain, score
from gui.look.language import mark, tr, tr_count
from gui.workers.eta import Eta

if TYPE_CHECKING:
    from gui.pages.playground.history import HistoryEntry

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
        return self.tokens / self.seconds if self.tokens and self.seconds else None

    def clear(self, status: Status = "empty") -> None:
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
        # Where they are stored in the history; only stored results take feedback.
        self.entry: HistoryEntry | None = None

    @property
    def base(self) -> Column:
        return self.columns[0]

    @property
    def adapters(self) -> list[str]:
        return [column.entry.adapter for column in self.columns if column.entry.adapter is not None]

    @property
    def busy(self) -> bool:
        return any(column.status in ("waiting", "running") for column in self.columns)

    def column(self, adapter: str | None) -> Column | None:
        """Return the column of an adapter (None: the base), if there is one."""
        return next((column for column in self.columns if column.entry.adapter == adapter), None)

    def add(self, entry: ColumnModel) -> None:
        """Add a column for another adapter, unless it has one."""
        if self.column(entry.adapter) is None:
            self.columns.append(Column(entry))

    def remove(self, adapter: str) -> None:
        self.columns = [column for column in self.columns if column.entry.adapter != adapter]

    def begin(self, request: str, conversation: str) -> None:
        """Expect new summaries of a conversation in every column."""
        self.request, self.conversation, self.input_tokens, self.entry = request, conversation, None, None
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


THUMBS = {"up": mark("rated good"), "down": mark("rated bad")}


def as_markdown(results: ColumnResults, reference: str, decoding: SummarizeOptions, prompt: str = "") -> str:
    """Return the conversation and its summaries with scores, claims and notes.

    `prompt` is the template that replaced the prompts of all columns.
    """
    parts = [f"## {tr('Conversation')}", _quoted(results.conversation)]
    if reference:
        parts += [f"## {tr('Reference summary')}", _quoted(reference)]
    for column in results.columns:
        if column.text:
            parts += _summary(results, column)
    parts.append(tr("Decoding: {decoding}.", decoding=decoding_text(decoding)))
    if prompt:
        parts += [tr("Prompt:"), _quoted(prompt)]
    return "\n\n".join(parts) + "\n"


def _summary(results: ColumnResults, column: Column) -> list[str]:
    about = f" ({column.entry.about})" if column.entry.about else ""
    parts = [f"## {_markdown(f'{column.entry.title}{about}')}", _quoted(column.text), _facts(results, column)]
    if column.rounds:
        chunks = [f"- {_markdown(summary)}" for summary in column.rounds[0]]
        head = tr_count(len(chunks), "Summarised in {n} part:", "Summarised in {n} parts:")
        parts.append("\n".join([head, "", *chunks]))
    if column.feedback.edited:
        parts += [tr("Corrected:"), _quoted(column.feedback.edited)]
    if column.feedback.note:
        parts.append(tr("Note: {note}", note=_markdown(column.feedback.note)))
    return parts


def decoding_text(decoding: SummarizeOptions) -> str:
    """Return decoding options as text: "greedy, at most 128 tokens"."""
    parts = [*_choosing_text(decoding), _length_text(decoding)]
    if decoding.beams > 1 and decoding.length_penalty != 1:
        parts.append(tr("length penalty {value}", value=plain(decoding.length_penalty)))
    if decoding.repetition_penalty != 1:
        parts.append(tr("repetition penalty {value}", value=plain(decoding.repetition_penalty)))
    if decoding.no_repeat_ngram:
        parts.append(tr_count(decoding.no_repeat_ngram, "no token repeated", "no repeated {n}-grams"))
    if decoding.long_conversations == "piecewise":
        parts.append(tr("long conversations in parts"))
    if decoding.runtime == "ctranslate2":
        parts.append(tr("written by CTranslate2"))
    return ", ".join(parts)


def _choosing_text(decoding: SummarizeOptions) -> list[str]:
    """Return how tokens are chosen, as text."""
    if decoding.temperature > 0:
        parts = [tr("sampled at temperature {value}", value=plain(decoding.temperature))]
        if decoding.top_p < 1:
            parts.append(tr("top-p {value}", value=plain(decoding.top_p)))
        return [*parts, tr("seed {value}", value=str(decoding.seed))]
    return [tr("greedy") if decoding.beams == 1 else tr_count(decoding.beams, "{n} beam", "{n} beams")]


def _length_text(decoding: SummarizeOptions) -> str:
    if not decoding.min_new_tokens:
        return tr_count(decoding.max_new_tokens, "at most {n} token", "at most {n} tokens")
    return tr_count(
        decoding.max_new_tokens,
        "at least {least} and at most {n} token",
        "at least {least} and at most {n} tokens",
        least=number_text(decoding.min_new_tokens),
    )


def _markdown(text: str) -> str:
    return escaping.markdown(text.strip())


def _quoted(text: str) -> str:
    return "\n".join(f"> {escaping.markdown(line)}  " if line else ">" for line in text.strip().splitlines())


def _facts(results: ColumnResults, column: Column) -> str:
    facts = []
    if "rouge1" in column.scores:
        facts.append(tr("ROUGE-1 {score}", score=score(column.scores["rouge1"])))
    if "chrf" in column.scores:
        facts.append(tr("chrF {score}", score=score(column.scores["chrf"])))
    marks = results.marks(column)
    missing = ", ".join(_markdown(claim.text) for claim in marks.unsupported)
    text = tr("not in the conversation: {claims}", claims=missing)
    if missing or marks.is_measured:
        facts.append(text if missing else tr("everything is in the conversation"))
    if column.tokens and column.seconds:
        seconds = number_text(column.seconds, 1)
        facts.append(
            tr_count(column.tokens, "{n} token in {seconds} s", "{n} tokens in {seconds} s", seconds=seconds)
        )
    if column.feedback.thumb:
        facts.append(tr(THUMBS[column.feedback.thumb]))
    return "; ".join(facts)
