"""A source's rows as examples: infers their schema, reads them with progress, reports broken rows.

The first rows are shown before all are read, with the inferred schema and its reason, so that a column mapping can be
corrected at once. Knows nothing of how splits are made, of limits or of models. Imports neither torch nor datasets.
"""

from __future__ import annotations

import json
import math
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from engine.config.data_options import DataOptions
from engine.data import (
    AUTO,
    SPLITS,
    Row,
    Schema,
    Split,
    column_mapping,
    column_names,
    first_rows,
    infer_schema,
    pause_hours,
    split_named,
    summary_lists,
)
from engine.errors import DataError
from engine.jobs.events import in_batches
from engine.messages import counted, joined, listed, say
from engine.worker.ingestion import alignment
from engine.worker.ingestion.row_store import LazySequence, stored
from engine.worker.ingestion.sources import Source
from engine.worker.readers import FIELD, Record, Table, open_table
from engine.worker.readers.table import SHEET_FIELD
from engine.worker.runtime.channel import Channel

# The schema is inferred from these. Columns that they lack are searched in so many bytes before a person is asked.
FIRST_ROWS = 200
SEARCHED_BYTES = 16 << 20
ROWS_PER_POLL = 200
MAX_REMARKS = 20
MAX_NAMED = 5
MAX_SHOWN_ROWS = 50
MAX_SHOWN_CHARACTERS = 2_000
# An event may have 256 kB, and a character may take six bytes in JSON.
MAX_EVENT_BYTES = 128 * 1024
MAX_ROW_CHARACTERS = 16_000
MAX_REASON_CHARACTERS = 500
Tables = Mapping[Split | None, Table]
Examples = dict[Split | None, LazySequence[Row]]


def open_tables(source: Source, options: DataOptions) -> Tables:
    """Return the table of each split of a source, that of training first; nothing is read yet."""
    splits = sorted(source.files, key=lambda split: split != "train")
    hours = pause_hours(options.columns)
    encoding, sheet = ("" if value == AUTO else value for value in (options.encoding, options.sheet))
    # Columns named by hand are those of a table.
    finds_chats = (options.conversation, options.summary) == (AUTO, AUTO) and options.columns.keys() <= {
        "pause"
    }
    return {
        split: open_table(source.files[split], hours, encoding, sheet, finds_chats=finds_chats)
        for split in splits
    }


def find_schema(
    tables: Tables, options: DataOptions, *, to_the_end: bool = True, needs_summary: bool = True
) -> Schema:
    """Return the schema of the rows of all tables.

    A column that the first rows lack is searched in later ones, `to_the_end`: JSON names a column only where it holds
    something.
    A schema lacks the summary where no column can hold one, and without `needs_summary` where it can't be told.
    Raises DataError with the field of what can't be found, or `data.source` for what can't be read.
    """
    for table in tables.values():
        table.align = None
    with _naming(", ".join(table.name for table in tables.values())):
        heads = [_head(table) for table in tables.values()]
        columns, own = _shared(tables), next(iter(tables.values())).own_columns
        shape: Schema | None = None
        try:
            shape = _guessed(tables, columns, heads[0], options, needs_summary=True)
        except DataError:
            if len(tables) > 1 and tuple(columns) != own:
                # The other tables may call the same columns otherwise.
                with suppress(DataError):
                    shape = _guessed(tables, own, heads[0], options, needs_summary=True)
            if shape is None and to_the_end:
                shape = _of_all_columns(tables, heads[0], options, needs_summary=needs_summary)
            elif shape is None:
                shape = _maybe_without_summary(
                    tables, columns, heads[0], options, needs_summary=needs_summary
                )
        if sum(table.file_count for table in tables.values()) > 1:
            # Every file is read by the columns that it has, and the first rows of each table are looked at at once.
            for table in tables.values():
                table.align = alignment.aligner(
                    shape, options, may_have_more_columns=table.may_have_more_columns
                )
                table.head(FIRST_ROWS)
        return shape


