"""The job `label_data`: the conversations of a source become a labelling set, or lead back to the one they became.

Rows need no summary here; those that have one bring it along. What the recipe's `data.exclude` leaves out is not
offered, and what `data.mask` masks is masked before anyone reads it. Imports no torch. Knows nothing of windows.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

from engine import labelling
from engine.config.data_options import DataOptions, checked
from engine.config.recipe import SAMPLE
from engine.data import Row
from engine.errors import DataError
from engine.messages import say
from engine.text.conversations import Example
from engine.worker.ingestion.loading import open_tables, read_rows
from engine.worker.ingestion.row_store import LazySequence
from engine.worker.ingestion.sources import SPLITS, Source, Split, locate
from engine.worker.ingestion.token_lengths import counter_for
from engine.worker.readers import FIELD
from engine.worker.runtime.channel import Channel
from engine.worker.validation.scan import Remaining, exclude_rows

SAMPLE_NAME = "Sample conversations"


def run(channel: Channel, request: dict[str, Any]) -> None:
    """Read what the request's `data` table names and hand over the set's id and what was left out of it.

    `base_model` names whose tokens are counted where a finding that is excluded goes by them.
    """
    options = checked(request["data"])
    channel.enter("read_data")
    source = locate(options, channel)
    left = _rows(source, options, request.get("base_model"), channel)
    examples = [row.example for split in SPLITS for row in left.rows[split]]
    kept_examples = labelling.distinct(examples)
    if not kept_examples and any(left.excluded.values()):
        message = say("No conversation of {} is left.", source.name)
        raise DataError(message, "Exclude fewer findings.", "data.exclude")
    if not kept_examples:
        message = say("{} has no conversations.", source.name)
        raise DataError(message, "Name another column, or another source.", FIELD)
    channel.check_stop()
    about, brought = _set(source, kept_examples)
    empty = sum(not example.conversation.strip() for example in examples)
    different = len({example.conversation.strip() for example in examples} - {""})
    left_out = {
        "excluded": dict(sum(left.excluded.values(), Counter[str]())),
        "empty": empty,
        "repeated": len(examples) - empty - different,
        "beyond": different - len(kept_examples),
    }
    channel.result({"set": about.id, "left_out": left_out, "brought": brought})


def _rows(source: Source, options: DataOptions, base_model: str | None, channel: Channel) -> Remaining:
    """Return the rows that are offered; a source without splits counts as training, as a run splits anew anyway."""
    tables = open_tables(source, options)
    _, rows_by_split = read_rows(source, tables, options, channel, needs_summary=False)
    rows: dict[Split, LazySequence[Row]] = {split or "train": some for split, some in rows_by_split.items()}
    channel.check_stop()
    if options.exclude:
        channel.enter("check_rows")
    return exclude_rows(
        rows, options, partial(counter_for, base_model), channel.check_stop, needs_summary=False
    )


def _set(source: Source, kept_examples: list[Example]) -> tuple[labelling.SetInfo, int]:
    """Return the set that these conversations are in already, or a new one, and how many it brings along.

    A source that has grown, or of which something else is left out, makes another set: what was written for the
    conversations that are in both goes with it.
    """
    fingerprint = labelling.fingerprint(example.conversation for example in kept_examples)
    existing = labelling.find(source.name, fingerprint)
    if existing is not None:
        return existing, 0
    name = SAMPLE_NAME if source.name == SAMPLE else Path(source.name).stem
    known = labelling.known_items(source.name)
    brought = sum(example.conversation.strip() in known for example in kept_examples)
    return labelling.create(name, source.name, kept_examples, source.licence, known), brought
