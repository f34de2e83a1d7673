"""The command line of summarize.py: texts in files, or JSON lines from the standard input.

What can't be read is named on standard error, the others are summarised, and the exit status is 1.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from prompting import decoded, prompt_ids

USAGE = "python summarize.py CONVERSATION.txt …\npython summarize.py --jsonl < conversations.jsonl"


def run(write: Callable[[list[int]], list[int]]) -> None:
    """Summarise what the command names; `write` returns the ids of a summary for those of a prompt."""
    if len(sys.argv) == 1:
        sys.exit(USAGE)
    summarize = _summarize_lines if sys.argv[1:] == ["--jsonl"] else _summarize_files
    sys.exit(1 if summarize(write) else 0)


def _summarize_lines(write: Callable[[list[int]], list[int]]) -> int:
    """Write a line for each line: a summary, or the error that was told. Return the number of errors."""
    errors = 0
    for number, line in enumerate(sys.stdin.buffer, start=1):
        if not line.strip():
            continue
        try:
            ids = prompt_ids(_conversation(line))
        except (ValueError, RecursionError, TypeError) as error:
            errors += 1
            message = f"line {number}: {error}"
            print(message, file=sys.stderr, flush=True)
            print(json.dumps({"error": message}), flush=True)
            continue
        print(json.dumps({"summary": decoded(write(ids)), "prompt_ids": ids}), flush=True)
    return errors


def _conversation(line: bytes) -> str:
    row = json.loads(line)
    conversation = row.get("conversation") if isinstance(row, dict) else None
    if not isinstance(conversation, str):
        raise TypeError('it is no object with a text as "conversation"')
    return conversation


def _summarize_files(write: Callable[[list[int]], list[int]]) -> int:
    """Write the summary of each file. Return the number of files that can't be read."""
    errors = 0
    for name in sys.argv[1:]:
        try:
            ids = prompt_ids(Path(name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            errors += 1
            print(f"{name}: {error}", file=sys.stderr, flush=True)
            continue
        print(decoded(write(ids)))
    return errors
