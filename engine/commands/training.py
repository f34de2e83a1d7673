"""The verbs `train` and `resume`, and `runs`, which lists what they made."""

from __future__ import annotations

import argparse
import shlex
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine import report
from engine.commands import consent, recipe_file
from engine.commands.consent import confirm_downloads
from engine.commands.follow_job import STOPPED, Follower, ProgressPrinter, conclude
from engine.commands.output import Output, table_lines
from engine.commands.parser import Verbs, positive, whole_number
from engine.config import hub_sources
from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.config.recipe_command import STDIN
from engine.config.run_changes import CHANGEABLE
from engine.config.run_identity import identity
from engine.errors import AppError, Problem, RecipeError, WorkerError
from engine.jobs.job import Job, create_job
from engine.jobs.run_state import RunState
from engine.jobs.supervisor import OUT_OF_MEMORY, Ending
from engine.jobs.worker_process import become_rank
from engine.runs import memory_fallbacks, run_store, slurm_script
from engine.runs.memory_fallbacks import MemoryFallback
from engine.runs.run_store import Run
from engine.runs.run_summaries import RunEntry, read_entry
from engine.runs.slurm_script import SlurmResources
from engine.scoring import score_text
from engine.system import ranks
from engine.system.command_name import command_name
from engine.system.files import remove
from engine.system.paths import jobs_folder, resolved
from engine.system.units import duration

LOCK_SECONDS = 30.0
POLL_SECONDS = 0.2


def add(verbs: Verbs) -> None:
    train = verbs.add("train", "Train an adapter from a recipe", train_adapter)
    recipe_file.add_to(train)
    train.set_defaults(has_ranks=True)
    consent.add_to(train)
    train.add_argument(
        "--slurm",
        action="store_true",
        help="don't train: create the run and a script that trains it on a SLURM cluster",
    )
    train.add_argument(
        "--nodes", type=positive, metavar="N", help="with --slurm: number of nodes (default: 1)"
    )
    train.add_argument(
        "--cards",
        type=whole_number,
        metavar="N",
        help="with --on: GPUs on one node there, or processes where there are none; with --slurm: "
        "GPUs per node (default: 1)",
    )
    resume = verbs.add("resume", "Resume a run from its last checkpoint", resume_run)
    resume.set_defaults(has_ranks=True)
    resume.add_argument("run_id", metavar="RUN", help="a run: its id or the beginning of it, or its folder")
    recipe_file.add_overrides(
        resume,
        f"resume with a changed setting, which the run keeps: one of {', '.join(CHANGEABLE)}; repeatable",
    )


def train_adapter(asked: argparse.Namespace, output: Output) -> int:
    """Create a run of a recipe and follow it to its end; the user agrees to downloads first.

    Started as a later rank, become that rank of the run instead.
    """
    if ranks.is_follower():
        become_rank(_known_of_run(asked))
    recipe = recipe_file.read(asked)
    for remark in recipe.remarks:
        output.remark(remark)
    if asked.slurm:
        return _prepare_slurm(recipe, asked, output)
    _require_place(asked)
    if asked.computer:
        if not consent.confirm(asked, recipe, output=output):
            return STOPPED
    elif not confirm_downloads(recipe, output):
        return STOPPED
    job = run_store.create_run(recipe, asked.computer, asked.cards or 1)
    _announce(job, output)
    return _follow(job, ProgressPrinter(output), output)


def _require_place(asked: argparse.Namespace) -> None:
    """Raise RecipeError for --nodes and --cards without a place that they go with."""
    if asked.nodes is not None:
        raise RecipeError((Problem("--slurm", "--nodes needs --slurm."),))
    if asked.cards is not None and not asked.computer:
        hint = "On this computer the device all uses every GPU."
        raise RecipeError((Problem("--cards", "--cards needs --on or --slurm.", hint),))
    if asked.cards == 0:
        raise RecipeError(
            (Problem("--cards", "A run on another computer needs at least one GPU or process."),)
        )


