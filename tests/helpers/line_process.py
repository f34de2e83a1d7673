"""A process that answers lines of JSON on its standard output, and nothing else there; seen from both sides."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from tests.helpers.repository import ROOT


class LineProcess:
    """A module of this checkout in a process of its own, with environment variables more; a log gets its errors."""

    def __init__(self, module: str, log: Path | None = None, **variables: str) -> None:
        self._log = log
        with (log or Path(os.devnull)).open("ab") as stream:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=stream if log else None, cwd=ROOT, env={**os.environ, **variables}, text=True,
                encoding="utf-8",
            )  # fmt: skip

    def ask(self, request: Any) -> dict[str, Any]:
        """Return the answer to a request. Raises RuntimeError with the end of the log if there is none."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            said = self._log.read_text(encoding="utf-8").splitlines()[-20:] if self._log else ()
            raise RuntimeError("\n".join(["The process ended.", *said]))
        told: dict[str, Any] = json.loads(line)
        return told

    def close(self) -> None:
        self._process.communicate()


def own_output() -> IO[str]:
    """Keep standard output for answers; what libraries print goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def answer(answers: IO[str], result: dict[str, Any]) -> None:
    answers.write(json.dumps(result) + "\n")
    answers.flush()


def answer_all(done: Callable[[Any], dict[str, Any]]) -> None:
    """Answer requests until there are no more."""
    with own_output() as answers:
        for line in sys.stdin:
            answer(answers, done(json.loads(line)))
