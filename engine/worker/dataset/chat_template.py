"""Runs a base model's chat template: a program of whoever made the model, so it gets a process and limits of its own.

Knows what surrounds a prompt and its answer, and nothing of conversations and labels.
"""

from __future__ import annotations

import multiprocessing
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing.connection import Connection
from typing import Literal

import jinja2
import psutil
from transformers import PreTrainedTokenizerBase

from engine.errors import ChatTemplateError
from engine.worker.runtime import fork_pool

PromptFormat = Literal["chat", "plain"]
FIELD = "data.prompt_format"
# What a template may add to the texts that it is given.
MAX_ADDED_CHARACTERS = 100_000
MAX_SECONDS = 5.0
# A process that has to be started anew imports transformers first.
START_SECONDS = 120.0
MAX_BYTES = 1 << 30
MAX_ERROR_CHARACTERS = 200
# Stand for the last question and the answer; no template has reason to treat them in any special way.
QUESTION, ANSWER = "tunesmith7question", "tunesmith7answer"
# A template must pass on any text as it is.
PROBE = "\"1\" & '2' <3> {{ 4 }} {% 5 %} \\ ü 漢\n\n6: 7"
# A prompt that names today could neither be resumed exactly nor be compared with yesterday's scores. Models of the
# Llama 3 family fall back on this day too.
TODAY = "26 Jul 2024"
FIXED_DAY = f"{{% macro strftime_now(format) %}}{TODAY}{{% endmacro +%}}"

Message = dict[str, str]
# Pairs of a question and its answer, before the last question.
Turns = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ChatFrame:
    """What a chat template writes around a question and its answer.

    `before` holds all earlier turns and ends where the question begins; `after` ends where the model begins its answer.
    `lead` is what an answer begins with, `end` what follows it.
    """

    before: str
    after: str
    lead: str
    end: str

    def prompt(self, question: str) -> str:
        """Return all that the model reads before it answers."""
        return f"{self.before}{question}{self.after}"


def choose_format(setting: str, tokenizer: PreTrainedTokenizerBase) -> PromptFormat:
    """Return the format of a setting: `auto` is a chat where the tokenizer has a chat template that works."""
    if setting != "auto":
        return "chat" if setting == "chat" else "plain"
    return "chat" if has_template(tokenizer) and template_error(tokenizer) is None else "plain"


