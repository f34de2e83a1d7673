"""The verbs that change nothing: `plan`, `methods`, `doctor`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from engine.commands import recipe_file
from engine.commands.follow_job import ask
from engine.commands.output import Output, fact_lines, lengths_text, notice_line, table_lines
from engine.commands.parser import Verbs, positive
from engine.config import support_matrix
from engine.config.support_matrix import Proof, Row, WeightFormat
from engine.errors import Problem
from engine.maintenance import doctor
from engine.messages import counted
from engine.methods import METHODS
from engine.runs import plan_text
from engine.system.units import duration, size
from engine.text import languages

Result = dict[str, Any]
PARTS = {
    "weights": "weights of the base model",
    "adapter": "parameters that are added or copied",
    "gradients": "gradients",
    "optimizer": "optimizer states",
    "activations": "activations of a micro-batch",
    "runtime": "Python and libraries",
}
# Facts left out if nothing is trained.
OF_TRAINING = ("matrices", "adapter_bytes", "learning_rate", "steps")
# Facts left out if the method can't be applied to the base model.
OF_ADAPTERS = ("trainable_parameters", "matrices", "adapter_bytes")
# Facts left out if the recipe has problems, since the run can't start.
OF_RUNS = ("liger", "learning_rate", "steps", "seconds")


def add(verbs: Verbs) -> None:
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
        "--shard", action="store_true", help="with --processes: shard the base model over the ranks (FSDP)"
    )
    verbs.add("methods", "List the methods", list_methods)
    verbs.add("doctor", "Check this computer and suggest fixes", examine)


def plan_run(asked: argparse.Namespace, output: Output) -> int:
    """Show what a run would take, and its problems."""
    arguments = {"serve": False, "processes": asked.processes, "sharded": asked.shard}
    code, result = ask("plan", arguments, output, plan_lines, recipe_file.read(asked))
    problems = [Problem(**problem) for problem in result.get("problems", [])]
    if problems and not output.as_json:
        output.problems(problems)
    return 2 if problems else code


def list_methods(_: argparse.Namespace, output: Output) -> int:
    """List the registry, and what works where."""
    output.json([entry.as_dict() for entry in METHODS])
    rows = [(entry.id, entry.title, entry.group, entry.summary) for entry in METHODS]
    output.lines(table_lines(("Id", "Method", "Group", "What it does"), rows))
    proof = support_matrix.read()
    where = [(f"{'  ' if row.variant else ''}{row.title}", *kinds) for row, kinds in support_rows(proof)]
    head = ("Works on", *(weights.title for weights in support_matrix.WEIGHT_FORMATS))
    output.lines(["", *table_lines(head, where), "", *support_remarks(proof)])
    return 0


def support_rows(proof: Proof) -> list[tuple[Row, tuple[str, ...]]]:
    """Return each row with the kinds of base model it works on in each weight format: "all but GPT-2"."""
    return [
        (row, tuple(_kinds(proof, row, weights) for weights in support_matrix.WEIGHT_FORMATS))
        for row in support_matrix.rows()
    ]


def _kinds(proof: Proof, row: Row, weights: WeightFormat) -> str:
    support_by_kind = {kind.title: proof.find(row, kind, weights) for kind in support_matrix.KINDS}
    by_state: dict[str, list[str]] = {}
    for title, support in support_by_kind.items():
        by_state.setdefault(support.state if support else "", []).append(title)
    if by_state.keys() == {""}:
        return ""
    works = [
        title
        for title, support in support_by_kind.items()
        if support is not None and support.state in ("proven", "unproven")
    ]
    without = [title for title in support_by_kind if title not in works]
    supported = f"all except {without[0]}" if len(without) == 1 else ", ".join(works) if without else "all"
    mark = "*" if proof.is_made and "unproven" in by_state else ""
    failed = f"; fails on {', '.join(by_state['failed'])}" if "failed" in by_state else ""
    return f"{supported or 'none'}{mark}{failed}"


def support_remarks(proof: Proof) -> list[str]:
    """Return when and with what the matrix was tested, and what the kinds of base model are."""
    kinds = " ".join(f"{kind.title}: {kind.examples}." for kind in support_matrix.KINDS)
    if not proof.is_made:
        return ["Not tested yet: this should work.", kinds]
    made_with = ", ".join(f"{name} {version}" for name, version in proof.versions.items())
    return [f"Tested on {proof.made_at} with {made_with}. *: not all of it tested.", kinds]


def examine(_: argparse.Namespace, output: Output) -> int:
    """Check this computer; the exit code is 1 if Tunesmith can't work."""
    checks = doctor.report()
    output.json({"checks": [check.as_dict() for check in checks]})
    marks = {"ok": "", "notice": "Notice: ", "problem": "Problem: "}
    output.lines(fact_lines([(check.title, marks[check.state] + check.text) for check in checks]))
    fixes = [f"{check.title}: {check.fix}" for check in checks if check.fix]
    output.lines(["", "What to do", *fixes] if fixes else [])
    return 1 if any(check.state == "problem" for check in checks) else 0


