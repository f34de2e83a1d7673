"""Files of one source with different columns: each is read by its own columns as what the schema calls them.

Knows nothing of splits or of how files are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.config.data_options import DataOptions
from engine.data import AUTO, Schema, column_mapping, column_names, infer_schema
from engine.errors import DataError
from engine.messages import joined, listed, say
from engine.worker.readers.table import Align, Alignment, Values

FIELD = "data.other_columns"


def aligner(shape: Schema, options: DataOptions, *, may_have_more_columns: bool) -> Align:
    """Return what finds the columns of a schema among those of a file; files whose columns fit need nothing.

    Names that differ in case and spaces are equal. Else the file's own schema is inferred; its columns are taken for
    those of the same role. A file with neither is left out, or raises DataError with the field `data.other_columns`.
    """
    # Without these columns a row is no example.
    roles = [shape.conversation, shape.summary]
    roles += [shape.group, shape.speaker] if shape.kind == "rows" else []
    roles += [shape.speaker] if shape.kind == "lists" else []
    needed = [name for name in roles if name]

    def align(path: Path, columns: Sequence[str], rows: Sequence[Values]) -> Alignment:
        missing = [name for name in needed if name not in columns]
        if not columns:
            return Alignment()
        names = (
            _spelt_otherwise(missing, columns) or _own_names(shape, options, columns, rows) if missing else {}
        )
        if names is not None:
            more = _further_references(shape, options, names, columns)
            read = {**names, **dict.fromkeys(more, shape.summary)}
            said = joined(", ", (say('"{}" as "{}"', old, new) for old, new in read.items()))
            remark = (
                say("{} has other columns than the first file: {} is read.", path.name, said) if read else ""
            )
            return Alignment(names, (shape.summary, *more) if more else (), remark=remark)
        if may_have_more_columns and shape.conversation in columns:
            # JSON names a column only where it holds something.
            return Alignment()
        if options.other_columns == "leave_out":
            remark = say("Skipped, other columns: {}; they are: {}.", path.name, listed(columns))
            return Alignment(is_left_out=True, remark=remark)
        named = " and ".join(f'"{name}"' for name in missing)
        raise DataError(
            say(
                "{} lacks the column {} of other files. It has: {}.",
                path.name,
                named,
                listed(columns),
            ),
            "Skip this file, or give it the same columns.",
            FIELD,
        )

    return align


def _spelt_otherwise(missing: Iterable[str], columns: Sequence[str]) -> dict[str, str] | None:
    """Return the columns that differ from the missing ones in case and spaces alone; None unless all do."""
    plain = {column_names.plain(name): name for name in reversed(columns)}
    found = {plain[column_names.plain(name)]: name for name in missing if column_names.plain(name) in plain}
    return found if len(found) == len(list(missing)) else None


def _own_names(
    shape: Schema, options: DataOptions, columns: Sequence[str], rows: Sequence[Values]
) -> dict[str, str] | None:
    """Return the columns that have the schema's roles by what the file itself shows; None if they have not all."""
    if shape.kind != "columns" or (options.conversation, options.summary) != (AUTO, AUTO):
        return None
    try:
        own = infer_schema(columns, rows, needs_summary=bool(shape.summary), lists=options.summary_lists)
    except DataError:
        return None
    if own.kind != shape.kind or bool(own.summary) != bool(shape.summary):
        return None
    pairs: dict[str, Any] = {own.conversation: shape.conversation, own.summary: shape.summary}
    return {old: new for old, new in pairs.items() if new and old != new}


def _further_references(
    shape: Schema, options: DataOptions, names: Mapping[str, str], columns: Sequence[str]
) -> tuple[str, ...]:
    """Return a file's columns of further references that the schema does not have, and whose texts are no lists."""
    if not shape.summary or shape.lists:
        return ()
    summary = next((old for old, new in names.items() if new == shape.summary), shape.summary)
    by_hand = [name for name in column_mapping.listed_references(options.columns, columns) if name in columns]
    beside = by_hand or column_names.numbered_beside(summary, columns)
    return tuple(name for name in beside if name not in {shape.conversation, *shape.references, *names})
