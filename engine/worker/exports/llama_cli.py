"""Tries a GGUF file in llama.cpp's `llama-cli`, where its server is not on the computer: a chat of one turn for each.

It does not tell the tokens of its prompts. Source: https://github.com/ggml-org/llama.cpp/tree/master/tools/cli.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from engine.system.foreign_files import open_regular
from engine.worker.exports import programs
from engine.worker.exports.answers import Answer, ExportFailed, Question
from engine.worker.exports.gguf_model import MODEL
from engine.worker.runtime.channel import Channel

PROGRAM = "llama-cli"
# Older ones mix what is written with what else they say.
NEEDED = ("--single-turn", "--output-file", "--no-escape")
HELP_SECONDS = 20.0
# Of a chat: far more than a model reads and writes.
MAX_BYTES = 16 << 20


def is_here() -> bool:
    """Tell whether the program is on this computer and writes its answers to a file."""
    program = shutil.which(PROGRAM)
    return program is not None and _writes_files(program)


@lru_cache
def _writes_files(program: str) -> bool:
    try:
        told = subprocess.run(
            [program, "--help"], capture_output=True, text=True, timeout=HELP_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return all(option in told.stdout for option in NEEDED)


def answers(
    channel: Channel, folder: Path, questions: Sequence[Question], new_tokens: int
) -> Iterator[Answer]:
    """Let it answer each chat with the model in a folder. Raises ExportFailed, Stopped."""
    longest = max(len(question.prompt_ids) for question in questions)
    with tempfile.TemporaryDirectory() as name:
        prompt, written = Path(name, "prompt"), Path(name, "written")
        options = {
            "-m": str(folder / MODEL), "-f": str(prompt), "-o": str(written), "-n": str(new_tokens),
            "-c": str(2 * (longest + new_tokens)), "--temp": "0",
        }  # fmt: skip
        words = [word for option in options.items() for word in option]
        command = [PROGRAM, *words, "--jinja", "--single-turn", "--no-escape", "--simple-io"]
        for question in questions:
            message = _message(question)
            prompt.write_text(message, encoding="utf-8", newline="")
            programs.run(channel, command, folder)
            yield Answer(_summary(message, written), None)


def _message(question: Question) -> str:
    """Return a conversation as it takes it: without new lines at the end, and none of its commands, such as /exit."""
    message = question.shown.rstrip("\n")
    return f" {message}" if message.startswith("/") else message


def _summary(message: str, written: Path) -> str:
    """Return what stands in its file behind the chat's only message."""
    before = f"User:\n{message}\n\nAssistant:\n"
    text = ""
    if written.exists():
        with open_regular(written) as stream:
            text = stream.read(MAX_BYTES).decode(errors="replace")
        written.unlink()
    if not text.startswith(before):
        raise ExportFailed(f"{PROGRAM} wrote something else than its chat: {text[:100]}")
    return text.removeprefix(before).strip()
