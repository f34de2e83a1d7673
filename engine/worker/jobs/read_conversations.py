"""The job `read_conversations`: the conversations of a source, with their summaries, for whoever wants to try them.

Sends them as they are found, a few in an event, split by split. Imports no torch. Knows nothing of windows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from engine.config.data_options import DataOptions
from engine.errors import DataError, RecipeError
from engine.jobs.events import encode
from engine.options import check
from engine.text.conversations import Example
from engine.worker.ingestion.loading import read_rows
from engine.worker.ingestion.sources import Split, locate
from engine.worker.readers import FIELD
from engine.worker.runtime.channel import Channel

# What is tried has to be scored before: held-out conversations come first.
ORDER: tuple[Split | None, ...] = ("test", "validation", None, "train")
MOST_A_SPLIT = 1_000
# An event may have 256 kB.
MOST_BYTES = 128 * 1024


def run(channel: Channel, request: dict[str, Any]) -> None:
    """Send the conversations that the request's `data` table names, and hand over what was left out."""
    options, problems = check(DataOptions, request["data"], "data")
    if not isinstance(options, DataOptions):
        raise RecipeError(tuple(problems))
    channel.enter("read_data")
    source = locate(options.source, channel)
    _, found = read_rows(source, options, channel, needs_summary=False)
    sent = empty = too_long = beyond = 0
    for split in (split for split in ORDER if split in found):
        examples = [shaped.example for shaped in found[split]]
        there = [example for example in examples if example.conversation.strip()]
        short = [example for example in there if _size(example) <= MOST_BYTES]
        kept = short[:MOST_A_SPLIT]
        empty += len(examples) - len(there)
        too_long += len(there) - len(short)
        beyond += len(short) - len(kept)
        sent += len(kept)
        for portion in _portions(kept):
            channel.check_stop()
            rows = [_row(example) for example in portion]
            channel.emit("conversations_read", split=split, conversations=rows)
    if not sent:
        raise DataError(
            f"{source.name} has no conversations that can be tried.", "Choose another source.", FIELD
        )
    left_out = {"empty": empty, "too_long": too_long, "beyond": beyond}
    channel.result({"name": source.name, "conversations": sent, "left_out": left_out})


def _row(example: Example) -> dict[str, Any]:
    return {
        "id": example.id,
        "conversation": example.conversation,
        "summary": example.summary,
        "more_references": list(example.more_references),
    }


def _size(example: Example) -> int:
    return len(encode(_row(example)))


def _portions(examples: Sequence[Example]) -> Iterator[list[Example]]:
    """Yield as many examples at a time as one event holds."""
    portion: list[Example] = []
    room = MOST_BYTES
    for example in examples:
        size = _size(example)
        if size > room and portion:
            yield portion
            portion, room = [], MOST_BYTES
        portion.append(example)
        room -= size
    if portion:
        yield portion
