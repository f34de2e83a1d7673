"""A process that carries out commands one after another, and their workers' jobs too: it imports the libraries once.

python -m tests.helpers.command_server        reads a request a line, answers each with a line
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from tests.helpers.command_line import Finished, InProcessTerminal
from tests.helpers.repository import ROOT


class CommandServer:
    """The process, with environment variables of its own; seen from the tests."""

    def __init__(self, **variables: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.helpers.command_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, **variables},
        )

    def run(self, home: Path, *arguments: str, stdin: str = "") -> Finished:
        """Carry out a command to its end, in a home."""
        assert self._process.stdin
        assert self._process.stdout
        request = {"home": str(home), "arguments": arguments, "stdin": stdin}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the process ended"
        return Finished(**json.loads(answer))

    def close(self) -> None:
        """End the process and wait for it."""
        self._process.communicate()


def main() -> None:
    """Answer requests until there are no more."""
    requests = sys.stdin
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        # What libraries print is no answer.
        os.dup2(2, 1)
        for line in requests:
            request = json.loads(line)
            terminal = InProcessTerminal(Path(request["home"]))
            done = terminal.run(*request["arguments"], stdin=request["stdin"])
            print(json.dumps(asdict(done)), file=answers, flush=True)


if __name__ == "__main__":
    main()
