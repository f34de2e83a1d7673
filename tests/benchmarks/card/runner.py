"""Runs the parts one after another, each in a process of its own, and ends those that take too long."""

import dataclasses
import datetime as dt
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks.card import table
from tests.benchmarks.card.figures import Figure
from tests.benchmarks.card.parts import Part, Setting
from tests.benchmarks.card.state import UNFINISHED, Result, State, write_whole
from tests.helpers.repository import ROOT

MARKDOWN = "card.md"
# What a card's figures are measured with: no network, and threads that don't spin while they wait.
VARIABLES = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "OMP_WAIT_POLICY": "PASSIVE"}
LOG_LINES = 3


def command_of(part: Part, setting: Setting) -> list[str]:
    module = "tests.benchmarks.card.part_process"
    return [sys.executable, "-m", module, part.name, setting.kind, str(setting.folder)]


@dataclasses.dataclass
class Runner:
    """Measures what is left of the parts until the time is over; `ends` is a reading of the monotonic clock."""

    state: State
    setting: Setting
    commit: str
    parts: Sequence[Part]
    ends: float
    say: Callable[[str], None] = print

    def run(self, names: Collection[str] = ()) -> None:
        """Measure the parts that are left, or those named; one that does not fit in what is left of the time waits."""
        wanted = [part for part in self.parts if not names or part.name in names]
        for part in waiting(wanted, self.state):
            left = self.ends - time.monotonic()
            if part.least[self.setting.kind] > left:
                self.say(f"{part.title}: left for next time")
            else:
                self.measure(part, left)

    def measure(self, part: Part, left: float) -> None:
        """Measure a part within `left` seconds, and write every figure as soon as it is there."""
        self.say(part.title)
        most = part.least[self.setting.kind] * part.most
        began = time.monotonic()
        figures: list[Figure] = []

        def keep(result: Result) -> None:
            seconds = round(time.monotonic() - began, 1)
            facts = {"date": today(), "commit": self.commit, "seconds": seconds, "figures": tuple(figures)}
            self.state.record(part.name, dataclasses.replace(result, **facts))
            write_table(self.state, self.parts)

        def found(figure: Figure) -> None:
            figures.append(self._judged(figure))
            keep(Result("running"))
            self.say(table.line(figures[-1]))

        keep(Result("running"))
        keep(self._ended(part, min(left, most), found, whole=most <= left))
        self.say(table.ending(self.state.results[part.name]))

    def _judged(self, figure: Figure) -> Figure:
        """Return a figure without a verdict if no card was measured: goals are a card's."""
        return figure if self.setting.kind == "cuda" else dataclasses.replace(figure, met=None)

    def _ended(self, part: Part, seconds: float, found: Callable[[Figure], None], *, whole: bool) -> Result:
        log = self.setting.folder / f"{part.name}.log"
        for answer in answers(command_of(part, self.setting), log, seconds, self._variables()):
            if "figure" in answer:
                found(Figure(**answer["figure"]))
            elif answer.get("over"):
                return Result("out of time", f"{seconds:.0f} s were not enough", whole=whole)
            else:
                return Result(answer["status"], answer.get("reason", ""))
        return Result("failed", f"its process died. {last_words(log)}")

    def _variables(self) -> dict[str, str]:
        return {**VARIABLES, "TUNESMITH_HOME": str(self.setting.folder / "home")}


def waiting(parts: Iterable[Part], state: State) -> list[Part]:
    """Return the parts to measure: those missing, in order, and behind them those that no time was enough for."""
    left = [
        part
        for part in parts
        if part.name not in state.results or state.results[part.name].status in UNFINISHED
    ]
    return sorted(left, key=lambda part: part.name in state.results and state.results[part.name].whole)


def write_table(state: State, parts: Iterable[Part]) -> None:
    """Write card.md beside card.json."""
    write_whole(state.path.with_name(MARKDOWN), table.markdown(state, parts))


def today() -> str:
    return dt.datetime.now(dt.UTC).date().isoformat()


def answers(
    command: list[str], log: Path, seconds: float, variables: dict[str, str]
) -> Iterator[dict[str, Any]]:
    """Start a program and yield each line of JSON that it prints; {"over": True} last if the time is over before.

    When this ends, for whatever reason, so have the program and all that it started.
    """
    ends = time.monotonic() + seconds
    with _started(command, log, variables) as lines:
        while True:
            try:
                line = lines.get(timeout=max(0.0, ends - time.monotonic()))
            except queue.Empty:
                yield {"over": True}
                return
            if line is None:
                return
            yield _answer(line)


def _answer(line: str) -> dict[str, Any]:
    """Return the answer in a line; that of a failure if it is none."""
    with suppress(ValueError):
        answer = json.loads(line)
        if isinstance(answer, dict):
            return answer
    return {"status": "failed", "reason": f"it printed: {line.strip()[:200]}"}


@contextmanager
def _started(command: list[str], log: Path, variables: dict[str, str]) -> Iterator[queue.Queue[str | None]]:
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stream, cwd=ROOT,
            env={**os.environ, **variables}, text=True, encoding="utf-8", start_new_session=True,
        )  # fmt: skip
    lines: queue.Queue[str | None] = queue.Queue()
    reader = threading.Thread(target=_read, args=(process, lines), daemon=True)
    reader.start()
    try:
        yield lines
    finally:
        end_with_children(process)
        reader.join()


def _read(process: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            lines.put(line)
    lines.put(None)


def end_with_children(process: subprocess.Popen[str]) -> None:
    """Kill a process and all below it: workers live in sessions of their own, and some outlive their window."""
    with suppress(psutil.NoSuchProcess):
        family = psutil.Process(process.pid)
        for each in [family, *family.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                each.kill()
    process.wait()


def last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n") if log.exists() else []
    return " ".join(" ".join(lines[-LOG_LINES - 1 :]).split())[-300:]
