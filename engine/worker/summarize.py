"""The job `summarize`: a base model stays in memory and summarises on command, with and without adapters.

The columns of a request are written one after the other, and their text goes out as it grows. Knows nothing of
where it is shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

from engine import library
from engine.errors import AppError, BaseModelError
from engine.jobs import Command
from engine.library import Adapter
from engine.options import check
from engine.passport import PromptFacts
from engine.prompts import DEFAULT_PROMPT
from engine.recipe import BaseModelOptions
from engine.worker import base_models, devices, rouge
from engine.worker.channel import Channel
from engine.worker.generate import Generated, Model, generate, plain_text
from engine.worker.prompting import Prompter, remembered
from engine.worker.switcher import Switcher

LOOK_SECONDS = 0.05
# Text goes out at most 20 times a second: more is neither seen nor worth the events.
EXTEND_SECONDS = 0.05
UNFINISHED = "\N{REPLACEMENT CHARACTER}"
DEFAULT_PROMPTING = PromptFacts(template=DEFAULT_PROMPT, max_conversation_tokens=512)


class Cancelled(Exception):
    """The summary being written is not wanted any more."""


def run(channel: Channel, request: dict[str, Any]) -> None:
    """Load the base model, then summarise on command until told to quit or the window is gone."""
    options, problems = check(BaseModelOptions, request["base_model"], "base_model")
    if not isinstance(options, BaseModelOptions):
        raise BaseModelError(problems[0].message, problems[0].hint, problems[0].field)
    devices.reserve(request["device"])
    channel.enter("load_base")
    base = base_models.load(options, request["device"], channel)
    channel.emit("base_ready", family=base.family, precision=base.precision, device=str(base.device))
    Playground(channel, Switcher(base), request.get("prompt")).serve()


class Playground:
    """Commands in, summaries out."""

    def __init__(self, channel: Channel, switcher: Switcher, prompt: dict[str, Any] | None) -> None:
        """Prepare; `prompt` (template, max_conversation_tokens) holds for every column if given.

        An adapter that is a prompt reads its own all the same: without it there would be nothing to compare.
        """
        self._channel = channel
        self._switcher = switcher
        self._prompt = PromptFacts(**prompt) if prompt else None
        self._waiting: list[Command] = []
        self._cancelled: set[str] = set()
        self._quits = False

    def serve(self) -> None:
        """Do what is asked, in order, until `quit`, `stop` or the window's going."""
        while not self._quits:
            self._listen()
            if self._waiting:
                self._summarize(self._waiting.pop(0))
            else:
                time.sleep(LOOK_SECONDS)

    def _listen(self) -> None:
        """Take in commands. Raises Stopped if the job should stop."""
        self._channel.check_stop()
        for command in self._channel.kept_commands():
            if command["command"] == "summarize":
                self._waiting.append(command)
            elif command["command"] == "cancel":
                self._cancelled.add(command["request"])
            elif command["command"] == "quit":
                self._quits = True

    def _summarize(self, asked: Command) -> None:
        """Write every column of a request; one that can't be written says why, and the others go on."""
        for name in asked["columns"]:
            try:
                self._check_wanted(asked)
                self._write_column(asked, name)
            except Cancelled:
                return
            except AppError as error:
                self._channel.emit(
                    "summary_failed",
                    request=asked["request"],
                    adapter=name,
                    message=error.message,
                    hint=error.hint,
                )

    def _check_wanted(self, asked: Command) -> None:
        self._listen()
        if self._quits or asked["request"] in self._cancelled:
            raise Cancelled

    def _write_column(self, asked: Command, name: str | None) -> None:
        """Write one summary: what starts is said to be finished or failed, cancelled ones included."""
        adapter = library.find(name) if name else None
        with self._switcher.use(adapter) as model:
            facts = {"request": asked["request"], "adapter": name}
            prompter = self._prompter(asked, adapter)
            conversation_tokens = prompter.conversation_tokens(asked["conversation"])
            ids = prompter.input_ids(asked["conversation"])
            self._channel.emit(
                "summary_started", **facts, input_tokens=conversation_tokens, cut=prompter.cut > 0
            )
            stream = Stream(
                self._switcher.base.tokenizer,
                lambda text: self._channel.emit("summary_extended", **facts, text=text),
                shown=asked["beams"] == 1,
            )
            started = time.perf_counter()
            try:
                written = self._generate(model, ids, asked, stream)
            except Cancelled:
                self._finish(facts, asked, stream.text, stream.tokens, started, cancelled=True)
                raise
        stream.finish(written.text)
        self._finish(facts, asked, written.text, len(written.ids), started, capped=written.capped)

    def _generate(self, model: Model, ids: list[int], asked: Command, stream: Stream) -> Generated:
        def listen(written: torch.Tensor) -> None:
            stream.extend(written)
            self._check_wanted(asked)

        base = self._switcher.base
        (written,) = generate(
            model,
            base.tokenizer,
            base.family,
            [ids],
            beams=asked["beams"],
            max_new_tokens=asked["max_new_tokens"],
            temperature=float(asked["temperature"]),
            on_tokens=listen,
        )
        return written

    def _finish(
        self, facts: dict[str, Any], asked: Command, text: str, tokens: int, started: float, **more: bool
    ) -> None:
        reference = asked.get("reference", "").strip()
        if reference and not more.get("cancelled"):
            scores = rouge.score([text], [reference])
            facts = facts | {"scores": {name: values[0] for name, values in scores.items()}}
        self._channel.emit(
            "summary_finished",
            **facts,
            summary=text,
            tokens=tokens,
            seconds=round(time.perf_counter() - started, 4),
            **more,
        )

    def _prompter(self, asked: Command, adapter: Adapter | None) -> Prompter:
        own = _own_prompt(adapter)
        if adapter is None or not adapter.is_prompt:
            own = self._prompt or own
        prompt = own or _first_prompt(asked) or DEFAULT_PROMPTING
        return remembered(
            prompt, self._switcher.base, prompt.max_conversation_tokens, asked["max_new_tokens"]
        )


def _own_prompt(adapter: Adapter | None) -> PromptFacts | None:
    return adapter.passport.prompt if adapter else None


def _first_prompt(asked: Command) -> PromptFacts | None:
    """Return what the first adapter of a request was trained with, so that the base gets the same to read.

    One that is nothing but a prompt is compared with the base's plain prompt: with its own the two were the same.
    """
    for name in filter(None, asked["columns"]):
        try:
            adapter = library.find(name)
        except AppError:
            # Its own column says so.
            continue
        if adapter.passport.prompt and not adapter.is_prompt:
            return adapter.passport.prompt
    return None


class Stream:
    """Send text on as its tokens come: whole characters only, and nothing that a later token could change."""

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
