"""The verb `arena`: make one, run its queue here or at another computer, show results and queue."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from engine import arena as arenas
from engine import report
from engine.arena import Arena, Change, EntryStatus, Group, Reader, Row
from engine.commands import consent, recipe_file, training
from engine.commands.consent import confirm_downloads
from engine.commands.follow_job import STOPPED, Follower, ProgressPrinter, Result, ask, conclude
from engine.commands.output import Output, notice_line, table_lines
from engine.commands.parser import Verbs, positive
from engine.errors import AppError, ArenaError, Problem, RecipeError
from engine.jobs.events import Event
from engine.jobs.job import create_job
from engine.messages import counted
from engine.methods import method, unknown_method
from engine.scoring import score_text
from engine.scoring.metrics import CHRF, GENERAL_LOSS
from engine.system.command_name import command_name
from engine.system.files import remove
from engine.system.paths import jobs_folder, path_exists, resolved
from engine.system.units import size

COMPLETED, FAILED, REFUSED = 0, 1, 2
SIGNS = {
    "better": "better",
    "no measurable difference": "no difference",
    "worse": "worse",
    "too few to tell": "too few to tell",
}


def add(verbs: Verbs) -> None:
    """Declare the verb and its actions."""
    parser = verbs.add("arena", "Compare methods on the same data and base model", list_arenas)
    actions = Verbs(parser, title="action")
    new = actions.add("new", "Create an arena from a recipe", make_arena)
    recipe_file.add_to(new)
    new.add_argument(
        "--preset", choices=[each.id for each in arenas.PRESETS], help="a ready-made set of entries"
    )
    new.add_argument(
        "--method",
        action="append",
        default=[],
        dest="methods",
        metavar="ID",
        help="a method with its preset; repeatable",
    )
    new.add_argument(
        "--name", default="", help="the arena's name (default: the recipe's, or base model and data)"
    )
    new.add_argument(
        "--seeds",
        default="1",
        metavar="N",
        help=f"train each method with N seeds (1 to {arenas.MAX_SEEDS}) and report mean and spread",
    )
    new.add_argument(
        "--minutes",
        type=float,
        metavar="N",
        help="minutes per entry, 0 for no limit (default: 10 with --preset all, else the recipe's)",
    )
    run = actions.add("run", "Run an arena's queue, or continue it", run_arena)
    consent.add_to(run)
    run.add_argument(
        "--cards",
        type=positive,
        metavar="N",
        help="with --on: GPUs per entry, on one node, or processes where there are none (default: 1)",
    )
    show = actions.add("show", "Show an arena's results and queue", show_arena)
    report_action = actions.add("report", "Write an arena's report as a web page, CSV or JSON", write_report)
    training.add_report_options(report_action)
    summaries = actions.add("add-summaries", "Add another system's summaries from a file", add_summaries)
    for action in (run, show, report_action, summaries):
        action.add_argument(
            "arena", metavar="ID", help="an arena: its id or the beginning of it, its name or its folder"
        )
    summaries.add_argument(
        "--predictions", required=True, metavar="FILE", help="the summaries, as for `score`"
    )
    summaries.add_argument("--name", default="", help="the system's name (default: the file's)")
    summaries.add_argument(
        "--column", default="", metavar="NAME", help="the column with the summaries (default: prediction)"
    )
    actions.add("list", "List the arenas", list_arenas)


def make_arena(asked: argparse.Namespace, output: Output) -> int:
    """Create an arena: the entries of a preset, of methods, or just the recipe."""
    recipe = recipe_file.read(asked)
    unknown = [problem for method_id in asked.methods if (problem := unknown_method(method_id))]
    if unknown:
        raise RecipeError(tuple(Problem("--method", each.message, each.hint) for each in unknown))
    changes: list[Change] = list(arenas.preset(asked.preset).changes) if asked.preset else []
    changes += [arenas.at_preset(method(method_id)) for method_id in asked.methods]
    minutes = arenas.preset(asked.preset).minutes if asked.preset and asked.minutes is None else asked.minutes
    if minutes is not None:
        recipe = arenas.for_minutes(recipe, minutes)
    if asked.seeds not in map(str, range(1, arenas.MAX_SEEDS + 1)):
        message = f'"{asked.seeds}" is not a number of seeds.'
        raise RecipeError((Problem("--seeds", message, f"Use a number from 1 to {arenas.MAX_SEEDS}."),))
    arena = arenas.create(recipe, changes or [{}], asked.name, seeds=int(asked.seeds))
    _show(arena, Reader(), output)
    output.line(f"`{command_name()} arena run {arena.id}` runs the queue.")
    return COMPLETED


def list_arenas(_: argparse.Namespace, output: Output) -> int:
    """List the arenas, newest first."""
    listed, damaged = arenas.list_arenas()
    reader = Reader()
    statuses = {each.id: reader.read(each) for each in listed}
    output.json(
        [
            {"arena": each.id, "path": str(each.folder), "name": each.name, "paused": each.paused}
            | {"states": arenas.by_state(statuses[each.id])}
            for each in listed
        ]
    )
    rows = [(each.id, arenas.progress_text(each, statuses[each.id]), each.name) for each in listed]
    empty = f"There are no arenas yet. `{command_name()} arena new RECIPE.toml --preset all` creates one."
    output.lines(table_lines(("Arena", "Entries", "Name"), rows, empty=empty))
    for each in damaged:
        output.remark(f"{each.folder}: {each.reason}")
    return COMPLETED


def show_arena(asked: argparse.Namespace, output: Output) -> int:
    """Show an arena's results and queue."""
    _show(arenas.find(asked.arena), Reader(), output)
    return COMPLETED


