"""How an export is tried: another program writes summaries with it, and tells the token ids of its prompts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.worker.exports import plain_prompt
from engine.worker.runtime.channel import Channel

ERROR_LINES = 3


class ExportFailed(Exception):
    """The program that runs the export ended with an error; its last lines are the message."""


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


# Tries the export in a folder, with so many new tokens at most. Raises ExportFailed, Stopped.
Try = Callable[[Channel, Path, Sequence[Question], int], Iterator[Answer]]


def by_script(
    channel: Channel, folder: Path, questions: Sequence[Question], _new_tokens: int
) -> Iterator[Answer]:
    """Let the export's own script answer, as its receiver would use it."""
    with subprocess.Popen(
        [sys.executable, plain_prompt.SCRIPT, "--jsonl"],
        cwd=folder,
        env=_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        errors: list[str] = []
        threads = [
            threading.Thread(target=_ask, args=(process, questions), daemon=True),
            threading.Thread(target=lambda: errors.extend(process.stderr or ()), daemon=True),
        ]
        for thread in threads:
            thread.start()
        try:
            for _ in questions:
                line = process.stdout.readline() if process.stdout else ""
                if not line:
                    threads[1].join()
                    raise ExportFailed(last_lines("".join(errors)))
                answer = json.loads(line)
                yield Answer(answer["summary"], answer["prompt_ids"])
                channel.check_stop()
        finally:
            process.kill()


def last_lines(text: str) -> str:
    """Return the last lines of what a program said."""
    return "\n".join(text.strip().splitlines()[-ERROR_LINES:])


def _ask(process: subprocess.Popen[str], questions: Sequence[Question]) -> None:
    """Send all conversations; what the process does not take, it does not answer."""
    assert process.stdin is not None
    try:
        for question in questions:
            process.stdin.write(json.dumps({"conversation": question.conversation}) + "\n")
        process.stdin.close()
    except OSError:
        return


def _environment() -> dict[str, str]:
    """Return the variables of a process that finds the libraries of this one, and nothing of Tunesmith."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return kept | {"HF_HUB_OFFLINE": "1", "PYTHONIOENCODING": "utf-8"}
