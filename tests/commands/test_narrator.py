"""What a command tells people of a run's events."""

from __future__ import annotations

from engine.commands.narrator import Narrator
from engine.commands.output import Output

STARTED = {
    "event": "run_started",
    "time": 1.0,
    "total_steps": 40,
    "trainable_parameters": 1_000,
    "all_parameters": 100_000,
    "device": "cpu",
    "threads": 2,
    "precision": "float32",
    "precision_reason": "",
    "examples": {"train": 80, "validation": 8, "test": 8},
}


def test_the_precision_is_told_with_its_reason(capsys):
    narrator = Narrator(Output(as_json=False))
    narrator.tell(STARTED | {"precision_reason": "bfloat16 is not faster here"})
    narrator.tell(STARTED)

    told = capsys.readouterr()
    text = told.out + told.err
    assert "in float32 (bfloat16 is not faster here). Trains" in text
    assert "in float32. Trains" in text
