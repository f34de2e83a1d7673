"""The verb `node`: this computer as the head or another node of a cluster."""

from __future__ import annotations

import argparse

from engine.commands.terminal.output import Output
from engine.commands.terminal.parser import Verbs, port, positive, whole_number
from engine.computers import node
from engine.computers.computer import JOBS_PORT
from engine.computers.node import CLUSTER_PORT, LOOPBACK, Node
from engine.system.command_name import command_name
from engine.system.graphics import graphics_cards
from engine.system.units import size


def add(verbs: Verbs) -> None:
    """Declare the verb and its actions."""
    parser = verbs.add("node", "Make this computer a node of a Ray cluster", show_node)
    actions = Verbs(parser, title="action")
    start = actions.add("start", "Start a Ray cluster with this computer as its head", start_node)
    start.add_argument(
        "--host",
        default=LOOPBACK,
        metavar="ADDRESS",
        help="the address at which other nodes reach this computer (default: loopback, so none "
        "can). Ray does not encrypt: use a network you trust",
    )
    start.add_argument(
        "--port", type=port, default=CLUSTER_PORT, metavar="N", help="the port for nodes that join"
    )
    start.add_argument(
        "--jobs-port", type=port, default=JOBS_PORT, metavar="N", help="the port for computers that send runs"
    )
    join = actions.add("join", "Join another computer's cluster", join_node)
    join.add_argument("address", metavar="HOST:PORT", help="the head's address")
    join.add_argument(
        "--token-file", default="", metavar="FILE", help="a copy of the head's token, readable by you alone"
    )
    join.add_argument(
        "--host", default="", metavar="ADDRESS", help="this computer's address (default: found by Ray)"
    )
    for action in (start, join):
        action.add_argument("--cards", type=whole_number, metavar="N", help="GPUs to offer (default: all)")
        action.add_argument(
            "--processors", type=positive, metavar="N", help="CPU cores to offer (default: all)"
        )
    actions.add("stop", "Stop the node that was started here", stop_node)


def start_node(asked: argparse.Namespace, output: Output) -> int:
    """Start the head of a cluster."""
    started = node.start(
        asked.host, asked.port, asked.jobs_port, cards=asked.cards, processors=asked.processors
    )
    _show(started, output)
    output.lines([f"Its token is in {started.token_file}. Whoever has it may run programs here."])
    if asked.host == LOOPBACK:
        output.line("It listens on this computer alone. Others reach it through SSH:")
        output.line(f"    {command_name()} computers add NAME --ssh USER@THIS-COMPUTER")
    else:
        output.line("Copy the token to each computer that joins (mode 600), and run there:")
        output.line(f"    {command_name()} node join {started.address} --token-file FILE")
    return 0


def join_node(asked: argparse.Namespace, output: Output) -> int:
    """Make this computer a node."""
    joined = node.join(
        asked.address, asked.token_file, asked.host, cards=asked.cards, processors=asked.processors
    )
    _show(joined, output)
    return 0


def stop_node(_: argparse.Namespace, output: Output) -> int:
    """Stop the node of this computer."""
    stopped = node.stop()
    output.json({"stopped": stopped.address})
    output.line(f"The node of the cluster at {stopped.address} was stopped.")
    return 0


def show_node(_: argparse.Namespace, output: Output) -> int:
    """Show whether this computer is a node."""
    found = node.running()
    if found is None:
        output.json({"node": None})
        output.line(
            f"This computer is no node. `{command_name()} node start` starts a cluster, "
            f"`{command_name()} node join` joins one."
        )
        return 0
    _show(found, output)
    return 0


def _show(found: Node, output: Output) -> None:
    import psutil

    cards, memory = graphics_cards.find(), psutil.virtual_memory().total
    output.json({"node": {**vars(found), "cards": [card.name for card in cards], "memory_bytes": memory}})
    offered = ", ".join(card.name for card in cards) or "no graphics card"
    output.line(
        f"This computer is a node of the cluster at {found.address}: {offered}, {size(memory)} of memory."
    )
