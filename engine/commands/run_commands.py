"""The verb `runs`: list them, and write the report of one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from engine import report
from engine.commands.terminal import text_tables
from engine.commands.terminal.output import Output
from engine.commands.terminal.parser import Verbs
from engine.runs import run_store
from engine.runs.run_summaries import RunEntry, read_entry
from engine.scoring import score_text
from engine.system.command_name import command_name
from engine.system.paths import resolved

GAINS = ("ROUGE-1 gain", "chrF gain")


def add(verbs: Verbs) -> None:
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
    """Write the report of a run."""
    job = run_store.find_job(asked.run_id)
    return write_report_file(report.gather_run(job), job.id, "run", asked.out, output)


def list_runs(_: argparse.Namespace, output: Output) -> int:
    """List the runs, newest first."""
    entries = [read_entry(job) for job in run_store.list_jobs()]
    output.json([_as_dict(entry) for entry in entries])
    for entry in entries:
        if entry.error:
            output.remark(f"{entry.id}: {entry.error}")
    if not entries:
        output.line(f"There are no runs yet. `{command_name()} train RECIPE.toml` makes one.")
        return 0
    head = ("Run", "Outcome", "Steps", "Time", *GAINS, "Name")
    output.lines(text_tables.table(head, [_row(entry) for entry in entries], right=("Steps", "Time", *GAINS)))
    return 0


def _row(entry: RunEntry) -> tuple[str, ...]:
    outcome: str = "running" if entry.running else entry.outcome or "not started"
    if entry.device_released and not entry.running:
        outcome = "paused"
    gains = ["" if gain is None else score_text.gain(gain) for gain in (entry.gain, entry.chrf_gain)]
    steps = f"{entry.step:,} / {entry.total_steps:,}" if entry.total_steps else ""
    time = score_text.duration(entry.seconds) if entry.seconds else ""
    return entry.id, outcome, steps, time, *gains, entry.name


def _as_dict(entry: RunEntry) -> dict[str, Any]:
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
    """Declare `--out`."""
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
