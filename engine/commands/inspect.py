"""The verbs that change nothing: `plan`, `methods`, `doctor`."""

from __future__ import annotations

import argparse

from engine.commands.terminal import plan_text, recipe_file, text_tables
from engine.commands.terminal.output import Output
from engine.commands.terminal.parser import Verbs, positive
from engine.commands.terminal.short_job import ask
from engine.config import support_matrix
from engine.config.support_matrix import Proof, Row, WeightFormat
from engine.errors import Problem
from engine.maintenance import doctor
from engine.methods import METHODS

WORKS = ("proven", "unproven")


def add(verbs: Verbs) -> None:
    """Declare the verbs."""
    plan = verbs.add("plan", "Show what a run needs: parameters, memory, steps and problems", plan_run)
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
        (
            f"{'  ' if row.variant else ''}{row.title}",
            *(_kinds(proof, row, weights) for weights in support_matrix.WEIGHT_FORMATS),
        )
        for row in support_matrix.rows()
    ]
    head = ("Works on", *(weights.title for weights in support_matrix.WEIGHT_FORMATS))
    output.lines(["", *text_tables.table(head, where), "", *_proof_lines(proof)])
    return 0


def _kinds(proof: Proof, row: Row, weights: WeightFormat) -> str:
    """Return the kinds of base model that a method works on in a weight format: "all", "all but GPT-2", "none"."""
    support_by_kind = {kind.title: proof.find(row, kind, weights) for kind in support_matrix.KINDS}
    by_state: dict[str, list[str]] = {}
    for title, support in support_by_kind.items():
        by_state.setdefault(support.state if support else "", []).append(title)
    if by_state.keys() == {""}:
        return ""
    works = [title for title, support in support_by_kind.items() if support and support.state in WORKS]
    without = [title for title in support_by_kind if title not in works]
    supported = f"all but {without[0]}" if len(without) == 1 else ", ".join(works) if without else "all"
    mark = "*" if proof.is_made and "unproven" in by_state else ""
    failed = f"; fails on {', '.join(by_state['failed'])}" if "failed" in by_state else ""
    return f"{supported or 'none'}{mark}{failed}"


def _proof_lines(proof: Proof) -> list[str]:
    kinds = [f"{kind.title}: {kind.examples}." for kind in support_matrix.KINDS]
    if not proof.is_made:
        return ["Not tested yet: this should work.", " ".join(kinds)]
    made_with = ", ".join(f"{name} {version}" for name, version in proof.versions.items())
    return [f"Proven on {proof.made_at} with {made_with}. *: not all of it proven.", " ".join(kinds)]


def examine(_: argparse.Namespace, output: Output) -> int:
    """Check this computer; the exit code is 1 if Tunesmith can't work."""
    checks = doctor.report()
    output.json({"checks": [check.as_dict() for check in checks]})
    marks = {"ok": "", "notice": "Notice: ", "problem": "Problem: "}
    output.lines(text_tables.facts([(check.title, marks[check.state] + check.text) for check in checks]))
    fixes = [f"{check.title}: {check.fix}" for check in checks if check.fix]
    output.lines(["", "What to do", *fixes] if fixes else [])
    return 1 if any(check.state == "problem" for check in checks) else 0
