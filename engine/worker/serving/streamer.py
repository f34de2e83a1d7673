"""Streams a summary's text while it is generated: whole characters only, none that a later token could change."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from transformers import PreTrainedTokenizerBase

from engine.worker.generation.generate import plain_text

# At most 20 events per second: nobody reads faster.
EXTEND_SECONDS = 0.05
UNFINISHED = "\N{REPLACEMENT CHARACTER}"


class TextStreamer:
    """Decodes the tokens of one summary and sends the new text."""

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, send: Callable[[str], None], *, shown: bool = True
    ) -> None:
        """Prepare; with `shown` false nothing is sent before the end, as for beams, whose text changes."""
        self._tokenizer = tokenizer
        self._send = send
        self._shown = shown
        self._sent = ""
        self._sent_at = 0.0
        self.tokens = 0
        self.text = ""

    def extend(self, written: torch.Tensor) -> None:
        """Take all tokens so far (1 × tokens) and send their new text."""
        self.tokens = written.shape[1]
        now = time.perf_counter()
        if not self._shown or now - self._sent_at < EXTEND_SECONDS:
            return
        self._sent_at = now
        self.text = plain_text(self._tokenizer, written[0].tolist())
        # A character's bytes may be spread over tokens: an incomplete one decodes to a replacement character.
        self._send_new(self.text.rstrip(UNFINISHED))

    def finish(self, text: str) -> None:
        """Send the rest of the finished text."""
        self._send_new(text)

    def _send_new(self, text: str) -> None:
        if text.startswith(self._sent) and len(text) > len(self._sent):
            self._send(text[len(self._sent) :])
            self._sent = text
