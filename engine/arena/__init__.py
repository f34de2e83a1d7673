"""Arenas: a queue of runs on one data set and one base model, and a table that compares their results.

The window or command line that runs the queue starts the runs; the arena says which one is next.
"""

from engine.arena.arena_export import table, tree, unscored
from engine.arena.arena_store import (
    Arena,
    Damaged,
    add,
    add_recipe,
    create,
    delete,
    find,
    is_worked,
    list_arenas,
    move,
    open_arena,
    put_back,
    remove,
    restore_arena,
    set_paused,
    set_run,
    working,
)
from engine.arena.entries import Entry
from engine.arena.entry_status import (
    STATE_TEXTS,
    EntryStatus,
    Reader,
    State,
    TimeLeft,
    by_state,
    job_of,
    jobs_of,
    next_up,
    progress_text,
    time_left,
    why_not,
)
from engine.arena.external_summaries import ExternalScores, add_summaries, all_summaries
from engine.arena.external_summaries import load as load_summaries
from engine.arena.headline import Headline, headline
from engine.arena.presets import MAX_SEEDS, MINUTES, PRESETS, Change, Preset, at_preset, for_minutes, preset
from engine.arena.results import (
    front,
    groups,
    job_arguments,
    save_conversations,
    verdict_of,
)
from engine.arena.rows import COSTS, SCORE, Cost, Group, Row, SeedSet
from engine.config.recipe_diff import Difference, differences, value_text

__all__ = [
    "COSTS", "MAX_SEEDS", "MINUTES", "PRESETS", "SCORE", "STATE_TEXTS", "Arena", "Change", "Cost", "Damaged",
    "Difference", "Entry", "EntryStatus", "ExternalScores", "Group", "Headline", "Preset", "Reader", "Row",
    "SeedSet", "State", "TimeLeft", "add", "add_recipe", "add_summaries", "all_summaries", "at_preset", "by_state",
    "create", "delete", "differences", "find", "for_minutes", "front", "groups", "headline", "is_worked",
    "job_arguments", "job_of", "jobs_of", "list_arenas", "load_summaries", "move", "next_up", "open_arena",
    "preset", "progress_text", "put_back", "remove", "restore_arena", "save_conversations", "set_paused",
    "set_run", "table", "time_left", "tree", "unscored", "value_text", "verdict_of", "why_not", "working",
]  # fmt: skip
