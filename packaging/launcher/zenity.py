"""The first start in zenity's dialogs, for desktops where Python has no window of its own."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Sequence

from launcher.answers import SUITS, TITLE, WORDS, Answer
from launcher.builds import Build
from launcher.work import Work

POLL_SECONDS = 0.3
PREVIOUS = "Use the previous one"


class Zenity:
    """Each question is a dialog, the progress another whose end cancels."""

    def choose(self, builds: Sequence[Build], suited: Build, cards_text: str) -> Build | None:
        """Offer the builds as a list."""
        rows = [
            text
            # The first row has the keyboard.
            for build in sorted(builds, key=lambda each: each != suited)
            for text in (
                str(build == suited).upper(),
                build.id,
                f"{build.words()}{SUITS if build == suited else ''}",
            )
        ]
        columns = [
            "--radiolist",
            "--column=",
            "--column=id",
            "--column=torch",
            "--hide-column=2",
            "--print-column=2",
        ]
        answer = _ask(
            "--list",
            f"--text={WORDS}\n\n{cards_text}",
            *columns,
            "--width=640",
            "--height=440",
            "--ok-label=Set up",
            "--cancel-label=Not now",
            *rows,
        )
        return next((build for build in builds if answer is not None and build.id == answer.strip()), None)

    def follow(self, work: Work) -> None:
        """Feed a progress dialog; if it is closed, cancel."""
        command = ["zenity", "--progress", f"--title={TITLE}", "--width=520", "--auto-close", "--text="]
        with subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as dialog:
            while not work.wait(POLL_SECONDS):
                if dialog.poll() is not None or not _feed(dialog, work):
                    work.cancel()
            with contextlib.suppress(OSError):
                dialog.terminate()

    def ask(self, trouble: str, log: str, *, has_previous: bool) -> Answer:
        """Offer to try again, and the previous environment where there is one."""
        extra = [f"--extra-button={PREVIOUS}"] if has_previous else []
        buttons = ["--ok-label=Try again", "--cancel-label=Close", *extra]
        text = f"--text={trouble}\n\nAll that was said is in {log}."
        command = ["zenity", "--question", f"--title={TITLE}", "--no-markup", "--width=520", text, *buttons]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        if done.stdout.strip() == PREVIOUS:
            return "previous"
        return "again" if done.returncode == 0 else "close"

    def close(self) -> None:
        """Every dialog has gone by itself."""


def _ask(*options: str) -> str | None:
    done = subprocess.run(
        ["zenity", f"--title={TITLE}", *options], stdout=subprocess.PIPE, text=True, check=False
    )
    return None if done.returncode else done.stdout


def _feed(dialog: subprocess.Popen[str], work: Work) -> bool:
    """Tell the dialog how far it is; False if it is gone."""
    assert dialog.stdin is not None
    progress = work.progress
    # 100 would close the dialog.
    percent = min(99.0, 100 * progress.share())
    try:
        dialog.stdin.write(f"{percent:.0f}\n# {progress.text()}\n")
        dialog.stdin.flush()
    except OSError:
        return False
    return True
