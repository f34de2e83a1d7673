"""Verifies a GGUF file in llama.cpp's own server, as LM Studio and Ollama run it: by its chat template and end tokens.

The server listens on this computer alone, with a key of its own, as long as the verification lasts.
Source: https://github.com/ggml-org/llama.cpp/tree/master/tools/server.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from engine.messages import say
from engine.worker.exports.gguf_model import MODEL
from engine.worker.exports.programs import Answer, ExportFailed, Question, last_lines
from engine.worker.runtime.channel import Channel

PROGRAM = "llama-server"
HOST = "127.0.0.1"
POLL_SECONDS = 0.2
ANSWER_SECONDS = 600.0

Ask = Callable[[str, dict[str, Any]], dict[str, Any]]


def is_here() -> bool:
    """Return whether the program is on this computer."""
    return shutil.which(PROGRAM) is not None


def answers(
    channel: Channel, folder: Path, questions: Sequence[Question], new_tokens: int
) -> Iterator[Answer]:
    """Let the server answer chats with the model in a folder. Raises ExportFailed, Stopped."""
    longest = max(len(question.prompt_ids) for question in questions)
    with _server(channel, folder / MODEL, 2 * (longest + new_tokens)) as ask:
        for question in questions:
            # The prompt as the file's template writes it around a chat's only message.
            messages = [{"role": "user", "content": question.shown}]
            prompt = ask("/apply-template", {"messages": messages})["prompt"]
            tokens = ask("/tokenize", {"content": prompt, "add_special": True, "parse_special": True})
            wanted = {"messages": messages, "temperature": 0, "max_tokens": new_tokens}
            written = ask("/v1/chat/completions", wanted)["choices"][0]["message"]["content"]
            yield Answer(written.strip(), tokens["tokens"])
            channel.check_stop()


@contextmanager
def _server(channel: Channel, model: Path, context: int) -> Iterator[Ask]:
    """Run the server with room for so many tokens; yield what asks it."""
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    key = secrets.token_urlsafe(24)
    options = {"-m": str(model), "-c": str(context), "--host": HOST, "--port": str(port)}
    command = [PROGRAM, *(word for option in options.items() for word in option), "--jinja"]
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:

        def failure(reason: str) -> ExportFailed:
            said.seek(0)
            return ExportFailed(f"{PROGRAM}: {reason}.\n{last_lines(said.read())}".strip())

        try:
            # Every user of this computer sees the words of a command, and only this one its environment.
            environment = os.environ | {"LLAMA_API_KEY": key}
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=environment
            )
        except OSError as error:
            raise ExportFailed(say("{} can't be started: {}.", PROGRAM, error.strerror)) from error
        client = httpx2.Client(
            base_url=f"http://{HOST}:{port}",
            headers={"Authorization": f"Bearer {key}"},
            timeout=ANSWER_SECONDS,
            trust_env=False,
        )

        def is_ready() -> bool:
            try:
                # 503 while the model is loaded.
                return client.get("/health").is_success
            except httpx2.TransportError:
                return False

        def ask(path: str, content: dict[str, Any]) -> dict[str, Any]:
            try:
                response = client.post(path, json=content)
                found: dict[str, Any] = response.json()
            except (httpx2.TransportError, ValueError) as error:
                raise failure(say("{} failed: {}", path, error)) from error
            if not response.is_success:
                raise failure(say("{} answered {}", path, response.status_code))
            return found

        try:
            while not is_ready():
                channel.check_stop()
                if process.poll() is not None:
                    raise failure("it ended")
                time.sleep(POLL_SECONDS)
            yield ask
        finally:
            client.close()
            process.kill()
            process.wait()
