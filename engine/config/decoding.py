"""How summaries are decoded: the options of the playground's command `summarize`.

A command has them beside its other arguments; absent options have their defaults. Knows nothing of models or tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from engine.errors import Problem, RecipeError
from engine.messages import say
from engine.options import Options, check, option

TUNESMITH, CTRANSLATE2 = "tunesmith", "ctranslate2"
# What CTranslate2 decodes by, and what has no effect without a temperature. Of the other settings it knows none, or
# means something else by it.
KNOWN_TO_CTRANSLATE2 = {"beams", "max_new_tokens", "length_penalty", "top_p", "seed"}
OWN_ENGINE = "Write with Tunesmith's own engine."


class DecodingOptions(Options):
    """How the next tokens are chosen, and when a summary ends."""

    beams: int = option(
        1, "Beams", "Hypotheses followed in parallel. 1 is greedy decoding; more are slower.", ge=1, le=16
    )
    max_new_tokens: int = option(
        128,
        "Maximum length",
        "Summaries are cut off after this many tokens.",
        unit="tokens",
        ge=1,
        le=4096,
    )
    min_new_tokens: int = option(
        0, "Minimum length", "No summary ends before this many tokens.", unit="tokens", ge=0, le=4096
    )
    length_penalty: float = option(
        1.0, "Length penalty", "With several beams, values above 1 favour longer summaries.", ge=-5.0, le=5.0
    )
    temperature: float = option(
        0.0,
        "Temperature",
        "0 takes the most likely token; higher values sample, more randomly.",
        ge=0.0,
        le=2.0,
    )
    top_p: float = option(
        1.0, "Top-p", "Sample from the likeliest tokens with this total probability.", gt=0.0, le=1.0
    )
    seed: int = option(42, "Seed", "The same seed gives the same result.", ge=0, le=2**31 - 1)
    repetition_penalty: float = option(
        1.0, "Repetition penalty", "Above 1, repeated tokens become less likely.", ge=1.0, le=5.0
    )
    no_repeat_ngram: int = option(
        0,
        "No repeated n-gram",
        "No sequence of this many tokens occurs twice.",
        unit="tokens",
        zero="off",
        ge=0,
        le=16,
    )


class SummarizeOptions(DecodingOptions):
    """All options of a request for summaries; `describe` gives a form its fields."""

    long_conversations: Literal["cut", "piecewise"] = option(
        "cut",
        "Long conversations",
        "Conversations over the training limit are cut, or summarised in parts and then as a whole.",
    )
    runtime: Literal["tunesmith", "ctranslate2"] = option(
        "tunesmith",
        "Runtime",
        "CTranslate2 is faster for small T5 models on a CPU, but shows only complete summaries and can't "
        "sample.",
    )


def problems(options: DecodingOptions) -> list[Problem]:
    """Return the problems of options that contradict each other."""
    problems = []
    if options.temperature > 0.0 and options.beams > 1:
        problems.append(Problem("beams", "Sampling needs one beam.", "Set Beams to 1, or Temperature to 0."))
    if options.min_new_tokens > options.max_new_tokens:
        problems.append(
            Problem(
                "min_new_tokens",
                say(
                    "The minimum length, {}, is above the maximum, {}.",
                    options.min_new_tokens,
                    options.max_new_tokens,
                ),
                "Lower Minimum length, or raise Maximum length.",
            )
        )
    if isinstance(options, SummarizeOptions) and options.runtime == CTRANSLATE2:
        problems += unknown_to_ctranslate2(options)
    return problems


def unknown_to_ctranslate2(options: DecodingOptions) -> list[Problem]:
    """Return a problem for each setting in use that CTranslate2 lacks, or has otherwise."""
    return [
        Problem(name, say("CTranslate2 doesn't support this setting: {}.", declared.title), OWN_ENGINE)
        for name, declared in DecodingOptions.model_fields.items()
        if name not in KNOWN_TO_CTRANSLATE2 and getattr(options, name) != declared.default
    ]


def from_command(command: Mapping[str, Any]) -> SummarizeOptions:
    """Return the options of a command. Raises RecipeError for invalid values."""
    given = {name: command[name] for name in SummarizeOptions.model_fields if name in command}
    options, refusals = check(SummarizeOptions, given, "")
    refusals = problems(options) if options else refusals
    if options is None or refusals:
        raise RecipeError(tuple(refusals))
    return options
