"""Write the summaries of a group of columns: in batches, piece by piece where a conversation is long, and tell of it.

Knows nothing of commands, nor of how adapters come onto the base.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from engine.errors import AppError, DataError
from engine.text import chunking
from engine.worker.adapters.multi_lora import Mix
from engine.worker.evaluation import rouge
from engine.worker.generation.generate import Generated, generate, refuse_too_long
from engine.worker.modeling.base_models import LoadedBase, Model
from engine.worker.runtime.channel import Channel
from engine.worker.serving.columns import Column
from engine.worker.serving.requests import AskedConversation, Request
from engine.worker.serving.streamer import Stream


@dataclass
class Row:
    """One summary to write: a conversation by a column. `text` is what is read next, `parts` that in pieces."""

    column: Column
    asked: AskedConversation
    facts: dict[str, Any]
    text: str
    parts: list[str] = field(default_factory=list)
    about: dict[str, Any] = field(default_factory=dict)
    round: int = 1
    is_open: bool = True
    started: float = field(default_factory=time.perf_counter)
    stream: Stream | None = None


class Writing:
    """The summaries of one group of columns."""

    def __init__(
        self,
        channel: Channel,
        base: LoadedBase,
        request: Request,
        check_wanted: Callable[[], None],
    ) -> None:
        """Prepare; `check_wanted` raises what ends the work."""
        self._channel = channel
        self._base = base
        self._request = request
        self._check_wanted = check_wanted
        self._done = 0
        self._settings = request.options.model_dump(exclude={"long_conversations"})
        self._rows: list[Row] = []

    def write(self, model: Model, mix: Mix | None, columns: Sequence[Column]) -> None:
        """Write all conversations by these columns; a summary that can't be written says why, the others go on."""
        self._model, self._mix, self._columns = model, mix, list(columns)
        rows = [
            Row(column, asked, self._facts(column.name, index), asked.text)
            for index, asked in enumerate(self._request.conversations)
            for column in columns
        ]
        self._rows += rows
        waiting = [row for row in rows if self._is_begun(row)]
        while waiting:
            self._finish([row for row in waiting if len(row.parts) == 1])
            waiting = [row for row in waiting if len(row.parts) > 1]
            self._shorten(waiting)

    def give_up(self) -> None:
        """Say of what was started, and is wanted no more, what there is of it."""
        for row in self._rows:
            if row.is_open and row.stream is not None:
                self._tell(row, row.stream.text, row.stream.tokens, cancelled=True)

    def fail(self, name: str | None, error: AppError) -> None:
        """Say that what is still to come of a column can't be written."""
        begun = [row for row in self._rows if row.column.name == name]
        for row in begun:
            if row.is_open:
                self._fail(row.facts, error)
                row.is_open = False
        if not begun:
            for index, _ in enumerate(self._request.conversations):
                self._fail(self._facts(name, index), error)

    # Rows

    def _facts(self, name: str | None, index: int) -> dict[str, Any]:
        place = {"index": index} if self._request.is_list else {}
        return {"request": self._request.id, "adapter": name, **place}

    def _is_begun(self, row: Row) -> bool:
        """Begin a row, and tell whether that went well; one that can't be written says why and is done."""
        self._check_wanted()
        try:
            self._begin(row)
        except AppError as error:
            row.is_open = False
            self._fail(row.facts, error)
        return row.is_open

    def _begin(self, row: Row) -> None:
        """Find out how a conversation is read, and say that its summary is begun."""
        if not row.text.strip():
            raise DataError("The conversation is empty.", "Give its text.")
        tokens = row.column.prompter.conversation_tokens(row.text)
        self._part(row, tokens)
        for part in row.parts:
            refuse_too_long(self._model, self._ids(row, part), self._request.options.max_new_tokens)
        row.about = {
            "input_tokens": tokens,
            "limit": row.column.limit,
            "cut": len(row.parts) == 1 and tokens > row.column.limit,
            "pieces": len(row.parts),
        }
        if self._request.is_list:
            return
        self._channel.emit("summary_started", **row.facts, **row.about)
        row.stream = Stream(
            self._base.tokenizer,
            lambda text: self._channel.emit("summary_extended", **row.facts, text=text),
            shown=self._request.options.beams == 1,
        )

    def _part(self, row: Row, tokens: int) -> None:
        """Put what a row reads next into pieces, if it is too long and that is wished for."""
        limit = row.column.limit
        piecewise = self._request.options.long_conversations == "piecewise" and tokens > limit
        count = row.column.prompter.conversation_tokens
        row.parts = chunking.split(row.text, limit, count) if piecewise else [row.text]

    def _ids(self, row: Row, text: str) -> list[int]:
        return row.column.prompter.input_ids(text)

    # Writing

    def _shorten(self, rows: list[Row]) -> None:
        """Put the summaries of its pieces in the place of what each row reads."""
        places = [(row, part) for row in rows for part in range(len(row.parts))]
        if not places:
            return

        def take(place: int, written: Generated) -> None:
            row, part = places[place]
            self._channel.emit(
                "piece_finished",
                **row.facts,
                round=row.round,
                piece=part + 1,
                pieces=len(row.parts),
                summary=written.text,
            )

        written = self._generate(places, lambda _: None, take)
        for row in rows:
            before = sum(map(row.column.prompter.conversation_tokens, row.parts))
            texts = [one.text for (of, _), one in zip(places, written, strict=True) if of is row]
            row.text = "\n".join(filter(None, texts)) or row.text
            tokens = row.column.prompter.conversation_tokens(row.text)
            row.round += 1
            if tokens < before:
                self._part(row, tokens)
            else:
                # Summaries as long as what they are of lead nowhere: what fits of them is read.
                row.parts = [row.text]
                row.about["cut"] = True
                self._channel.notice(
                    f"The summaries of the pieces are together longer than {row.column.limit:,} tokens, and are cut.",
                    "Lower the longest summary.",
                )

    def _finish(self, rows: list[Row]) -> None:
        """Write the summaries of rows whose text is read whole, or cut."""
        batch: list[Row] = []

        def begin(places: list[int]) -> None:
            batch[:] = [rows[place] for place in places]

        def extend(ids: torch.Tensor) -> None:
            for place, row in enumerate(batch):
                if row.is_open and row.stream is not None:
                    row.stream.extend(ids[place : place + 1])

        def take(place: int, written: Generated) -> None:
            self._take(rows[place], written)

        self._generate([(row, 0) for row in rows], begin, take, extend)

    def _generate(
        self,
        places: list[tuple[Row, int]],
        begin: Callable[[list[int]], None],
        take: Callable[[int, Generated], None],
        extend: Callable[[torch.Tensor], None] = lambda _: None,
    ) -> list[Generated]:
        """Write what is asked of parts of rows, each as its column computes."""

        def on_rows(batch: list[int]) -> None:
            if self._mix is not None:
                self._mix.take([self._columns.index(places[place][0].column) for place in batch])
            begin(batch)
            self._check_wanted()

        def on_tokens(ids: torch.Tensor) -> None:
            extend(ids)
            self._check_wanted()

        inputs = [self._ids(row, row.parts[part]) for row, part in places]
        return generate(
            self._model,
            self._base.tokenizer,
            self._base.family,
            inputs,
            on_rows=on_rows,
            on_tokens=on_tokens,
            on_written=take,
            **self._settings,
        )

    # Telling

    def _take(self, row: Row, written: Generated) -> None:
        if row.stream is not None:
            row.stream.finish(written.text)
        self._tell(row, written.text, len(written.ids), capped=written.capped)

    def _tell(self, row: Row, text: str, tokens: int, **more: bool) -> None:
        row.is_open = False
        scores: dict[str, Any] = {}
        if row.asked.reference and not more.get("cancelled"):
            found = rouge.score([text], [row.asked.reference])
            scores = {"scores": {name: values[0] for name, values in found.items()}}
        self._channel.emit(
            "summary_finished",
            **row.facts,
            **(row.about if self._request.is_list else {}),
            **scores,
            summary=text,
            tokens=tokens,
            seconds=round(time.perf_counter() - row.started, 4),
            **more,
        )
        self._count()

    def _fail(self, facts: dict[str, Any], error: AppError) -> None:
        self._channel.emit("summary_failed", **facts, message=error.message, hint=error.hint)
        self._count()

    def _count(self) -> None:
        self._done += 1
        if self._request.is_list:
            self._channel.emit(
                "request_progressed", request=self._request.id, done=self._done, total=self._request.total
            )
