"""Other programs that make an export, or that write summaries with it so that it can be verified."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from engine.messages import say
from engine.worker.exports import plain_prompt
from engine.worker.runtime.channel import Channel

POLL_SECONDS = 0.1
ERROR_LINES, MAX_WORDS = 3, 300


class ExportFailed(Exception):
    """The program that makes or runs the export ended with an error; its last lines are the message."""


@dataclass(frozen=True)
class Question:
    """A conversation, and what stands for it in the adapter's prompt: shortened, and without special tokens."""

    conversation: str
    shown: str
    prompt_ids: list[int]


@dataclass(frozen=True)
class Answer:
    """A summary, and the ids of the prompt that it was written for, None where the program does not tell them."""

    summary: str
    prompt_ids: list[int] | None


# Answers questions with the export in a folder, with so many new tokens at most. Raises ExportFailed, Stopped.
Answering = Callable[[Channel, Path, Sequence[Question], int], Iterator[Answer]]


def run(
    channel: Channel,
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    given: str = "",
) -> str:
    """Run a program to its end, unless the job is stopped, and return what it wrote to its standard output.

    `given` is its standard input. Raises ExportFailed with its last words if it fails or can't be started, Stopped.
    """
    with _text_file() as stdin, _text_file() as stdout, _text_file() as stderr:
        stdin.write(given)
        stdin.seek(0)
        try:
            process = subprocess.Popen(
                list(command), cwd=folder, env=environment, stdin=stdin, stdout=stdout, stderr=stderr
            )
        except OSError as error:
            raise ExportFailed(say("{} can't be started: {}.", command[0], error.strerror)) from error
        try:
            while process.poll() is None:
                channel.check_stop()
                time.sleep(POLL_SECONDS)
        finally:
            with suppress(OSError):
                process.kill()
            process.wait()
        for stream in (stdout, stderr):
            stream.seek(0)
        said, complained = stdout.read(), stderr.read()
    if process.returncode:
        words = [line.strip() for line in f"{said}\n{complained}".splitlines() if line.strip()]
        sys.stderr.write("\n".join(words) + "\n")
        raise ExportFailed(words[-1][:MAX_WORDS] if words else say("It ended with {}.", process.returncode))
    return said


def _text_file() -> IO[str]:
    return tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")


def answers_of_script(
    channel: Channel, folder: Path, questions: Sequence[Question], _new_tokens: int
) -> Iterator[Answer]:
    """Let the export's own script answer, as its receiver would use it."""
    # It finds the libraries of this process, and nothing of Tunesmith.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with subprocess.Popen(
        [sys.executable, plain_prompt.SCRIPT, "--jsonl"],
        cwd=folder,
        env=environment | {"HF_HUB_OFFLINE": "1", "PYTHONIOENCODING": "utf-8"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        errors: list[str] = []

        def ask() -> None:
            """Send all conversations; what the process does not take, it does not answer."""
            assert process.stdin is not None
            with suppress(OSError):
                for question in questions:
                    process.stdin.write(json.dumps({"conversation": question.conversation}) + "\n")
                process.stdin.close()

        threading.Thread(target=ask, daemon=True).start()
        listener = threading.Thread(target=lambda: errors.extend(process.stderr or ()), daemon=True)
        listener.start()
        try:
            for _ in questions:
                line = process.stdout.readline() if process.stdout else ""
                if not line:
                    listener.join()
                    raise ExportFailed(last_lines("".join(errors)))
                answer = json.loads(line)
                yield Answer(answer["summary"], answer["prompt_ids"])
                channel.check_stop()
        finally:
            process.kill()


def last_lines(text: str) -> str:
    """Return the last lines of what a program said."""
    return "\n".join(text.strip().splitlines()[-ERROR_LINES:])
