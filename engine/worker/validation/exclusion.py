"""What a recipe's `data.exclude` leaves of the rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.config.data_options import DataOptions
from engine.data.findings import excluded_text
from engine.worker.ingestion.row_store import LazySequence as KeptRows
from engine.worker.ingestion.row_store import Row, no_rows
from engine.worker.ingestion.sources import SPLITS, Split
from engine.worker.ingestion.token_lengths import TokenCounter
from engine.worker.validation.cross_row_rules import RELATIONS
from engine.worker.validation.row_rules import goes_by_tokens
from engine.worker.validation.scan import find, left_out


@dataclass(frozen=True)
class Kept:
    """The rows that stay, and how many went, by split and finding."""

    rows: dict[Split, KeptRows[Row]]
    excluded: dict[Split, Counter[str]]

    @property
    def words(self) -> str:
        """What was left out, as a sentence; "" for nothing."""
        return excluded_text({str(split): counts for split, counts in self.excluded.items()})


def without_excluded(
    rows: Mapping[Split, KeptRows[Row]],
    options: DataOptions,
    counter: Callable[[], TokenCounter | None] | None,
    look_up: Callable[[], None],
    *,
    needs_summary: bool = True,
) -> Kept:
    """Return what `options.exclude` leaves; `counter` is asked only where a finding goes by tokens.

    Without one, or where it has none to give, nothing counts as too long. `look_up` is called again and again, and may
    raise what ends it. Rows without a summary are looked at as well where none is needed.
    """
    given = {split: rows.get(split, no_rows()) for split in SPLITS}
    if not options.exclude:
        return Kept(given, {})
    # All are looked at again and again.
    all_rows = {split: tuple(given[split]) for split in SPLITS}
    count = counter() if counter is not None and goes_by_tokens(options.exclude) else None
    alone = [name for name in options.exclude if name not in RELATIONS]
    found = (
        find(
            alone,
            all_rows,
            options,
            count,
            on_batch=lambda _split, _looks: look_up(),
            needs_summary=needs_summary,
        )
        if alone
        else {}
    )
    out = left_out(options.exclude, found, all_rows, needs_summary=needs_summary)
    kept = {
        split: given[split].select(place for place in range(len(given[split])) if place not in out[split])
        for split in SPLITS
    }
    return Kept(kept, {split: Counter(out[split].values()) for split in SPLITS if out[split]})
