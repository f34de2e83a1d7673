"""The job `count_conversations`: how many conversations a source has, whatever of them a run would use.

Imports no torch.
"""

from __future__ import annotations

from typing import Any

from engine.config.data_options import checked
from engine.worker.ingestion.loading import open_tables, read_rows
from engine.worker.ingestion.sources import locate
from engine.worker.runtime.channel import Channel


def run(channel: Channel, request: dict[str, Any]) -> None:
    """Count the conversations that the request's `data` table names. Raises DataError for what can't be read."""
    options = checked(request["data"])
    channel.enter("read_data")
    source = locate(options, channel)
    _, by_split = read_rows(source, open_tables(source, options), options, channel, needs_summary=False)
    channel.result({"conversations": sum(map(len, by_split.values()))})