def _prepare_slurm(recipe: Recipe, asked: argparse.Namespace, output: Output) -> int:
    """Create a run that is trained elsewhere, and its SLURM script."""
    usual_cards = 0 if recipe.training.device == "cpu" else 1
    resources = SlurmResources(asked.nodes or 1, usual_cards if asked.cards is None else asked.cards)
    problems = slurm_script.problems(recipe, resources)
    if problems:
        raise RecipeError(tuple(problems))
    job = run_store.create_run(recipe)
    path = slurm_script.write(job, resources)
    output.json({"run": job.id, "path": str(job.folder), "script": str(path)})
    output.lines([
        f"Run {job.id}",
        f"sbatch {shlex.quote(str(path))}",
        "The nodes must see this run's folder, data and base model under the same paths.",
    ])  # fmt: skip
    return 0


def resume_run(asked: argparse.Namespace, output: Output) -> int:
    """Resume a run; for a completed one, show its result again. A later rank becomes that rank instead."""
    if ranks.is_follower():
        become_rank({})
    job = run_store.find_job(asked.run_id)
    if job.request().get("kind") != "train":
        raise WorkerError(f"{job.id} is not a run.", f"`{command_name()} runs` lists them.", "run")
    _announce(job, output)
    run = _wait_for_lock(job, output)
    if run.outcome == "completed" and ranks.own() is None:
        return _repeat(run, output)
    problems = hub_sources.offline_problems(run.recipe)
    if problems and not job.is_bridged():
        raise RecipeError(problems)
    if asked.overrides:
        run_store.change(job, recipe_file.wanted(asked.overrides))
    return _follow(job, ProgressPrinter(output, run.state), output)


def _known_of_run(asked: argparse.Namespace) -> dict[str, str]:
    """Return this rank's view of the run, which rank 0 compares with its own."""
    if str(asked.recipe) == STDIN:
        return {}
    try:
        return identity(recipes.load(asked.recipe, recipe_file.with_absolute_paths(asked.overrides)))
    except AppError as error:
        return {"problem": error.message}


def _announce(job: Job, output: Output) -> None:
    output.json({"run": job.id, "path": str(job.folder)})
    output.line(f"Run {job.id}")


def _follow(job: Job, progress: ProgressPrinter, output: Output) -> int:
    ending = Follower(job, output).run(progress.show)
    progress.state.close(ending.outcome, ending.event)
    progress.show_result()
    plans = _find_fallbacks(job, progress.state, ending, output)
    code = conclude(ending, output)
    output.lines(_fallback_lines(plans, job))
    return code


def _wait_for_lock(job: Job, output: Output) -> Run:
    """Return the run once no worker holds it. Raises WorkerError if one still does after 30 s."""
    deadline = time.monotonic() + LOCK_SECONDS
    if job.is_running():
        output.remark(f"{job.id} is running. Waiting {LOCK_SECONDS:.0f} s for it to end.")
    while job.is_running():
        if time.monotonic() >= deadline:
            raise WorkerError(f"{job.id} is already running.", "Wait, or stop it.")
        time.sleep(POLL_SECONDS)
    return run_store.open_run(job)


def _repeat(run: Run, output: Output) -> int:
    """Show the result of a completed run again."""
    for event in (run.state.adapter, run.state.ended):
        if event is not None:
            output.json(event)
    output.line("This run is already completed.")
    progress = ProgressPrinter(output, run.state)
    progress.show_result()
    return 0


def _find_fallbacks(job: Job, state: RunState, ending: Ending, output: Output) -> list[MemoryFallback]:
    """Return the memory fallbacks that a run has reported; if its worker was killed, search for them now."""
    if ending.kind != OUT_OF_MEMORY:
        return []
    if state.memory_exceeded or ending.event is not None:
        return memory_fallbacks.read(state.memory_exceeded or {})
    search = create_job(
        jobs_folder(),
        "shrink",
        {"step": run_store.last_step(job)},
        recipe=recipes.dumps(recipes.load(job.recipe_path)),
    )
    output.status("Looking for memory fallbacks …")
    follower = Follower(search, output)
    follower.run(lambda _event: None)
    if follower.result:
        remove(search.folder)
    # Without a result, only the run's own error is reported.
    return memory_fallbacks.read(follower.result)