def likely_schema(tables: Tables, options: DataOptions) -> Schema | None:
    """Return what is known of the schema of rows that can't all be read, to be shown; None for nothing."""
    first = next(iter(tables.values()))
    rows = _head(first)
    try:
        return _guessed(tables, first.own_columns, rows, options, needs_summary=False)
    except DataError as error:
        if error.field != summary_lists.FIELD:
            return None
    # The columns are known; what their lists hold is asked.
    either = options.model_copy(update={"summary_lists": "sentences"})
    return replace(_guessed(tables, first.own_columns, rows, either, needs_summary=False), reason="")


def _head(table: Table) -> list[Record]:
    """Return a table's first rows, as far as they have the columns of its first file."""
    rows = table.head(FIRST_ROWS)
    return [row for row in rows if table.may_have_more_columns or row.file == rows[0].file]


def _guessed(
    tables: Tables,
    columns: Sequence[str],
    rows: Sequence[Record],
    options: DataOptions,
    *,
    needs_summary: bool,
) -> Schema:
    shape = infer_schema(
        columns,
        [row.values for row in rows],
        options.conversation,
        options.summary,
        _with_references_in(columns, tables, options.columns),
        needs_summary=needs_summary,
        # The names of files take precedence over a column of splits.
        needs_split=None in tables,
        lists=options.summary_lists,
    )
    reasons = dict.fromkeys(reason for table in tables.values() for reason in table.reasons)
    if "pause" in options.columns and not reasons:
        raise DataError(
            "The data contains no chat export to split.", "Remove data.columns.pause.", "data.columns"
        )
    # The columns of rows made from chats are named by us, so their names are no evidence.
    is_guessed = (options.conversation, options.summary) == (AUTO, AUTO)
    reasons_shown = list(reasons) if reasons and is_guessed else [*reasons, shape.reason]
    if None not in tables:
        named = ", ".join(f"{split} ({table.name})" for split, table in tables.items())
        reasons_shown.append(say("splits: {}, by their names", named))
    return replace(shape, reason=joined("; ", reasons_shown))


def _with_references_in(
    columns: Sequence[str], tables: Tables, by_hand: Mapping[str, str]
) -> Mapping[str, str]:
    """Return a mapping by hand without the references that only other tables than that of `columns` have."""
    elsewhere = {name for table in tables.values() for name in table.own_columns} - {*columns}
    listed = column_mapping.listed_references(by_hand, columns)
    here = ",".join(name for name in listed if name not in elsewhere)
    others = {role: name for role, name in by_hand.items() if role != "references"}
    return {**others, "references": here} if here else others


def _maybe_without_summary(
    tables: Tables,
    columns: Sequence[str],
    rows: Sequence[Record],
    options: DataOptions,
    *,
    needs_summary: bool,
) -> Schema:
    """Return the schema, also without the summary if it is not needed or no column can hold one."""
    try:
        return _guessed(tables, columns, rows, options, needs_summary=True)
    except DataError as error:
        if needs_summary and error.field != "data.summary":
            raise
        shape = _guessed(tables, columns, rows, options, needs_summary=False)
        taken = {shape.conversation, shape.speaker, shape.group, shape.id, shape.split}
        others = [name for name in columns if name not in taken]
        may_hold_one = column_names.likeliest(others, column_names.SUMMARY_NAMES) or (
            first_rows.may_hold_summaries(others, [row.values for row in rows])
        )
        if needs_summary and may_hold_one:
            raise
        return shape


def _shared(tables: Tables) -> list[str]:
    """Return the columns that every table has, in the first one's order."""
    first, *others = (table.own_columns for table in tables.values())
    return [name for name in first if all(name in columns for columns in others)]


def _of_all_columns(
    tables: Tables, rows: Sequence[Record], options: DataOptions, *, needs_summary: bool
) -> Schema:
    """Return the schema by the columns of all rows; of a big source it is asked for before all are read.

    Only a column that is named by hand, or no summary so far, is reason enough to read such a one to its end.
    """
    by_hand = (options.conversation, options.summary) != (AUTO, AUTO) or options.columns
    for limit in (math.inf,) if by_hand else (SEARCHED_BYTES, math.inf):
        is_whole = True
        for table in tables.values():
            is_whole = _search(table, limit) and is_whole
        shape = _maybe_without_summary(tables, _shared(tables), rows, options, needs_summary=needs_summary)
        if is_whole or not shape.without_summary:
            break
    return shape


