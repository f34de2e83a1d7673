"""Encodes conversations as token ids, with a plain prompt or through a model's chat template.

Training, scoring and the playground all use it, so that they can't differ.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tokenizers
import transformers
from transformers import PreTrainedTokenizerBase

from engine.config.prompts import question, rendered, split_cue
from engine.methods import Family
from engine.text.conversations import Example
from engine.worker.dataset.chat_template import ChatFrame, PromptFormat, chat_frame, control_tokens
from engine.worker.ingestion.token_lengths import SpecialTokens

IGNORED = -100


@dataclass(frozen=True)
class Encoded:
    """One example as token ids; labels of -100 are ignored.

    Encoder-decoder: `labels` are the summary's ids. Decoder-only: `input_ids` are prompt and summary,
    `labels` has the same length and is -100 over the prompt.
    """

    input_ids: list[int]
    labels: list[int]

    @property
    def label_tokens(self) -> int:
        """The number of labels that are not ignored."""
        return sum(label != IGNORED for label in self.labels)


# Stands for the conversation; no template has reason to treat it in any special way.
PLACE = "tunesmith7conversation"


class Prompter:
    """Formats conversations with a plain prompt and encodes them.

    `shots` are examples in the prompt, complete, each formatted by the template and followed by its summary. A
    conversation that is too long is truncated, never the prompt around it; `truncated_conversations` and
    `truncated_summaries` count the texts truncated so far. `end_tokens` end a summary besides the model's own. `frame`
    is what a chat template writes around the prompt.
    """

    format: PromptFormat = "plain"
    frame: ChatFrame | None = None
    end_tokens: tuple[int, ...] = ()
    # How many tokens a summary's end takes among its labels.
    num_end_tokens = 1

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        family: Family,
        template: str,
        max_conversation_tokens: int,
        max_summary_tokens: int,
        shots: Sequence[Example] = (),
    ) -> None:
        self._tokenizer = tokenizer
        self._family = family
        self._limit = max_conversation_tokens
        self._summary_limit = max_summary_tokens
        self._escape = SpecialTokens(self.reserved_tokens()).escaped
        self._template = template
        self.shots = [(self._escape(shot.conversation), self._escape(shot.summary)) for shot in shots]
        self.truncated_conversations = 0
        self.truncated_summaries = 0
        self._read_format()

    @property
    def identity(self) -> str:
        """A digest of everything that decides an example's ids: tokenizer, prompt and limits."""
        definition: dict[str, Any] = json.loads(self._tokenizer.backend_tokenizer.to_str())
        parts = (
            transformers.__version__,
            tokenizers.__version__,
            # Without the padding and truncation of the last call.
            definition | {"truncation": None, "padding": None},
            sorted(self._tokenizer.all_special_tokens),
            self._tokenizer.eos_token_id,
            self._family,
            self._template,
            self._limit,
            self._summary_limit,
            self.shots,
            *self._format_identity(),
        )
        return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()

    def input_ids(self, conversation: str) -> list[int]:
        """Return the input ids of a conversation for `generate`."""
        return self._prompt_ids(self.prompt(conversation))

    def prompt(self, conversation: str) -> str:
        """Return the prompt with the conversation, truncated to the limit: all up to where the summary begins."""
        return self._written(self.truncated(conversation))

    def around(self) -> tuple[str, str]:
        """Return what stands before and after the conversation in a prompt."""
        before, _, after = self._written(PLACE).partition(PLACE)
        return before, after

    def _written(self, conversation: str) -> str:
        return "".join(part.text for part in rendered(self._template, conversation, self.shots))

    def example(self, example: Example) -> Encoded:
        """Return an example encoded for training."""
        prompt = self.prompt(example.conversation)
        ids, summary = self._prompt_ids(prompt), self._escape(example.summary)
        if self._family == "encoder-decoder":
            return Encoded(ids, self._target_ids(summary))
        labels = self._continuation_ids(prompt, ids, summary)
        return Encoded(ids + labels, [IGNORED] * len(ids) + labels)

    def conversation_tokens(self, conversation: str) -> int:
        """Return the number of tokens of a conversation, before truncation."""
        return len(self._token_ids(conversation))

    def truncated(self, conversation: str) -> str:
        """Return a conversation truncated to the limit's tokens, never within a character."""
        conversation = self._escape(conversation)
        encoding = self._tokenizer(conversation, add_special_tokens=False, return_offsets_mapping=True)
        if len(encoding["input_ids"]) <= self._limit:
            return conversation
        self.truncated_conversations += 1
        return conversation[: encoding["offset_mapping"][self._limit - 1][1]].rstrip()

    def _read_format(self) -> None:
        """Take what surrounds prompt and summary from the tokenizer."""

    def reserved_tokens(self) -> Sequence[str]:
        """Return the tokens that no text of the data may become."""
        return list(self._tokenizer.all_special_tokens)

    def _format_identity(self) -> tuple[Any, ...]:
        return ()

    def _prompt_ids(self, prompt: str) -> list[int]:
        """Return a prompt's ids: an encoder's end with its end token; a decoder goes on, so its don't."""
        ids: list[int] = self._tokenizer(prompt)["input_ids"]
        if self._family == "decoder-only" and ids and ids[-1] == self._tokenizer.eos_token_id:
            ids = ids[:-1]
        return ids

    def _target_ids(self, summary: str) -> list[int]:
        """Return a summary's ids for a decoder of its own: with the start token, if there is one, and the end token."""
        whole: list[int] = self._tokenizer(text_target=summary)["input_ids"]
        if len(whole) <= self._summary_limit:
            return whole
        self.truncated_summaries += 1
        truncated: list[int] = self._tokenizer(
            text_target=summary, truncation=True, max_length=self._summary_limit
        )["input_ids"]
        return truncated

    def _continuation_ids(self, prompt: str, prompt_ids: list[int], summary: str) -> list[int]:
        """Return the ids of a summary that continues a prompt, with the end token."""
        return self._ended(self._token_ids(summary), [self._tokenizer.eos_token_id])

    def _ended(self, ids: list[int], end: list[int]) -> list[int]:
        """Return a summary's ids, truncated to the limit, with what ends it."""
        room = self._summary_limit - len(end)
        self.truncated_summaries += len(ids) > room
        return [*ids[:room], *end]

    def _token_ids(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids


class ChatPrompter(Prompter):
    """Formats conversations as a user's turn of a chat and summaries as the model's, by the model's chat template.

    Shots are earlier turns. The template writes all special tokens, so that the tokenizer adds none. What ends the
    model's turn is a label too, and generation stops at it. A decoder-only model goes on from the prompt's cue; a
    decoder of its own begins with the summary, so that the cue stays in the question. Raises ChatTemplateError.
    """

    format: PromptFormat = "chat"
    frame: ChatFrame

    def _read_format(self) -> None:
        continues = self._family == "decoder-only"
        self._turn, self._cue = split_cue(self._template) if continues else (self._template, "")
        turns = tuple(
            (self.question(conversation), f"{self._cue}{summary.strip()}")
            for conversation, summary in self.shots
        )
        self.frame = chat_frame(self._tokenizer, turns)
        # What ends the model's turn, as ids.
        self.turn_end = self._end_of_turn()
        self.end_tokens = (self.turn_end[-1],)
        self.num_end_tokens = len(self.turn_end)

    @property
    def lead(self) -> str:
        """What a decoder-only model's answer begins with; a cue has it already."""
        return "" if self._cue else self.frame.lead

    def question(self, conversation: str) -> str:
        """Return the user's turn of a conversation."""
        return "".join(part.text for part in question(self._turn, conversation))

    def _written(self, conversation: str) -> str:
        opening = f"{self.frame.lead}{self._cue}" if self._cue else ""
        return f"{self.frame.prompt(self.question(conversation))}{opening}"

    def reserved_tokens(self) -> Sequence[str]:
        """Return special tokens, and those that the chat template writes."""
        return control_tokens(self._tokenizer)

    def _format_identity(self) -> tuple[Any, ...]:
        return (self.format, self.frame, self._cue)

    def _prompt_ids(self, prompt: str) -> list[int]:
        return self._token_ids(prompt)

    def _target_ids(self, summary: str) -> list[int]:
        return self._ended(self._token_ids(summary.strip()), self.turn_end)

    def _continuation_ids(self, prompt: str, prompt_ids: list[int], summary: str) -> list[int]:
        """Return the ids of a summary as they stand after the prompt; some tokenizers begin a text differently."""
        text = f"{self.lead}{summary.strip()}"
        whole, read = self._token_ids(f"{prompt}{text}"), len(prompt_ids)
        ids = whole[read:] if whole[:read] == prompt_ids else self._token_ids(text)
        return self._ended(ids, self.turn_end)

    def _end_of_turn(self) -> list[int]:
        """Return what ends the model's turn: up to the first special token, or the end token if there is none."""
        ids = self._token_ids(self.frame.end.lstrip())
        special = set(self._tokenizer.convert_tokens_to_ids(list(self.reserved_tokens())))
        end = next((index for index, token in enumerate(ids) if token in special), None)
        return [self._tokenizer.eos_token_id] if end is None else ids[: end + 1]
