"""Parses the arguments, runs the verb, and turns errors into exit codes. Its own verb is `desktop-entry`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from engine.commands import adapters, arena, computers, data_check, inspect, models, scoring, training, trash
from engine.commands.follow_job import STOPPED
from engine.commands.output import Output
from engine.commands.parser import Verbs, make_parser
from engine.commands.recipe_file import with_absolute_paths
from engine.errors import AppError
from engine.maintenance import disk_usage
from engine.system import desktop_entry, ranks
from engine.system.paths import as_text, path_exists, program

BAD_USAGE = 2
FAILED = 1
TAKE_A_VALUE = ("--screenshot", "--set", "--page")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the parsed arguments: `run` is the function of the verb, None for the window, which gets `window`.

    Bad usage ends the program with exit code 2.
    """
    parser, verbs = make_parser(add_verbs)
    files = _files(arguments, verbs)
    asked = parser.parse_args([each for each in arguments if each not in files])
    for file in files:
        if not path_exists(Path(file)):
            parser.error(f"{file} is neither a file nor a verb")
    if asked.run is not None and (asked.demo or asked.screenshot or asked.page):
        parser.error("--demo, --screenshot and --page are for the window: remove the verb")
    if asked.screenshot and not asked.demo:
        parser.error("--screenshot needs --demo")
    if asked.of_demo and not asked.demo:
        parser.error("--set needs --demo, or a verb before it that takes values")
    if getattr(asked, "offline", False):
        # Read by the hub's libraries when they are imported, here and in every worker.
        os.environ["HF_HUB_OFFLINE"] = "1"
    # As it can be typed again.
    name = sys.argv[0]
    asked.typed = [*([Path(sys.executable).name] if name.endswith(".py") else []), name, *arguments]
    asked.window = ["--demo"] if asked.demo else []
    asked.window += ["--screenshot", str(asked.screenshot)] if asked.screenshot else []
    asked.window += [word for value in with_absolute_paths(asked.of_demo) for word in ("--set", value)]
    asked.window += ["--page", asked.page] if asked.page else []
    asked.window += [str(as_text(Path(file).absolute())) for file in files]
    return asked


def _files(arguments: Sequence[str], verbs: Collection[str]) -> list[str]:
    """Return the files in place of a verb; a word that does not look like a file is left to the parser to refuse."""
    files = [
        each
        for each, option in zip(arguments, ["", *arguments], strict=False)
        if not each.startswith("-") and option not in TAKE_A_VALUE
    ]
    if not files or files[0] in verbs:
        return []
    return files if path_exists(Path(files[0])) or "." in files[0] or os.sep in files[0] else []


def add_verbs(verbs: Verbs) -> None:
    for add in (
        training.add,
        scoring.add,
        scoring.add_serve,
        data_check.add,
        _add_desktop_entry,
        inspect.add,
        models.add,
        training.add_runs,
        adapters.add,
        trash.add,
        arena.add,
        computers.add,
        computers.add_node,
    ):
        add(verbs)


def _add_desktop_entry(verbs: Verbs) -> None:
    entry = verbs.add("desktop-entry", "Add Tunesmith to the desktop's application menu", change_entry)
    entry.add_argument("--remove", action="store_true", help="remove it from the menu")


def change_entry(asked: argparse.Namespace, output: Output) -> int:
    """Write or delete this user's menu entry."""
    if asked.remove:
        files = desktop_entry.remove()
    else:
        # The installed command survives a change of Python.
        started = Path(sys.argv[0])
        is_command = started.suffix != ".py" and started.is_file()
        files = desktop_entry.install([str(started.absolute())] if is_command else program())
    output.json({"removed" if asked.remove else "written": [str(file) for file in files]})
    done = "Deleted" if asked.remove else "Written"
    output.lines([f"{done}: {file}" for file in files] or ["There was nothing to remove."])
    return 0


def end_as_by_ctrl_c() -> None:
    """Let SIGTERM and SIGHUP end a verb as Ctrl+C does, so that nothing is left half-written."""
    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        # Under nohup SIGHUP is ignored and stays so.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


def run(asked: argparse.Namespace) -> int:
    """Run a verb; return 0 for completed, 1 for failed, 2 for bad usage or problems, 130 if stopped."""
    command = asked.typed if "overrides" in asked else ()
    output = Output(as_json=getattr(asked, "json", False), command=command)
    try:
        if ranks.is_follower() and not getattr(asked, "has_ranks", False):
            # Started several times by torchrun: once is enough.
            return 0
        disk_usage.remove_abandoned_jobs()
        return int(asked.run(asked, output))
    except AppError as error:
        if error.field is not None:
            output.problems(error.problems)
            return BAD_USAGE
        output.failure(error)
        return FAILED
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        return STOPPED
