"""What runs and arenas both show: a headline, the colour of a verdict, the protocol as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.config import general_text
from engine.scoring import score_text

TONES = {"better": "better", "worse": "worse"}
EVEN = "even"
Interval = tuple[float, float | None, float | None]


@dataclass(frozen=True)
class Headline:
    """The answer at the top of a report; `tone` is its colour."""

    title: str
    text: str
    tone: str = ""


def tone(verdict: str) -> str:
    """Return the colour of a verdict."""
    return TONES.get(verdict, EVEN)


def interval(values: Mapping[str, float]) -> Interval:
    """Return a mean with the ends of its interval, None where it has none."""
    return values["mean"], values.get("low"), values.get("high")


def protocol_text(protocol: Mapping[str, Any]) -> str:
    """Return the protocol of scores as sentences: only scores of the same protocol may be compared."""
    count = int(protocol.get("examples") or 0)
    scored = score_text.counted(count, f"{protocol.get('split', 'test')} conversation")
    source = (protocol.get("data") or {}).get("source")
    beams = int(protocol.get("beams") or 1)
    metric = protocol.get("metric") or {}
    references = protocol.get("references") or {}
    decoding = "greedily" if beams == 1 else f"with {beams} beams"
    limit = protocol.get("max_new_tokens")
    sentences = [
        f"Scored on {scored} of {source}" if source else f"Scored on {scored}",
        "Prompted in the model's own chat format" if protocol.get("prompt_format") == "chat" else "",
        *score_text.language_notes(protocol),
        f"Compared {score_text.base_form(protocol)}" if protocol.get("base_form") else "",
        f"Decoded {decoding}, at most {limit} tokens" if limit else f"Decoded {decoding}",
        _written_by(protocol),
        f"Measured by {metric['name']}" if isinstance(metric, dict) and metric.get("name") else "",
        f"Up to {references['most']} reference summaries a conversation, the best of them counts"
        if references
        else "",
        _general_text(protocol.get(general_text.KEY)),
        "Differences are paired, conversation by conversation",
    ]
    return ". ".join(filter(None, sentences)) + "."


def _written_by(protocol: Mapping[str, Any]) -> str:
    written = score_text.written_by(protocol)
    return f"{written[:1].upper()}{written[1:]}"


def _general_text(said: Any) -> str:
    """Return on which text forgetting was measured, "" where it was not."""
    if not isinstance(said, dict):
        return ""
    text = "the bundled text" if said.get("text") == general_text.AUTO else str(said.get("text"))
    return (
        f"Loss on general text measured on {text}, {score_text.counted(said.get('passages') or 0, 'passage')}"
    )
