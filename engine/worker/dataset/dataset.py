"""Reads the examples of each split by a recipe's `[data]` table.

The order is: columns, masks, splits, every Nth, limits, excluded findings, incomplete rows. Knows nothing of models.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.config.data_options import DataOptions
from engine.data import Row, Schema
from engine.errors import DataError, UnlabelledError
from engine.messages import counted, joined, say
from engine.text.conversations import Example
from engine.text.pii import KINDS
from engine.worker.ingestion.loading import open_tables, read_rows, show_first_rows
from engine.worker.ingestion.row_store import (
    COMPLETE,
    LACKS_CONVERSATION,
    LACKS_SUMMARY,
    LazySequence,
    examples_of,
    stored,
)
from engine.worker.ingestion.sources import SPLITS, Source, Split, locate
from engine.worker.ingestion.splitting import hold_out
from engine.worker.ingestion.token_lengths import TokenCounter
from engine.worker.readers import FIELD
from engine.worker.runtime.channel import Channel
from engine.worker.validation.scan import exclude_rows

# Of a source without splits, and of "train" if a split is missing.
HELD_OUT_FRACTION = 0.1
MAX_ROWS_NAMED = 5


@dataclass(frozen=True)
class Selection:
    """The rows that a `[data]` table selects, before excluded and incomplete ones are left out."""

    source: Source
    shape: Schema
    rows: dict[Split, LazySequence[Row]]


@dataclass(frozen=True)
class Splits:
    """The examples of each split, and their provenance.

    `excluded` counts the rows that `data.exclude` left out, by split; `masked` the occurrences that `data.mask` masked
    in the remaining rows, by kind of personal data.
    """

    train: Sequence[Example]
    validation: Sequence[Example]
    test: Sequence[Example]
    fingerprint: str
    licence: str
    source: str
    excluded: dict[str, int] = field(default_factory=dict)
    masked: dict[str, int] = field(default_factory=dict)

    def of(self, split: str) -> Sequence[Example]:
        """Return the examples of a split by name."""
        examples: Sequence[Example] = getattr(self, split)
        return examples


def read(
    options: DataOptions,
    channel: Channel,
    needs: Sequence[Split] = SPLITS,
    counter: Callable[[], TokenCounter | None] | None = None,
) -> Splits:
    """Return the examples that a recipe uses; excluded and incomplete rows are left out with a notice.

    The splits in `needs` must not be empty; `counter` is called if an excluded finding depends on tokens. Raises
    DataError with its field; OfflineError for Hub data that is neither cached nor reachable.
    """
    selection = select(options, channel, needs)
    _require_summaries(selection)
    for split in needs:
        _require_examples(selection, split)
    remaining = exclude_rows(selection.rows, options, counter, channel.check_stop)
    for split in needs:
        is_smaller = len(remaining.rows[split]) < len(selection.rows[split])
        if is_smaller and not (remaining.rows[split].missing == COMPLETE).any():
            raise DataError(
                say("No conversation of the {} split is left.", split),
                "Exclude fewer findings.",
                "data.exclude",
            )
    if remaining.text:
        channel.notice(remaining.text, "The recipe excludes them (data.exclude).")
    examples = {split: _complete_examples(split, remaining.rows[split], channel) for split in SPLITS}
    masked: Counter[str] = Counter()
    if options.mask:
        for rows in remaining.rows.values():
            complete = rows.select(np.flatnonzero(rows.missing == COMPLETE))
            masked.update(kind for row in complete for kind in row.masked)
    if masked:
        named = joined(
            ", ", (say("{}: {:,}", kind.title, masked[kind.id]) for kind in KINDS if masked[kind.id])
        )
        channel.notice(say("Personal data is masked ({}).", named), "The recipe says so (data.mask).")
    return Splits(
        **examples,
        fingerprint=fingerprint(examples),
        licence=selection.source.licence,
        source=selection.source.name,
        excluded={split: count.total() for split, count in remaining.excluded.items()},
        masked=dict(masked),
    )


def _require_summaries(selection: Selection) -> None:
    missing = np.concatenate([rows.missing for rows in selection.rows.values()])
    count = int((missing == LACKS_SUMMARY).sum())
    if not count or (missing == COMPLETE).any():
        return
    hint = 'Choose "Write summaries".'
    if selection.shape.kind == "turns":
        hint += ' If the last turn is one, write last_turn = "summary" into data.columns.'
    message = say("No summaries yet: {}.", counted(count, "conversation"))
    raise UnlabelledError(message, hint, "data.summary", count)


def _require_examples(selection: Selection, split: Split) -> None:
    rows, shape = selection.rows[split], selection.shape
    if (rows.missing == COMPLETE).any():
        return
    if not rows:
        raise DataError(
            say("{} has too few conversations for the {} split.", selection.source.name, split),
            say('Add conversations, or name a file after "{}".', split),
            FIELD,
        )
    role, column = ("summary", shape.summary)
    hint = 'Choose another column, or "Write summaries".'
    if (rows.missing == LACKS_CONVERSATION).all():
        role, column, hint = ("conversation", shape.conversation, "Choose another column.")
    raise DataError(say('Column "{}" has no {} in the {} split.', column, role, split), hint, f"data.{role}")


def select(
    options: DataOptions, channel: Channel, needs: Sequence[Split] = SPLITS, *, shows_first_rows: bool = False
) -> Selection:
    """Return the rows that `options` select: splits first, then every Nth row of each, then the limits.

    `shows_first_rows` emits `rows_previewed` before all of them are read.
    """
    source = locate(options, channel)
    tables = open_tables(source, options)
    if shows_first_rows:
        show_first_rows(source, tables, options, channel)
    shape, source_rows = read_rows(source, tables, options, channel)
    channel.check_stop()
    rows: dict[Split, LazySequence[Row]]
    if None in source_rows:
        test, validation, train = hold_out(
            source_rows[None], HELD_OUT_FRACTION, HELD_OUT_FRACTION, seed=options.split_seed
        )
        rows = {"train": train, "validation": validation, "test": test}
    else:
        rows = {split: source_rows.get(split, stored()) for split in SPLITS}
        _hold_out_missing_splits(rows, needs, options.split_seed, channel)
    limits = {"train": options.max_train, "validation": options.max_validation, "test": options.max_test}
    return Selection(
        source, shape, {split: rows[split][:: options.every][: limits[split] or None] for split in SPLITS}
    )


def _hold_out_missing_splits(
    rows: dict[Split, LazySequence[Row]], needs: Sequence[Split], seed: int, channel: Channel
) -> None:
    """Hold out training rows for each split that is needed and missing, with a notice."""
    held_splits: tuple[Split, ...] = ("test", "validation")
    for split in held_splits:
        if split in needs and not rows[split] and rows["train"]:
            rows[split], rows["train"] = hold_out(rows["train"], HELD_OUT_FRACTION, seed=seed)
            held = counted(len(rows[split]), "training conversation")
            channel.notice(
                say("The data has no {} split: {} held out.", split, held),
                say('A file with "{}" in its name would be used.', split),
            )


def _complete_examples(split: Split, rows: LazySequence[Row], channel: Channel) -> LazySequence[Example]:
    """Return the examples of the complete rows; report the others, which are left out."""
    for role, lack in (("conversation", LACKS_CONVERSATION), ("summary", LACKS_SUMMARY)):
        lacking = np.flatnonzero(rows.missing == lack)
        if not len(lacking):
            continue
        others = len(rows) - len(lacking)
        rest = say("The other {:,} are fine.", others) if others > 1 else "The other one is fine."
        first = rows.select(lacking[:MAX_ROWS_NAMED])
        named = joined(", ", (row.place.text or say("row {:,}", row.number) for row in first))
        more = ", …" if len(lacking) > MAX_ROWS_NAMED else ""
        count = counted(len(lacking), "row")
        channel.notice(say("Skipped {} of {} without a {}: {}{}. {}", count, split, role, named, more, rest))
    return examples_of(rows.select(np.flatnonzero(rows.missing == COMPLETE)))


def fingerprint(splits: Mapping[Split, Sequence[Example]]) -> str:
    """Return the SHA-256 over the texts of all examples, split by split, in their order."""
    digest = hashlib.sha256()
    for split in SPLITS:
        digest.update(f"{split}:{len(splits[split])};".encode())
        update_digest(digest, splits[split])
    return digest.hexdigest()


def update_digest(digest: hashlib._Hash, examples: Iterable[Example]) -> None:
    """Update a digest with all texts of examples, in order, each with its length first."""
    for example in examples:
        for text in (example.conversation, example.summary, *example.more_references):
            encoded = text.encode("utf-8", "surrogatepass")
            digest.update(f"{len(encoded)}:".encode())
            digest.update(encoded)
