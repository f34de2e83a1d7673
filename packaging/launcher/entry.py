"""From `tunesmith` and its arguments to a running Tunesmith, with an environment made on the way if need be."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import environment

from engine.system import command_name
from engine.system.graphics import graphics_cards
from launcher import answers, environments, fronts
from launcher.builds import BUILDS, Build, suited
from launcher.environments import Environments
from launcher.work import Work, steps

ROOT = Path(__file__).resolve().parents[2]
SET_UP, TORCH = "--set-up", "--torch"
# What an administrator sets, and what Tunesmith is told of the way to make its environment anew.
GIVEN, COMMAND = "TUNESMITH_ENVIRONMENT", "TUNESMITH_SET_UP"
# How messages call the command.
NAME = command_name.VARIABLE
LOG = "set-up.log"


def main(arguments: list[str]) -> int:
    """Set up if asked or needed, then become Tunesmith; return an exit code only where that can't be."""
    given = os.environ.get(GIVEN)
    if given:
        return _become(Path(given), arguments)
    folder = _own()
    if arguments[:1] == [SET_UP]:
        return _set_up_as_told(folder, arguments[1:])
    if folder.is_current():
        folder.tidy()
    elif not _set_up(folder, quietly=None):
        return 1
    chosen = folder.in_use()
    return 1 if chosen is None else _become(chosen, arguments)


def _own() -> Environments:
    return Environments(ROOT, environments.home())


def become(program: Path, command: list[str], variables: dict[str, str]) -> NoReturn:
    """Replace this process by a program."""
    os.execve(program, command, variables)  # noqa: S606 - no shell is wanted


def _become(folder: Path, arguments: Sequence[str]) -> int:
    """Replace this process by Tunesmith with the environment's Python."""
    python = environment.program(folder, "python")
    if not python.is_file():
        _say(f"{folder} is no environment: it has no {python.relative_to(folder)}.")
        return 1
    variables = {**os.environ, COMMAND: f"tunesmith {SET_UP}", NAME: "tunesmith"}
    become(python, [str(python), str(ROOT / "main.py"), *arguments], variables)


def _set_up_as_told(store: Environments, options: Sequence[str]) -> int:
    """Make an environment anew, whether it is needed or not; with a build named, nothing is asked."""
    if not options:
        return 0 if _set_up(store, quietly=None) else 1
    if len(options) != 2 or options[0] != TORCH or options[1] not in BUILDS:
        _say(f"tunesmith {SET_UP} [{TORCH} {'|'.join(BUILDS)}]")
        return 2
    return 0 if _set_up(store, quietly=BUILDS[options[1]]) else 1


def _set_up(store: Environments, quietly: Build | None) -> bool:
    """Make an environment and take it into use; say whether there is one to start with now."""
    trouble = environment.unsuited()
    if trouble:
        _say(f"{trouble} {environment.what_to_install()}")
        return False
    front = fronts.Lines() if quietly is not None else fronts.best()
    if front is None:
        _say(f"Tunesmith is not set up yet. Enter “tunesmith {SET_UP}” in a terminal.")
        return False
    try:
        with store.being_made():
            return make(store, front, quietly)
    except environments.Busy:
        _say("Tunesmith is being set up already.")
        return False
    finally:
        front.close()


def make(store: Environments, front: fronts.Front, quietly: Build | None = None) -> bool:
    """Choose a build, then try until it is made or given up; True where there is an environment to start with."""
    cards = graphics_cards.find()
    best = suited(cards)
    build = quietly or front.choose(list(BUILDS.values()), best, cards_text([card.name for card in cards]))
    while build is not None:
        trouble = _try_once(store, front, build)
        if not trouble:
            return True
        has_previous = store.in_use() is not None
        answer = front.ask(trouble, str(store.folder / LOG), has_previous=has_previous)
        if answer != "again":
            return answer == "previous"
    return False


def _try_once(store: Environments, front: fronts.Front, build: Build) -> str:
    """Make an environment of this build and take it into use; return what went wrong, or nothing."""
    folder = store.begin(build.id)
    free = shutil.disk_usage(folder).free / 1e9
    if free < build.disk_gigabytes and not environment.works(folder):
        return (
            f"{free:.1f} GB are free on the disk of {store.folder}; {build.disk_gigabytes:g} GB are needed."
        )
    work = Work(steps(ROOT, folder, build), store.folder / LOG)
    work.start()
    front.follow(work)
    work.wait()
    if work.outcome == "finished":
        store.switch_to(folder)
        return ""
    return "Cancelled. What was fetched is kept." if work.outcome == "cancelled" else work.trouble


def cards_text(cards: Sequence[str]) -> str:
    """Return what was found on this computer, in words."""
    return (
        f"Found: {', '.join(cards)}." if cards else "No graphics card was found that torch could compute on."
    )


def _say(text: str) -> None:
    """Say something where it is seen: in the terminal, or as the desktop's notification."""
    sys.stderr.write(f"{text}\n")
    notify = shutil.which("notify-send")
    if notify and not sys.stderr.isatty():
        subprocess.run([notify, answers.TITLE, text], check=False)
