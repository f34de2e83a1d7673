"""The command line of the measurement of a card.

    python3 packaging/dev.py card [--minutes 9] [--only NAMES] [--out FOLDER] [--anew] [--device cuda]

Writes card.json and card.md into the current folder. A second call goes on with what is missing. Without a card the
processor is measured on much smaller models, and said to be no card.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.card import runner, table
from tests.benchmarks.card.parts import PARTS, Setting
from tests.benchmarks.card.runner import Runner
from tests.benchmarks.card.state import Unusable, opened
from tests.helpers.repository import ROOT

MINUTES = 9.0
PROBE_SECONDS = 240.0
# Kept for the last words of a part, so that all ends within the minutes.
RESERVE_SECONDS = 5.0
INTERRUPTED = 130


def main(arguments: list[str]) -> int:
    """Measure, print and write; return the exit status."""
    began = time.monotonic()
    asked = _asked(arguments)
    unknown = set(asked.only) - {part.name for part in PARTS}
    if unknown:
        print(f"No part named {', '.join(sorted(unknown))}. Parts: {', '.join(part.name for part in PARTS)}.")
        return 2
    with tempfile.TemporaryDirectory(prefix="tunesmith-card-", ignore_cleanup_errors=True) as folder:
        try:
            return _measure(asked, Path(folder), began)
        except Unusable as error:
            print(f"{error} Choose another folder with --out, or begin again with --anew.")
            return 2
        except KeyboardInterrupt:
            print("\nBroken off. What was measured is written, and the next call goes on from there.")
            return INTERRUPTED


def _asked(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="dev.py card", description="Measure a card, the most telling part first."
    )
    parser.add_argument("--minutes", type=float, default=MINUTES, help=f"the most it may take ({MINUTES:g})")
    parser.add_argument("--out", type=Path, default=Path(), help="folder of card.json and card.md (here)")
    parser.add_argument("--asked-in", type=Path, default=Path(), help=argparse.SUPPRESS)
    parser.add_argument("--anew", action="store_true", help="begin again")
    parser.add_argument("--only", default="", type=_names, help="parts, with commas between; measured again")
    parser.add_argument("--device", choices=("auto", "cuda", "cpu", "pretend"), default="auto")
    return parser.parse_args(arguments)


def _names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]


def _measure(asked: argparse.Namespace, folder: Path, began: float) -> int:
    device = probe(asked.device, folder)
    if "problem" in device:
        print(device["problem"])
        return 1
    print(device["name"])
    for name, value in device["facts"].items():
        print(f"  {name}: {value}")
    told = table.warning(device["kind"])
    print(*([told] if told else []), flush=True)
    state = opened((asked.asked_in / asked.out).resolve(), device, _command(asked), anew=asked.anew)
    for name in asked.only:
        state.results.pop(name, None)
    state.write()
    parts = [part for part in PARTS if device["kind"] in part.least]
    ends = began + asked.minutes * 60 - RESERVE_SECONDS
    Runner(state, Setting(device["kind"], folder), commit(), parts, ends, say=_say).run(asked.only)
    runner.write_table(state, parts)
    print(f"\n{table.summary(state, parts)}\nWritten: {state.path} and {runner.MARKDOWN}")
    return 0


def _say(text: str) -> None:
    print(text, flush=True)


def _command(asked: argparse.Namespace) -> str:
    given = "" if asked.device == "auto" else f" --device {asked.device}"
    return f"python3 packaging/dev.py card{given}"


def probe(device: str, folder: Path) -> dict[str, Any]:
    """Return kind, name and facts of the device, or the problem with it."""
    command = [sys.executable, "-m", "tests.benchmarks.card.probe", device]
    log = folder / "probe.log"
    for answer in runner.answers(command, log, PROBE_SECONDS, runner.VARIABLES):
        return {"problem": "The device did not answer in time."} if "over" in answer else answer
    return {"problem": f"The device can't be looked at. {runner.last_words(log)}"}


def commit() -> str:
    """Return the commit that is measured, with a plus if files differ from it; "" outside of a checkout."""
    command = ["git", "describe", "--always", "--exclude=*", "--dirty=+"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
