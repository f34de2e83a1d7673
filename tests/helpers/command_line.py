"""The command line: as a program of its own that is started, read and signalled, or carried out in this process.

As a `LineProcess` this module carries out commands one after another, and their workers' jobs too.
"""

import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from engine.commands import cli, follow_job
from engine.messages import from_json
from engine.system import paths
from tests.helpers import scripted_program
from tests.helpers.in_process_worker import InProcessSupervisor
from tests.helpers.line_process import answer_all


@dataclass(frozen=True)
class Finished:
    """What a command left: exit code and both streams."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> list[Any]:
        """Every line of standard output as JSON; a line that is none fails the test."""
        return [from_json(line) for line in self.out.splitlines()]

    @property
    def events(self) -> list[dict[str, Any]]:
        return [line for line in self.json if isinstance(line, dict) and "event" in line]

    def named(self, name: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event"] == name]

    @property
    def problems(self) -> list[dict[str, str]]:
        """The problems of the one line that has them."""
        lines = [line for line in self.json if isinstance(line, dict) and set(line) == {"problems"}]
        assert len(lines) == 1, self
        found: list[dict[str, str]] = lines[0]["problems"]
        return found


def finish(process: subprocess.Popen[str], read: str = "", stdin: str | None = None) -> Finished:
    """Wait for the end of a command of which so much was read; how long that takes is the runner's limit."""
    out, err = process.communicate(stdin)
    return Finished(process.returncode, read + out, err)


class Terminal:
    """Runs commands of one home, with real workers or with such as follow a script."""

    def __init__(self, home: Path, script: list[object] | None = None) -> None:
        self.home = home
        self._program = [sys.executable, str(paths.application_root() / "main.py")]
        if script is not None:
            self._program = scripted_program.command(script)
        self._environment = {**os.environ, "TUNESMITH_HOME": str(home)}

    def start(self, *arguments: str, **settings: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*self._program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            encoding="utf-8", env=self._environment, **settings,
        )  # fmt: skip

    def until_step(self, *arguments: str) -> tuple[subprocess.Popen[str], str]:
        """Start a command and return it after the first step of a run, with what was read so far."""
        process = self.start(*arguments, "--json")
        assert process.stdout is not None
        read = ""
        for line in process.stdout:
            read += line
            if '"step_finished"' in line:
                return process, read
        raise AssertionError(read)

    def run(self, *arguments: str, stdin: str = "", cwd: Path | None = None) -> Finished:
        return finish(self.start(*arguments, stdin=subprocess.PIPE, cwd=cwd), stdin=stdin)


class InProcessTerminal:
    """Carries out commands of one home in this process, and their workers' jobs too."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def run(self, *arguments: str, stdin: str = "", cwd: Path | None = None) -> Finished:
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.setenv("TUNESMITH_HOME", str(self.home))
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
            patch.setattr(follow_job, "Supervisor", InProcessSupervisor)
            if cwd is not None:
                patch.chdir(cwd)
            code = cli.run(cli.parse(arguments))
        return Finished(code, out.getvalue(), err.getvalue())


def _answered(request: dict[str, Any]) -> dict[str, Any]:
    return asdict(InProcessTerminal(Path(request["home"])).run(*request["arguments"], stdin=request["stdin"]))


if __name__ == "__main__":
    answer_all(_answered)
