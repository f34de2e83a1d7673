"""Finds the rows of findings that depend on single rows, and excludes those of a recipe's `data.exclude`."""

from __future__ import annotations

from array import array
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from engine.config.data_options import DataOptions
from engine.data import Row
from engine.data.findings import excluded_text
from engine.worker.ingestion.row_store import COMPLETE, LACKS_SUMMARY, LazySequence, stored
from engine.worker.ingestion.sources import SPLITS, Split
from engine.worker.ingestion.token_lengths import TokenCounter
from engine.worker.validation.cross_row_rules import RELATIONS, Indices, Repeated, Rows, repeated
from engine.worker.validation.language_id import UsualLanguages
from engine.worker.validation.row_rules import LACKING, needs_tokens, rules, summary_limit
from engine.worker.validation.row_view import RowView

BATCH = 1000
BATCHES_AHEAD = 2

Found = Mapping[str, Indices]
OnBatch = Callable[[Split, list[RowView]], None]
_Count = Callable[[Sequence[Row], int], list[RowView]]


def find(
    ids: Collection[str],
    rows: Rows,
    options: DataOptions,
    counter: TokenCounter | None,
    usual: UsualLanguages | None = None,
    on_batch: OnBatch = lambda _split, _views: None,
    *,
    needs_summary: bool = True,
) -> Found:
    """Return the indices of the rows of each finding in `ids` that depends on a single row, by split.

    Each row is visited once; `on_batch` takes the rows in order, a batch at a time, with token counts if there is a
    `counter`; one that samples estimates most after the first batch. `usual` holds the main languages if they are
    known already. Without `needs_summary`, rows without a summary count as complete.
    """
    if usual is None and "other_language" in ids:
        usual = UsualLanguages.of(rows, whole(rows, needs_summary=needs_summary))
    chosen = rules(ids, options, counter, usual)
    found = {name: {split: array("q") for split in SPLITS} for name in ids if name not in RELATIONS}
    count = _counting(counter, options) if counter else None
    for split in SPLITS:
        start = 0
        for views in _batches(rows.get(split, ()), count):
            in_use = [
                (index, view)
                for index, view in enumerate(views, start)
                if view.missing is None or (view.missing == "summary" and not needs_summary)
            ]
            lacking = [(index, view) for index, view in enumerate(views, start) if view.missing is not None]
            for name, rule in chosen.items():
                checked = lacking if name in LACKING else in_use
                found[name][split].extend(index for index, view in checked if rule(view))
            start += len(views)
            on_batch(split, views)
    return found


def _counting(counter: TokenCounter, options: DataOptions) -> _Count:
    """Return what counts the tokens of rows' conversations and summaries; the first rows are shown, so they count."""
    limits = options.max_conversation_tokens, summary_limit(options, counter)

    def count(rows: Sequence[Row], start: int) -> list[RowView]:
        columns = [row.example.conversation for row in rows], [row.example.summary for row in rows]
        estimated = counter.samples and start
        tokens = map(counter.estimate, columns, limits) if estimated else map(counter.count, columns)
        return [RowView(*each) for each in zip(rows, *tokens, strict=True)]

    return count


def _batches(rows: Sequence[Row], count: _Count | None) -> Iterator[list[RowView]]:
    """Yield the rows in batches; the tokens of the next ones are counted in another thread meanwhile."""
    # Each access makes a row anew.
    batches = ((list(rows[start : start + BATCH]), start) for start in range(0, len(rows), BATCH))
    if count is None:
        yield from ([RowView(row) for row in batch] for batch, _ in batches)
        return
    with ThreadPoolExecutor(1) as pool:
        waiting: deque[Future[list[RowView]]] = deque()
        for batch in batches:
            waiting.append(pool.submit(count, *batch))
            if len(waiting) > BATCHES_AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def whole(rows: Rows, *, needs_summary: bool = True) -> dict[Split, array[int]]:
    """Return the indices of the complete rows: those that a run would use, or a person summarise."""
    most = COMPLETE if needs_summary else LACKS_SUMMARY
    return {split: array("q", np.flatnonzero(some.missing <= most).tobytes()) for split, some in rows.items()}


def left_out(
    ids: Collection[str], found: Mapping[str, Indices], alike: Repeated
) -> dict[Split, dict[int, str]]:
    """Return the indices that excluding `ids` leaves out, each with its finding.

    `found` has the indices of all findings in `ids` that depend on single rows. Rules that compare rows run on the
    rest: of two equal conversations one stays if only one of them is left out for another reason. `alike` are the
    complete rows that have the conversation of another one.
    """
    out: dict[Split, dict[int, str]] = {split: {} for split in SPLITS}
    for name in (name for name in ids if name not in RELATIONS):
        for split in SPLITS:
            for index in found[name].get(split, ()):
                out[split].setdefault(index, name)
    for name in (name for name in RELATIONS if name in ids):
        left = {
            split: {index: keys for index, keys in of_split.items() if index not in out[split]}
            for split, of_split in alike.items()
        }
        for split, indices in RELATIONS[name](left).items():
            out[split] |= dict.fromkeys(indices, name)
    return out


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
    given = {split: rows.get(split, stored()) for split in SPLITS}
    if not options.exclude:
        return Remaining(given, {})
    count = counter() if counter is not None and needs_tokens(options.exclude) else None
    alone = [name for name in options.exclude if name not in RELATIONS]
    found: Found = {}
    if alone:
        tick: OnBatch = lambda _split, _views: on_tick()  # noqa: E731
        found = find(alone, given, options, count, on_batch=tick, needs_summary=needs_summary)
    alike: Repeated = {}
    if len(alone) < len(options.exclude):
        alike = repeated(given, whole(given, needs_summary=needs_summary))
    out = left_out(options.exclude, found, alike)
    remaining = {
        split: given[split].select(index for index in range(len(given[split])) if index not in out[split])
        for split in SPLITS
    }
    return Remaining(remaining, {split: Counter(out[split].values()) for split in SPLITS if out[split]})
