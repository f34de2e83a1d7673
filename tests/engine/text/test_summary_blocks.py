"""Summaries below their conversations in one text."""

from __future__ import annotations

import pytest

from engine.text.transcripts import part_summaries

ONE = "Ann: Hi.\nBob: Yo."


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{ONE}\nSummary: They greet.", [(ONE, "They greet.")]),
        (f"Conversation:\n{ONE}\n\nSummary:\nThey greet.\nTwice.", [(ONE, "They greet.\nTwice.")]),
        (
            f"Dialogue 1:\n{ONE}\nSummary: A.\n\nDialogue 2:\nCem: So?\nSummary: B.\n",
            [(ONE, "A."), ("Cem: So?", "B.")],
        ),
        (f"{ONE}\n\nZusammenfassung: A.\n\n---\n\n{ONE}\n\nZusammenfassung: B.", [(ONE, "A."), (ONE, "B.")]),
        (ONE, []),
        ("Summary: They greet.", []),
        (f"{ONE}\nSummary: They greet.\n\nAnn: And now?", []),
        (f"{ONE}\nSummary: A.\nSummary: B.", []),
        ("", []),
    ],
)
def test_pairs_are_found_or_nothing_is(text: str, found: list[tuple[str, str]]) -> None:
    assert part_summaries(text) == found