def _search(table: Table, limit: float) -> bool:
    """Read the rows of a table whose later ones may have more columns; return False if the limit of bytes ends it."""
    if table.may_have_more_columns:
        for count, _ in enumerate(table, start=1):
            if count % ROWS_PER_POLL == 0 and table.done_bytes >= limit:
                return False
    return True


def read_rows(
    source: Source, tables: Tables, options: DataOptions, channel: Channel, *, needs_summary: bool = True
) -> tuple[Schema, Examples]:
    """Return the schema of a source's rows, those of its `tables`, and their examples by split, masked.

    Raises DataError: with the field `data.source` for files that can't be read, with `data.broken_rows` for broken
    rows that this does not leave out, with another field for rows that fit no schema.
    """
    for message, hint in source.remarks:
        channel.notice(message, hint)
    shape = find_schema(tables, options, needs_summary=needs_summary)
    total, done = sum(table.size_bytes for table in tables.values()), 0
    examples_by_split: Examples = {}
    for split, table in tables.items():
        rows = _followed(table, done, total, channel)
        if shape.split:
            split_texts: dict[int, Any] = {}
            shaped = _shaped(table, shape, _noted(rows, shape.split, split_texts), options)
            examples_by_split.update(_by_split(shaped, shape, split_texts, channel))
        else:
            examples_by_split[split] = _shaped(table, shape, rows, options)
        done += table.size_bytes
    remarks = list(dict.fromkeys(remark for table in tables.values() for remark in table.remarks))
    for remark in remarks[:MAX_REMARKS]:
        channel.notice(remark)
    if len(remarks) > MAX_REMARKS:
        more = counted(len(remarks) - MAX_REMARKS, "more remark")
        channel.notice(say("Not shown: {} on reading files.", more))
    _handle_broken(tables, options, channel)
    if needs_summary:
        examples_by_split = _with_summaries(examples_by_split, tables, options, channel)
    return shape, examples_by_split


def _with_summaries(examples: Examples, tables: Tables, options: DataOptions, channel: Channel) -> Examples:
    """Return the splits that have summaries, or all if none has.

    Raises DataError with the field `data.other_columns` for the others, unless the options leave them out.
    """
    lacking = [
        split
        for split, rows in examples.items()
        if rows and not any(each.example.summary.strip() for each in rows)
    ]
    if not lacking or len(lacking) == sum(map(bool, examples.values())):
        return examples
    for split in lacking:
        table = tables.get(split, next(iter(tables.values())))
        which = table.name if split in tables else say("the split {}", split)
        if options.other_columns != "leave_out":
            raise DataError(
                say("No row of {} has a summary. Its columns are: {}.", which, listed(table.columns)),
                "Skip this file, or add the summaries.",
                alignment.FIELD,
            )
        channel.notice(say("Skipped, no summaries: {}.", which))
    return {split: rows for split, rows in examples.items() if split not in lacking}


def _shaped(table: Table, shape: Schema, rows: Iterator[Record], options: DataOptions) -> LazySequence[Row]:
    with _naming(table.name):
        return stored(shape.examples(rows), options.mask)


@contextmanager
def _naming(files: str) -> Iterator[None]:
    """Add the files' names to errors about their rows and columns; readers name them themselves."""
    try:
        yield
    except DataError as error:
        if error.field in {FIELD, alignment.FIELD, SHEET_FIELD}:
            raise
        raise DataError(
            say("{}: {}", files, error.message), error.hint, error.field, error.choices
        ) from error


def _followed(table: Table, before: int, total: int, channel: Channel) -> Iterator[Record]:
    """Yield a table's rows, report progress, and check for a stop."""
    for count, record in enumerate(table):
        if count % ROWS_PER_POLL == 0:
            channel.check_stop()
            channel.progress(before + table.done_bytes, total, "bytes")
        yield record


