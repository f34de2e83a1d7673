"""The first start in a terminal: one line that is written over, Ctrl+C cancels."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from launcher.answers import SUITS, WORDS, Answer
from launcher.builds import Build
from launcher.work import Work

POLL_SECONDS = 0.2


class Terminal:
    """Asks and tells by lines."""

    def choose(self, builds: Sequence[Build], suited: Build, cards_text: str) -> Build | None:
        """Ask for a build by its number; Return takes the suited one."""
        print(f"{WORDS}\n\n{cards_text}\n")
        for number, build in enumerate(builds, 1):
            print(f"  {number}  {build.words()}{SUITS if build == suited else ''}")
        try:
            answer = input(f"\nWhich? [{builds.index(suited) + 1}, q: not now] ").strip().lower()
        except (EOFError, KeyboardInterrupt):
            return None
        if not answer:
            return suited
        return builds[int(answer) - 1] if answer.isdecimal() and 1 <= int(answer) <= len(builds) else None

    def follow(self, work: Work) -> None:
        """Write one line over and over; Ctrl+C cancels."""
        print("Ctrl+C cancels; what was fetched is kept.")
        try:
            while not work.wait(POLL_SECONDS):
                self._show(work.progress.text())
        except KeyboardInterrupt:
            work.cancel()
            work.wait()
        print("\nDone." if work.outcome == "finished" else "")

    def ask(self, trouble: str, log: str, *, has_previous: bool) -> Answer:
        """Ask by letters."""
        previous = ", p: start with the environment used until now" if has_previous else ""
        print(f"{trouble}\n\nAll that was said is in {log}.")
        try:
            answer = input(f"a: try again{previous}, Return: close  ").strip().lower()
        except (EOFError, KeyboardInterrupt):
            return "close"
        return "again" if answer == "a" else "previous" if answer == "p" and has_previous else "close"

    def close(self) -> None:
        """Leave the lines where they are."""

    @staticmethod
    def _show(text: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        print(f"\r{text[:width]:<{width}}", end="", flush=True)
