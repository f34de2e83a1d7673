"""Works an arena's queue at another computer, and follows it here."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable

from engine import arena as arenas
from engine.arena import Arena, Reader
from engine.commands.terminal import sending_consent, text_tables
from engine.commands.terminal.follow_job import STOPPED, Follower, conclude
from engine.commands.terminal.output import Output
from engine.commands.terminal.parser import positive
from engine.jobs.events import Event
from engine.jobs.job import create_job
from engine.system.command_name import command_name
from engine.system.paths import jobs_folder

Conclude = Callable[[Arena, Reader, Output], int]


def add_to(parser: argparse.ArgumentParser) -> None:
    """Declare the options of working a queue elsewhere."""
    sending_consent.add_to(parser)
    parser.add_argument(
        "--at-once",
        type=positive,
        default=0,
        metavar="N",
        help="with --on: entries trained at a time (default: as many as fit)",
    )
    parser.add_argument(
        "--cards",
        type=positive,
        metavar="N",
        help="with --on: GPUs per entry, on one node, or processes where there are none (default: 1)",
    )


def run(asked: argparse.Namespace, arena: Arena, output: Output, conclude_arena: Conclude) -> int:
    """Send the entries, follow them to their ends, and show the arena."""
    recipes = [status.recipe for status in Reader().read(arena) if status.recipe is not None]
    if not sending_consent.confirm(asked, *recipes, output=output):
        return STOPPED
    arenas.set_paused(arena, paused=False)
    arguments = {
        "arena": str(arena.folder),
        "computer": asked.computer,
        "at_once": asked.at_once,
        "demand": {"cards": asked.cards or 1},
    }
    job = create_job(jobs_folder(), "arena", arguments)
    progress = _Progress(arena, output)
    ending = Follower(job, output).run(progress.show)
    if ending.outcome != "completed":
        output.remark(f"`{command_name()} arena run {arena.id} --on {asked.computer}` follows it again.")
        return conclude(ending, output)
    shutil.rmtree(job.folder, ignore_errors=True)
    return conclude_arena(arenas.open_arena(arena.folder), Reader(), output)


class _Progress:
    """Says which entries start and end."""

    def __init__(self, arena: Arena, output: Output) -> None:
        self._folder = arena.folder
        self._output = output

    def show(self, event: Event) -> None:
        """Show one event of the arena's job."""
        if event["event"] == "notice":
            self._output.remark(text_tables.notice(event))
        elif event["event"] in {"entry_started", "entry_ended"}:
            arena = arenas.open_arena(self._folder)
            position = [each.id for each in arena.entries].index(event["entry"]) + 1
            name = arena.entry(event["entry"]).name
            how = "started" if event["event"] == "entry_started" else event["outcome"] or "failed"
            self._output.line(f"{position} of {len(arena.entries)}: {name} ({event['run']}) {how}")
