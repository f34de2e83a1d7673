"""The tokens of the conversation: counted while it is typed, and shown as "212 of 512 tokens"."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QObject, Signal

from engine.api import AppError, Ending, Event, Turn, turns
from gui.core.background_tasks import once
from gui.graphics.bars import MeterRow
from gui.look.format import number_text
from gui.look.language import tr, tr_count
from gui.pages.playground.column_results import LETTERS_A_TOKEN, about_tokens
from gui.workers.engine_thread import ActiveJob
from gui.workers.worker_manager import WorkerManager


@dataclass(frozen=True)
class Length:
    """The tokens of a conversation and the limit; `cut_at` is the character where it is cut, None if it fits.

    `is_counted` is false for an estimate.
    """

    tokens: int
    limit: int
    is_counted: bool
    cut_at: int | None

    @property
    def text(self) -> str:
        """Return the length as text: "about 212 of 512 tokens"."""
        tokens, limit = number_text(self.tokens), number_text(self.limit)
        if self.is_counted or not self.tokens:
            return tr("{tokens} of {limit} tokens", tokens=tokens, limit=limit)
        return tr("about {tokens} of {limit} tokens", tokens=tokens, limit=limit)


def estimated(text: str, limit: int) -> Length:
    """Estimate the length, before the tokens are counted."""
    tokens = about_tokens(text)
    cut_at = round(limit * LETTERS_A_TOKEN)
    return Length(tokens, limit, is_counted=False, cut_at=cut_at if tokens > limit else None)


def counted(text: str, tokens: int, limit: int) -> Length:
    """Return a length from a number of tokens; the cut is placed in proportion to the characters."""
    cut_at = len(text) * limit // tokens if tokens > limit else None
    return Length(tokens, limit, is_counted=True, cut_at=cut_at)


# The page is redrawn many times while summaries are written; the conversation stays the same.
@lru_cache(maxsize=8)
def parted(text: str, cut_at: int | None) -> tuple[tuple[Turn, ...], tuple[Turn, ...]]:
    """Split the turns at the cut; a turn that is cut in two is in both lists."""
    if cut_at is None:
        return turns(text), ()
    first, _, rest = text[cut_at:].partition("\n")
    read, within = turns(text[:cut_at]), (Turn("", first.strip()),) if first.strip() else ()
    if within and read and not read[-1].text:
        # A speaker's name with no text before the cut belongs to the rest.
        read, within = read[:-1], (Turn(read[-1].speaker, within[0].text),)
    return read, (*within, *turns(rest))


def cut_text(cut: int, *, piecewise: bool = False) -> str:
    """Return the text about these turns: cut off, wholly or in part, or read in later parts."""
    if cut == 0:
        return tr("within the trained limit")
    if piecewise:
        return tr("read in parts")
    return tr_count(cut, "the end is cut off", "the last {n} turns are cut off")


class TokenMeter(MeterRow):
    """A bar, the number of tokens below it, and whether the end is cut off."""

    def __init__(self) -> None:
        super().__init__("", above=False)

    def show_length(self, length: Length, cut_turns: int, *, piecewise: bool = False) -> None:
        self.bar.set_token("accent" if length.cut_at is None or piecewise else "warning")
        cut = cut_text(max(1, cut_turns) if length.cut_at is not None else 0, piecewise=piecewise)
        self.set_value(length.tokens / length.limit, cut if length.tokens else "", length.text)


class TokenCount(QObject):
    """Counts the tokens of the text being typed. `counted(text, Length)` reports the length of a text.

    A small worker counts, which needs no device and loads no model. If it can't, the page keeps its estimate.
    """

    counted = Signal(str, object)

    def __init__(self, manager: WorkerManager, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._manager = manager
        self._active_job = ActiveJob(self)
        self._base_id = ""
        self._is_exact = False
        self._wanted = ("", 0)
        self._asked: dict[str, tuple[str, int]] = {}
        self._rest = once(self, 250, self._ask)
        self._idle = once(self, 120_000, self.close)

    def count(self, text: str, limit: int, base_id: str) -> None:
        """Count the tokens of a text with a base model's tokenizer, once typing pauses."""
        if base_id != self._base_id:
            self.close()
            self._base_id = base_id
        if (text, limit) != self._wanted:
            self._wanted = (text, limit)
            self._rest.start()

    def close(self) -> None:
        """Close the worker; the next text starts another."""
        self._active_job.cancel("quit")
        self._is_exact = False
        self._wanted = ("", 0)
        self._asked.clear()

    def _ask(self) -> None:
        text, limit = self._wanted
        if not text:
            return
        if not self._active_job:
            self._start()
        if self._active_job.thread is not None:
            request = secrets.token_hex(4)
            self._asked = {request: (text, limit)}
            self._idle.start()
            with suppress(AppError):
                self._active_job.thread.send("count", request=request, text=text, limit=limit)

    def _start(self) -> None:
        try:
            thread = self._manager.ask("count_tokens", {"base_model": self._base_id}, parent=self)
        except AppError:
            # The estimate stays.
            return
        self._active_job.take(thread, self._forget, events=self._follow)

    def _follow(self, events: list[Event]) -> None:
        for event in events:
            if event["event"] == "counter_ready":
                self._is_exact = event["exact"]
            elif event["event"] == "tokens_counted" and event["request"] in self._asked and self._is_exact:
                text, limit = self._asked.pop(event["request"])
                self.counted.emit(
                    text, Length(event["tokens"], limit, is_counted=True, cut_at=event["cut_at"])
                )

    def _forget(self, _: Ending) -> None:
        """Keep the estimate; the next text starts another worker."""
