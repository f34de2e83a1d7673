"""Adapters, runs, base models and dates as text for lists. Knows no widget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import QDate

from engine.api import SAMPLE, STARTER, AdapterMetadata, ScoreCard, languages, score_text
from gui.look.format import about_text, bytes_text, compact, number_text
from gui.look.language import locale, mark, tr, tr_count, translate

VERDICTS = {
    "better": ("arrow-up", mark("Better"), "accent"),
    "no measurable difference": ("equals", mark("No difference"), "muted"),
    "worse": ("arrow-down", mark("Worse"), "error"),
    "too few to tell": ("minus", mark("Too few to tell"), "hint"),
    # Of metrics without a better direction.
    "higher": ("arrow-up", mark("Higher"), "muted"),
    "lower": ("arrow-down", mark("Lower"), "muted"),
}
UNKNOWN_VERDICT = ("minus", mark("Not compared"), "hint")
# Shown instead of an empty summary.
NOTHING_WRITTEN = mark("The summary is empty.")


def data_text(source: str) -> str:
    """Return the display name of a data source: "SAMSum", "tickets.csv", "Sample conversations"."""
    if not source:
        return tr("Unknown data")
    return tr("Sample conversations") if source == SAMPLE else Path(source).name


def base_text(base_id: str) -> str:
    """Return the display name of a base model: a hub id unchanged, a folder by its name."""
    if not base_id:
        return tr("unknown base model")
    if base_id == STARTER:
        return tr("the practice model")
    return Path(base_id).name if Path(base_id).is_absolute() else base_id


def method_text(metadata: AdapterMetadata) -> str:
    """Return method and main setting: "LoRA, r 32", with the base's quantization if it has one."""
    method = metadata.method
    parts = [translate(method.title) or method.id, translate(method.summary)]
    if metadata.base_model.quantization != "none":
        parts.append(metadata.base_model.quantization.upper())
    return ", ".join(part for part in parts if part)


def protocol_text(protocol: Mapping[str, Any]) -> str:
    """Return a scoring protocol as text: "819 test conversations, greedy"."""
    count = int(protocol.get("examples") or 0)
    split = str(protocol.get("split") or "test")
    split = translate(score_text.SPLITS.get(split, split))
    parts = [tr_count(count, "{n} {split} conversation", "{n} {split} conversations", split=split)]
    parts += [tr("chat format")] if protocol.get("prompt_format") == "chat" else []
    parts.append(decoding_text(protocol))
    runtime = protocol.get("runtime")
    parts += [tr("written by CTranslate2")] if isinstance(runtime, Mapping) else []
    most = (protocol.get("references") or {}).get("most")
    parts += [tr("best of up to {count} references", count=number_text(most))] if most else []
    return ", ".join(parts)


def decoding_text(protocol: Mapping[str, Any]) -> str:
    """Return the decoding of summaries: "greedy" or "4 beams"."""
    beams = int(protocol.get("beams") or 1)
    return tr("greedy") if beams == 1 else tr_count(beams, "{n} beam", "{n} beams")


def protocol_source(card: ScoreCard, metadata: AdapterMetadata | None) -> str:
    """Return the scored data: the protocol's, else the training data of the adapter."""
    found = card.protocol.get("source") or card.protocol.get("data")
    if isinstance(found, Mapping):
        found = found.get("source")
    return str(found or (metadata.data.source if metadata is not None else ""))


def day_text(day: date, today: date) -> str:
    """Return a day as a heading: "Today", "Yesterday", "9 March", "9 March 2024"."""
    days = (today - day).days
    if days in (0, 1):
        return tr("Yesterday") if days else tr("Today")
    pattern = tr("d MMMM") if day.year == today.year else tr("d MMMM yyyy")
    return locale().toString(QDate(day.year, day.month, day.day), pattern)


def when_text(moment: datetime, now: datetime) -> str:
    """Return a moment for a narrow cell: "today, 14:14", "yesterday", "9 Mar"."""
    local, today = moment.astimezone(), now.astimezone().date()
    if local.date() == today:
        return tr("today, {time}", time=f"{local:%H:%M}")
    if (today - local.date()).days == 1:
        return tr("yesterday")
    pattern = tr("d MMM") if local.year == today.year else tr("d MMM yyyy")
    return locale().toString(QDate(local.year, local.month, local.day), pattern)


def moment_text(moment: datetime, now: datetime) -> str:
    """Return a moment for a sentence: "today at 14:14", "on 9 March"."""
    local, today = moment.astimezone(), now.astimezone().date()
    days, clock = (today - local.date()).days, f"{local:%H:%M}"
    if days in (0, 1):
        return tr("yesterday at {time}", time=clock) if days else tr("today at {time}", time=clock)
    return tr("on {day}", day=day_text(local.date(), today))


def grouped_digits(text: str) -> str:
    """Return a fingerprint in groups of digits: "9f3c 41d8 e07a"."""
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


Place = Literal["here", "catalogue", "hub"]
FAMILIES = {"encoder-decoder": mark("encoder-decoder"), "decoder-only": mark("decoder-only")}
# So many languages are named; of more, they are counted.
MAX_LANGUAGES = 4