def plan_lines(plan: Result) -> list[str]:
    """Return the known facts of a plan, what a run downloads first, and notices."""
    left_out: tuple[str, ...] = OF_RUNS if plan.get("problems") else ()
    if not plan.get("trains", True):
        left_out = OF_TRAINING
    elif not plan.get("trainable_parameters"):
        left_out = (*OF_ADAPTERS, *left_out)
    elif not plan["matrices"]:
        # Soft prompts change no layer.
        left_out = ("matrices", *left_out)
    if plan.get("steps") and "steps" not in left_out:
        # Told with the steps.
        left_out = ("seconds", *left_out)
    facts = [fact for fact in FACTS if fact[0] not in left_out]
    known = [(title, describe(plan)) for name, title, describe in facts if plan.get(name) is not None]
    missing = list(filter(None, [plan_text.missing(plan.get("missing", ()))]))
    unpacks = [plan["unpacks"]] if "unpacks" in plan else []
    notices = [notice_line(notice) for notice in (*unpacks, *plan.get("notices", ()))]
    return [*fact_lines([*known, *_memory(plan)]), *missing, *notices]


def _base(plan: Result) -> str:
    return f"{plan['model_type']}, {plan['family']}, in {plan['precision']} ({plan['precision_reason']})"


def _bits(plan: Result) -> str:
    return f"{plan['bits_per_parameter']:.3f} bits per parameter in quantized layers, scales included"


def _trained(plan: Result) -> str:
    if not plan.get("trains", True):
        return f"nothing of {plan['all_parameters']:,} parameters; only the prompt changes"
    return plan_text.trained(plan)


def _layers(plan: Result) -> str:
    return f"{counted(plan['matrices'], 'layer')}: {', '.join(plan['targets'])}"


def _processes(plan: Result) -> str:
    count = f"{plan['processes']:,}, each computing a part of every step"
    held = "each holds a part of the base model" if plan["sharded"] else "each holds the base model"
    host = plan.get("host_memory_bytes")
    beside = f"; together about {size(host)} of the computer's own memory" if host else ""
    return f"{count}; {held}{beside}"


def _conversations(plan: Result) -> str:
    spread = lengths_text(plan["token_lengths"]["conversation"])
    over = plan["token_lengths"]["over_limit"]
    cut = f", {counted(over, 'conversation')} cut" if over else ""
    return f"{spread} tokens (median · 95th percentile · maximum){cut}"


def _summaries(plan: Result) -> str:
    spread = f"{lengths_text(plan['token_lengths']['summary'])} tokens"
    ready = plan.get("readiness", {})
    if "learned" not in ready:
        return spread
    limits = [f"{ready['written']['limit']:,} written"]
    if plan.get("trains", True):
        limits.insert(0, f"{ready['learned']['limit']:,} learned")
    return f"{spread}, at most {' and '.join(limits)}"


def _language(plan: Result) -> str:
    return plan_text.language(plan["readiness"]) or languages.name(languages.UNDETERMINED)


def _prompt(plan: Result) -> str:
    read = f"{plan['prompt']['tokens']:,} tokens with the first conversation"
    return f"{read}, in the base model's chat format" if plan["prompt"]["frame"] else read


FACTS: tuple[tuple[str, str, Callable[[Result], str]], ...] = (
    ("family", "Base model", _base),
    ("bits_per_parameter", "Quantized", _bits),
    ("trainable_parameters", "Trains", _trained),
    ("matrices", "Changes", _layers),
    ("adapter_bytes", "Adapter", plan_text.adapter),
    ("liger", "Kernels", lambda plan: f"Liger {plan['liger']}"),
    ("learning_rate", "Learning rate", lambda plan: f"{plan['learning_rate']:g}"),
    ("steps", "Length", plan_text.length),
    ("seconds", "Time", lambda plan: f"about {duration(plan['seconds'])}"),
    ("examples", "Data", lambda plan: ", ".join(plan_text.examples(plan["examples"]))),
    ("prompt", "Prompt", _prompt),
    ("token_lengths", "Conversation", _conversations),
    ("token_lengths", "Summary", _summaries),
    ("readiness", "Language", _language),
    ("processes", "Processes", _processes),
)


def _memory(plan: Result) -> list[tuple[str, str]]:
    """Return the peak memory, with its parts on the next lines."""
    if "memory" not in plan:
        return []
    whole = f"{plan_text.memory(plan)}; {size(plan['memory_there_bytes'])} available"
    sizes = {name: size(taken) for name, taken in plan["memory"].items() if taken}
    width = max(map(len, sizes.values()))
    return [
        ("Memory", whole),
        *(("", f"{taken.rjust(width)}  {PARTS[name]}") for name, taken in sizes.items()),
    ]