def has_template(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Return whether a tokenizer has a chat template for conversations without tools."""
    return _template_of(tokenizer) is not None


def template_error(tokenizer: PreTrainedTokenizerBase) -> ChatTemplateError | None:
    """Return why a tokenizer's chat template can't be used, None if it can."""
    try:
        chat_frame(tokenizer)
    except ChatTemplateError as error:
        return error
    return None


def control_tokens(tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """Return the tokens with a meaning in a chat: special ones, and added ones that the chat template writes."""
    template = _template_of(tokenizer) or ""
    added = (token.content for token in tokenizer.added_tokens_decoder.values() if token.content in template)
    return sorted({*tokenizer.all_special_tokens, *added})


def _template_of(tokenizer: PreTrainedTokenizerBase) -> str | None:
    """Return a tokenizer's chat template; None if it has none, or several and none by default."""
    with suppress(ValueError):
        return tokenizer.get_chat_template()
    return None


def chat_frame(tokenizer: PreTrainedTokenizerBase, turns: Turns = ()) -> ChatFrame:
    """Return what the tokenizer's chat template writes around a question and an answer, after earlier turns.

    The template is told not to make the model think before it answers. Raises ChatTemplateError for a template that
    fails, takes too long, writes too much or changes the texts; its own length is limited where the model is opened.
    """
    template = _template_of(tokenizer)
    if template is None:
        raise ChatTemplateError("This base model has no chat template.", 'Choose "auto" or "plain".', FIELD)
    outcome = _outcome(_Renderer(tokenizer, template), turns)
    if isinstance(outcome, str):
        raise _error(outcome)
    return outcome


class _Renderer:
    """Renders with a tokenizer's template; equal ones share their results."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, template: str) -> None:
        self._tokenizer = tokenizer
        self._template = f"{FIXED_DAY}{template}" if "strftime_now" in template else template
        self._identity = (template, repr(sorted(tokenizer.special_tokens_map.items(), key=str)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Renderer) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    def render(self, messages: Sequence[Message], *, answered: bool) -> str:
        """Return the text of messages; unless it ends with an answer, one is asked for."""
        text: str = self._tokenizer.apply_chat_template(
            list(messages),
            chat_template=self._template,
            tokenize=False,
            add_generation_prompt=not answered,
            enable_thinking=False,
            date_string=TODAY,
        )
        return text


@lru_cache(maxsize=256)
def _outcome(renderer: _Renderer, turns: Turns) -> ChatFrame | str:
    """Return the frame or why there is none: a template that never ends must not be waited for twice."""
    try:
        return _frame(renderer, turns)
    except ChatTemplateError as error:
        return error.message


def _frame(renderer: _Renderer, turns: Turns) -> ChatFrame:
    asked, probed, answered = _rendered_apart(renderer, turns)
    before, after = _around(asked, QUESTION)
    if before + PROBE + after != probed:
        raise _error("The base model's chat template changes the texts that it is given.")
    begun, end = _around(answered, ANSWER)
    # A template may begin an answer otherwise where it has one than where it asks for one.
    lead = begun[len(asked) :] if begun.startswith(asked) else ""
    if lead.strip():
        # The model would have to write it every time, so it is part of what it reads.
        return ChatFrame(before, after + lead, "", end)
    return ChatFrame(before, after, lead, end)


def _around(text: str, mark: str) -> tuple[str, str]:
    if text.count(mark) != 1:
        raise _error("The base model's chat template leaves out or repeats the texts that it is given.")
    before, _, after = text.partition(mark)
    return before, after


def _rendered_apart(renderer: _Renderer, turns: Turns) -> list[str]:
    """Return three texts, which another process renders: a question, a probe and an answered question."""
    earlier = [message for question, answer in turns for message in (_user(question), _assistant(answer))]
    works = [
        ([*earlier, _user(QUESTION)], False),
        ([*earlier, _user(PROBE)], False),
        ([*earlier, _user(QUESTION), _assistant(ANSWER)], True),
    ]
    texts = _run_limited(renderer, works)
    given = sum(len(message["content"]) for message in works[0][0])
    if max(map(len, texts)) > given + MAX_ADDED_CHARACTERS:
        raise _error("The base model's chat template adds too much to the texts that it is given.")
    return texts


def _user(text: str) -> Message:
    return {"role": "user", "content": text}


def _assistant(text: str) -> Message:
    return {"role": "assistant", "content": text}


Works = list[tuple[list[Message], bool]]


def _run_limited(renderer: _Renderer, works: Works) -> list[str]:
    """Render in a process that is ended when its time is up. Raises ChatTemplateError."""
    can_fork = fork_pool.is_supported()
    context = multiprocessing.get_context("fork") if can_fork else multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_render_all, args=(theirs, renderer, works), daemon=True)
    with warnings.catch_warnings():
        # The new process needs no thread but its own.
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    theirs.close()
    try:
        return _answer(ours)
    finally:
        process.kill()
        process.join()
        ours.close()


def _answer(connection: Connection) -> list[str]:
    with suppress(EOFError):
        if connection.poll(START_SECONDS):
            connection.recv()
        if not connection.poll(MAX_SECONDS):
            raise _error(f"The base model's chat template does not end within {MAX_SECONDS:.0f} seconds.")
        problem, texts = connection.recv()
        if problem:
            raise _error(problem)
        return list(texts)
    raise _error("The base model's chat template ended the process that ran it.")


def _render_all(connection: Connection, renderer: _Renderer, works: Works) -> None:
    """Send that the process stands, and then what is wrong and the texts."""
    _limit_memory()
    connection.send(None)
    try:
        texts = [renderer.render(messages, answered=answered) for messages, answered in works]
    except MemoryError:
        connection.send(("The base model's chat template needs too much memory.", []))
    # A template can raise whatever Python can.
    except Exception as error:  # noqa: BLE001
        connection.send((f"The base model's chat template fails: {_first_line(error)}", []))
    else:
        connection.send(("", texts))


def _limit_memory() -> None:
    """Limit what this process may take; Windows has no such limit."""
    if sys.platform != "win32":
        import resource

        taken = psutil.Process().memory_info().vms
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_AS, (taken + MAX_BYTES, taken + MAX_BYTES))


def _first_line(error: Exception) -> str:
    """Return an error's first line, with its kind unless it is the template's own."""
    message = (str(error).strip().splitlines() or [""])[0][:MAX_ERROR_CHARACTERS]
    return (
        message
        if message and isinstance(error, jinja2.TemplateError)
        else f"{type(error).__name__} {message}"
    )


def _error(message: str) -> ChatTemplateError:
    return ChatTemplateError(message, 'Choose "plain" to do without it.', FIELD)
