"""An arena's results as plain values: a table with a row for each entry, and a tree for JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from engine.adapters.metadata import protocol_key
from engine.arena.arena_store import Arena
from engine.arena.entry_status import EntryStatus
from engine.arena.rows import COSTS, Group, Row, SeedSet
from engine.system.csv_file import Cell

ENDS = ("mean", "low", "high")
ABOUT = ("protocol", "entry", "detail", "state", "reason", "run", *COSTS, "adapter_bytes")
# Columns of blind votes, if there are any.
PREFERRED = tuple(f"preferred_{name}" for name in (*ENDS, "wins", "ties", "losses"))
# Columns of seeds, if there are sets; the spread of each metric follows.
SEEDS = ("seeds", "seeds_scored", "seeds_total")


def table(statuses: Sequence[EntryStatus], groups: Sequence[Group]) -> tuple[list[str], list[list[Cell]]]:
    """Return head and rows, scores as fractions; entries without a score come last, with the reason.

    Only rows with the same protocol key may be compared. Unknown values are empty.
    """
    rows = [row for group in groups for row in group.rows]
    scores = sorted({name for row in rows for name in row.scores})
    metrics = sorted({name for row in rows for name in row.metrics})
    votes = PREFERRED if any(row.preferred for row in rows) else ()
    spreads = sorted({name for row in rows if row.seeds for name in row.seeds.spread})
    seeds = (*SEEDS, *(f"{name}_spread" for name in spreads)) if any(row.seeds for row in rows) else ()
    head = [*ABOUT, *_columns(scores, ("base", "full")), *_columns(metrics, ("base",)), *votes, *seeds]
    lines = [_about(row.status, row) | _figures(row) for row in rows]
    lines += [_about(status) for status in unscored(statuses, groups)]
    cells = [[line.get(column) for column in head] for line in lines]
    return head, [["" if cell is None else cell for cell in row] for row in cells]


def unscored(statuses: Sequence[EntryStatus], groups: Sequence[Group]) -> list[EntryStatus]:
    """Return the entries without a score, in the queue's order."""
    scored = {each.entry.id for group in groups for row in group.rows for each in row.statuses}
    return [each for each in statuses if each.entry.id not in scored]


def _columns(names: Sequence[str], others: Sequence[str]) -> Iterator[str]:
    for name in names:
        yield from (f"{name}_{end}" for end in ENDS)
        yield f"{name}_base"
        for other in others:
            yield from (f"{name}_against_{other}_{end}" for end in (*ENDS, "verdict"))


def _about(status: EntryStatus, row: Row | None = None) -> dict[str, Cell]:
    entry, run = status.entry, status.run
    return {
        "protocol": protocol_key(row.protocol) if row else None,
        "entry": entry.title,
        "detail": row.detail if row else entry.full_detail,
        "state": status.state,
        "reason": status.reason,
        "run": entry.run,
        **({kind: row.cost(kind) for kind in COSTS} if row else {}),
        "adapter_bytes": run.adapter_bytes if run is not None else None,
    }


def _figures(row: Row) -> dict[str, Cell]:
    of_scores = (row.scores, row.base, {"base": row.against_base, "full": row.against_full or {}})
    of_metrics = (row.metrics, row.base_metrics, {"base": row.metrics_against_base})
    found: dict[str, Cell] = {}
    for own, base, others in (of_scores, of_metrics):
        for name, values in own.items():
            found |= {f"{name}_{end}": values.get(end) for end in ENDS}
            found[f"{name}_base"] = base.get(name, {}).get("mean")
            for other, differences in others.items():
                found |= {
                    f"{name}_against_{other}_{key}": value for key, value in differences.get(name, {}).items()
                }
    if row.preferred is not None:
        found |= {f"preferred_{name}": value for name, value in row.preferred.as_dict().items()}
    if row.seeds is not None:
        counts = (" ".join(map(str, row.seeds.seeds)), *row.seeds.counts)
        found |= dict(zip(SEEDS, counts, strict=True))
        found |= {f"{name}_spread": value for name, value in row.seeds.spread.items()}
    return found


def tree(arena: Arena, statuses: Sequence[EntryStatus], groups: Sequence[Group]) -> dict[str, Any]:
    """Return an arena with its queue and its results, for JSON."""
    return {
        "arena": arena.id,
        "name": arena.name,
        "made_at": arena.made_at,
        "paused": arena.paused,
        "entries": [_entry(each) for each in statuses],
        "groups": [
            {
                "protocol": group.protocol,
                "unlike": list(group.unlike),
                "rows": [_row(row) for row in group.rows],
                "lead": group.lead,
            }
            for group in groups
        ],
    }


def _entry(status: EntryStatus) -> dict[str, Any]:
    entry = status.entry
    return {
        "entry": entry.id,
        "title": entry.title,
        "detail": entry.detail,
        "seed": entry.seed,
        "state": status.state,
        "reason": status.reason,
        "run": entry.run or None,
    }


def _row(row: Row) -> dict[str, Any]:
    run = row.status.run
    return {
        "entry": row.id,
        "scores": row.scores,
        "base": row.base,
        "difference": row.against_base,
        "difference_to_full": row.against_full,
        "full_missing": row.full_missing,
        "measures": row.metrics,
        "base_measures": row.base_metrics,
        "measure_difference": row.metrics_against_base,
        "trainable_parameters": row.cost("parameters"),
        "adapter": run.adapter_id if run else None,
        "adapter_bytes": run.adapter_bytes if run else None,
        "memory_bytes": row.cost("memory"),
        "minutes": row.cost("minutes"),
        "preferred": row.preferred.as_dict() if row.preferred is not None else None,
        "remark": row.remark,
        "seeds": _seed_set(row.seeds) if row.seeds is not None else None,
    }


def _seed_set(found: SeedSet) -> dict[str, Any]:
    """Return the seeds of a row; the means of a metric are in the order of `scored`."""
    return {
        "scored": [_entry(each) for each in found.scored],
        "others": [_entry(each) for each in found.others],
        "means": found.means,
        "spread": found.spread,
    }
