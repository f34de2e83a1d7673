"""How summaries are written: the settings of the playground's command `summarize`, declared once.

A command carries them flat beside what it asks for; those that are absent have their defaults. Knows nothing of
models or tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from engine.errors import Problem, RecipeError
from engine.options import Options, check, option


class DecodingOptions(Options):
    """How a model's next tokens are chosen, and when it ends."""

    beams: int = option(
        1,
        "Beams",
        "Texts that are followed side by side; the likeliest is kept. 1 is greedy decoding; more is slower.",
        level="essential",
        ge=1,
        le=16,
    )
    max_new_tokens: int = option(
        128,
        "Longest summary",
        "Summaries are cut after this many tokens.",
        level="essential",
        unit="tokens",
        ge=1,
        le=4096,
    )
    min_new_tokens: int = option(
        0, "Shortest summary", "No summary ends before this many tokens.", unit="tokens", ge=0, le=4096
    )
    length_penalty: float = option(
        1.0,
        "Length penalty",
        "Among beams, above 1 favours longer summaries and below 1 shorter ones. With one beam it changes nothing.",
        ge=-5.0,
        le=5.0,
    )
    temperature: float = option(
        0.0,
        "Temperature",
        "0 takes the likeliest token; above it tokens are drawn by chance, the bolder the higher.",
        level="essential",
        ge=0.0,
        le=2.0,
    )
    top_p: float = option(
        1.0,
        "Top-p",
        "Draw among the likeliest tokens that together have this probability. 1: among all.",
        gt=0.0,
        le=1.0,
    )
    seed: int = option(
        42,
        "Seed",
        "Decides what is drawn. The same seed draws the same, whatever is written beside it.",
        ge=0,
        le=2**31 - 1,
    )
    repetition_penalty: float = option(
        1.0,
        "Repetition penalty",
        "Above 1 makes tokens that were read or written before less likely. 1: none.",
        ge=1.0,
        le=5.0,
    )
    no_repeat_ngram: int = option(
        0,
        "No repeated sequence",
        "No sequence of this many tokens is written twice. 0: any may be.",
        unit="tokens",
        ge=0,
        le=16,
    )


class SummarizeOptions(DecodingOptions):
    """All that can be set about a request for summaries; `describe` gives a form its fields."""

    long_conversations: Literal["cut", "piecewise"] = option(
        "cut",
        "Long conversations",
        "What is longer than the adapter was trained with is cut at its end, or summarised piece by piece, and the "
        "pieces' summaries together.",
        level="essential",
    )


def problems(options: DecodingOptions) -> list[Problem]:
    """Return the settings that contradict each other."""
    found = []
    if options.temperature > 0.0 and options.beams > 1:
        found.append(
            Problem(
                "beams",
                "Sampling goes with one beam.",
                "Set Beams to 1, or Temperature to 0.",
            )
        )
    if options.min_new_tokens > options.max_new_tokens:
        found.append(
            Problem(
                "min_new_tokens",
                f"The shortest summary, {options.min_new_tokens} tokens, is longer than the longest, "
                f"{options.max_new_tokens}.",
                "Lower Shortest summary, or raise Longest summary.",
            )
        )
    return found


def from_command(asked: Mapping[str, Any]) -> SummarizeOptions:
    """Return the settings that a command carries. Raises RecipeError for values that can't be."""
    given = {name: asked[name] for name in SummarizeOptions.model_fields if name in asked}
    options, found = check(SummarizeOptions, given, "")
    if isinstance(options, SummarizeOptions):
        found = problems(options)
    if found or not isinstance(options, SummarizeOptions):
        raise RecipeError(tuple(found))
    return options
