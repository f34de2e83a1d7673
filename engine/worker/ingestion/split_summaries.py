"""Splits none of whose rows has a summary, beside others that have them: a person says what becomes of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.config.data_options import DataOptions
from engine.data import SourcedExample, Split, column_names
from engine.errors import DataError
from engine.worker.ingestion.row_store import LazySequence
from engine.worker.readers import Table
from engine.worker.runtime.channel import Channel

FIELD = "data.other_columns"
Examples = dict[Split | None, LazySequence[SourcedExample]]


def with_summaries(
    examples: Examples, tables: Mapping[Split | None, Table], options: DataOptions, channel: Channel
) -> Examples:
    """Return the splits that have summaries, or all if none has.

    Raises DataError with the field `data.other_columns` for the others, unless the options leave them out.
    """
    lacking = [split for split, rows in examples.items() if rows and not _has_any(rows)]
    if not lacking or len(lacking) == sum(map(bool, examples.values())):
        return examples
    for split in lacking:
        table = tables.get(split, next(iter(tables.values())))
        which = table.name if split in tables else f"the split {split}"
        if options.other_columns != "leave_out":
            raise DataError(
                f"No row of {which} has a summary, and rows of other splits have one. "
                f"Its columns are: {column_names.listed(table.columns)}.",
                "Use the other files, or add the summaries.",
                FIELD,
            )
        channel.notice(f"Left out, as no row of it has a summary: {which}.")
    return {split: rows for split, rows in examples.items() if split not in lacking}


def _has_any(rows: Iterable[SourcedExample]) -> bool:
    return any(each.example.summary.strip() for each in rows)
