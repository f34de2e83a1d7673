"""An arena as text for a terminal and as JSON for programs: results and queue."""

from __future__ import annotations

from typing import Any

from engine import arena as arenas
from engine.arena import Arena, EntryStatus, Group, Row
from engine.commands.terminal import text_tables
from engine.scoring import score_text
from engine.scoring.metrics import CHRF, GENERAL_LOSS
from engine.system.units import size

SIGNS = {
    "better": "better",
    "no measurable difference": "no difference",
    "worse": "worse",
    "too few to tell": "too few to tell",
}


def as_dict(arena: Arena, statuses: list[EntryStatus], groups: list[Group]) -> dict[str, Any]:
    """Return an arena as `arena show --json` prints it: its tree, its folder and the paths of its recipes."""
    tree = arenas.tree(arena, statuses, groups)
    recipes = (str(arena.recipe_path(each.entry)) for each in statuses)
    entries = [{**entry, "recipe": recipe} for entry, recipe in zip(tree["entries"], recipes, strict=True)]
    return {**tree, "path": str(arena.folder), "entries": entries}


def lines(arena: Arena, statuses: list[EntryStatus], groups: list[Group]) -> list[str]:
    """Return an arena as text: the results, then the entries that are not completed."""
    lines = [arena.name, arenas.progress_text(arena, statuses)]
    for group in groups:
        lines += ["", *_group_lines(group)]
    open_ones = [each for each in statuses if each.state != "completed"]
    if open_ones:
        rows = [(each.entry.name, each.state, _progress(each), each.entry.id) for each in open_ones]
        lines += ["", *text_tables.table(("Queue", "State", "", "Id"), rows)]
    return lines


def _progress(status: EntryStatus) -> str:
    run = status.run
    if status.state in ("running", "stopped") and run is not None and run.total_steps:
        return f"step {run.step:,} of {run.total_steps:,}"
    return status.reason


def _group_lines(group: Group) -> list[str]:
    protocol = group.protocol
    on = score_text.counted(int(protocol.get("examples") or 0), "conversation")
    apart = f" Not comparable with the first: {', '.join(group.unlike)} differ." if group.unlike else ""
    head = (
        "Entry",
        "ROUGE-1 (95 % interval)",
        "Base",
        "Against base",
        "Against full",
        CHRF.title,
        "Forgetting",
        "Trained",
        "Adapter",
        "Memory",
        "Training, min",
    )
    voted = any(row.preferred for row in group.rows)
    head = (*head, *(("Preferred, blind votes",) if voted else ()))
    seeded = any(row.seeds for row in group.rows)
    spread = ("Spread between seeds",) if seeded else ()
    head = (*head[:2], *spread, *head[2:])
    right = (*spread, "Base", CHRF.title, "Trained", "Adapter", "Memory", "Training, min")
    remarks = [f"{row.name}: {text}" for row in group.rows for text in (row.remark, _seeds(row)) if text]
    return [
        f"Scored on {on} of the {protocol.get('split', 'test')} split.{apart}",
        *text_tables.table(
            head, [_cells(row, seeded=seeded)[: len(head)] for row in group.rows], right=right
        ),
        *remarks,
    ]


def _cells(row: Row, *, seeded: bool) -> tuple[str, ...]:
    trained, memory, minutes = (row.cost(kind) for kind in arenas.COSTS)
    run = row.status.run
    return (
        f"{row.name} ({score_text.seeds(row.seeds.counts)})" if row.seeds else row.name,
        score_text.interval(row.scores[arenas.SCORE]),
        *((_spread(row),) if seeded else ()),
        score_text.score(row.base[arenas.SCORE]["mean"]),
        _verdict(row.against_base[arenas.SCORE]),
        "baseline"
        if row.is_baseline
        else _verdict(row.against_full[arenas.SCORE])
        if row.against_full
        else "-",
        score_text.score(row.metrics[CHRF.name]["mean"]) if CHRF.name in row.metrics else "-",
        _forgetting(row),
        "-" if trained is None else f"{trained:,.0f}",
        size(run.adapter_bytes) if run and run.adapter_bytes and trained else "-",
        size(memory) if memory else "-",
        "-" if minutes is None else f"{minutes:.1f}",
        _preferred(row),
    )


def _spread(row: Row) -> str:
    """Return the standard deviation of the seeds' means."""
    spread = row.seeds.spread.get(arenas.SCORE) if row.seeds else None
    return "-" if spread is None else score_text.score(spread)


def _seeds(row: Row) -> str:
    return score_text.of_seeds(row.seeds.means_by_seed) if row.seeds else ""


def _preferred(row: Row) -> str:
    """Return how often an entry was preferred in blind votes, with its interval."""
    if row.preferred is None:
        return "-"
    found = row.preferred.preferred
    return f"{found.mean * 100:.0f} % ({found.low * 100:.0f} to {found.high * 100:.0f})"


def _forgetting(row: Row) -> str:
    losses = (
        values.get(GENERAL_LOSS) for values in (row.base_metrics, row.metrics, row.metrics_against_base)
    )
    return score_text.forgetting(*losses) or "-"


def _verdict(difference: dict[str, Any]) -> str:
    return f"{score_text.gain(difference['mean'])} {SIGNS[difference['verdict']]}"
