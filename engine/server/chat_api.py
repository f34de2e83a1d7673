"""OpenAI's chat completions format: parses requests and builds answers. Knows nothing of HTTP or models.

The messages are the conversation to summarise: one message is the whole text, several become a line each with the
speaker's name. System messages are ignored, since an adapter has its own prompt.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, FailFast, Field, ValidationError

from engine.config import decoding
from engine.errors import AppError

BASE = "base"
IGNORED_ROLES = ("system", "developer")
SPEAKERS = {"user": "User", "assistant": "Assistant"}
# Decoding settings by OpenAI's names.
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


class _Read(BaseModel):
    """A part of a request: strictly typed, with unknown fields ignored."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)


class TextPart(_Read):
    """A part of a message; only text can be summarised."""

    type: Literal["text"]
    text: str


def _as_parts(content: object) -> object:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


class Message(_Read):
    """One message; `name` is the speaker's."""

    role: str
    content: Annotated[list[TextPart], FailFast(), BeforeValidator(_as_parts)]
    name: str | None = None

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.content)

    @property
    def speaker(self) -> str:
        """The speaker's name."""
        return self.name or SPEAKERS.get(self.role, self.role.capitalize())


class ChatRequest(_Read):
    model: str
    # Only one error is reported, and a million would take minutes and gigabytes.
    messages: Annotated[list[Message], FailFast()]
    stream: bool | None = None
    n: int | None = Field(None, ge=1, le=1)
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None

    @property
    def conversation(self) -> str:
        """The text to summarise."""
        spoken = [message for message in self.messages if message.role not in IGNORED_ROLES]
        if len(spoken) == 1:
            return spoken[0].text
        return "\n".join(f"{message.speaker}: {message.text}" for message in spoken)

    @property
    def settings(self) -> dict[str, Any]:
        """The decoding settings that were given, by our names."""
        given = self.model_dump(include=set(SETTINGS), exclude_none=True)
        return {SETTINGS[name]: value for name, value in given.items()}


def parse(body: bytes, models: Sequence[str]) -> ChatRequest:
    """Return the request in a body; `models` are the names that are served. Raises RequestError."""
    try:
        asked = ChatRequest.model_validate_json(body)
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        place = ".".join(map(str, detail["loc"]))
        field_name = str(detail["loc"][0]) if place else None
        raise RequestError(400, f"{place or 'The body'}: {detail['msg']}.", field_name) from error
    if asked.model not in models:
        known = ", ".join(models)
        raise RequestError(404, f"There is no model {asked.model[:100]!r}. Available: {known}.", "model")
    if not asked.conversation.strip():
        raise RequestError(400, "The conversation is empty.", "messages")
    try:
        decoding.from_command(asked.settings)
    except AppError as error:
        ours = error.problems[0].field.rpartition(".")[2] if error.problems else ""
        given = asked.model_fields_set
        name = next((name for name, own in SETTINGS.items() if own == ours and name in given), None)
        raise RequestError(400, error.message, name) from error
    return asked


@dataclass
class Answer:
    """Builds the answer to one request; `created` is in seconds since 1970."""

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
