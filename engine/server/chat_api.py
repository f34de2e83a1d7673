"""The form of OpenAI's chat completions: requests parsed, answers written. Knows nothing of HTTP and of models.

What is sent is summarised: a single message of the user is the conversation; several messages are one, a line each with
who speaks. System messages are left out, since an adapter has a prompt of its own.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.config import decoding
from engine.errors import AppError

BASE = "base"
IGNORED_ROLES = ("system", "developer")
SPEAKERS = {"user": "User", "assistant": "Assistant"}
# Settings of decoding by their names in OpenAI's form.
SETTINGS = {
    "max_tokens": "max_new_tokens",
    "max_completion_tokens": "max_new_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "seed": "seed",
}


class RequestError(Exception):
    """A request that can't be answered: the HTTP status, what is wrong, and OpenAI's name of the field."""

    def __init__(self, status: int, message: str, field: str | None = None, kind: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.field = status, message, field
        self.kind = kind or ("server_error" if status >= 500 else "invalid_request_error")

    def body(self) -> dict[str, Any]:
        """Return the error as clients read it."""
        return {"error": {"message": self.message, "type": self.kind, "param": self.field, "code": None}}


@dataclass(frozen=True)
class ChatRequest:
    """A parsed request: the model's name, the conversation, whether it is streamed, and settings of decoding."""

    model: str
    conversation: str
    stream: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)


def parse(body: bytes, models: Sequence[str]) -> ChatRequest:
    """Return the request in a body; `models` are the names that are served. Raises RequestError."""
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RequestError(400, "The body is no JSON.") from error
    if not isinstance(asked, dict):
        raise RequestError(400, "The body is no JSON object.")
    model = str(asked.get("model"))
    if model not in models:
        known = ", ".join(models)
        raise RequestError(404, f"There is no model {model[:100]!r}. Served are: {known}.", "model")
    if asked.get("n", 1) != 1:
        raise RequestError(400, "One summary is written at a time: n must be 1.", "n")
    return ChatRequest(
        model, _conversation(asked.get("messages")), bool(asked.get("stream")), _settings(asked)
    )


def _conversation(messages: object) -> str:
    if not isinstance(messages, list) or not messages:
        raise RequestError(400, "There are no messages.", "messages")
    spoken = [(role, text) for role, text in map(_message, messages) if role not in IGNORED_ROLES]
    if len(spoken) == 1:
        text = spoken[0][1]
    else:
        text = "\n".join(f"{SPEAKERS.get(role, role.capitalize())}: {text}" for role, text in spoken)
    if not text.strip():
        raise RequestError(400, "The conversation is empty.", "messages")
    return text


def _message(message: object) -> tuple[str, str]:
    """Return who speaks and what is said; a message may name the speaker."""
    if not isinstance(message, dict) or not isinstance(message.get("role"), str):
        raise RequestError(400, "A message has no role.", "messages")
    name = message.get("name")
    role = message["role"]
    speaker = name if isinstance(name, str) and name and role not in IGNORED_ROLES else role
    content = message.get("content")
    if isinstance(content, list):
        content = "".join(map(_text_of_part, content))
    if not isinstance(content, str):
        raise RequestError(400, "A message has no text.", "messages")
    return speaker, content


def _text_of_part(part: object) -> str:
    if not isinstance(part, dict) or part.get("type") != "text" or not isinstance(part.get("text"), str):
        raise RequestError(400, "Only text can be summarised.", "messages")
    return str(part["text"])


def _settings(asked: Mapping[str, Any]) -> dict[str, Any]:
    settings = {
        SETTINGS[name]: value for name, value in asked.items() if name in SETTINGS and value is not None
    }
    try:
        decoding.from_command(settings)
    except AppError as error:
        ours = error.problems[0].field.rpartition(".")[2] if error.problems else ""
        name = next((name for name, own in SETTINGS.items() if own == ours and name in asked), None)
        raise RequestError(400, error.message, name) from error
    return settings


@dataclass
class Answer:
    """An answer in the making: its id, the model's name, and when it was begun, in seconds since 1970."""

    id: str
    model: str
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self, summary: str, *, capped: bool, read: int, written: int) -> dict[str, Any]:
        """Return the answer as one object; `read` and `written` are tokens."""
        message = {"role": "assistant", "content": summary}
        choice = {"index": 0, "message": message, "finish_reason": _reason(capped=capped)}
        usage = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
        return {**self._head("chat.completion"), "choices": [choice], "usage": usage}

    def part(self, text: str) -> dict[str, Any]:
        """Return the next piece of a streamed answer."""
        return self._chunk({"role": "assistant", "content": text}, None)

    def last(self, *, capped: bool) -> dict[str, Any]:
        """Return the end of a streamed answer."""
        return self._chunk({}, _reason(capped=capped))

    def _chunk(self, delta: dict[str, Any], reason: str | None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return {**self._head("chat.completion.chunk"), "choices": [choice]}

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


def _reason(*, capped: bool) -> str:
    return "length" if capped else "stop"


def model_list(names: Sequence[str]) -> dict[str, Any]:
    """Return the models that are served, in OpenAI's form."""
    return {
        "object": "list",
        "data": [{"id": name, "object": "model", "owned_by": "tunesmith"} for name in names],
    }
