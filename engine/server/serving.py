"""Serves adapters by name, decoded as they were scored. Imports the server's library only when it starts."""

from __future__ import annotations

import json
import os
import secrets
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.adapters.library import Adapter
from engine.config.decoding import DecodingOptions
from engine.errors import AdapterError, SettingError
from engine.jobs.events import Event
from engine.server.chat_api import BASE
from engine.system.paths import adapters_folder
from engine.text.escaping import unused

if TYPE_CHECKING:
    from engine.server.http_server import Server

DEFAULT_PORT = 8131
# A fixed token, so that clients can be set up once.
VARIABLE = "TUNESMITH_SERVE_TOKEN"
EXAMPLE = "Ann: Hi. Bob: Lunch at 1?"


@dataclass(frozen=True)
class Serving:
    """A running server: its address, the token that clients need, and the names of its models."""

    address: str
    token: str
    models: tuple[str, ...]
    _server: Server

    def tell(self, event: Event) -> None:
        """Pass on an event of the worker."""
        self._server.tell(event)

    def close(self) -> None:
        """Answer open requests with an error, and stop listening."""
        self._server.close()

    @property
    def curl(self) -> str:
        """A command that asks for a summary."""
        body = {"model": self.models[0], "messages": [{"role": "user", "content": EXAMPLE}]}
        data = json.dumps(body, ensure_ascii=False)
        # As a header, the process list would show the token to other users while curl waits.
        return shlex.join(
            ["curl", f"{self.address}/chat/completions", "--oauth2-bearer", self.token, "-d", data]
        )


def job_arguments(adapters: Sequence[Adapter], device: str = "auto") -> dict[str, Any]:
    """Return the arguments of the job that writes the summaries. Raises AdapterError for adapters of several bases."""
    tables = [adapter.metadata.base_model.as_table() for adapter in adapters]
    if any(table != tables[0] for table in tables):
        raise AdapterError(
            "The adapters were made for different base models.", "Serve them separately.", "adapter"
        )
    return {"base_model": tables[0], "device": device}


def start(adapters: Sequence[Adapter], send: Callable[..., None], port: int = DEFAULT_PORT) -> Serving:
    """Listen for clients; `send` reaches the worker that writes the summaries.

    Raises RecipeError for a port in use, and SettingError for a token that no header can carry.
    """
    from engine.server.http_server import HOST, Served, Server

    models = {
        name: Served(worker_name(adapter), decoding(adapter))
        for name, adapter in zip(model_names(adapters), adapters, strict=True)
    }
    token = _token()
    server = Server(models | {BASE: Served(None, decoding(adapters[0]))}, token, send)
    return Serving(f"http://{HOST}:{server.start(port)}/v1", token, (*models, BASE), server)


def model_names(adapters: Sequence[Adapter]) -> list[str]:
    """Return each adapter's model name: its name, or its id if others share it, with a number where needed."""
    wanted = [BASE, *(adapter.name for adapter in adapters)]
    names: list[str] = []
    for adapter in adapters:
        name = adapter.name if wanted.count(adapter.name) == 1 else adapter.id
        names.append(unused(name, {BASE, *names}.__contains__))
    return names


def _token() -> str:
    token = os.environ.get(VARIABLE) or secrets.token_urlsafe(24)
    if not (token.isascii() and token.isprintable() and " " not in token):
        raise SettingError(
            f"{VARIABLE} is not a valid token: it has spaces or non-ASCII characters.",
            "Use letters and digits, or unset it for a new token each time.",
            VARIABLE,
        )
    return token


def worker_name(adapter: Adapter) -> str:
    """Return the name of an adapter for a worker: an id in the library, or a folder."""
    return adapter.id if adapter.folder.parent == adapters_folder() else str(adapter.folder)


def decoding(adapter: Adapter | None) -> dict[str, Any]:
    """Return the decoding with which an adapter was scored, the defaults for the base model."""
    prompt, defaults = adapter.metadata.prompt if adapter else None, DecodingOptions()
    return {
        "beams": prompt.beams if prompt else defaults.beams,
        "max_new_tokens": prompt.max_new_tokens if prompt else defaults.max_new_tokens,
        "temperature": 0.0,
        "long_conversations": "piecewise",
    }
