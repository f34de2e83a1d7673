"""The job `label_data`: the conversations of a source become a labelling set, or lead back to the one they became.

Rows need no summary here; those that have one bring it along. Imports no torch. Knows nothing of windows.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine import labelling
from engine.conversations import Example
from engine.data_options import DataOptions
from engine.errors import DataError, RecipeError
from engine.options import check
from engine.recipe import SAMPLE
from engine.worker.channel import Channel
from engine.worker.readers import FIELD
from engine.worker.reading import read_rows
from engine.worker.rows import Row, masked
from engine.worker.sources import SPLITS, Source, locate

SAMPLE_NAME = "Sample conversations"


def run(channel: Channel, request: dict[str, Any]) -> None:
    """Read what the request's `data` table names and hand over the set's id and what was left out of it."""
    options, problems = check(DataOptions, request["data"], "data")
    if not isinstance(options, DataOptions):
        raise RecipeError(tuple(problems))
    channel.enter("read_data")
    source = locate(options.source, channel)
    examples = _examples(source, options, channel)
    kept = labelling.distinct(examples)
    if not kept:
        raise DataError(
            f"{source.name} has no conversations.", "Name another column, or another source.", FIELD
        )
    channel.check_stop()
    channel.result({"set": _set(source, kept).id, "left_out": _left_out(examples, kept)})


def _examples(source: Source, options: DataOptions, channel: Channel) -> list[Example]:
    """Return all rows, split after split, masked as the recipe says; a run makes splits of its own afterwards."""
    _, found = read_rows(source, options, channel, needs_summary=False)
    rows = [
        Row(shaped.rows[0], shaped.example) for split in (None, *SPLITS) for shaped in found.get(split, ())
    ]
    return [row.example for row in masked(rows, options.mask)]


def _set(source: Source, kept: list[Example]) -> labelling.About:
    """Return the set that these conversations are in already, or a new one."""
    fingerprint = labelling.fingerprint(example.conversation for example in kept)
    known = labelling.find(source.name, fingerprint)
    name = SAMPLE_NAME if source.name == SAMPLE else Path(source.name).stem
    return known or labelling.create(name, source.name, kept, source.licence)


def _left_out(examples: list[Example], kept: list[Example]) -> dict[str, int]:
    empty = sum(not example.conversation.strip() for example in examples)
    different = len({example.conversation.strip() for example in examples} - {""})
    return {
        "empty": empty,
        "repeated": len(examples) - empty - different,
        "beyond": different - len(kept),
    }
