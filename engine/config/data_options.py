"""The `[data]` table of a recipe: which conversations, how they are read, and how the base model is prompted.

Knows nothing of how data is read.
"""

from __future__ import annotations

from typing import Any, Literal

from engine.config import automatic, prompts
from engine.data import column_mapping, findings
from engine.errors import Problem, RecipeError
from engine.messages import say
from engine.options import Options, check, option
from engine.text import pii

MIN_CONVERSATION_TOKENS = 8
Encoding = Literal[
    "auto", "utf-8", "cp1252", "cp1251", "koi8_r", "cp866", "mac_cyrillic", "iso8859_5", "cp1250", "iso8859_2",
    "cp1253", "cp1254", "cp1255", "cp1256", "cp932", "euc_jp", "gb18030", "big5", "cp949", "mac_roman",
    "utf-16",
]  # fmt: skip


class DataOptions(Options):
    """The `[data]` table of a recipe."""

    source: str = option(
        ...,
        "Data",
        "A hub id, a file (table, chat export, mailbox, transcript, or a zip or gz of them), a folder, "
        'or "sample".',
        level="basic",
        control="source",
        min_length=1,
    )
    conversation: str = option(
        "auto", "Conversation column", "Column with the conversation, or auto.", min_length=1, follows="data"
    )
    summary: str = option(
        "auto", "Summary column", "Column with the reference summary, or auto.", min_length=1, follows="data"
    )
    every: int = option(1, "Keep every N-th", "Keep every N-th example of each split.", ge=1, follows="data")
    max_train: int = option(
        0, "Training limit", "Maximum number of examples.", unit="examples", zero="all", ge=0, follows="data"
    )
    max_validation: int = option(
        0,
        "Validation limit",
        "Maximum number of examples.",
        unit="examples",
        zero="all",
        ge=0,
        follows="data",
    )
    max_test: int = option(
        0, "Test limit", "Maximum number of examples.", unit="examples", zero="all", ge=0, follows="data"
    )
    columns: dict[str, str] = option(
        {},
        "Column mapping",
        say("Assigns columns by hand: {}.", ", ".join(column_mapping.KEYS)),
        follows="data",
    )
    broken_rows: Literal["refuse", "leave_out"] = option(
        "refuse", "Broken rows", "Refuse a file with broken rows, or skip and list the rows.", follows="data"
    )
    sheet: str = option(
        "auto",
        "Sheet",
        "Sheet of a workbook, table of a database or list of a JSON object. Auto: those named after "
        "splits, else the first or only one.",
        min_length=1,
        follows="data",
    )
    unnamed_files: Literal["ask", "leave_out", "train", "validation", "test"] = option(
        "ask", "Files without a split", "How to use files that name no split, if others do.", follows="data"
    )
    other_columns: Literal["ask", "leave_out"] = option(
        "ask",
        "Files with other columns",
        "Ask about files that lack the columns of others, or skip them.",
        follows="data",
    )
    summary_lists: Literal["auto", "sentences", "references"] = option(
        "auto",
        "Lists of summaries",
        "Whether lists in the summary column are the sentences of one summary or several references.",
        follows="data",
    )
    encoding: Encoding = option(
        "auto",
        "Encoding",
        "Encoding of text files. Auto: UTF-8 if it fits, otherwise detected.",
        follows="data",
    )
    exclude: tuple[str, ...] = option(
        (),
        "Excluded findings",
        "Excludes rows with these findings.",
        suggestions=tuple(entry.id for entry in findings.FINDINGS if entry.can_be_excluded),
    )
    mask: tuple[str, ...] = option(
        (),
        "Masked data",
        "Personal data to mask in conversations and summaries.",
        suggestions=tuple(kind.id for kind in pii.KINDS),
    )
    split_seed: int = option(
        42, "Split seed", "Seed of the random splits of data without splits.", ge=0, le=2**31 - 1
    )
    shots: int = option(
        0,
        "Examples in the prompt",
        "Examples in the prompt: the first of the training split, which are then not trained on.",
        control="slider",
        ge=0,
        le=16,
    )
    prompt: str = option(
        prompts.DEFAULT_PROMPT,
        "Template",
        "The prompt; {conversation} stands for the conversation.",
        control="prompt",
    )
    prompt_format: Literal["auto", "chat", "plain"] = option(
        "auto",
        "Prompt format",
        "Chat: a message in the base model's chat format. Plain: the prompt alone. Auto: chat if there "
        "is a template.",
        follows="base_model",
    )
    max_conversation_tokens: int = option(
        512,
        "Conversation limit",
        "Longer conversations are cut.",
        unit="tokens",
        ge=MIN_CONVERSATION_TOKENS,
        le=1_000_000,
        follows="base_model",
    )
    max_summary_tokens: int = option(
        automatic.AUTOMATIC,
        "Reference limit",
        "Longer references are cut. Automatic: as long as the longest, up to 1,024.",
        unit="tokens",
        zero="automatic",
        ge=0,
        le=65_536,
        follows="base_model",
    )


def data_problems(data: DataOptions) -> list[Problem]:
    """Return what is wrong in a `[data]` table: the limit of summaries, and unknown names."""
    found = []
    if 0 < data.max_summary_tokens < automatic.LOWEST_LIMIT:
        message = say("Reference limit: at least {}, or automatic.", automatic.LOWEST_LIMIT)
        found.append(Problem("data.max_summary_tokens", message))
    return [
        *found,
        *column_mapping.problems(data.columns),
        *findings.exclude_problems(data.exclude, "data.exclude"),
        *findings.mask_problems(data.mask, "data.mask"),
    ]


def checked(table: dict[str, Any]) -> DataOptions:
    """Return the options of a `[data]` table. Raises RecipeError with every problem."""
    options, problems = check(DataOptions, table, "data")
    problems = data_problems(options) if options else problems
    if options is None or problems:
        raise RecipeError(tuple(problems))
    return options
