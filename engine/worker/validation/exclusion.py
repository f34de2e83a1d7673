"""Excludes the rows of the findings in a recipe's `data.exclude`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.config.data_options import DataOptions
from engine.data.findings import excluded_text
from engine.worker.ingestion.row_store import LazySequence, Row, no_rows
from engine.worker.ingestion.sources import SPLITS, Split
from engine.worker.ingestion.token_lengths import TokenCounter
from engine.worker.validation.cross_row_rules import RELATIONS
from engine.worker.validation.row_rules import needs_tokens
from engine.worker.validation.scan import find, left_out


@dataclass(frozen=True)
class Remaining:
    """The rows that remain, and how many were excluded, by split and finding."""

    rows: dict[Split, LazySequence[Row]]
    excluded: dict[Split, Counter[str]]

    @property
    def text(self) -> str:
        """A sentence on what was excluded, "" for nothing."""
        return excluded_text({str(split): counts for split, counts in self.excluded.items()})


def exclude_rows(
    rows: Mapping[Split, LazySequence[Row]],
    options: DataOptions,
    counter: Callable[[], TokenCounter | None] | None,
    on_tick: Callable[[], None],
    *,
    needs_summary: bool = True,
) -> Remaining:
    """Return the rows that `options.exclude` leaves; `counter` is called only if a finding depends on tokens.

    Without a counter no text is too long. `on_tick` is called repeatedly and may raise to end the work. Rows without a
    summary are checked only if none is needed.
    """
    given = {split: rows.get(split, no_rows()) for split in SPLITS}
    if not options.exclude:
        return Remaining(given, {})
    # Read from disk once: the rules access each row several times.
    all_rows = {split: tuple(given[split]) for split in SPLITS}
    count = counter() if counter is not None and needs_tokens(options.exclude) else None
    alone = [name for name in options.exclude if name not in RELATIONS]
    found = (
        find(
            alone,
            all_rows,
            options,
            count,
            on_batch=lambda _split, _views: on_tick(),
            needs_summary=needs_summary,
        )
        if alone
        else {}
    )
    out = left_out(options.exclude, found, all_rows, needs_summary=needs_summary)
    remaining = {
        split: given[split].select(index for index in range(len(given[split])) if index not in out[split])
        for split in SPLITS
    }
    return Remaining(remaining, {split: Counter(out[split].values()) for split in SPLITS if out[split]})