def write_report(asked: argparse.Namespace, output: Output) -> int:
    arena = arenas.find(asked.arena)
    return training.write_report_file(report.gather_arena(arena), arena.id, "arena", asked.out, output)


def add_summaries(asked: argparse.Namespace, output: Output) -> int:
    """Score a file on the conversations of an arena's runs, and add it as an entry."""
    arena = arenas.find(asked.arena)
    file = resolved(Path(asked.predictions))
    if not path_exists(file):
        raise RecipeError((Problem("--predictions", f"{file} doesn't exist.", "Check the path."),))
    arguments = arenas.job_arguments(Reader().read(arena), file, asked.column)

    def complete(result: Result) -> Result:
        details = Path(result.pop("details"))
        added = arenas.add_summaries(arena, asked.name or file.stem, file.name, details, result)
        return {**result, "entry": added.entries[-1].id}

    code, _ = ask("score", arguments, output, lambda _: [], complete=complete)
    if code == COMPLETED:
        _show(arenas.open_arena(arena.folder), Reader(), output)
    return code


def _show(arena: Arena, reader: Reader, output: Output) -> None:
    statuses = reader.read(arena)
    groups = arenas.groups(statuses)
    output.json(arena_dict(arena, statuses, groups))
    output.lines(arena_lines(arena, statuses, groups))


def run_arena(asked: argparse.Namespace, output: Output) -> int:
    """Run a queue to its end, one entry after the other, even after failures."""
    arena = arenas.find(asked.arena)
    if not arena.entries:
        raise ArenaError(f"{arena.name} has no entries.", "Add some, or create another arena.", "arena")
    if asked.cards is not None and not asked.computer:
        raise RecipeError((Problem("--cards", "--cards needs --on."),))
    if asked.computer:
        return _run_at_computer(asked, arena, output)
    if not confirm_downloads(arena.recipe(), output):
        return STOPPED
    with arenas.working(arena):
        arenas.set_paused(arena, paused=False)
        return _Queue(arena, output).work()


def _run_at_computer(asked: argparse.Namespace, arena: Arena, output: Output) -> int:
    """Send the entries to another computer, follow them to their ends, and show the arena."""
    recipes = [status.recipe for status in Reader().read(arena) if status.recipe is not None]
    if not consent.confirm(asked, *recipes, output=output):
        return STOPPED
    arenas.set_paused(arena, paused=False)
    demand = {"cards": asked.cards or 1}
    request = {"arena": str(arena.folder), "computer": asked.computer, "demand": demand}
    job = create_job(jobs_folder(), "arena", request)

    def show(event: Event) -> None:
        if event["event"] == "notice":
            output.remark(notice_line(event))
        elif event["event"] in {"entry_started", "entry_ended"}:
            current = arenas.open_arena(arena.folder)
            position = [each.id for each in current.entries].index(event["entry"]) + 1
            name = current.entry(event["entry"]).name
            how = "started" if event["event"] == "entry_started" else event["outcome"] or "failed"
            output.line(f"{position} of {len(current.entries)}: {name} ({event['run']}) {how}")

    ending = Follower(job, output).run(show)
    if ending.outcome != "completed":
        output.remark(f"`{command_name()} arena run {arena.id} --on {asked.computer}` follows it again.")
        return conclude(ending, output)
    remove(job.folder)
    return _conclude(arenas.open_arena(arena.folder), Reader(), output)


class _Queue:
    """Runs the entries of one arena until none is open or the user stops."""

    def __init__(self, arena: Arena, output: Output) -> None:
        self._arena = arena
        self._output = output
        self._reader = Reader()
        self._tried: set[str] = set()

    def work(self) -> int:
        """Run each open entry once and return the exit code."""
        while True:
            # Read again each time: entries are added, moved and paused while one runs.
            self._arena = arenas.open_arena(self._arena.folder)
            status = arenas.next_up(self._reader.read(self._arena), self._tried)
            if status is None:
                return _conclude(self._arena, self._reader, self._output)
            if self._arena.paused:
                self._output.remark(
                    f"The queue is paused. `{command_name()} arena run {self._arena.id}` continues it."
                )
                return STOPPED
            self._tried.add(status.entry.id)
            if self._do(status) == STOPPED:
                self._output.remark(
                    f"Stopped. `{command_name()} arena run {self._arena.id}` continues from here."
                )
                return STOPPED

    def _do(self, status: EntryStatus) -> int:
        entry = status.entry
        try:
            job = arenas.job_of(self._arena, status)
        except AppError as error:
            self._output.failure(error)
            return FAILED
        position = [each.id for each in self._arena.entries].index(entry.id) + 1
        self._output.json({"entry": entry.id, "run": job.id, "path": str(job.folder)})
        self._output.lines(["", f"{position} of {len(self._arena.entries)}: {entry.name} ({job.id})"])
        progress = ProgressPrinter(self._output)
        ending = Follower(job, self._output).run(progress.show, attach=status.state == "running")
        progress.state.close(ending.outcome, ending.event)
        progress.show_result()
        return conclude(ending, self._output)


