"""Making an environment: the steps, each a program that is started, followed and, when asked, ended.

Carried out in a thread of its own; who shows it looks at `progress` as often as it likes.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import tomllib
from collections import deque
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, Literal

import environment

from launcher.builds import Build

# The whole of it is imported once, so that what does not work is found before it is taken into use.
TRIAL = "import accelerate, datasets, peft, torch, transformers; from PySide6 import QtSvg, QtWidgets"
LAST_LINES = 12
# pip says what has come in bytes since this version.
PIP_WITH_FIGURES = (24, 1)

FIGURES = re.compile(r"Progress (\d+) of (\d+)")
NAMED = re.compile(r"(Collecting|Downloading) ([\w.]+(?:-(?!\d)[\w.]+)*)")
MEANINGS = {
    r"No space left on device": "The disk is full. Free some space; what was fetched is kept.",
    r"name resolution|Connection(?:Reset)?Error|ProxyError|[Rr]ead timed out|is unreachable": (
        "The packages can't be reached. Look at the connection; what was fetched is kept."
    ),
    r"SSLError|CERTIFICATE_VERIFY_FAILED": "The connection can't be trusted: its certificate is not known here.",
    r"DO NOT MATCH THE HASHES": "A package came damaged. It is fetched anew at the next try.",
}

Outcome = Literal["", "finished", "cancelled", "failed"]


@dataclass(frozen=True)
class Step:
    """One program, what it does in words, and the environment variables it needs."""

    words: str
    command: list[str]
    variables: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Progress:
    """How far it is: the step of all steps (from 1), what happens now, and bytes of a download, None where unknown."""

    step: int
    steps: int
    words: str
    detail: str = ""
    done_bytes: int | None = None
    total_bytes: int | None = None
    fetched_bytes: int = 0

    def text(self) -> str:
        """Return all of it in one line."""
        text = f"Step {self.step} of {self.steps}, {self.words}"
        if self.detail:
            text += f": {self.detail}"
        if self.done_bytes is not None and self.total_bytes:
            text += f", {self.done_bytes / 1e6:.0f} of {self.total_bytes / 1e6:.0f} MB"
        if self.fetched_bytes >= 1e8:
            text += f" ({self.fetched_bytes / 1e9:.1f} GB so far)"
        return text

    def share(self) -> float:
        """Return how much of the whole is done, 0 to 1; each step counts the same, which is rough."""
        within = (
            self.done_bytes / self.total_bytes if self.done_bytes is not None and self.total_bytes else 0.0
        )
        return (self.step - 1 + min(1.0, within)) / self.steps


def steps(root: Path, folder: Path, build: Build) -> list[Step]:
    """Return what makes, fills and tries an environment; what is there already from an earlier try is kept."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"]
    [torch] = [each for each in wanted if re.match(r"torch\b", each)]
    index = build.index()
    # What torch itself needs lies at its index in a few versions only, so it comes with the rest.
    alone, beside = (["--no-deps"], {"PIP_INDEX_URL": index}) if index else ([], {})
    also = {"PIP_EXTRA_INDEX_URL": index} if index else {}
    python = str(environment.program(folder, "python"))
    raw = "raw" if _ensured_pip() >= PIP_WITH_FIGURES else "off"
    steps = (
        []
        if environment.works(folder)
        else [Step("making an empty environment", environment.make_command(sys.executable, folder))]
    )
    return [
        *steps,
        Step(
            f"torch {build.title[0].lower()}{build.title[1:]}",
            environment.install_command(root, folder, [*alone, torch], raw),
            beside,
        ),
        Step("all other packages", environment.install_command(root, folder, wanted, raw), also),
        *_kernels(root, folder, build, project, raw),
        Step("trying it", [python, "-c", TRIAL]),
    ]


def _kernels(root: Path, folder: Path, build: Build, project: dict[str, Any], raw: str) -> list[Step]:
    """Return what brings Liger's kernels to a graphics card; the Triton that they need came with torch."""
    if build.id == "cpu":
        return []
    wanted = ["--no-deps", *project["optional-dependencies"]["liger"]]
    return [Step("faster training", environment.install_command(root, folder, wanted, raw))]


def _ensured_pip() -> tuple[int, ...]:
    try:
        import ensurepip
    except ImportError:
        return (0,)
    return tuple(int(part) for part in re.findall(r"\d+", ensurepip.version())[:2])


class Work:
    """A try to make an environment. `outcome` is empty while it goes on; `trouble` says what failed."""

    def __init__(self, steps_to_do: list[Step], log: Path) -> None:
        self._steps = steps_to_do
        self._log = log
        self._cancelled = threading.Event()
        self._program: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._carry_out, daemon=True)
        self._last: deque[str] = deque(maxlen=LAST_LINES)
        self.progress = Progress(1, len(steps_to_do), steps_to_do[0].words)
        self.outcome: Outcome = ""
        self.trouble = ""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def cancel(self) -> None:
        """End what goes on; what was fetched is kept."""
        self._cancelled.set()
        with self._lock:
            if self._program is not None and self._program.poll() is None:
                os.killpg(self._program.pid, signal.SIGTERM)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end, at most so long; say whether it has come."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _carry_out(self) -> None:
        try:
            self._outcome_is(self._do_all())
        except OSError as error:
            self.trouble = f"{error.strerror}: {error.filename}" if error.filename else str(error)
            self._outcome_is("failed")

    def _outcome_is(self, outcome: Outcome) -> None:
        self.outcome = "cancelled" if self._cancelled.is_set() else outcome

    def _do_all(self) -> Outcome:
        with self._log.open("w", encoding="utf-8") as log:
            for number, step in enumerate(self._steps, 1):
                self.progress = replace(
                    self.progress, step=number, words=step.words, detail="", done_bytes=None, total_bytes=None
                )
                code = self._run(step, log)
                if code or self._cancelled.is_set():
                    self.trouble = explained(list(self._last), step.words)
                    return "failed"
        return "finished"

    def _run(self, step: Step, log: IO[str]) -> int:
        self._last.clear()
        with self._lock:
            if self._cancelled.is_set():
                return 1
            self._program = subprocess.Popen(
                step.command,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **step.variables},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        assert self._program.stdout is not None
        with self._program.stdout as stream:
            for line in stream:
                self._hear(line.strip(), log)
        return self._program.wait()

    def _hear(self, line: str, log: IO[str]) -> None:
        """Take in a line that the program said."""
        figures = FIGURES.fullmatch(line)
        if figures:
            self._count(int(figures[1]), int(figures[2]))
            return
        log.write(f"{line}\n")
        if line:
            self._last.append(line)
        named = NAMED.match(line)
        if named:
            detail = f"{'fetching' if named[1] == 'Downloading' else 'looking at'} {named[2]}"
            self.progress = replace(self.progress, detail=detail, done_bytes=None, total_bytes=None)
        elif line.startswith("Installing collected packages"):
            self.progress = replace(self.progress, detail="unpacking", done_bytes=None, total_bytes=None)

    def _count(self, done: int, total: int) -> None:
        before = self.progress.done_bytes or 0
        fetched = self.progress.fetched_bytes + max(0, done - before)
        self.progress = replace(
            self.progress, done_bytes=done, total_bytes=total or None, fetched_bytes=fetched
        )


def explained(last: list[str], title: str) -> str:
    """Return what went wrong in words, from the last lines that a program said; they follow where it is not known."""
    log_tail = "\n".join(last)
    for sign, meaning in MEANINGS.items():
        if re.search(sign, log_tail):
            return meaning
    return f"It failed at this: {title}.\n\n{log_tail}"
