"""The schema of a run's events, the same for live, replayed and re-attached readers.

An event file can be damaged or come from another program: a notice replaces each invalid event. Unknown keys and events
are allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.system import validators
from engine.system.validators import Check, has, is_count, is_flag, is_number, is_text

ENVELOPE = frozenset({"v", "time", "run", "job", "attempt", "clock"})
OUTCOMES = ("completed", "stopped", "failed")
DAMAGED = "Damaged events of the run were skipped."
HINT = "Checkpoints and the adapter have their own checksums."

_counts = validators.is_table_of(is_count)
_texts = validators.is_table_of(is_text)
_PROBLEM = validators.is_table_of(
    lambda value: value is None or is_text(value) or validators.is_list_of(is_text)(value)
)

SCHEMAS: Mapping[str, Check] = {
    "job_accepted": has({}, {"pid": is_count, "place": is_text, "versions": _texts}),
    "stage_entered": has({"stage": is_text}),
    "stage_progressed": has({"done": is_number, "total": is_number, "unit": is_text}),
    "run_started": has(
        {"total_steps": is_count},
        {
            **dict.fromkeys(
                (
                    "first_step", "trainable_parameters", "all_parameters", "base_parameters", "threads", "replicas",
                    "processes",
                    "matrices",
                    "device_memory_bytes",
                ),
                is_count,
            ),
            **dict.fromkeys(
                ("device", "device_name", "device_uuid", "precision", "precision_reason", "family", "liger"), is_text
            ),
            **dict.fromkeys(("examples", "excluded", "masked"), _counts),
            "learning_rate": is_number,
            "patches": validators.is_list_of(is_text),
        },
    ),
    "run_resumed": has({"step": is_count}),
    "run_paused": has({}, {"step": is_count, "frees_device": is_flag}),
    "step_finished": has(
        {"step": is_count, "epoch": is_number, "loss": is_number, "learning_rate": is_number},
        {
            **dict.fromkeys(
                ("gradient_norm", "tokens_per_second", "examples_per_second", "time_share", "seconds_left"), is_number
            ),
            "memory_bytes": is_count,
            "skipped": is_flag,
        },
    ),
    "evaluated": has(
        {"step": is_count, "split": is_text, "of": is_text},
        {
            **dict.fromkeys(("loss", "capped", "seconds", "tokens_per_second"), is_number),
            "memory_bytes": is_count,
            "protocol": validators.is_protocol,
            "scores": validators.are_scores,
            "difference": validators.are_score_differences,
            "measures": validators.are_intervals,
            "measure_difference": validators.are_differences,
            "prompt": has({}, {"template": is_text, "shots": is_count}),
            "base_forms": has({}, {"chat": is_number, "plain": is_number}),
        },
    ),
    "sample_made": has(
        {"step": is_count, "example": is_text, "reference": is_text, "summary": is_text},
        {"conversation": is_text, "rouge1": is_number, "chrf": is_number},
    ),
    "notice": has({"message": is_text}, {"hint": is_text, "level": is_text}),
    "memory_exceeded": has({"needed": is_count, "available": is_count}),
    "checkpoint_saved": has({"step": is_count}, {"path": is_text, "bytes": is_count}),
    "adapter_saved": has(
        {"adapter": is_text, "step": is_count},
        {"path": is_text, "bytes": is_count, "memory_bytes": is_count, "seconds": is_number},
    ),
    "job_ended": has(
        {"outcome": validators.is_one_of(*OUTCOMES)},
        {
            **dict.fromkeys(("kind", "message", "hint", "field", "log"), is_text),
            "problems": validators.is_list_of(_PROBLEM),
        },
    ),
}  # fmt: skip


def validated(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event, or a notice if it does not match the schema of its kind."""
    check = SCHEMAS.get(event["event"])
    if check is None or check(event):
        return event
    envelope = {name: value for name, value in event.items() if name in ENVELOPE}
    return {**envelope, "event": "notice", "level": "warning", "message": DAMAGED, "hint": HINT}
