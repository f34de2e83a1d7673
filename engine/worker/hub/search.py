"""Searches the Hub for models that write text and have weights in the safetensors format. Downloads nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from huggingface_hub import HfApi, ModelInfo

from engine.methods import Family
from engine.system.connection import hub_address, require_hub
from engine.worker.hub.hub_errors import FIELDS, explained

MAX_FOUND = 20
# More are asked for than are returned: many models write no text.
MAX_ASKED = 100
# What the Hub calls the tasks of models that write text, with the family that does them.
FAMILIES: dict[str | None, Family] = {
    "text-generation": "decoder-only",
    "text2text-generation": "encoder-decoder",
    "summarization": "encoder-decoder",
    "translation": "encoder-decoder",
}
FACTS: list[Any] = ["pipeline_tag", "safetensors", "cardData", "gated", "downloads"]


@dataclass(frozen=True)
class FoundModel:
    """A model of the Hub; `parameters` is None and `licence` "" where the Hub does not say it."""

    id: str
    family: Family
    parameters: int | None
    licence: str
    languages: tuple[str, ...]
    gated: bool
    downloads: int


def find(words: str) -> list[FoundModel]:
    """Return the most downloaded models whose names match. Raises OfflineError and BaseModelError."""
    require_hub(FIELDS["model"])
    with explained(words, "main", "model"):
        api = HfApi(endpoint=hub_address())
        answers = api.list_models(
            search=words, filter="safetensors", sort="downloads", limit=MAX_ASKED, expand=FACTS
        )
        return [_described(each) for each in answers if each.pipeline_tag in FAMILIES][:MAX_FOUND]


def _described(info: ModelInfo) -> FoundModel:
    card: Any = info.card_data or {}
    languages = card.get("language") or ()
    return FoundModel(
        info.id,
        FAMILIES[info.pipeline_tag],
        info.safetensors.total if info.safetensors else None,
        str(card.get("license") or ""),
        tuple(map(str, [languages] if isinstance(languages, str) else languages)),
        bool(info.gated),
        info.downloads or 0,
    )