def _noted(rows: Iterator[Record], column: str, split_texts: dict[int, Any]) -> Iterator[Record]:
    """Yield rows, and note the value of the split column by row number."""
    known: dict[Any, Any] = {}
    for record in rows:
        value = record.values.get(column)
        # Equal values share one string.
        split_texts[record.number] = known.setdefault(value, value) if isinstance(value, str) else value
        yield record


def _by_split(
    shaped: LazySequence[Row], shape: Schema, split_texts: Mapping[int, Any], channel: Channel
) -> Examples:
    """Return the examples by the split that their rows name; report the rows that name none, which are left out.

    Raises DataError for a conversation with rows in several splits.
    """
    by_split: dict[Split | None, array[int]] = {}
    for index, each in enumerate(shaped):
        splits = {split_named(split_texts[number]) for number in each.numbers}
        if len(splits) > 1:
            raise DataError(
                say(
                    'Conversation "{}" (row {:,} and more) has turns in several splits.',
                    each.example.id,
                    each.numbers[0],
                ),
                say('Give the same "{}" to all its rows.', shape.split),
                "data.columns",
            )
        by_split.setdefault(splits.pop(), array("q")).append(index)
    unknown = [number for each in shaped.select(by_split.pop(None, ())) for number in each.numbers]
    if unknown:
        channel.notice(
            _unknown_text(unknown, shape.split, split_texts), say("Supported: {}.", ", ".join(SPLITS))
        )
    return {split: shaped.select(indices) for split, indices in by_split.items()}


def _unknown_text(numbers: Sequence[int], column: str, split_texts: Mapping[int, Any]) -> str:
    """Return the notice about rows whose split is unknown, with the values found there."""
    values = Counter(str(split_texts[number] or "")[:20] for number in numbers)
    named = ", ".join(f'"{value}" {count:,}' for value, count in values.most_common(MAX_NAMED))
    rows = listed(f"{number:,}" for number in numbers)
    count = counted(len(numbers), "row")
    return say('{} skipped: "{}" names no split ({}; rows {}).', count, column, named, rows)


def _handle_broken(tables: Tables, options: DataOptions, channel: Channel) -> None:
    """Report every broken row, then refuse their tables, or report that the rows are left out."""
    for table in tables.values():
        told = ({"place": each.position, "why": each.reason[:MAX_REASON_CHARACTERS]} for each in table.broken)
        for rows in in_batches(told, MAX_EVENT_BYTES):
            channel.emit("rows_broken", table=table.name, rows=rows)
    for table in tables.values():
        if table.broken and options.broken_rows == "leave_out":
            channel.notice(say("{}: {}, skipped (data.broken_rows).", table.name, table.broken_text))
        else:
            table.refuse_broken()


def show_first_rows(source: Source, tables: Tables, options: DataOptions, channel: Channel) -> None:
    """Emit `rows_previewed`: columns, schema or problem, and the first rows of the first split, values as text.

    Raises DataError with the field `data.source` if nothing can be read.
    """
    split, first = next(iter(tables.items()))
    shape: Schema | None = None
    problem: dict[str, Any] | None = None
    rows = first.head(MAX_SHOWN_ROWS)
    columns = first.columns
    try:
        shape = find_schema(tables, options, to_the_end=False)
    except DataError as error:
        problem = error.problems[0].as_dict()
        shape = likely_schema(tables, options)
    channel.emit(
        "rows_previewed",
        source=source.name,
        split=split,
        columns=list(columns),
        shape=shape.as_dict() if shape else None,
        problem=problem,
        rows=_row_texts(rows, columns),
    )


def _row_texts(rows: Iterable[Record], columns: tuple[str, ...]) -> list[dict[str, str]]:
    """Return as many rows as one event holds; values are text, and long ones are cut."""
    limit = min(MAX_SHOWN_CHARACTERS, MAX_ROW_CHARACTERS // max(1, len(columns)))
    shown = ({name: _cell_text(row.values.get(name), limit) for name in columns} for row in rows)
    return next(in_batches(shown, MAX_EVENT_BYTES), [])


def _cell_text(value: Any, limit: int) -> str:
    if value is None:
        return ""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict)) else str(value)
    return text if len(text) <= limit else f"{text[: max(0, limit - 1)]}…"
