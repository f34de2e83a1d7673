"""A comparison as Markdown, and decoding options as text. Knows no widget.

Texts and names stay as they are read: whoever shows the copy gets no picture, link, heading or tag out of them.
"""

from __future__ import annotations

from engine.api import SummarizeOptions, escaping
from gui.look.format import number_text, plain, score
from gui.look.language import mark, tr, tr_count
from gui.pages.playground.columns.column_results import Column, ColumnResults

THUMBS = {"up": mark("rated good"), "down": mark("rated bad")}


def as_markdown(results: ColumnResults, reference: str, decoding: SummarizeOptions, prompt: str = "") -> str:
    """Return the conversation and its summaries with scores, claims and notes.

    `prompt` is the template that replaced the prompts of all columns.
    """
    parts = [f"## {tr('Conversation')}", _quoted(results.conversation)]
    if reference:
        parts += [f"## {tr('Reference summary')}", _quoted(reference)]
    for column in results.columns:
        if column.text:
            parts += _summary(results, column)
    parts.append(tr("Decoding: {decoding}.", decoding=decoding_text(decoding)))
    if prompt:
        parts += [tr("Prompt:"), _quoted(prompt)]
    return "\n\n".join(parts) + "\n"


def _summary(results: ColumnResults, column: Column) -> list[str]:
    about = f" ({column.entry.about})" if column.entry.about else ""
    parts = [f"## {_markdown(f'{column.entry.title}{about}')}", _quoted(column.text), _facts(results, column)]
    if column.rounds:
        chunks = [f"- {_markdown(summary)}" for summary in column.rounds[0]]
        head = tr_count(len(chunks), "Summarised in {n} part:", "Summarised in {n} parts:")
        parts.append("\n".join([head, "", *chunks]))
    if column.feedback.edited:
        parts += [tr("Corrected:"), _quoted(column.feedback.edited)]
    if column.feedback.note:
        parts.append(tr("Note: {note}", note=_markdown(column.feedback.note)))
    return parts


def decoding_text(decoding: SummarizeOptions) -> str:
    """Return decoding options as text: "greedy, at most 128 tokens"."""
    parts = [*_choosing_text(decoding), _length_text(decoding)]
    if decoding.beams > 1 and decoding.length_penalty != 1:
        parts.append(tr("length penalty {value}", value=plain(decoding.length_penalty)))
    if decoding.repetition_penalty != 1:
        parts.append(tr("repetition penalty {value}", value=plain(decoding.repetition_penalty)))
    if decoding.no_repeat_ngram:
        parts.append(
            tr_count(
                decoding.no_repeat_ngram,
                "no token repeated",
                "no repeated sequence of {n} tokens",
            )
        )
    if decoding.long_conversations == "piecewise":
        parts.append(tr("long conversations in parts"))
    if decoding.runtime == "ctranslate2":
        parts.append(tr("written by CTranslate2"))
    return ", ".join(parts)


def _choosing_text(decoding: SummarizeOptions) -> list[str]:
    """Return how tokens are chosen, as text."""
    if decoding.temperature > 0:
        parts = [tr("sampled at temperature {value}", value=plain(decoding.temperature))]
        if decoding.top_p < 1:
            parts.append(tr("top-p {value}", value=plain(decoding.top_p)))
        return [*parts, tr("seed {value}", value=str(decoding.seed))]
    return [tr("greedy") if decoding.beams == 1 else tr_count(decoding.beams, "{n} beam", "{n} beams")]


def _length_text(decoding: SummarizeOptions) -> str:
    if not decoding.min_new_tokens:
        return tr_count(decoding.max_new_tokens, "at most {n} token", "at most {n} tokens")
    return tr_count(
        decoding.max_new_tokens,
        "at least {least} and at most {n} token",
        "at least {least} and at most {n} tokens",
        least=number_text(decoding.min_new_tokens),
    )


def _markdown(text: str) -> str:
    return escaping.markdown(text.strip())


def _quoted(text: str) -> str:
    return "\n".join(f"> {escaping.markdown(line)}  " if line else ">" for line in text.strip().splitlines())


def _facts(results: ColumnResults, column: Column) -> str:
    facts = []
    if "rouge1" in column.scores:
        facts.append(tr("ROUGE-1 {score}", score=score(column.scores["rouge1"])))
    if "chrf" in column.scores:
        facts.append(tr("chrF {score}", score=score(column.scores["chrf"])))
    marks = results.marks(column)
    missing = ", ".join(_markdown(claim.text) for claim in marks.unsupported)
    text = tr("not in the conversation: {claims}", claims=missing)
    if missing or marks.is_measured:
        facts.append(text if missing else tr("every claim is in the conversation"))
    if column.tokens and column.seconds:
        seconds = number_text(column.seconds, 1)
        facts.append(
            tr_count(column.tokens, "{n} token in {seconds} s", "{n} tokens in {seconds} s", seconds=seconds)
        )
    if column.feedback.thumb:
        facts.append(tr(THUMBS[column.feedback.thumb]))
    return "; ".join(facts)
