"""Says what a run sends to another computer, and asks once for each computer.

`--yes` is the answer of a person who read it before. Without a terminal, or with `--json`, nobody can be asked, and
nothing is sent.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from engine.commands.terminal.output import Output
from engine.commands.terminal.question import agrees, can_ask
from engine.commands.terminal.short_job import quiet_result
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
        help=f"train on another computer, one of `{command_name()} computers`",
    )
    parser.add_argument(
        "--yes", action="store_true", help="send the conversations without asking, now and in future"
    )


def confirm(asked: argparse.Namespace, *recipes: Recipe, output: Output) -> bool:
    """Say what is sent, and return whether the person agrees, now or before. Raises ComputerError."""
    computer = store.find(asked.computer)
    sending.require_online(computer)
    for recipe in recipes:
        sending.require_any_device(recipe)
    if not output.as_json:
        output.lines(sending.lines(computer, recipes, _counts(recipes)))
    if computer.agreed:
        return True
    if not asked.yes and not _agrees(output):
        return False
    store.agree(computer.name)
    return True


def _counts(recipes: Sequence[Recipe]) -> dict[str, int]:
    """Return the conversations of each source that is sent, of those that are counted within seconds.

    What can't be read is not counted: the run says why.
    """
    found: dict[str, int] = {}
    for source, options in sending.to_count(recipes).items():
        result = quiet_result("count_conversations", {"data": options.model_dump()})
        if "conversations" in result:
            found[source] = result["conversations"]
    return found


def _agrees(output: Output) -> bool:
    if not can_ask(output):
        raise ComputerError(
            "Nobody agreed to sending conversations to this computer.", "Give --yes once.", "--yes"
        )
    return agrees("Send them there, now and from now on?")
