"""The verbs that change nothing: `plan`, `methods`, `doctor`."""

from __future__ import annotations

import argparse

from engine.commands.terminal import plan_text, recipe_file, support_text, text_tables
from engine.commands.terminal.output import Output
from engine.commands.terminal.parser import Verbs, positive
from engine.commands.terminal.short_job import ask
from engine.config import support_matrix
from engine.errors import Problem
from engine.maintenance import doctor
from engine.methods import METHODS


def add(verbs: Verbs) -> None:
    """Declare the verbs."""
    plan = verbs.add("plan", "Show a run's parameters, memory, steps and problems before it starts", plan_run)
    recipe_file.add_to(plan)
    plan.add_argument(
        "--processes",
        type=positive,
        default=0,
        metavar="N",
        help="plan for N ranks, one GPU each (default: 1, or one per GPU with the device all)",
    )
    plan.add_argument(
        "--shard",
        action="store_true",
        help="with --processes: shard the base model over the ranks (FSDP)",
    )
    verbs.add("methods", "List the methods", list_methods)
    verbs.add("doctor", "Check this computer and suggest fixes", examine)


def plan_run(asked: argparse.Namespace, output: Output) -> int:
    """Show what a run would take, and its problems."""
    arguments = {"serve": False, "processes": asked.processes, "sharded": asked.shard}
    code, result = ask("plan", arguments, output, plan_text.lines, recipe_file.read(asked))
    problems = [Problem(**problem) for problem in result.get("problems", [])]
    if problems and not output.as_json:
        output.problems(problems)
    return 2 if problems else code


def list_methods(_: argparse.Namespace, output: Output) -> int:
    """List the registry, and what works where."""
    output.json([entry.as_dict() for entry in METHODS])
    rows = [(entry.id, entry.title, entry.group, entry.summary) for entry in METHODS]
    output.lines(text_tables.table(("Id", "Method", "Group", "What it does"), rows))
    proof = support_matrix.read()
    where = [
        (f"{'  ' if row.variant else ''}{row.title}", *kinds) for row, kinds in support_text.table(proof)
    ]
    head = ("Works on", *(weights.title for weights in support_matrix.WEIGHT_FORMATS))
    output.lines(["", *text_tables.table(head, where), "", *support_text.about(proof)])
    return 0


def examine(_: argparse.Namespace, output: Output) -> int:
    """Check this computer; the exit code is 1 if Tunesmith can't work."""
    checks = doctor.report()
    output.json({"checks": [check.as_dict() for check in checks]})
    marks = {"ok": "", "notice": "Notice: ", "problem": "Problem: "}
    output.lines(text_tables.facts([(check.title, marks[check.state] + check.text) for check in checks]))
    fixes = [f"{check.title}: {check.fix}" for check in checks if check.fix]
    output.lines(["", "What to do", *fixes] if fixes else [])
    return 1 if any(check.state == "problem" for check in checks) else 0
