"""The verbs `computers` and `node`: other computers that runs can be sent to, and this one as a node of a cluster."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from engine.commands.consent import agrees, can_ask
from engine.commands.follow_job import STOPPED, Result, ask
from engine.commands.output import Output, fact_lines, table_lines
from engine.commands.parser import Verbs, port, positive, whole_number
from engine.computers import node as this_node
from engine.computers import store
from engine.computers.computer import JOBS_PORT, Computer, with_port
from engine.computers.node import CLUSTER_PORT, LOOPBACK, Node
from engine.errors import ComputerError
from engine.messages import counted
from engine.system.command_name import command_name
from engine.system.graphics import graphics_cards
from engine.system.units import size

ADD = f"`{command_name()} computers add NAME --address HOST:8265` or `--ssh USER@HOST` adds one."


def add(verbs: Verbs) -> None:
    """Declare the verb and its actions."""
    parser = verbs.add("computers", "Manage the computers that runs can be sent to", list_computers)
    actions = Verbs(parser, title="action")
    actions.add("list", "List the computers without contacting them", list_computers)
    new = actions.add("add", "Add a Ray cluster by its address, or through SSH", add_computer)
    new.add_argument("name", metavar="NAME", help="a name for it")
    new.add_argument(
        "--address",
        default="",
        metavar="HOST:PORT",
        help=f"Ray's dashboard, with --ssh as seen from there (default: 127.0.0.1:{JOBS_PORT})",
    )
    new.add_argument(
        "--ssh",
        default="",
        metavar="USER@HOST",
        help="connect through the system's ssh, with a key or an agent",
    )
    new.add_argument(
        "--token-file",
        default="",
        metavar="FILE",
        help="the cluster's token, with --ssh a path there (default: where `node start` puts it)",
    )
    new.add_argument(
        "--storage",
        default="",
        metavar="PLACE",
        help="where the cluster keeps checkpoints and results: a path that all nodes share, or an "
        "fsspec URL (default: a private folder on its head)",
    )
    remove = actions.add("remove", "Remove a computer from the list; runs there continue", remove_computer)
    remove.add_argument("name", metavar="NAME")
    clear = actions.add(
        "clear", "Delete base models and data that a computer keeps and no run needs", clear_computer
    )
    clear.add_argument("name", metavar="NAME")
    clear.add_argument("--dry-run", action="store_true", help="only list them, with their sizes")
    clear.add_argument("--yes", action="store_true", help="don't ask")
    show = actions.add(
        "show", "Show the GPUs, memory, versions and running jobs of computers", show_computers
    )
    show.add_argument("names", metavar="NAME", nargs="*", help="default: all of them")


def list_computers(_: argparse.Namespace, output: Output) -> int:
    """List the computers without contacting them."""
    computers = store.list_computers()
    output.json([asdict(each) for each in computers])
    rows = [(each.name, each.destination, each.storage or "on its head") for each in computers]
    empty = f"There are no other computers yet. {ADD}"
    output.lines(table_lines(("Computer", "Reached at", "Keeps files"), rows, empty=empty))
    return 0


def add_computer(asked: argparse.Namespace, output: Output) -> int:
    """Add a computer without contacting it."""
    computer = store.add(
        Computer(
            asked.name,
            "ssh" if asked.ssh else "ray",
            with_port(asked.address or "127.0.0.1"),
            asked.ssh,
            asked.token_file,
            asked.storage,
        )
    )
    output.json(asdict(computer))
    output.line(f"Added {computer.name}. `{command_name()} computers show {computer.name}` checks it.")
    return 0


def remove_computer(asked: argparse.Namespace, output: Output) -> int:
    store.remove(asked.name)
    output.json({"removed": asked.name})
    output.line(f"Removed {asked.name}.")
    return 0


def show_computers(asked: argparse.Namespace, output: Output) -> int:
    names = [store.find(name).name for name in asked.names] or [each.name for each in store.list_computers()]
    if not names:
        return list_computers(asked, output)

    def lines(result: Result) -> list[str]:
        return [line for computer in result["computers"] for line in (*_computer_lines(computer), "")][:-1]

    code, result = ask("computers", {"names": names}, output, lines)
    return code or int(any(each["problem"] for each in result["computers"]))


def clear_computer(asked: argparse.Namespace, output: Output) -> int:
    """List what a computer keeps that no run there needs, and delete it if the user agrees."""
    name = store.find(asked.name).name
    if not asked.yes and not asked.dry_run and not can_ask(output):
        raise ComputerError("Deleting needs your agreement.", "Add --yes, or --dry-run to list it.", "--yes")
    if asked.dry_run or not asked.yes:
        code, found = ask("clear_computer", {"name": name, "remove": False}, output, _kept_lines)
        if code or asked.dry_run or not found["bytes"]:
            return code
        if not agrees("Remove it?"):
            return STOPPED
    return ask("clear_computer", {"name": name, "remove": True}, output, _kept_lines)[0]


def _kept_lines(result: Result) -> list[str]:
    places = [("in its storage", result["storage"], "")]
    for node in result["nodes"]:
        in_use = "a run uses what is there" if node["in_use"] else ""
        places.append((f"on {node['host']}", node["kept"], node["problem"] or in_use))
    told = [f"  {place}: {text}" for place, kept, why_not in places if (text := why_not or _kept_text(kept))]
    if not result["bytes"]:
        return [f"{result['computer']} has nothing to clean up.", *told]
    whole = size(result["bytes"])
    done = f"Freed {whole} on {result['computer']}:"
    return [
        done if result["removed"] else f"On {result['computer']}, no run needs these {whole}:",
        *told,
    ]


def _kept_text(kept: list[dict[str, Any]]) -> str:
    titles = {"model": "a base model", "data": "data of finished runs"}
    return ", ".join(f"{each['name'] or titles[each['what']]} ({size(each['bytes'])})" for each in kept)


def _computer_lines(computer: Mapping[str, Any]) -> Iterator[str]:
    place = computer["ssh"] or computer["address"]
    yield f"{computer['name']} ({place})"
    if computer["problem"]:
        yield f"    {computer['problem']['message']} {computer['problem']['hint']}".rstrip()
    for node in computer["nodes"]:
        yield f"  {node.get('host', node['address'])}: {'fits' if node['fits'] else 'does not fit'}"
        if "python" in node:
            yield from (f"    {line}" for line in fact_lines(list(_node_facts(node))))
        for each in (*node["problems"], *node.get("remarks", ())):
            yield f"    {each['message']} {each['hint']}".rstrip()
    if computer["reachable"]:
        yield f"  {counted(len(computer['entries']), 'run')} there"
    kind = "cards" if any(node.get("cards_for_entries") for node in computer["nodes"]) else "processes"
    for entry in computer["entries"]:
        several = f", {entry['cards']:,} {kind}" if entry["cards"] > 1 else ""
        yield f"    {entry['name']}: {entry['state']}{several}"


def _node_facts(node: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    cards = ", ".join(f"{each['name']} ({size(each['memory_bytes'])})" for each in node["cards"])
    yield "GPUs", cards or "none"
    yield "Processors", str(node["processors"])
    yield "Memory", f"{size(node['free_memory_bytes'])} of {size(node['memory_bytes'])} free"
    yield "Disk", f"{size(node['free_disk_bytes'])} free"
    packages = {"Tunesmith": node["tunesmith"], "Python": node["python"], **node["packages"]}
    yield "Versions", ", ".join(f"{name} {number}" for name, number in packages.items() if number)


def add_node(verbs: Verbs) -> None:
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
    started = this_node.start(
        asked.host, asked.port, asked.jobs_port, cards=asked.cards, processors=asked.processors
    )
    _show_node(started, output)
    output.lines([f"Its token is in {started.token_file}. Anyone who has it can run programs here."])
    if asked.host == LOOPBACK:
        output.line("It listens on this computer only. Others reach it through SSH:")
        output.line(f"    {command_name()} computers add NAME --ssh USER@THIS-COMPUTER")
    else:
        output.line("Copy the token to each computer that joins (mode 600), then run there:")
        output.line(f"    {command_name()} node join {started.address} --token-file FILE")
    return 0


def join_node(asked: argparse.Namespace, output: Output) -> int:
    joined = this_node.join(
        asked.address, asked.token_file, asked.host, cards=asked.cards, processors=asked.processors
    )
    _show_node(joined, output)
    return 0


def stop_node(_: argparse.Namespace, output: Output) -> int:
    stopped = this_node.stop()
    output.json({"stopped": stopped.address})
    output.line(f"The node of the cluster at {stopped.address} was stopped.")
    return 0


def show_node(_: argparse.Namespace, output: Output) -> int:
    found = this_node.running()
    if found is None:
        output.json({"node": None})
        output.line(
            f"This computer is not a node. `{command_name()} node start` starts a cluster, `"
            f"{command_name()} node join` joins one."
        )
        return 0
    _show_node(found, output)
    return 0


def _show_node(found: Node, output: Output) -> None:
    import psutil

    cards, memory = graphics_cards.find(), psutil.virtual_memory().total
    output.json({"node": {**vars(found), "cards": [card.name for card in cards], "memory_bytes": memory}})
    offered = ", ".join(card.name for card in cards) or "no GPU"
    output.line(
        f"This computer is a node of the cluster at {found.address}: {offered}, {size(memory)} of memory."
    )
