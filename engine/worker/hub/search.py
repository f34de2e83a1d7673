"""Searches the Hub for models that write text and have weights in the safetensors format. Downloads nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from huggingface_hub import get_session
from huggingface_hub.utils import build_hf_headers, hf_raise_for_status

from engine.methods import Family
from engine.system.connection import hub_address, require_hub
from engine.worker.hub.hub_errors import FIELDS, explained

MAX_FOUND = 20
# More are asked for than are returned: many models write no text.
MAX_ASKED = 100
MAX_SECONDS = 20
# What the Hub calls the tasks of models that write text, with the family that does them.
FAMILIES: dict[str, Family] = {
    "text-generation": "decoder-only",
    "text2text-generation": "encoder-decoder",
    "summarization": "encoder-decoder",
    "translation": "encoder-decoder",
}
FACTS = ["pipeline_tag", "safetensors", "cardData", "gated", "downloads"]


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
        # HfApi.list_models repeats a request for up to 23 s, and somebody is waiting.
        response = get_session().get(
            f"{hub_address()}/api/models",
            params={
                "search": words,
                "filter": "safetensors",
                "sort": "downloads",
                "limit": MAX_ASKED,
                "expand": FACTS,
            },
            headers=build_hf_headers(),
            timeout=MAX_SECONDS,
        )
        hf_raise_for_status(response)
        return [_described(each) for each in response.json() if each.get("pipeline_tag") in FAMILIES][
            :MAX_FOUND
        ]


def _described(info: dict[str, Any]) -> FoundModel:
    card = info.get("cardData") or {}
    languages = card.get("language") or ()
    return FoundModel(
        info["id"],
        FAMILIES[info["pipeline_tag"]],
        (info.get("safetensors") or {}).get("total"),
        str(card.get("license") or ""),
        tuple(map(str, [languages] if isinstance(languages, str) else languages)),
        bool(info.get("gated")),
        info.get("downloads") or 0,
    )
