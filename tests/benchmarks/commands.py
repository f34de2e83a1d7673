"""How long the commands take that answer from what lies here: fresh processes, an empty home with the starter alone."""

import time
from statistics import median

from tests.helpers.benchmark_report import run_main, show, temporary_home

ROUNDS = 7
GOAL = "0.5 s"
COMMANDS = (["--help"], ["methods"], ["adapters"])


def main() -> None:
    """Measure and print; commands take turns, so that what else the machine does falls on all."""
    seconds: dict[str, list[float]] = {" ".join(command): [] for command in COMMANDS}
    with temporary_home():
        for _ in range(ROUNDS):
            for command in COMMANDS:
                began = time.perf_counter()
                run_main(*command)
                seconds[" ".join(command)].append(time.perf_counter() - began)
    show(
        "Commands",
        [(f"main.py {name}, median", f"{median(taken):.2f} s", GOAL) for name, taken in seconds.items()],
    )


if __name__ == "__main__":
    main()
