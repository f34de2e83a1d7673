"""Runs a base model's chat template: a program of whoever made the model, so it runs in the sandbox.

Knows what surrounds a prompt and its answer, and nothing of conversations and labels.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Literal

import jinja2

from engine.errors import ChatTemplateError, first_line
from engine.messages import say
from engine.system import sandbox
from engine.system.sandbox import Exceeded, LimitError, Limits

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

PromptFormat = Literal["chat", "plain"]
FIELD = "data.prompt_format"
# What a template may add to the texts that it is given.
MAX_ADDED_CHARACTERS = 100_000
MAX_SECONDS = 5.0
MAX_BYTES = 1 << 30
RENDERER = "transformers.utils.chat_template_utils"
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
    dated = f"{FIXED_DAY}{template}" if "strftime_now" in template else template
    outcome = _outcome(_Template(dated, tuple(sorted(tokenizer.special_tokens_map.items()))), turns)
    if isinstance(outcome, str):
        raise _error(outcome)
    return outcome


@dataclass(frozen=True)
class _Template:
    """A chat template with the special tokens that it may write, by their names."""

    text: str
    special_tokens: tuple[tuple[str, str], ...]


@lru_cache(maxsize=256)
def _outcome(template: _Template, turns: Turns) -> ChatFrame | str:
    """Return the frame or why there is none: a template that never ends must not be waited for twice."""
    try:
        return _frame(template, turns)
    except ChatTemplateError as error:
        return error.message


def _frame(template: _Template, turns: Turns) -> ChatFrame:
    asked, probed, answered = _rendered(template, turns)
    before, after = _around(asked, QUESTION)
    if before + PROBE + after != probed:
        raise _error("The chat template changes its input.")
    begun, end = _around(answered, ANSWER)
    # A template may begin an answer otherwise where it has one than where it asks for one.
    lead = begun[len(asked) :] if begun.startswith(asked) else ""
    if lead.strip():
        # The model would have to write it every time, so it is part of what it reads.
        return ChatFrame(before, after + lead, "", end)
    return ChatFrame(before, after, lead, end)


def _around(text: str, mark: str) -> tuple[str, str]:
    if text.count(mark) != 1:
        raise _error("The chat template drops or repeats its input.")
    before, _, after = text.partition(mark)
    return before, after


def _rendered(template: _Template, turns: Turns) -> list[str]:
    """Return three texts: a question, a probe and an answered question. Raises ChatTemplateError."""
    earlier = [message for question, answer in turns for message in (_user(question), _assistant(answer))]
    chats = [
        [*earlier, _user(QUESTION)],
        [*earlier, _user(PROBE)],
        [*earlier, _user(QUESTION), _assistant(ANSWER)],
    ]
    work = partial(_texts, template, chats)
    try:
        return sandbox.result(work, Limits(MAX_BYTES, MAX_SECONDS), [RENDERER])
    except LimitError as error:
        raise _error(_IN_WORDS[error.exceeded]) from error


_IN_WORDS = {
    Exceeded.TIME: say("The chat template doesn't finish within {:.0f} seconds.", MAX_SECONDS),
    Exceeded.MEMORY: "The chat template needs too much memory.",
    Exceeded.CRASH: "The chat template crashed its process.",
}


def _user(text: str) -> Message:
    return {"role": "user", "content": text}


def _assistant(text: str) -> Message:
    return {"role": "assistant", "content": text}


def _texts(template: _Template, chats: list[list[Message]]) -> list[str]:
    """Return the texts of chats; one that ends with no answer asks for one. Raises ChatTemplateError."""
    from transformers.utils.chat_template_utils import render_jinja_template

    texts: list[str] = []
    for chat in chats:
        try:
            [[text], _] = render_jinja_template(
                [chat],
                chat_template=template.text,
                add_generation_prompt=chat[-1]["role"] == "user",
                **dict(template.special_tokens),
                enable_thinking=False,
                date_string=TODAY,
            )
        except MemoryError:
            raise
        # A template can raise whatever Python can.
        except Exception as error:
            raise _error(say("The chat template fails: {}", _first_line(error))) from error
        if len(text) > sum(len(message["content"]) for message in chat) + MAX_ADDED_CHARACTERS:
            raise _error("The chat template adds too much to its input.")
        texts.append(text)
    return texts


def _first_line(error: Exception) -> str:
    """Return an error's first line, with its kind unless it is the template's own."""
    kind, message = type(error).__name__, first_line(error)
    return message if message == kind or isinstance(error, jinja2.TemplateError) else f"{kind} {message}"


def _error(message: str) -> ChatTemplateError:
    return ChatTemplateError(message, 'Choose "plain" to avoid it.', FIELD)
