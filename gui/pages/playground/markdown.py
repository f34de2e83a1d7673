"""A comparison as Markdown, for a note or a ticket, and a decoding in words. Knows no widget."""

from __future__ import annotations

from engine.api import SummarizeOptions
from gui.pages.playground.board import Board, Column

THUMBS = {"up": "found good", "down": "found bad"}


def as_markdown(board: Board, reference: str, decoding: SummarizeOptions, prompt: str = "") -> str:
    """Return the conversation and its summaries, with what was measured, found and noted.

    `prompt` is the template that all read in place of their own.
    """
    parts = ["## Conversation", _quoted(board.conversation)]
    if reference:
        parts += ["## Reference summary", _quoted(reference)]
    for column in board.columns:
        if column.text:
            parts += _summary(board, column)
    parts.append(f"Decoding: {decoding_words(decoding)}.")
    if prompt:
        parts += ["Prompt:", _quoted(prompt)]
    return "\n\n".join(parts) + "\n"


def _summary(board: Board, column: Column) -> list[str]:
    detail = f" ({column.entry.detail})" if column.entry.detail else ""
    parts = [f"## {column.entry.name}{detail}", _quoted(column.text), _facts(board, column)]
    if column.rounds:
        pieces = [f"- {summary}" for summary in column.rounds[0]]
        parts.append("\n".join([f"Read in {len(pieces)} pieces:", "", *pieces]))
    if column.feedback.edited:
        parts += ["Corrected:", _quoted(column.feedback.edited)]
    if column.feedback.note:
        parts.append(f"Note: {column.feedback.note}")
    return parts


def decoding_words(decoding: SummarizeOptions) -> str:
    """Return a decoding in words: "greedy, at most 128 tokens"."""
    how = "greedy" if decoding.beams == 1 else f"{decoding.beams} beams"
    if decoding.temperature > 0:
        chance = f", top-p {decoding.top_p:g}" if decoding.top_p < 1 else ""
        how = f"sampled at temperature {decoding.temperature:g}{chance}, seed {decoding.seed}"
    least = f"at least {decoding.min_new_tokens} and " if decoding.min_new_tokens else ""
    words = [how, f"{least}at most {decoding.max_new_tokens} tokens"]
    if decoding.beams > 1 and decoding.length_penalty != 1:
        words.append(f"length penalty {decoding.length_penalty:g}")
    if decoding.repetition_penalty != 1:
        words.append(f"repetition penalty {decoding.repetition_penalty:g}")
    if decoding.no_repeat_ngram:
        words.append(f"no {decoding.no_repeat_ngram} tokens twice")
    if decoding.long_conversations == "piecewise":
        words.append("long conversations piece by piece")
    return ", ".join(words)


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}  " if line else ">" for line in text.strip().splitlines())


def _facts(board: Board, column: Column) -> str:
    facts = []
    if "rouge1" in column.scores:
        facts.append(f"ROUGE-1 {column.scores['rouge1'] * 100:.1f}")
    missing = ", ".join(claim.text for claim in board.marks(column).unsupported)
    facts.append(f"not in the conversation: {missing}" if missing else "nothing that was not said")
    if column.tokens and column.seconds:
        facts.append(f"{column.tokens} tokens in {column.seconds:.1f} s")
    if column.feedback.thumb:
        facts.append(THUMBS[column.feedback.thumb])
    return "; ".join(facts)
