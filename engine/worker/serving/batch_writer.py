"""Writes the summaries of a group of columns in batches, long conversations chunk by chunk, and emits their events.

Knows nothing of commands, nor of how adapters are loaded.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

from engine.config.decoding import DecodingOptions
from engine.errors import AppError, DataError
from engine.messages import say
from engine.text import chunking
from engine.worker.adapters.multi_lora import MixedBatch
from engine.worker.generation import Generated
from engine.worker.generation.ctranslate2_runtime import CTranslate2Runtime
from engine.worker.generation.generate import generate, plain_text
from engine.worker.modeling.base_models import LoadedBase, Model
from engine.worker.modeling.prompt_learning import refuse_too_long
from engine.worker.runtime.channel import Channel
from engine.worker.serving.columns import Column
from engine.worker.serving.requests import AskedConversation, Request
from engine.worker.text_metrics import summary_metrics

# At most 20 events per second: nobody reads faster.
EXTEND_SECONDS = 0.05
UNFINISHED = "\N{REPLACEMENT CHARACTER}"


class TextStreamer:
    """Decodes the tokens of one summary and sends its new text, of which no later token can change a character."""

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, send: Callable[[str], None], *, shown: bool = True
    ) -> None:
        """Prepare; with `shown` false nothing is sent before the end, as for beams, whose text changes."""
        self._tokenizer = tokenizer
        self._send = send
        self._shown = shown
        self._sent = ""
        self._sent_at = 0.0
        self.tokens = 0
        self.text = ""

    def extend(self, written: torch.Tensor) -> None:
        """Take all tokens so far (1 × tokens) and send their new text."""
        self.tokens = written.shape[1]
        now = time.perf_counter()
        if not self._shown or now - self._sent_at < EXTEND_SECONDS:
            return
        self._sent_at = now
        self.text = plain_text(self._tokenizer, written[0].tolist())
        # A character's bytes may be spread over tokens: an incomplete one decodes to a replacement character.
        self.send(self.text.rstrip(UNFINISHED))

    def send(self, text: str) -> None:
        """Send what is new of a text."""
        if text.startswith(self._sent) and len(text) > len(self._sent):
            self._send(text[len(self._sent) :])
            self._sent = text


@dataclass
class Row:
    """One summary to write: of a request's conversation, by a column. `facts`, `input_facts`: keys of its events.

    `text` is summarised next, in `chunks`: the conversation, then in each round the summaries of its chunks.
    """

    request: Request
    column: Column
    asked: AskedConversation
    facts: dict[str, Any]
    text: str
    chunks: list[str] = field(default_factory=list)
    input_facts: dict[str, Any] = field(default_factory=dict)
    round: int = 1
    is_pending: bool = True
    started: float = field(default_factory=time.perf_counter)
    streamer: TextStreamer | None = None


# A row and the index of one of its chunks.
ChunkOf = tuple[Row, int]


class BatchWriter:
    """Writes the summaries of requests that go together."""

    def __init__(
        self,
        channel: Channel,
        base: LoadedBase,
        requests: Sequence[Request],
        check_wanted: Callable[[], None],
    ) -> None:
        """Prepare; `check_wanted` raises Cancelled, which ends the work."""
        self._channel = channel
        self._base = base
        self._requests = requests
        self._check_wanted = check_wanted
        self._done = Counter[str]()
        # They have the same.
        self._options = requests[0].options
        self._decoding = self._options.model_dump(include=set(DecodingOptions.model_fields))
        self._rows: list[Row] = []

    def write(
        self,
        model: Model,
        mixed_batch: MixedBatch | None,
        columns: Sequence[Column],
        runtime: CTranslate2Runtime | None = None,
    ) -> None:
        """Write all conversations by these columns; a row that fails is reported and the others go on.

        `runtime` writes in place of the model, whole summaries at a time.
        """
        self._model, self._mixed_batch, self._columns = model, mixed_batch, list(columns)
        self._runtime = runtime
        rows = [
            Row(request, column, asked, _facts(request, column.name, index), asked.text)
            for request in self._requests
            for index, asked in enumerate(request.conversations)
            for column in columns
        ]
        self._rows += rows
        for row in rows:
            self._check_wanted()
            try:
                self._start(row)
            except AppError as error:
                row.is_pending = False
                self._report_failure(row.request, row.facts, error)
        pending = [row for row in rows if row.is_pending]
        while pending:
            self._write_whole([row for row in pending if len(row.chunks) == 1])
            pending = [row for row in pending if len(row.chunks) > 1]
            self._summarize_chunks(pending)

    def cancel(self) -> None:
        """Report the unfinished text of every row that has begun to stream."""
        for row in self._rows:
            if row.is_pending and row.streamer is not None:
                self._report(row, row.streamer.text, row.streamer.tokens, cancelled=True)

    def fail(self, name: str | None, error: AppError) -> None:
        """Report an error for all summaries of a column that are not finished."""
        started = [row for row in self._rows if row.column.name == name]
        for row in started:
            if row.is_pending:
                self._report_failure(row.request, row.facts, error)
                row.is_pending = False
        if not started:
            for request in self._requests:
                for index, _ in enumerate(request.conversations):
                    self._report_failure(request, _facts(request, name, index), error)

    # Rows

    def _start(self, row: Row) -> None:
        """Split a row's conversation into chunks and report that its summary is started. Raises AppError."""
        if not row.text.strip():
            raise DataError("The conversation is empty.", "Add its text.")
        tokens = self._count(row, row.text)
        self._split(row, tokens)
        for chunk in row.chunks:
            self._check_wanted()
            ids = row.column.prompter.input_ids(chunk)
            refuse_too_long(self._model, [ids], self._options.max_new_tokens)
        row.input_facts = {
            "input_tokens": tokens,
            "limit": row.column.limit,
            "cut": len(row.chunks) == 1 and tokens > row.column.limit,
            "pieces": len(row.chunks),
        }
        if row.request.is_list:
            return
        self._channel.emit("summary_started", **row.facts, **row.input_facts)
        row.streamer = TextStreamer(
            self._base.tokenizer,
            lambda text: self._channel.emit("summary_extended", **row.facts, text=text),
            shown=self._options.beams == 1,
        )

    def _split(self, row: Row, tokens: int) -> None:
        """Split a row's text into chunks if it is over the limit and the request asks for that."""
        limit = row.column.limit
        chunked = self._options.long_conversations == "piecewise" and tokens > limit
        row.chunks = (
            chunking.split(row.text, limit, lambda text: self._count(row, text)) if chunked else [row.text]
        )

    def _count(self, row: Row, text: str) -> int:
        """Return the tokens of a text, one of very many where a long conversation is split."""
        self._check_wanted()
        return row.column.prompter.conversation_tokens(text)

    # Writing

    def _summarize_chunks(self, rows: list[Row]) -> None:
        """Replace the text of each row by the summaries of its chunks."""
        chunks = [(row, chunk) for row in rows for chunk in range(len(row.chunks))]
        if not chunks:
            return

        def on_written(index: int, summary: Generated) -> None:
            row, chunk = chunks[index]
            self._channel.emit(
                "piece_finished",
                **row.facts,
                round=row.round,
                piece=chunk + 1,
                pieces=len(row.chunks),
                summary=summary.text,
            )

        summaries = self._generate(chunks, lambda _: None, on_written)
        for row in rows:
            texts = [summary.text for (of, _), summary in zip(chunks, summaries, strict=True) if of is row]
            self._shorten(row, "\n".join(filter(None, texts)))

    def _shorten(self, row: Row, summaries: str) -> None:
        """Let a row read the summaries of its chunks next, split again or, if they are no shorter, truncated."""
        before = sum(self._count(row, chunk) for chunk in row.chunks)
        row.text = summaries or row.text
        tokens = self._count(row, row.text)
        row.round += 1
        if tokens < before:
            self._split(row, tokens)
            return
        row.chunks = [row.text]
        row.input_facts["cut"] = True
        self._channel.notice(
            say("The parts' summaries exceed {:,} tokens and are cut.", row.column.limit),
            "Lower the maximum length.",
        )

    def _write_whole(self, rows: list[Row]) -> None:
        """Write the summaries of rows with a single chunk."""
        batch: list[Row] = []

        def on_batch(indices: list[int]) -> None:
            batch[:] = [rows[index] for index in indices]

        def on_tokens(ids: torch.Tensor) -> None:
            for index, row in enumerate(batch):
                if row.is_pending and row.streamer is not None:
                    row.streamer.extend(ids[index : index + 1])

        def on_written(index: int, summary: Generated) -> None:
            row = rows[index]
            if row.streamer is not None:
                row.streamer.send(summary.text)
            self._report(row, summary.text, len(summary.ids), capped=summary.capped)

        self._generate([(row, 0) for row in rows], on_batch, on_written, on_tokens)

    def _generate(
        self,
        chunks: list[ChunkOf],
        on_batch: Callable[[list[int]], None],
        on_written: Callable[[int, Generated], None],
        on_tokens: Callable[[torch.Tensor], None] = lambda _: None,
    ) -> list[Generated]:
        """Summarise chunks, each with its column's adapter; the callbacks get indices into `chunks`."""

        def on_rows(indices: list[int]) -> None:
            if self._mixed_batch is not None:
                self._mixed_batch.select([self._columns.index(chunks[index][0].column) for index in indices])
            on_batch(indices)
            self._check_wanted()

        def extend(ids: torch.Tensor) -> None:
            on_tokens(ids)
            self._check_wanted()

        inputs = [row.column.prompter.input_ids(row.chunks[chunk]) for row, chunk in chunks]
        end_tokens = {token for row, _ in chunks for token in row.column.prompter.end_tokens}
        if self._runtime is not None:
            return self._runtime.generate(
                inputs,
                on_tick=self._check_wanted,
                on_written=on_written,
                end_tokens=end_tokens,
                **self._decoding,
            )
        return generate(
            self._model,
            self._base.tokenizer,
            self._base.family,
            inputs,
            on_rows=on_rows,
            on_tokens=extend,
            on_written=on_written,
            end_tokens=end_tokens,
            **self._decoding,
        )

    # Reporting

    def _report(self, row: Row, text: str, tokens: int, **flags: bool) -> None:
        row.is_pending = False
        scores: dict[str, Any] = {}
        if row.asked.reference and not flags.get("cancelled"):
            scores = {"scores": summary_metrics.scores_of(text, row.asked.reference, row.asked.text)}
        self._channel.emit(
            "summary_finished",
            **row.facts,
            **(row.input_facts if row.request.is_list else {}),
            **scores,
            summary=text,
            tokens=tokens,
            seconds=round(time.perf_counter() - row.started, 4),
            **flags,
        )
        self._report_progress(row.request)

    def _report_failure(self, request: Request, facts: dict[str, Any], error: AppError) -> None:
        self._channel.emit("summary_failed", **facts, message=error.message, hint=error.hint)
        self._report_progress(request)

    def _report_progress(self, request: Request) -> None:
        self._done[request.id] += 1
        if request.is_list:
            done = self._done[request.id]
            self._channel.emit("request_progressed", request=request.id, done=done, total=request.total)


def _facts(request: Request, name: str | None, index: int) -> dict[str, Any]:
    return {"request": request.id, "adapter": name, **({"index": index} if request.is_list else {})}
