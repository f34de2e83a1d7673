"""How long the commands take that answer from what lies here: fresh processes, an empty home with the starter alone."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from statistics import median

from engine.system.paths import application_root
from tests.helpers.benchmark_report import show

ROUNDS = 7
GOAL = "0.5 s"
COMMANDS = (["--help"], ["methods"], ["adapters"])


def main() -> None:
    """Measure and print; commands take turns, so that what else the machine does falls on all."""
    seconds: dict[str, list[float]] = {" ".join(command): [] for command in COMMANDS}
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"TUNESMITH_HOME": home}
        for _ in range(ROUNDS):
            for command in COMMANDS:
                began = time.perf_counter()
                subprocess.run(
                    [sys.executable, "main.py", *command],
                    env=environment,
                    cwd=application_root(),
                    stdout=subprocess.DEVNULL,
                    check=True,
                )
                seconds[" ".join(command)].append(time.perf_counter() - began)
    show(
        "Commands",
        [(f"main.py {name}, median", f"{median(taken):.2f} s", GOAL) for name, taken in seconds.items()],
    )


if __name__ == "__main__":
    main()
