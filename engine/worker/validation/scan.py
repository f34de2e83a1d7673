"""From rows to the places of every finding, in one pass over the rows and one over their texts as a whole."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from engine.config.data_options import DataOptions
from engine.worker.ingestion.row_store import Row
from engine.worker.ingestion.sources import SPLITS, Split
from engine.worker.ingestion.token_lengths import TokenCounter
from engine.worker.validation.cross_row_rules import RELATIONS, Places, Rows
from engine.worker.validation.language_id import Usual
from engine.worker.validation.row_rules import LACKING, rules
from engine.worker.validation.row_view import Look

BATCH = 500
BATCHES_AHEAD = 2

Found = dict[str, dict[Split, list[int]]]
OnBatch = Callable[[Split, list[Look]], None]


def find(
    ids: Collection[str],
    rows: Rows,
    options: DataOptions,
    counter: TokenCounter | None,
    usual: Usual | None = None,
    on_batch: OnBatch = lambda _split, _looks: None,
    *,
    needs_summary: bool = True,
) -> Found:
    """Return the places (from 0, in their split) of the rows of each finding in `ids`.

    Each row is looked at once; `on_batch` gets some looked at together, in order, counted if there is a `counter`.
    `usual` says which languages are usual, if that is known already. Rows without a summary count as whole where
    none is needed.
    """
    usable = whole(rows, needs_summary=needs_summary)
    if usual is None and "other_language" in ids:
        usual = Usual.of([rows[split][place] for split in SPLITS for place in usable[split]])
    chosen = rules(ids, options, counter, usual)
    found: Found = {name: {split: [] for split in SPLITS} for name in ids}
    for split in SPLITS:
        start = 0
        for looks in _looks(rows.get(split, ()), counter):
            in_use = [
                (place, look)
                for place, look in enumerate(looks, start)
                if _is_whole(look.missing, needs_summary=needs_summary)
            ]
            lacking = [(place, look) for place, look in enumerate(looks, start) if look.missing is not None]
            for name, rule in chosen.items():
                asked = lacking if name in LACKING else in_use
                found[name][split] += [place for place, look in asked if rule(look)]
            start += len(looks)
            on_batch(split, looks)
    for name, relate in RELATIONS.items():
        if name in ids:
            found[name] = relate(rows, usable)
    return found


def _looks(rows: Sequence[Row], counter: TokenCounter | None) -> Iterator[list[Look]]:
    """Yield the rows, some at a time; the next ones are counted while these are looked at."""
    batches = (rows[start : start + BATCH] for start in range(0, len(rows), BATCH))
    if counter is None:
        yield from ([Look(row) for row in batch] for batch in batches)
        return
    with ThreadPoolExecutor(1) as beside:
        waiting: deque[Future[list[Look]]] = deque()
        for batch in batches:
            waiting.append(beside.submit(_counted, batch, counter))
            if len(waiting) > BATCHES_AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _counted(rows: Sequence[Row], counter: TokenCounter) -> list[Look]:
    conversations = counter.count([row.example.conversation for row in rows])
    summaries = counter.count([row.example.summary for row in rows])
    return [Look(*each) for each in zip(rows, conversations, summaries, strict=True)]


def whole(rows: Rows, *, needs_summary: bool = True) -> dict[Split, list[int]]:
    """Return the places of the rows that lack no text: those that a run would use, or a person summarise."""
    return {
        split: [
            place
            for place, row in enumerate(rows.get(split, ()))
            if _is_whole(row.missing, needs_summary=needs_summary)
        ]
        for split in SPLITS
    }


def _is_whole(missing: str | None, *, needs_summary: bool) -> bool:
    return missing is None or (missing == "summary" and not needs_summary)


def left_out(
    ids: Collection[str], found: Mapping[str, Places], rows: Rows, *, needs_summary: bool = True
) -> dict[Split, dict[int, str]]:
    """Return the places that excluding `ids` leaves out, each with the finding that did it.

    `found` has the places of all findings in `ids` that look at single rows. What compares rows is asked again of
    what these leave: of two equal conversations one stays, if only one of them is left out for another reason.
    """
    out: dict[Split, dict[int, str]] = {split: {} for split in SPLITS}
    usable = whole(rows, needs_summary=needs_summary)
    for name in (name for name in ids if name not in RELATIONS):
        for split in SPLITS:
            for place in found[name].get(split, ()):
                out[split].setdefault(place, name)
    for name in (name for name in RELATIONS if name in ids):
        used = {split: [place for place in usable[split] if place not in out[split]] for split in SPLITS}
        for split, places in RELATIONS[name](rows, used).items():
            out[split] |= dict.fromkeys(places, name)
    return out