def _fallback_lines(fallbacks: Sequence[MemoryFallback], job: Job) -> list[str]:
    """Return the memory fallbacks, each with the command that resumes the run with it."""
    if not fallbacks:
        return []
    step = run_store.last_step(job)
    progress_text = f"Nothing is lost up to the checkpoint at step {step:,}. " if step else ""
    title = f"{progress_text}To continue with less memory and the same batch size:"
    return ["", title, *memory_fallbacks.lines(fallbacks, job.id)]


GAINS = ("ROUGE-1 gain", "chrF gain")


def add_runs(verbs: Verbs) -> None:
    """Declare the verb and its actions."""
    parser = verbs.add("runs", "List the runs, or write the report of one", list_runs)
    actions = Verbs(parser, title="action")
    actions.add("list", "List the runs", list_runs)
    report_action = actions.add("report", "Write a run's report as a web page, CSV or JSON", write_report)
    report_action.add_argument(
        "run_id", metavar="RUN", help="a run: its id or the beginning of it, or its folder"
    )
    add_report_options(report_action)


def write_report(asked: argparse.Namespace, output: Output) -> int:
    job = run_store.find_job(asked.run_id)
    return write_report_file(report.gather_run(job), job.id, "run", asked.out, output)


def list_runs(_: argparse.Namespace, output: Output) -> int:
    """List the runs, newest first."""
    entries = [read_entry(job) for job in run_store.list_jobs()]
    output.json([_run_facts(entry) for entry in entries])
    for entry in entries:
        if entry.error:
            output.remark(f"{entry.id}: {entry.error}")
    empty = f"There are no runs yet. `{command_name()} train RECIPE.toml` starts one."
    head, right = ("Run", "Outcome", "Steps", "Time", *GAINS, "Name"), ("Steps", "Time", *GAINS)
    output.lines(table_lines(head, list(map(_run_row, entries)), right, empty=empty))
    return 0


def _run_row(entry: RunEntry) -> tuple[str, ...]:
    gains = ["" if gain is None else score_text.gain(gain) for gain in (entry.gain, entry.chrf_gain)]
    steps = f"{entry.step:,} / {entry.total_steps:,}" if entry.total_steps else ""
    time = duration(entry.seconds) if entry.seconds else ""
    return entry.id, entry.status, steps, time, *gains, entry.name


def _run_facts(entry: RunEntry) -> dict[str, Any]:
    return {
        "run": entry.id,
        "path": str(entry.job.folder),
        "name": entry.name,
        "outcome": "running" if entry.running else entry.outcome,
        "attempts": entry.attempts,
        "step": entry.step,
        "total_steps": entry.total_steps,
        "seconds": entry.seconds,
        "started_at": entry.started_at,
        "gain": entry.gain,
        "chrf_gain": entry.chrf_gain,
        "verdict": entry.verdict,
        "adapter": entry.adapter_id,
        "can_resume": entry.can_resume,
        "trouble": entry.error or entry.failure_message,
    }


def add_report_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help=f"the file, ending in {', '.join(report.FORMATS)} (default: a web page in this folder)",
    )


def write_report_file(
    facts: report.Report | report.ArenaReport, name: str, of: str, out: Path | None, output: Output
) -> int:
    """Write a report and print its path. `of` is "run" or "arena", `name` its id. Raises StorageError."""
    path = resolved(out or Path(report.default_name(name)))
    report.write(facts, path)
    output.json({of: name, "path": str(path)})
    output.line(f"Wrote the report to {path}.")
    return 0