@dataclass(frozen=True)
class ListedModel:
    """A base model of a list; None, "" and () stand for what is not known.

    `bytes` are those on this computer, or of the download. `language_count` counts more than the named `languages`.
    `in_catalogue` says that a context of None is one without a limit.
    """

    id: str
    place: Place
    family: str = ""
    bytes: int | None = None
    parameters: int | None = None
    licence: str = ""
    languages: tuple[str, ...] = ()
    language_count: int = 0
    context: int | None = None
    chat: bool | None = None
    gated: bool = False
    in_catalogue: bool = False

    @property
    def is_starter(self) -> bool:
        return self.id == STARTER

    @property
    def writes_text(self) -> bool:
        """Whether it can be used; of what the hub finds, all can."""
        return self.place == "hub" or bool(self.family)


@dataclass(frozen=True)
class Fit:
    """What a plan says of a run on a base model: in which format it fits, or `problem`."""

    form: str = ""
    memory_bytes: int | None = None
    seconds: float | None = None
    problem: str = ""


def of_catalogue(facts: Mapping[str, Any]) -> ListedModel:
    """Return a model of the catalogue, to be downloaded."""
    names = ("id", "family", "parameters", "licence", "language_count", "context", "chat", "gated")
    known = {name: facts[name] for name in names}
    return ListedModel(
        place="catalogue",
        bytes=facts["download_bytes"],
        languages=tuple(facts["languages"]),
        in_catalogue=True,
        **known,
    )


def on_this_computer(facts: Mapping[str, Any], listed: ListedModel | None) -> ListedModel:
    """Return a model on this computer, with what the catalogue knows of it."""
    known = listed or ListedModel(str(facts["id"]), "here")
    return ListedModel(
        id=known.id,
        place="here",
        family=str(facts.get("family") or ""),
        bytes=facts.get("size_bytes"),
        parameters=known.parameters,
        licence=str(facts.get("licence") or known.licence),
        languages=("en",) if known.is_starter else known.languages,
        language_count=known.language_count,
        context=known.context,
        chat=known.chat,
        in_catalogue=known.in_catalogue,
    )


def found_on_hub(facts: Mapping[str, Any]) -> ListedModel:
    """Return a model that a search on the hub found."""
    return ListedModel(
        id=str(facts["id"]),
        place="hub",
        family=str(facts.get("family") or ""),
        parameters=facts.get("parameters"),
        licence=str(facts.get("licence") or ""),
        languages=tuple(facts.get("languages") or ()),
        gated=bool(facts.get("gated")),
    )


def facts_text(model: ListedModel) -> str:
    """Return what is known of a model in one line: "248 M parameters · encoder-decoder · English · apache-2.0"."""
    if not model.writes_text:
        return tr("not a text model")
    parts = [
        tr("{count} parameters", count=compact(model.parameters)) if model.parameters else "",
        tr(FAMILIES[model.family]) if model.family in FAMILIES else model.family,
        "" if model.chat is None else tr("chat format") if model.chat else tr("plain prompt"),
        _languages_text(model),
        _context_text(model),
        model.licence or ("" if model.is_starter else tr("no licence stated")),
        _size_text(model),
        tr("accept its licence first") if model.gated else "",
    ]
    return " · ".join(part for part in parts if part)


def _languages_text(model: ListedModel) -> str:
    count = max(model.language_count, len(model.languages))
    if count > MAX_LANGUAGES:
        return tr_count(count, "{n} language", "{n} languages")
    return ", ".join(map(language_text, model.languages))


def all_languages_text(model: ListedModel) -> str:
    """Return all languages that are known by name, "" if `facts_text` has them."""
    count = max(model.language_count, len(model.languages))
    return ", ".join(map(language_text, model.languages)) if count > MAX_LANGUAGES else ""


def _context_text(model: ListedModel) -> str:
    if not model.in_catalogue:
        return ""
    if model.context is None:
        return tr("no context limit")
    return tr("context of {count} tokens", count=number_text(model.context))


def _size_text(model: ListedModel) -> str:
    if model.bytes is None:
        return ""
    size = bytes_text(model.bytes)
    return size if model.place == "here" else tr("{size} to download", size=size)


def fit_of(plan: Mapping[str, Any], quantization: str) -> Fit:
    """Return what a plan says; a plan without memory says nothing."""
    problems = plan.get("problems") or []
    memory, seconds = plan.get("memory_bytes"), plan.get("seconds")
    if plan.get("memory_suffices") is False:
        there = bytes_text(plan.get("memory_there_bytes"))
        text = tr("Does not fit: {needed} of {available}", needed=bytes_text(memory), available=there)
        return Fit("", memory, None, text)
    # What is not on this computer is no problem of the model.
    serious = [each for each in problems if each["field"] != "base_model.id"]
    if serious:
        return Fit(problem=translate(str(serious[0]["message"])))
    if memory is None:
        return Fit()
    return Fit(quantization if quantization != "none" else str(plan.get("precision", "")), memory, seconds)


def fit_texts(fit: Fit) -> tuple[str, str]:
    """Return whether a run fits this computer, and its memory and time: "Fits in bfloat16", "2.5 GB, about 9 min"."""
    if fit.problem or not fit.form:
        return fit.problem, ""
    form = tr("Fits in 4 bits (NF4)") if fit.form == "nf4" else tr("Fits in {format}", format=fit.form)
    costs = [bytes_text(fit.memory_bytes)]
    costs += [about_text(fit.seconds)] if fit.seconds else []
    return form, " · ".join(costs)


def language_text(code: str) -> str:
    """Return the name of a language of ISO 639."""
    return translate(languages.name(code))
