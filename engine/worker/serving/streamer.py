"""A summary's text as it grows: whole characters only, and nothing that a later token could change."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from transformers import PreTrainedTokenizerBase

from engine.worker.generation.generate import plain_text

# Text goes out at most 20 times a second: more is neither seen nor worth the events.
EXTEND_SECONDS = 0.05
UNFINISHED = "\N{REPLACEMENT CHARACTER}"


class Stream:
    """Send text on as its tokens come."""

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, send: Callable[[str], None], *, shown: bool = True
    ) -> None:
        """Prepare; with `shown` false (beams, which change their minds) nothing is sent before the end."""
        self._tokenizer = tokenizer
        self._send = send
        self._shown = shown
        self._sent = ""
        self._sent_at = 0.0
        self.tokens = 0
        self.text = ""

    def extend(self, written: torch.Tensor) -> None:
        """Take in what is written so far (1 × tokens)."""
        self.tokens = written.shape[1]
        now = time.perf_counter()
        if not self._shown or now - self._sent_at < EXTEND_SECONDS:
            return
        self._sent_at = now
        self.text = plain_text(self._tokenizer, written[0].tolist())
        # The bytes of a character may be spread over tokens: half of one decodes to a replacement mark.
        self._send_new(self.text.rstrip(UNFINISHED))

    def finish(self, text: str) -> None:
        """Send what is left of the finished text."""
        self._send_new(text)

    def _send_new(self, text: str) -> None:
        if text.startswith(self._sent) and len(text) > len(self._sent):
            self._send(text[len(self._sent) :])
            self._sent = text
