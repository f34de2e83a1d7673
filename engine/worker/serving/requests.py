"""Parses the command `summarize`.

    request          its id, which every event about it carries
    columns          adapters (ids or folders), null for the base model alone
    conversation     one conversation, with its `reference` summary if there is one
    conversations    or several: a list of tables of `conversation` and `reference`
    prompt           replaces the prompts of the columns: `template`, `max_conversation_tokens`; may be absent
    …                the settings of `engine.config.decoding`; absent ones have their defaults

It is answered by events with `request` and `adapter` (a column's name), and for several conversations `index` (of the
conversation in the list, from 0):

    summary_started    one conversation: input_tokens, limit (tokens), cut, pieces (chunks; 1: read whole)
    piece_finished     chunk by chunk: round, piece, pieces (all from 1), summary; the next round reads the summaries
    summary_extended   one conversation: text, written since the last such event
    summary_finished   summary, tokens, seconds, capped, cancelled (one conversation), scores (with a reference); for
                       several conversations also input_tokens, limit, cut, pieces
    summary_failed     message, hint
    request_progressed done and total summaries, for several conversations
    request_finished   cancelled; once per request, last

Requests for the same that wait are written together, each with events of its own. Knows nothing of models.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.adapters.metadata import PromptFacts, refuse_long_prompt
from engine.config import decoding
from engine.config.decoding import SummarizeOptions
from engine.errors import AppError, DataError
from engine.jobs.job import Command

# Longer conversations are written alone: split into chunks they keep others waiting.
MAX_SHARED_CHARACTERS = 20_000


class Cancelled(Exception):
    """Nobody waits for the summaries any more."""


@dataclass(frozen=True)
class AskedConversation:
    """A conversation to summarise, and its reference summary, "" if there is none."""

    text: str
    reference: str = ""


@dataclass(frozen=True)
class Request:
    """A parsed command; `error` says what is wrong with its settings or its prompt, None if nothing is."""

    id: str
    columns: tuple[str | None, ...]
    conversations: tuple[AskedConversation, ...]
    is_list: bool
    options: SummarizeOptions
    prompt: PromptFacts | None = None
    error: AppError | None = None

    @property
    def total(self) -> int:
        """The number of requested summaries."""
        return len(self.conversations) * len(self.columns)

    def goes_with(self, other: Request) -> bool:
        """Tell whether one batch can answer both."""
        same = (self.columns, self.options, self.prompt) == (other.columns, other.options, other.prompt)
        return same and self._is_short and other._is_short

    @property
    def _is_short(self) -> bool:
        short = len(self.conversations) == 1 and len(self.conversations[0].text) <= MAX_SHARED_CHARACTERS
        return short and self.error is None


def from_command(asked: Command) -> Request:
    """Return the request of a command."""
    is_list = "conversations" in asked
    tables = asked["conversations"] if is_list else [asked]
    conversations = tuple(
        AskedConversation(table["conversation"], (table.get("reference") or "").strip()) for table in tables
    )
    prompt = PromptFacts(**asked["prompt"]) if asked.get("prompt") else None
    options, problem = SummarizeOptions(), None
    try:
        options = decoding.from_command(asked)
        refuse_long_prompt(prompt, "the playground")
        _refuse_half_characters(conversations)
    except AppError as error:
        problem = error
    return Request(
        asked["request"], tuple(asked["columns"]), conversations, is_list, options, prompt, problem
    )


def _refuse_half_characters(conversations: tuple[AskedConversation, ...]) -> None:
    """Raise DataError for half of an emoji, as JSON can name it: no tokenizer reads it."""
    for each in conversations:
        try:
            f"{each.text}{each.reference}".encode()
        except UnicodeEncodeError as error:
            raise DataError(
                "The conversation contains an incomplete character, such as half an emoji.",
                "Retype or delete it.",
            ) from error
