"""Adapters, runs and dates as text for lists. Knows no widget."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import QDate

from engine.api import SAMPLE, STARTER, AdapterMetadata, ScoreCard
from gui.look.format import number_text
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
SPLITS = {"train": mark("train"), "validation": mark("validation"), "test": mark("test")}


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
    split = tr(SPLITS[split]) if split in SPLITS else split
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
