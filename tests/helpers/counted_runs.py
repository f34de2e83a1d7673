"""Plans a recipe and trains it for three steps by the command line, and tells what each of them counts."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from engine.adapters import metadata
from tests.helpers.command_line import Finished

COUNTS = ("trainable_parameters", "all_parameters")
# PEFT casts parts of an adapter to the base's number format, which float32 would not show.
SHORT = (
    "base_model.precision=bfloat16", "training.max_steps=3", "evaluation.examples=1",
    "evaluation.max_new_tokens=2", "evaluation.bootstrap=100",
)  # fmt: skip

Run = Callable[..., Finished]
Counts = tuple[int, ...]


def counts(run: Run, recipe: Path) -> dict[str, Counts]:
    """Return trainable and all parameters as the plan, the run and the saved adapter have them.

    `run` carries out a command. Raises AssertionError unless plan and run end well.
    """
    arguments = [str(recipe), "--json", *(word for value in SHORT for word in ("--set", value))]
    planned, trained = run("plan", *arguments), run("train", *arguments)
    assert planned.code == 0, planned
    assert trained.code == 0, trained
    plan = planned.json[-1]
    assert plan["problems"] == []
    [saved] = trained.named("adapter_saved")
    adapter = metadata.load(Path(saved["path"]))
    return {
        "plan": _counts(plan),
        "run": _counts(trained.named("run_started")[0]),
        "adapter": _counts(adapter.training.model_dump()),
    }


def _counts(facts: Mapping[str, Any]) -> Counts:
    return tuple(int(facts[name]) for name in COUNTS)
