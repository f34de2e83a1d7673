"""A plan as lines of text: what a run trains, takes and does, as far as it is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.commands.terminal import text_tables
from engine.scoring import score_text
from engine.system.units import size

Result = dict[str, Any]
PARTS = {
    "weights": "weights of the base model",
    "adapter": "parameters that are added or copied",
    "gradients": "gradients",
    "optimizer": "optimizer states",
    "activations": "activations of a micro-batch",
    "runtime": "Python and libraries",
}
# What is not told where nothing is trained.
OF_TRAINING = ("matrices", "adapter_bytes", "learning_rate", "steps")
# What is not known of a method that can't be put on the base model.
OF_ADAPTERS = ("trainable_parameters", "matrices", "adapter_bytes")
# What nothing comes of while the recipe has problems: such a run is not begun.
OF_RUNS = ("learning_rate", "steps")


def lines(plan: Result) -> list[str]:
    """Return what is known of a plan, what a run would fetch before the rest is, and remarks."""
    without = _untold(plan)
    facts = [fact for fact in FACTS if fact[0] not in without]
    known = [(title, say(plan)) for name, title, say in facts if plan.get(name) is not None]
    missing = [
        f"{name} is not on this computer yet. A run fetches it first; what it takes is known then."
        for name in plan.get("missing", ())
    ]
    notices = [text_tables.notice(notice) for notice in plan.get("notices", ())]
    return [*text_tables.facts([*known, *_memory(plan)]), *missing, *notices]


def _untold(plan: Result) -> tuple[str, ...]:
    """Return the facts that a plan holds nothing about but zeros, or that its problems rule out."""
    refused = OF_RUNS if plan.get("problems") else ()
    if not plan.get("trains", True):
        return OF_TRAINING
    if not plan.get("trainable_parameters"):
        return (*OF_ADAPTERS, *refused)
    # Soft prompts stand beside the layers.
    return refused if plan["matrices"] else ("matrices", *refused)


def _base(plan: Result) -> str:
    return f"{plan['model_type']}, {plan['family']}, in {plan['precision']} ({plan['precision_reason']})"


def _bits(plan: Result) -> str:
    return f"{plan['bits_per_parameter']:.3f} bits per parameter in quantized layers, scales included"


def _trained(plan: Result) -> str:
    if not plan.get("trains", True):
        return f"nothing of {plan['all_parameters']:,} parameters; only the prompt changes"
    share = f"{plan['share']:.2%}".replace("%", " %")
    return f"{plan['trainable_parameters']:,} of {plan['all_parameters']:,} parameters ({share})"


def _adapter(plan: Result) -> str:
    taken = f"{size(plan['adapter_bytes'])} on disk"
    return f"about {taken}; training decides" if plan.get("sized_by_training") else taken


def _layers(plan: Result) -> str:
    return f"{score_text.counted(plan['matrices'], 'layer')}: {', '.join(plan['targets'])}"


def _examples(plan: Result) -> str:
    return ", ".join(f"{split} {count:,}" for split, count in plan["examples"].items())


def _conversations(plan: Result) -> str:
    spread = text_tables.lengths(plan["token_lengths"]["conversation"])
    over = plan["token_lengths"]["over_limit"]
    cut = f", {score_text.counted(over, 'conversation')} cut" if over else ""
    return f"{spread} tokens (median · 95th percentile · most){cut}"


def _steps(plan: Result) -> str:
    minutes = plan.get("max_minutes")
    return f"{plan['steps']:,}" + (f", or as many as fit into {minutes:g} min" if minutes else "")


FACTS: tuple[tuple[str, str, Callable[[Result], str]], ...] = (
    ("family", "Base model", _base),
    ("bits_per_parameter", "Quantized", _bits),
    ("trainable_parameters", "Trains", _trained),
    ("matrices", "Changes", _layers),
    ("adapter_bytes", "Adapter", _adapter),
    ("learning_rate", "Learning rate", lambda plan: f"{plan['learning_rate']:g}"),
    ("steps", "Steps", _steps),
    ("examples", "Examples", _examples),
    ("token_lengths", "Conversation", _conversations),
    (
        "token_lengths",
        "Summary",
        lambda plan: f"{text_tables.lengths(plan['token_lengths']['summary'])} tokens",
    ),
)


def _memory(plan: Result) -> list[tuple[str, str]]:
    """Return the memory, and what it consists of in lines below it."""
    if "memory" not in plan:
        return []
    whole = f"about {size(plan['memory_bytes'])} at its peak; there are {size(plan['memory_there_bytes'])}"
    sizes = {name: size(taken) for name, taken in plan["memory"].items() if taken}
    width = max(map(len, sizes.values()))
    return [
        ("Memory", whole),
        *(("", f"{taken.rjust(width)}  {PARTS[name]}") for name, taken in sizes.items()),
    ]
