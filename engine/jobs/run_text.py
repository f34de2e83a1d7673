"""What terminal, report and window say of a run: its stage, progress, ending, and what it made."""

from __future__ import annotations

from engine.errors import BaseModelError, DataError, DeviceError, OfflineError, RecipeError, StorageError
from engine.jobs.run_state import RunState
from engine.jobs.supervisor import OUT_OF_MEMORY, Ending
from engine.messages import joined, say
from engine.system.units import duration, size

STAGES = {
    "": "Starting the worker",
    "send": "Sending what the run needs",
    "download": "Downloading",
    "load_base": "Loading the base model",
    "read_data": "Reading the conversations",
    "check_rows": "Checking the conversations",
    "sum_up": "Preparing the report",
    "attach_adapter": "Attaching the adapter",
    "evaluate": "Scoring",
    "train": "Training",
    "save": "Saving",
    "convert": "Converting for CTranslate2",
    "write": "Summarising",
    "upload": "Sending to the hub",
}
OUTCOMES = {
    "completed": "Completed",
    "stopped": "Stopped",
    "failed": "Failed",
    "crashed": "Crashed",
    "away": "On another computer",
    # Stopped to free the device; it can be resumed at any time.
    "paused": "Paused",
}
# A failed run by the kind of its error.
FAILURES = {
    OUT_OF_MEMORY: "Out of memory",
    DataError.__name__: "Data problem",
    BaseModelError.__name__: "Base model problem",
    RecipeError.__name__: "Recipe problem",
    OfflineError.__name__: "No network",
    DeviceError.__name__: "Device problem",
    StorageError.__name__: "Storage problem",
}
_ENDED = {
    "completed": "Completed {}",
    "stopped": "Stopped {}",
    "failed": "Failed {}",
    "crashed": "Crashed {}",
    "away": "Running on another computer; last update {}",
    "paused": "Paused {}. The device is free",
}
_ENDED_AT_STEP = {
    "stopped": "Stopped {} at step {:,} of {:,}",
    "failed": "Failed {} at step {:,} of {:,}",
    "crashed": "Crashed {} at step {:,} of {:,}",
    "away": "Running on another computer; last update {} at step {:,} of {:,}",
    "paused": "Paused {} at step {:,} of {:,}. The device is free",
}
_FAILED_AT_STEP = {
    "failed": "Failed at step {:,}",
    "crashed": "Crashed at step {:,}",
    OUT_OF_MEMORY: "Out of memory at step {:,}",
}
_FAILED_BEFORE = {
    "failed": "Failed before the first step",
    "crashed": "Crashed before the first step",
    OUT_OF_MEMORY: "Out of memory before the first step",
}
_HOW_FAR = {
    "examples": "{:,} of {:,} examples",
    "summaries": "{:,} of {:,} summaries",
    "rows": "{:,} of {:,} rows",
    "weights": "{:,} of {:,} weights",
}


def stage_title(stage: str) -> str:
    """Return the title of a stage; one of a later version is named after its id."""
    return STAGES.get(stage, stage.replace("_", " ").capitalize())


def stage(state: RunState) -> str:
    """Return the current stage of a run: "Scoring the base model", "Training"."""
    if state.paused:
        return "Paused"
    if state.stage != "evaluate":
        return stage_title(state.stage)
    if state.started is None:
        return "Scoring the base model"
    return "Scoring the tuned model" if state.trains else "Scoring the prompt"


def progress(state: RunState) -> str:
    """Return the progress of the stage, "" if it has none: "40 of 200 examples"."""
    return "" if state.progress is None else how_far(*state.progress)


def how_far(done: int, total: int, unit: str) -> str:
    """Return so much of a total in a unit: "40 of 200 examples", "412 MB of 990 MB"."""
    if unit == "bytes":
        return say("{} of {}", size(done), size(total))
    if unit in _HOW_FAR:
        return say(_HOW_FAR[unit], done, total)
    return say("{:,} of {:,} {}", done, total, unit)


def outcome_title(outcome: str, failure_kind: str = "") -> str:
    """Return how a run ended: "Completed", "Out of memory"."""
    return FAILURES.get(failure_kind, OUTCOMES["failed"]) if outcome == "failed" else OUTCOMES[outcome]