def _conclude(arena: Arena, reader: Reader, output: Output) -> int:
    """Show the arena; the exit code tells of failures, or that every entry was refused."""
    output.line("")
    _show(arena, reader, output)
    counts = arenas.by_state(reader.read(arena))
    if counts.get("failed", 0) + counts.get("crashed", 0):
        return FAILED
    return REFUSED if counts.keys() == {"refused"} else COMPLETED


def arena_dict(arena: Arena, statuses: list[EntryStatus], groups: list[Group]) -> dict[str, Any]:
    """Return an arena as `arena show --json` prints it: its tree, its folder and the paths of its recipes."""
    tree = arenas.tree(arena, statuses, groups)
    recipes = (str(arena.recipe_path(each.entry)) for each in statuses)
    entries = [{**entry, "recipe": recipe} for entry, recipe in zip(tree["entries"], recipes, strict=True)]
    return {**tree, "path": str(arena.folder), "entries": entries}


def arena_lines(arena: Arena, statuses: list[EntryStatus], groups: list[Group]) -> list[str]:
    """Return an arena as text: the results, then the entries that are not completed."""
    lines = [arena.name, arenas.progress_text(arena, statuses)]
    for group in groups:
        lines += ["", *_group_lines(group)]
    rows = []
    for each in statuses:
        progress, run = each.reason, each.run
        if each.state in ("running", "stopped") and run is not None and run.total_steps:
            progress = f"step {run.step:,} of {run.total_steps:,}"
        if each.state != "completed":
            rows.append((each.entry.name, arenas.STATE_TEXTS[each.state], progress, each.entry.id))
    if rows:
        lines += ["", *table_lines(("Queue", "State", "", "Id"), rows)]
    return lines


def _group_lines(group: Group) -> list[str]:
    protocol = group.protocol
    on = counted(int(protocol.get("examples") or 0), "conversation")
    apart = f" Not comparable with the first: {', '.join(group.unlike)} differ." if group.unlike else ""
    seeded = any(row.seeds for row in group.rows)
    voted = any(row.preferred for row in group.rows)
    spread = ("Spread between seeds",) if seeded else ()
    costs = ("Trained", "Adapter", "Memory", "Training, min")
    head = (
        *("Entry", "ROUGE-1 (95 % interval)", *spread, "Base", "Against base", "Against full", CHRF.title),
        *("Forgetting", *costs, *(("Preferred, blind votes",) if voted else ())),
    )
    cells = [_cells(row, seeded=seeded)[: len(head)] for row in group.rows]
    remarks = []
    for row in group.rows:
        by_seed = score_text.of_seeds(row.seeds.means_by_seed) if row.seeds else ""
        remarks += [f"{row.name}: {text}" for text in (row.remark, by_seed) if text]
    return [
        f"Scored on {on} of the {protocol.get('split', 'test')} split.{apart}",
        *table_lines(head, cells, right=(*spread, "Base", CHRF.title, *costs)),
        *remarks,
    ]


def _cells(row: Row, *, seeded: bool) -> tuple[str, ...]:
    trained, memory, minutes = (row.cost(kind) for kind in arenas.COSTS)
    run, votes = row.status.run, row.preferred.preferred if row.preferred else None
    spread = row.seeds.spread.get(arenas.SCORE) if row.seeds else None
    against_full = "baseline" if row.is_baseline else "-"
    if row.against_full and not row.is_baseline:
        against_full = _verdict(row.against_full[arenas.SCORE])
    losses = (
        values.get(GENERAL_LOSS) for values in (row.base_metrics, row.metrics, row.metrics_against_base)
    )
    return (
        f"{row.name} ({score_text.seeds(row.seeds.counts)})" if row.seeds else row.name,
        score_text.interval(row.scores[arenas.SCORE]),
        *(("-" if spread is None else score_text.score(spread),) if seeded else ()),
        score_text.score(row.base[arenas.SCORE]["mean"]),
        _verdict(row.against_base[arenas.SCORE]),
        against_full,
        score_text.score(row.metrics[CHRF.name]["mean"]) if CHRF.name in row.metrics else "-",
        score_text.forgetting(*losses) or "-",
        "-" if trained is None else f"{trained:,.0f}",
        size(run.adapter_bytes) if run and run.adapter_bytes and trained else "-",
        size(memory) if memory else "-",
        "-" if minutes is None else f"{minutes:.1f}",
        f"{votes.mean * 100:.0f} % ({votes.low * 100:.0f} to {votes.high * 100:.0f})" if votes else "-",
    )


def _verdict(difference: dict[str, Any]) -> str:
    return f"{score_text.gain(difference['mean'])} {SIGNS[difference['verdict']]}"
