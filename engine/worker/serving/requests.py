"""What a command `summarize` asks for.

    request          its id, which every event about it carries
    columns          adapters (ids or folders), null for the base model alone
    conversation     one conversation, `reference` its summary, if there is one
    conversations    or several: a list of tables of `conversation` and `reference`
    prompt           what every column reads in place of its own: `template`, `max_conversation_tokens`; may be absent
    …                the settings of `engine.config.decoding`, those that are absent at their defaults

What comes of it, events that carry `request` and `adapter` (a column's name), and `index` (a conversation's place in
the list, from 0) where several were asked for:

    summary_started    one conversation: input_tokens, limit (tokens), cut, pieces (1: read whole)
    piece_finished     piecewise: round, piece, pieces (all from 1), summary; the last round's summaries are read next
    summary_extended   one conversation: text, what has been written since
    summary_finished   summary, tokens, seconds, capped, cancelled (one conversation), scores (with a reference); of
                       several conversations also input_tokens, limit, cut, pieces
    summary_failed     message, hint
    request_progressed done and total summaries, where several conversations were asked for
    request_finished   cancelled; once for each request, last

Knows nothing of models.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.adapters.metadata import PromptFacts, refuse_endless
from engine.config import decoding
from engine.config.decoding import SummarizeOptions
from engine.errors import AppError
from engine.jobs.job import Command


@dataclass(frozen=True)
class AskedConversation:
    """A conversation to summarise, and its reference summary, "" if there is none."""

    text: str
    reference: str = ""


@dataclass(frozen=True)
class Request:
    """A command's contents; `trouble` is why its settings or its prompt can't be, None if they can."""

    id: str
    columns: tuple[str | None, ...]
    conversations: tuple[AskedConversation, ...]
    is_list: bool
    options: SummarizeOptions
    prompt: PromptFacts | None = None
    trouble: AppError | None = None

    @property
    def total(self) -> int:
        """How many summaries are asked for."""
        return len(self.conversations) * len(self.columns)


def from_command(asked: Command) -> Request:
    """Return what a command asks for."""
    is_list = "conversations" in asked
    tables = asked["conversations"] if is_list else [asked]
    conversations = tuple(
        AskedConversation(table["conversation"], (table.get("reference") or "").strip()) for table in tables
    )
    prompt = PromptFacts(**asked["prompt"]) if asked.get("prompt") else None
    options, trouble = SummarizeOptions(), None
    try:
        options = decoding.from_command(asked)
        refuse_endless(prompt, "the playground")
    except AppError as error:
        trouble = error
    return Request(
        asked["request"], tuple(asked["columns"]), conversations, is_list, options, prompt, trouble
    )