def ended(state: RunState, when: str) -> str:
    """Return how a run ended, when, and its step if it is incomplete: "Stopped today 14:19 at step 40 of 120".

    `when` is "" for a run without events.
    """
    how = "paused" if state.device_released else str(state.outcome)
    if not when:
        return OUTCOMES[how]
    if how not in _ENDED_AT_STEP or not state.step:
        return say(_ENDED[how], when)
    return say(_ENDED_AT_STEP[how], when, state.step, state.total_steps)


def stopped(state: RunState) -> str:
    """Return where a run stopped or released its device, and what it saved."""
    if state.device_released:
        at = say("Paused at step {:,} of {:,}. The device is free.", state.step, state.total_steps)
        return joined(" ", (at, "You can resume the run at any time."))
    if not state.trains:
        return "Stopped. A prompt is saved only after scoring."
    if not state.step:
        return "Stopped before the first step."
    saved = "The adapter is trained up to this step." if state.adapter else "Nothing was trained yet."
    return joined(" ", (say("Stopped at step {:,} of {:,}.", state.step, state.total_steps), saved))


def failure_title(ending: Ending, state: RunState) -> str:
    """Return how and where a run failed: "Crashed at step 212"."""
    what = OUT_OF_MEMORY if ending.kind == OUT_OF_MEMORY else ending.outcome
    return say(_FAILED_AT_STEP[what], state.step) if state.step else _FAILED_BEFORE[what]


def checkpoint(state: RunState) -> str:
    """Return the last checkpoint: "checkpoint at step 40". There must be one."""
    assert state.checkpoint is not None
    return say("checkpoint at step {:,}", int(state.checkpoint["step"]))


def what_is_safe(state: RunState, *, has_fallbacks: bool = False) -> str:
    """Return what a failed or crashed run has saved; with memory fallbacks, how it continues."""
    saved = state.checkpoint is not None
    if has_fallbacks:
        at = say("The run continues from the {}.", checkpoint(state)) if saved else ""
        return joined(" ", (at or "Recipe and batch size stay the same.", "Choose how to make it fit."))
    if saved:
        return say("Nothing is lost up to the {}.", checkpoint(state))
    if state.step:
        return "No checkpoint yet. Recipe, curve and log are saved."
    return "Nothing was trained yet. Recipe and log are saved."


def excluded(count: int) -> str:
    """Return how many conversations the recipe left out; "" for none."""
    text = "{:,} conversation is excluded by the recipe.|The recipe excludes {:,} conversations."
    return say(text, count) if count else ""


def sides(*, trains: bool) -> tuple[str, str]:
    """Return the two sides that a run compares."""
    return (say("base"), say("tuned")) if trains else ("plain prompt", "this prompt")


def side_heads(*, trains: bool) -> tuple[str, str]:
    """Return the two sides as heads of columns."""
    return ("Base", "Tuned") if trains else ("Plain prompt", "This prompt")


def facts(state: RunState) -> list[tuple[str, str]]:
    """Return what a run took and made as (name, value) pairs, as far as it is known."""
    capped = (state.tuned_scores or {}).get("capped")
    found = [
        ("Time", duration(state.seconds) if state.seconds is not None else ""),
        *(_adapter_facts(state) if state.trains else _prompt_facts(state)),
        ("Truncated summaries", say("{:.1f} %", 100 * float(capped)) if capped is not None else ""),
    ]
    return [(name, value) for name, value in found if value]


def _prompt_facts(state: RunState) -> list[tuple[str, str]]:
    prompt = (state.tuned_scores or {}).get("prompt") or {}
    taken = (state.adapter or {}).get("bytes")
    return [
        ("Examples shown", say("{:,}", int(prompt.get("shots") or 0)) if prompt else ""),
        ("On disk", size(taken) if taken else ""),
    ]


def _adapter_facts(state: RunState) -> list[tuple[str, str]]:
    started, adapter = state.started or {}, state.adapter or {}
    trainable, everything = started.get("trainable_parameters"), started.get("all_parameters")
    step, peak = int(adapter.get("step") or 0), state.peak_memory_bytes
    which = say("{:,}, the last", step) if step == state.step else say("{:,}, the best", step)
    count = (
        say("{:,} · {:.2f} %", trainable, 100 * trainable / everything) if trainable and everything else ""
    )
    return [
        ("Trainable", count),
        ("Adapter", size(adapter["bytes"]) if adapter.get("bytes") else ""),
        ("Peak memory", size(peak) if peak else ""),
        ("Saved step", which if step else ""),
    ]
