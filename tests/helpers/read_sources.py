"""A source as the data check reads it: its schema, its examples by split, and what is shown of it before."""

from pathlib import Path
from typing import Any

from engine.config.data_options import DataOptions
from engine.data import Schema, Split
from engine.text.conversations import Example
from engine.worker.ingestion.loading import open_tables, read_rows, show_first_rows
from engine.worker.ingestion.sources import locate
from engine.worker.runtime.channel import Channel
from tests.helpers.channel_events import events_of


def read_source(
    path: Path, channel: Channel, *, needs_summary: bool = False, **options: Any
) -> tuple[Schema, dict[Split | None, list[Example]]]:
    """Return the schema of a source and its examples by split; None is a source without splits."""
    given = DataOptions(source=str(path), **options)
    source = locate(given, channel)
    schema, found = read_rows(source, open_tables(source, given), given, channel, needs_summary=needs_summary)
    return schema, {split: [each.example for each in examples] for split, examples in found.items()}


def all_examples(path: Path, channel: Channel, **options: Any) -> list[Example]:
    return [each for examples in read_source(path, channel, **options)[1].values() for each in examples]


def preview(path: Path, channel: Channel, **options: Any) -> dict[str, Any]:
    """Return the event that shows the first rows of a source."""
    given = DataOptions(source=str(path), **options)
    source = locate(given, channel)
    show_first_rows(source, open_tables(source, given), given, channel)
    (event,) = events_of(channel, "rows_previewed")
    return event
