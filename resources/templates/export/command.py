"""The command line of summarize.py: texts in files, or JSON lines from the standard input."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from prompting import decoded, prompt_ids

USAGE = "python summarize.py CONVERSATION.txt …\npython summarize.py --jsonl < conversations.jsonl"


def run(write: Callable[[list[int]], list[int]]) -> None:
    """Summarise what the command names; `write` returns the ids of a summary for those of a prompt."""
    if sys.argv[1:] == ["--jsonl"]:
        for line in sys.stdin:
            ids = prompt_ids(json.loads(line)["conversation"])
            print(json.dumps({"summary": decoded(write(ids)), "prompt_ids": ids}), flush=True)
    elif len(sys.argv) > 1:
        for name in sys.argv[1:]:
            print(decoded(write(prompt_ids(Path(name).read_text(encoding="utf-8")))))
    else:
        sys.exit(USAGE)
