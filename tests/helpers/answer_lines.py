"""Answers of a process to the one that started it: lines of JSON on its standard output, and nothing else there."""

from __future__ import annotations

import json
import os
from typing import IO, Any


def own_output() -> IO[str]:
    """Keep standard output for answers; what libraries print goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def answer(answers: IO[str], result: dict[str, Any]) -> None:
    """Write an answer at once."""
    answers.write(json.dumps(result) + "\n")
    answers.flush()
