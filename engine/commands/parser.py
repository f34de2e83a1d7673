"""The parser of the command line. `--json` and `--offline` may stand before or after the verb."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from engine.commands.output import Output
from engine.errors import StorageError
from engine.options import MAX_KEY, MAX_WHOLE
from engine.system.command_name import command_name

Run = Callable[[argparse.Namespace, Output], int]
# Values of --page: the window's pages, and the train page with a recipe to be started.
PAGES = ("home", "data", "train", "arena", "library", "playground", "history", "new-run")


class Parser(argparse.ArgumentParser):
    """A parser whose help is written like other output: argparse ignores write errors."""

    def print_help(self, file: Any = None) -> None:
        """Write the help to standard output; a failure ends the program."""
        output = Output(as_json=False)
        try:
            output.lines(self.format_help().splitlines())
        except StorageError as error:
            output.failure(error)
            sys.exit(1)
        except BrokenPipeError:
            sys.exit(0)


class Verbs:
    """The verbs of a parser; each command module adds its own."""

    def __init__(self, parser: argparse.ArgumentParser, *, title: str = "verb") -> None:
        self._actions = parser.add_subparsers(title=title, metavar=title.upper())

    def names(self) -> Collection[str]:
        return self._actions.choices

    def add(self, name: str, does: str, run: Run) -> argparse.ArgumentParser:
        """Add a verb that calls `run`, and return its parser, to which arguments can be added."""
        parser = self._actions.add_parser(name, help=does, description=f"{does}.", parents=[_common()])
        parser.set_defaults(run=run, verb=name)
        return parser


def whole_number(text: str, least: int = 0, most: int = MAX_WHOLE) -> int:
    """Return a whole number from `least` to `most`, as an argument's type."""
    if not text.isdecimal() or len(text) > len(str(most)) or not least <= int(text) <= most:
        limit = f"of at least {least}" if most == MAX_WHOLE else f"from {least} to {most}"
        raise argparse.ArgumentTypeError(f"must be a whole number {limit}, not {text[:MAX_KEY]!r}")
    return int(text)


def positive(text: str) -> int:
    """Return a whole number of at least 1, as an argument's type."""
    return whole_number(text, 1)


def port(text: str) -> int:
    """Return the number of a port, as an argument's type; 0 is any."""
    return whole_number(text, most=65_535)


def _common() -> argparse.ArgumentParser:
    """Return the options of all verbs; suppressed defaults allow them before the verb too."""
    common = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("--json", action="store_true", help="write JSON lines, for programs")
    common.add_argument("--offline", action="store_true", help="open no connections")
    return common


def make_parser(add_verbs: Callable[[Verbs], None]) -> tuple[argparse.ArgumentParser, Collection[str]]:
    """Return the parser of the command line, without files for the window, and its verbs."""
    parser = Parser(
        prog=command_name(),
        description="Fine-tune language models to summarise conversations. Without a verb the window opens.",
        epilog="Files instead of a verb open in the window: recipes, adapters, and conversations of any "
        "kind.",
        parents=[_common()],
    )
    parser.add_argument("--demo", action="store_true", help="open the window and start the starter recipe")
    parser.add_argument(
        "--screenshot",
        type=Path,
        metavar="PNG",
        help="with --demo: save a picture of the finished run and exit",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="of_demo",
        metavar="TABLE.KEY=VALUE",
        help="with --demo: change a setting of its recipe, for example training.max_steps=50; repeatable",
    )
    parser.add_argument("--page", choices=PAGES, help="open the window on this page")
    parser.set_defaults(run=None, verb=None)
    verbs = Verbs(parser)
    add_verbs(verbs)
    return parser, verbs.names()
