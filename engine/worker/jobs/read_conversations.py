"""The jobs `read_conversations` and `count_conversations`: those of a source, or how many, whatever a run would use.

They are sent with their summaries as they are found, a few in an event, split by split. Imports no torch.
"""

from __future__ import annotations

from typing import Any

from engine.config.data_options import checked
from engine.errors import DataError
from engine.jobs.events import encode, in_batches
from engine.messages import say
from engine.text.conversations import Example
from engine.worker.ingestion.loading import open_tables, read_rows
from engine.worker.ingestion.sources import Split, locate
from engine.worker.readers import FIELD
from engine.worker.runtime.channel import Channel

# What is tried has to be scored before: held-out conversations come first.
ORDER: tuple[Split | None, ...] = ("test", "validation", None, "train")
MAX_PER_SPLIT = 1_000
# An event may have 256 kB.
MAX_BATCH_BYTES = 128 * 1024


def run(channel: Channel, request: dict[str, Any]) -> None:
    """Send the conversations that the request's `data` table names, and hand over what was left out; or count them.

    Raises DataError for what can't be read.
    """
    options = checked(request["data"])
    channel.enter("read_data")
    source = locate(options, channel)
    _, examples_by_split = read_rows(
        source, open_tables(source, options), options, channel, needs_summary=False
    )
    if request.get("kind") == "count_conversations":
        channel.result({"conversations": sum(map(len, examples_by_split.values()))})
        return
    count = empty = too_long = beyond = 0
    for split in (split for split in ORDER if split in examples_by_split):
        examples = [shaped.example for shaped in examples_by_split[split]]
        non_empty = [example for example in examples if example.conversation.strip()]
        short = [example for example in non_empty if len(encode(_row(example))) <= MAX_BATCH_BYTES]
        selected = short[:MAX_PER_SPLIT]
        empty += len(examples) - len(non_empty)
        too_long += len(non_empty) - len(short)
        beyond += len(short) - len(selected)
        count += len(selected)
        for rows in in_batches(map(_row, selected), MAX_BATCH_BYTES):
            channel.check_stop()
            channel.emit("conversations_read", split=split, conversations=rows)
    if not count:
        raise DataError(say("{} has no conversations to try.", source.name), "Choose another source.", FIELD)
    left_out = {"empty": empty, "too_long": too_long, "beyond": beyond}
    channel.result({"name": source.name, "conversations": count, "left_out": left_out})


def _row(example: Example) -> dict[str, Any]:
    return {
        "id": example.id,
        "conversation": example.conversation,
        "summary": example.summary,
        "more_references": list(example.more_references),
    }
