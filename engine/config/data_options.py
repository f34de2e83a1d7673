"""What a recipe says of its data: which conversations, read how, shown to the base model how.

Declares and checks the `[data]` table. Knows nothing of how data is read.
"""

from __future__ import annotations

from typing import Any, Literal

from engine import data as data_schema
from engine.config import prompts
from engine.data import findings
from engine.errors import Problem, RecipeError
from engine.options import Options, check, option
from engine.text import pii

MIN_CONVERSATION_TOKENS = 8
# The kinds of files that a source may be, by their names' endings.
DATA_SUFFIXES = (
    ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet", ".arrow", ".xlsx", ".txt", ".vtt", ".srt", ".zip", ".gz",
)  # fmt: skip


class DataOptions(Options):
    """The `[data]` table of a recipe."""

    source: str = option(
        ...,
        "Data",
        "A hub id, a file (csv, tsv, json, jsonl, parquet, arrow, xlsx, or a zip or gz of them), a folder of split "
        'files or of texts, or "sample".',
        level="essential",
        control="source",
        min_length=1,
    )
    conversation: str = option(
        "auto", "Conversation column", "Column with the conversation, or auto.", min_length=1
    )
    summary: str = option(
        "auto", "Summary column", "Column with the reference summary, or auto.", min_length=1
    )
    every: int = option(1, "Keep one in", "Keep the examples whose index this divides, in every split.", ge=1)
    max_train: int = option(0, "Most to train on", "0: all.", unit="examples", ge=0)
    max_validation: int = option(
        0, "Most to validate on", "0: all.", level="everything", unit="examples", ge=0
    )
    max_test: int = option(0, "Most to test on", "0: all.", level="everything", unit="examples", ge=0)
    columns: dict[str, str] = option(
        {},
        "Column mapping",
        f"Mapping by hand for shapes that are no two columns of text: {', '.join(data_schema.KEYS)}.",
        level="everything",
    )
    broken_rows: Literal["refuse", "leave_out"] = option(
        "refuse",
        "Rows that can't be read",
        "Refuse a file with broken rows, or leave them out, with a notice that names them.",
        level="everything",
    )
    exclude: tuple[str, ...] = option(
        (),
        "Excluded findings",
        "Findings of the data check whose rows are left out.",
        level="everything",
        suggestions=tuple(entry.id for entry in findings.FINDINGS if entry.can_be_excluded),
    )
    mask: tuple[str, ...] = option(
        (),
        "Masked data",
        "Kinds of personal data that are masked, in conversations and summaries.",
        level="everything",
        suggestions=tuple(kind.id for kind in pii.KINDS),
    )
    split_seed: int = option(
        42,
        "Split seed",
        "Decides the splits of a source that has none.",
        level="everything",
        ge=0,
        le=2**31 - 1,
    )
    shots: int = option(
        0,
        "Examples in the prompt",
        "Worked examples that the prompt shows before it asks: the first of the training split, not learned from.",
        control="slider",
        ge=0,
        le=16,
    )
    prompt: str = option(
        prompts.DEFAULT_PROMPT,
        "Template",
        "What the base model is asked. {conversation} stands for the conversation.",
        control="prompt",
    )
    max_conversation_tokens: int = option(
        512,
        "Longest conversation",
        "Longer ones are cut, with a notice.",
        unit="tokens",
        ge=MIN_CONVERSATION_TOKENS,
        le=1_000_000,
    )
    max_summary_tokens: int = option(
        128,
        "Longest reference",
        "Longer reference summaries are cut, with a notice.",
        unit="tokens",
        ge=4,
        le=65_536,
    )


def data_problems(data: DataOptions) -> list[Problem]:
    """Return what a `[data]` table asks for that there is not: keys of a mapping, findings, kinds of personal data."""
    return [
        *data_schema.problems(data.columns),
        *findings.exclude_problems(data.exclude, "data.exclude"),
        *findings.mask_problems(data.mask, "data.mask"),
    ]


def checked(table: dict[str, Any]) -> DataOptions:
    """Return the options of a `[data]` table. Raises RecipeError with all that is wrong with it."""
    options, problems = check(DataOptions, table, "data")
    if isinstance(options, DataOptions):
        problems = data_problems(options)
    if not isinstance(options, DataOptions) or problems:
        raise RecipeError(tuple(problems))
    return options
