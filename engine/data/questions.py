"""What only a person can say about data before it is used: each question is an option of a recipe's `[data]` table.

Reading raises DataError with the option as its field; the answers are values of that option.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.errors import Problem


@dataclass(frozen=True)
class Answer:
    """One value of the option, and what choosing it means."""

    value: str
    text: str


_QUESTIONS: Mapping[str, tuple[Answer, ...]] = {
    "data.broken_rows": (Answer("leave_out", "Read the other rows"),),
    "data.unnamed_files": (
        Answer("leave_out", "Leave them out"),
        Answer("train", "Train on them"),
        Answer("validation", "Use them for validation"),
        Answer("test", "Use them as test"),
    ),
    "data.other_columns": (Answer("leave_out", "Use the others"),),
    "data.summary_lists": (
        Answer("sentences", "Sentences of one summary"),
        Answer("references", "Several summaries"),
    ),
}
# Of many values that depend on the data, so many are offered; any other one can be named.
MAX_NAMED = 12
# What stands for a person's choice where it can't be listed.
_CHOICES: Mapping[str, str] = {"data.conversation": "COLUMN", "data.summary": "COLUMN"}


def answers(problem: Problem) -> tuple[Answer, ...]:
    """Return the answers to the question that a problem is, none if it is no question."""
    named = tuple(Answer(choice, choice) for choice in problem.choices[:MAX_NAMED])
    return named or _QUESTIONS.get(problem.field, ())


def overrides(problem: Problem) -> tuple[str, ...]:
    """Return what `--set` may be given to answer a problem, the likeliest answer first."""
    choice = _CHOICES.get(problem.field)
    return tuple(f"{problem.field}={answer.value}" for answer in answers(problem)) or (
        (f"{problem.field}={choice}",) if choice else ()
    )
