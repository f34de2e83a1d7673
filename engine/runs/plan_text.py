"""What terminal and window say of a plan: conversations, length, adapter, memory, and what is downloaded first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from engine.messages import counted, joined, say
from engine.system.units import duration, size
from engine.text import languages

Plan = Mapping[str, Any]
_USES = {"train": "{} to train on", "validation": "{} to validate on", "test": "{} to test on"}


def examples(counts: Mapping[str, int], splits: Iterable[str] = tuple(_USES)) -> list[str]:
    """Return how many conversations each split has: "1,228 conversations to train on", "200 to test on"."""
    found: list[str] = []
    for split in splits:
        if split in counts:
            count = counts[split]
            found.append(say(_USES[split], say("{:,}", count) if found else counted(count, "conversation")))
    return found


def language(ready: Mapping[str, Any]) -> str:
    """Return the language of the data, and those of the base model if it is not among them; "" if it is unknown."""
    of_data, known = ready.get("language", ""), ready.get("base_languages", ())
    if not of_data or not known or of_data in known:
        return languages.name(of_data) if of_data else ""
    return say("{}, base model: {}", languages.name(of_data), joined(", ", map(languages.name, known)))


def steps(plan: Plan) -> str:
    """Return the number of steps: "1,540 steps"."""
    return counted(int(plan["steps"]), "step")


def time(plan: Plan) -> str:
    """Return the expected time of a run, its time limit if that ends it sooner, "" if neither is known."""
    expected, limit = plan.get("seconds"), 60 * float(plan.get("max_minutes") or 0)
    found = limit if limit and not (expected and expected <= limit) else expected
    if not found:
        return ""
    return duration(found if found < 60 or found == limit else 60 * round(found / 60))


def length(plan: Plan) -> str:
    """Return steps and time of a run: "1,540 steps in about 12 min."."""
    expected, limit = plan.get("seconds"), 60 * float(plan.get("max_minutes") or 0)
    if limit and not (expected and expected <= limit):
        return say("{}, or as many as fit in {}.", steps(plan), time(plan))
    return say("{} in about {}.", steps(plan), time(plan)) if expected else say("{}.", steps(plan))


def trained(facts: Plan) -> str:
    """Return the trained share of the parameters of a plan or a started run."""
    count, everything = facts["trainable_parameters"], facts["all_parameters"]
    return say("{:,} of {:,} parameters ({:.2f} %)", count, everything, 100 * count / max(1, everything))


def adapter(plan: Plan) -> str:
    """Return the size of the adapter, about if training decides it: "14.2 MB on disk"."""
    taken = size(plan["adapter_bytes"])
    return say("about {} on disk", taken) if plan.get("sized_by_training") else say("{} on disk", taken)


def memory(plan: Plan) -> str:
    """Return the memory at peak: "about 5.9 GB of memory", of several processes that of each."""
    taken = size(plan["memory_bytes"])
    if int(plan.get("processes") or 1) == 1:
        return say("about {} of memory", taken)
    # Processes that share the computer's memory have no GPU each.
    if "host_memory_bytes" in plan:
        return say("about {} of memory per GPU", taken)
    return say("about {} of memory per process", taken)


def missing(names: Sequence[str]) -> str:
    """Return what a run downloads first, "" if nothing."""
    return say("{} must be downloaded first.", joined(" and ", names)) if names else ""
