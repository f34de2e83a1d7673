"""Says what a run sends to another computer, and asks once for each computer.

`--yes` is the answer of a person who read it before. Without a terminal, or with `--json`, nobody can be asked, and
nothing is sent.
"""

from __future__ import annotations

import argparse

from engine.commands.terminal.output import Output
from engine.commands.terminal.question import agrees, can_ask
from engine.computers import sending, store
from engine.config.recipe import Recipe
from engine.errors import ComputerError
from engine.system.command_name import command_name


def add_to(parser: argparse.ArgumentParser) -> None:
    """Declare the options of a verb that sends."""
    parser.add_argument(
        "--on",
        default="",
        dest="computer",
        metavar="COMPUTER",
        help=f"train there: one of `{command_name()} computers`",
    )
    parser.add_argument(
        "--yes", action="store_true", help="send the conversations, and to this computer from now on"
    )


def confirm(asked: argparse.Namespace, *recipes: Recipe, output: Output) -> bool:
    """Say what is sent, and return whether the person agrees, now or before. Raises ComputerError."""
    computer = store.find(asked.computer)
    sending.require_online(computer)
    for recipe in recipes:
        sending.require_any_device(recipe)
    output.lines(sending.lines(computer, recipes))
    if computer.agreed:
        return True
    if not asked.yes and not _agrees(output):
        return False
    store.agree(computer.name)
    return True


def _agrees(output: Output) -> bool:
    if not can_ask(output):
        raise ComputerError(
            "Nobody agreed to sending conversations to this computer.", "Give --yes once.", "--yes"
        )
    return agrees("Send them there, now and from now on?")
