"""The job `count_tokens`: a conversation's tokens while it is typed, and where a limit cuts it. Imports no torch.

Counts with the tokenizer alone, so that nothing has to be loaded for it. Knows nothing of windows.
"""

from __future__ import annotations

from typing import Any

from engine.worker.ingestion.token_lengths import counter_for
from engine.worker.runtime.channel import Channel


def run(channel: Channel, request: dict[str, Any]) -> None:
    """Count with the tokenizer of the request's `base_model`, an id, until told to quit or the window is gone."""
    counter = counter_for(request["base_model"])
    channel.emit("counter_ready", exact=counter.exact, words=counter.description)
    for asked in channel.newest("count"):
        ends, limit = counter.ends(asked["text"]), asked["limit"]
        # The character behind which the limit cuts the text.
        cut_at = ends[limit - 1] if len(ends) > limit else None
        channel.emit("tokens_counted", request=asked["request"], tokens=len(ends), cut_at=cut_at)
