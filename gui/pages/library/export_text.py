"""What became of an adapter's exports when they were scored again, as texts. Knows no widget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.api import NOT_COMPARED, TRIED_IN, exports
from gui.look.format import gain, number_text
from gui.look.language import mark, tr, tr_count, translate

STATES = {
    "same": mark("Same as the adapter"),
    "worse": mark("Worse than the adapter, not recommended"),
    "too few to tell": mark("Too few conversations to tell"),
    "failed": mark("It does not work"),
    "not tried": mark("Not tried"),
}
# Entries of the menu by kind and number format of an export.
MODELS = {
    ("merged", ""): mark("As a plain model"),
    ("ctranslate2", "float32"): mark("For CTranslate2"),
    ("ctranslate2", "int8"): mark("For CTranslate2, in 8 bits"),
    ("gguf", "int8"): mark("For llama.cpp and LM Studio, in 8 bits"),
    ("gguf", "q4_K_M"): mark("For llama.cpp and LM Studio, in 4 bits"),
    ("ollama", "int8"): mark("For Ollama, in 8 bits"),
    ("ollama", "q4_K_M"): mark("For Ollama, in 4 bits"),
}
# Made by llama.cpp's own program, where that is on the computer.
QUANTIZED = "q4_K_M"
# By llama.cpp's converter, which needs more than most encoder-decoder models have.
BY_CONVERTER = ("gguf", "ollama")
TITLES = {
    "merged": mark("Plain model"),
    "ctranslate2": "CTranslate2",
    "gguf": mark("llama.cpp"),
    "ollama": mark("Ollama"),
}


def entries(family: str) -> Iterator[tuple[str, str, str]]:
    """Yield kind, number format and the menu's text of what a model of a family can be exported as here."""
    for (to, precision), name in MODELS.items():
        by_converter = to in BY_CONVERTER
        if by_converter and family == "encoder-decoder":
            continue
        if precision == QUANTIZED and not exports.has_quantizer():
            continue
        fetches = by_converter and not exports.has_converter()
        text = tr("{name} (fetches 77 MB once)…", name=tr(name)) if fetches else f"{tr(name)}…"
        yield to, precision, text


def verdict(verified: Mapping[str, Any]) -> str:
    """Return what a verification found: "Same as the adapter: ROUGE-1 +0.1 (−0.4 to +0.6), 97 of 100 identical"."""
    state, count = tr(STATES[verified["state"]]), verified["conversations"]
    if not count:
        return f"{state}. {translate(verified['reason'])}".strip()
    return (
        tr_count(
            count,
            "{state}: ROUGE-1 {change}, {same} of {n} summary identical.",
            "{state}: ROUGE-1 {change}, {same} of {n} summaries identical.",
            state=state,
            change=_change(verified["difference"]["rouge1"]),
            same=number_text(verified["identical"]),
        )
        + _tried_in(verified.get("runtime", ""))
        + _prompts(count, verified["equal_prompts"])
    )


def handed_over(result: Mapping[str, Any]) -> str:
    """Return what became of an export in the program that it is for, "" if it is for none."""
    if result.get("model"):
        return tr("Ollama has it: ollama run {name}", name=result["model"])
    command = result.get("command", "")
    problem = translate(result.get("problem", ""))
    return f"{problem} {tr('To give it to Ollama: {command}', command=command) if command else ''}".strip()


def held(conversations: int) -> str:
    """Return what else is in the folder of a script that trains an adapter again."""
    return tr_count(
        conversations,
        "It holds the {n} conversation of the training: pass it on only to those who may read it.",
        "It holds the {n} conversations of the training: pass it on only to those who may read them.",
    )


def _tried_in(runtime: str) -> str:
    return " " + translate(TRIED_IN[runtime]) if runtime in TRIED_IN else ""


def _prompts(count: int, equal: int | None) -> str:
    if equal is None:
        return " " + translate(NOT_COMPARED)
    if equal == count:
        return ""
    return " " + tr("Its prompts read differently: {count} of them.", count=number_text(count - equal))


def _change(difference: Mapping[str, Any]) -> str:
    mean = gain(difference["mean"])
    if difference.get("low") is None:
        return mean
    low, high = gain(difference["low"]), gain(difference["high"])
    return tr("{mean} ({low} to {high})", mean=mean, low=low, high=high)


def title(to: str, precision: str) -> str:
    """Return the name of a kind of export with its number format: "CTranslate2, int8"."""
    name = tr(TITLES.get(to, to))
    return f"{name}, {precision}" if precision else name
