"""What the verification of an export found, as texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.scoring import score_text

# In which other program an export was tried, by its name as a runtime; older adapters name llama-cli.
TRIED_IN = {
    "llama-server": "Tried in llama.cpp's own server.",
    "llama-cli": "Tried in llama.cpp's own llama-cli.",
    "ollama": "Tried in Ollama.",
}
NOT_COMPARED = "It does not tell its prompts' tokens."
STATES = {
    "same": "Same",
    "worse": "Worse, not recommended",
    "too few to tell": "Too few conversations to tell",
    "failed": "It does not work",
    "not tried": "Not tried",
}


def lines(verified: Mapping[str, Any]) -> list[str]:
    """Return the verdict, and what differs in the prompts if anything does."""
    state = STATES[verified["state"]]
    if not verified["conversations"]:
        return [f"{state}. {verified['reason']}".strip()]
    count = verified["conversations"]
    found = [
        f"{state}: ROUGE-1 {_change(verified)}, {verified['identical']:,} of {count:,} summaries identical."
    ]
    if tried_in := TRIED_IN.get(verified.get("runtime", "")):
        found.append(tried_in)
    if verified["equal_prompts"] is None:
        found.append(NOT_COMPARED)
    elif other := count - verified["equal_prompts"]:
        found.append(
            f"{score_text.counted(other, 'prompt')} of {count:,} read differently: the template or tokenizer differs."
        )
    return found


def _change(verified: Mapping[str, Any]) -> str:
    """Return the change of ROUGE-1 with its interval: "-0.1 (-0.4 to +0.2)"; one conversation gives no interval."""
    difference = verified["difference"]["rouge1"]
    mean = score_text.gain(difference["mean"])
    if "low" not in difference:
        return mean
    return f"{mean} ({score_text.gain(difference['low'])} to {score_text.gain(difference['high'])})"
