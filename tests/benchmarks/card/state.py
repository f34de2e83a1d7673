"""The results of all parts in card.json, written anew at every change, so that any end leaves a valid file."""

import dataclasses
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tests.benchmarks.card.figures import Figure

SCHEMA = 1
NAME = "card.json"

# "running" in a file: the measurement was broken off there.
Status = Literal["running", "done", "failed", "lacking", "out of time"]
UNFINISHED: tuple[Status, ...] = ("running", "out of time")


class Unusable(Exception):
    """The file that is there can't be gone on with; the message says why."""


@dataclass(frozen=True)
class Result:
    """What came of a part; the reason where it is not done. `whole`: it ran out of all the time a part may have."""

    status: Status
    reason: str = ""
    seconds: float = 0.0
    date: str = ""
    commit: str = ""
    figures: tuple[Figure, ...] = ()
    whole: bool = False


@dataclass
class State:
    """The file: the device, the command, and the results by the name of the part."""

    path: Path
    device: dict[str, Any]
    command: str
    results: dict[str, Result] = field(default_factory=dict)

    def record(self, part: str, result: Result) -> None:
        """Take a result in and write the file."""
        self.results[part] = result
        self.write()

    def write(self) -> None:
        """Write the file as a whole beside the old one, then put it in its place."""
        facts = {
            "schema": SCHEMA,
            "device": self.device,
            "command": self.command,
            "parts": {name: dataclasses.asdict(result) for name, result in self.results.items()},
        }
        write_whole(self.path, json.dumps(facts, indent=2, ensure_ascii=False) + "\n")


def opened(folder: Path, device: dict[str, Any], command: str, *, anew: bool = False) -> State:
    """Return the state in a folder, with what was measured before on the same device; `anew`: without.

    Raises Unusable if the file is of another device or can't be read.
    """
    state = State(folder / NAME, device, command)
    if not anew and state.path.exists():
        state.results = _results(state.path, device)
    return state


def _results(path: Path, device: dict[str, Any]) -> dict[str, Result]:
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        if facts["schema"] != SCHEMA:
            raise Unusable(f"{path} is of another version.")
        measured = facts["device"]["name"]
        results = {name: _result(row) for name, row in facts["parts"].items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unusable(f"{path} can't be read: {error}.") from error
    if measured != device["name"]:
        raise Unusable(f"{path} holds the figures of {measured}, and this is {device['name']}.")
    return results


def _result(row: dict[str, Any]) -> Result:
    return Result(**{**row, "figures": tuple(Figure(**figure) for figure in row["figures"])})


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is there either as it was or as it is to be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(path)
