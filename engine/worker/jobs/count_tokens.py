"""The job `count_tokens`: a conversation's tokens while it is typed, and where a limit cuts it. Imports no torch.

Waits for the command `count`; of several that wait only the last is answered, the text has changed since the others.
Counts with the tokenizer alone, so that nothing has to be loaded for it. Knows nothing of windows.
"""

from __future__ import annotations

import time
from typing import Any

from engine.jobs.job import Command
from engine.worker.ingestion.token_lengths import TokenCounter, counter_for
from engine.worker.runtime.channel import Channel

POLL_SECONDS = 0.05


def run(channel: Channel, request: dict[str, Any]) -> None:
    """Count with the tokenizer of the request's `base_model`, an id, until told to quit or the window is gone."""
    counter = counter_for(request["base_model"])
    channel.emit("counter_ready", exact=counter.exact, words=counter.description)
    while True:
        channel.check_stop()
        commands = channel.pending_commands()
        if any(command["command"] == "quit" for command in commands):
            return
        asked = [command for command in commands if command["command"] == "count"]
        if asked:
            _count(channel, counter, asked[-1])
        else:
            time.sleep(POLL_SECONDS)


def _count(channel: Channel, counter: TokenCounter, asked: Command) -> None:
    """Say how many tokens a text has, and behind which character the limit cuts it, None if it fits."""
    ends, limit = counter.ends(asked["text"]), asked["limit"]
    cut_at = ends[limit - 1] if len(ends) > limit else None
    channel.emit("tokens_counted", request=asked["request"], tokens=len(ends), cut_at=cut_at)
