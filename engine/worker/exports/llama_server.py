"""Tries a GGUF file in llama.cpp's own server, as LM Studio and Ollama run it: by its chat template and end tokens.

The server listens on this computer alone and with a key of its own, as long as the trial lasts.
Source: https://github.com/ggml-org/llama.cpp/tree/master/tools/server.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import IO, Any

from engine.worker.exports.answers import Answer, ExportFailed, Question, last_lines
from engine.worker.exports.gguf_model import MODEL
from engine.worker.runtime.channel import Channel

PROGRAM = "llama-server"
HOST = "127.0.0.1"
POLL_SECONDS = 0.2
ANSWER_SECONDS = 600.0


def is_here() -> bool:
    """Tell whether the program is on this computer."""
    return shutil.which(PROGRAM) is not None


def answers(
    channel: Channel, folder: Path, questions: Sequence[Question], new_tokens: int
) -> Iterator[Answer]:
    """Let the server answer chats with the model in a folder. Raises ExportFailed, Stopped."""
    longest = max(len(question.prompt_ids) for question in questions)
    with _server(channel, folder / MODEL, 2 * (longest + new_tokens)) as server:
        for question in questions:
            yield server.answer(question.shown, new_tokens)
            channel.check_stop()


@contextmanager
def _server(channel: Channel, model: Path, context: int) -> Iterator[_Server]:
    """Yield the running server, with room for so many tokens."""
    port, key = _free_port(), secrets.token_urlsafe(24)
    options = {"-m": str(model), "-c": str(context), "--host": HOST, "--port": str(port)}
    command = [PROGRAM, *(word for option in options.items() for word in option), "--jinja"]
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        try:
            # Every user of this computer sees the words of a command, and only this one its environment.
            environment = os.environ | {"LLAMA_API_KEY": key}
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=environment
            )
        except OSError as error:
            raise ExportFailed(f"{PROGRAM} can't be started: {error.strerror}.") from error
        try:
            server = _Server(port, key, process, said)
            server.wait_until_ready(channel)
            yield server
        finally:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as found:
        port: int = found.getsockname()[1]
    return port


class _Server:
    def __init__(self, port: int, key: str, process: subprocess.Popen[Any], said: IO[str]) -> None:
        self._port, self._key = port, key
        self._process, self._said = process, said

    def wait_until_ready(self, channel: Channel) -> None:
        """Wait until the model is loaded."""
        while not self._is_ready():
            channel.check_stop()
            if self._process.poll() is not None:
                raise self._failure("it ended")
            time.sleep(POLL_SECONDS)

    def answer(self, text: str, new_tokens: int) -> Answer:
        """Return the summary of a chat's only message, and its prompt as the file's template writes it."""
        messages = [{"role": "user", "content": text}]
        prompt = self._asked("/apply-template", {"messages": messages})["prompt"]
        ids = self._asked("/tokenize", {"content": prompt, "add_special": True, "parse_special": True})[
            "tokens"
        ]
        wanted = {"messages": messages, "temperature": 0, "max_tokens": new_tokens}
        written = self._asked("/v1/chat/completions", wanted)["choices"][0]["message"]["content"]
        return Answer(written.strip(), ids)

    def _is_ready(self) -> bool:
        try:
            # 503 while the model is loaded.
            return self._answered("GET", "/health", None)[0] == HTTPStatus.OK
        except (OSError, HTTPException):
            return False

    def _asked(self, path: str, content: dict[str, Any]) -> dict[str, Any]:
        try:
            status, text = self._answered("POST", path, json.dumps(content))
            found: dict[str, Any] = json.loads(text)
        except (OSError, HTTPException, ValueError) as error:
            raise self._failure(f"{path} failed: {error}") from error
        if status != HTTPStatus.OK:
            raise self._failure(f"{path} answered {status}")
        return found

    def _answered(self, method: str, path: str, body: str | None) -> tuple[int, bytes]:
        headers = {"authorization": f"Bearer {self._key}", "content-type": "application/json"}
        with closing(HTTPConnection(HOST, self._port, timeout=ANSWER_SECONDS)) as connection:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.read()

    def _failure(self, reason: str) -> ExportFailed:
        self._said.seek(0)
        return ExportFailed(f"{PROGRAM}: {reason}.\n{last_lines(self._said.read())}".strip())
