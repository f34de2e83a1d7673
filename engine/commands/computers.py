"""The verb `computers`: other computers that runs can be sent to."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from engine.commands.terminal import text_tables
from engine.commands.terminal.consent import agrees, can_ask
from engine.commands.terminal.follow_job import STOPPED, Result, ask
from engine.commands.terminal.output import Output
from engine.commands.terminal.parser import Verbs
from engine.computers import store
from engine.computers.computer import JOBS_PORT, Computer, with_port
from engine.errors import ComputerError
from engine.scoring import score_text
from engine.system.command_name import command_name
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
    if not computers:
        output.line(f"There are no other computers yet. {ADD}")
        return 0
    rows = [(each.name, each.destination, each.storage or "on its head") for each in computers]
    output.lines(text_tables.table(("Computer", "Reached at", "Keeps files"), rows))
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
    output.line(f"{computer.name} was added. `{command_name()} computers show {computer.name}` asks it.")
    return 0


def remove_computer(asked: argparse.Namespace, output: Output) -> int:
    """Remove a computer."""
    store.remove(asked.name)
    output.json({"removed": asked.name})
    output.line(f"{asked.name} was removed.")
    return 0


def show_computers(asked: argparse.Namespace, output: Output) -> int:
    """Show what computers have and what runs there."""
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
        raise ComputerError(
            "Nobody agreed to removing what is kept there.", "Give --yes, or --dry-run to see it.", "--yes"
        )
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
        return [f"{result['computer']} keeps nothing that could be removed.", *told]
    whole = size(result["bytes"])
    done = f"{whole} were removed from {result['computer']}:"
    return [
        done if result["removed"] else f"{result['computer']} keeps {whole} that no run there needs:",
        *told,
    ]


def _kept_text(kept: list[dict[str, Any]]) -> str:
    titles = {"model": "a base model", "data": "data of runs that are done"}
    return ", ".join(f"{each['name'] or titles[each['what']]} ({size(each['bytes'])})" for each in kept)


def _computer_lines(computer: Mapping[str, Any]) -> Iterator[str]:
    place = computer["ssh"] or computer["address"]
    yield f"{computer['name']} ({place})"
    if computer["problem"]:
        yield f"    {computer['problem']['message']} {computer['problem']['hint']}".rstrip()
    for node in computer["nodes"]:
        yield f"  {node.get('host', node['address'])}: {'fits' if node['fits'] else 'does not fit'}"
        if "python" in node:
            yield from (f"    {line}" for line in text_tables.facts(list(_node_facts(node))))
        for each in (*node["problems"], *node.get("remarks", ())):
            yield f"    {each['message']} {each['hint']}".rstrip()
    if computer["reachable"]:
        yield f"  {score_text.counted(len(computer['entries']), 'run')} there"
    kind = "cards" if any(node.get("cards_for_entries") for node in computer["nodes"]) else "processes"
    for entry in computer["entries"]:
        several = f", {entry['cards']:,} {kind}" if entry["cards"] > 1 else ""
        yield f"    {entry['name']}: {entry['state']}{several}"


def _node_facts(node: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    cards = ", ".join(f"{each['name']} ({size(each['memory_bytes'])})" for each in node["cards"])
    yield "Cards", cards or "none"
    yield "Processors", str(node["processors"])
    yield "Memory", f"{size(node['free_memory_bytes'])} of {size(node['memory_bytes'])} free"
    yield "Disk", f"{size(node['free_disk_bytes'])} free"
    packages = {"Tunesmith": node["tunesmith"], "Python": node["python"], **node["packages"]}
    yield "Versions", ", ".join(f"{name} {number}" for name, number in packages.items() if number)
