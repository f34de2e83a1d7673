"""What is known of another computer, as texts. Knows no widget."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from gui.look.format import bytes_text, number_text
from gui.look.language import mark, tr, tr_count, translate

Facts = Mapping[str, Any]
BETWEEN = " · "
# The icon, colour and text of a state.
STATES = {
    "unknown": ("info", "hint", mark("Not asked yet")),
    "asking": ("clock", "muted", mark("Asking…")),
    "ready": ("check", "accent", mark("Ready")),
    "unfit": ("info", "warning", mark("Does not fit")),
    "unreachable": ("problem", "error", mark("Can't be reached")),
}
# Keys of the states of a run on a cluster.
RUN_STATES = {
    "waiting": mark("waiting"),
    "running": mark("running"),
    "held": mark("paused"),
    "ended": mark("done, to be fetched"),
}


def state_of(facts: Facts) -> str:
    """Return the key of a computer's state: it is ready if one of its nodes fits."""
    if not facts["reachable"]:
        return "unreachable"
    return "ready" if any(node["fits"] for node in facts["nodes"]) else "unfit"


def problem_text(facts: Facts) -> str:
    """Return why a computer could not be asked and what to do, "" if it could."""
    return _problem_line(facts["problem"]) if facts["problem"] else ""


def node_title(node: Facts) -> str:
    """Return a node's name with its cards: "blue · 2 × RTX 3090 (24 GB)"."""
    name = node.get("host") or node["address"]
    if "cards" not in node:
        return str(name)
    counts = Counter((card["name"], card["memory_bytes"]) for card in node["cards"])
    cards = [_card(*kind, count) for kind, count in counts.items()]
    return BETWEEN.join([name, *(cards or [tr("no graphics card")])])


def _card(name: str, memory_bytes: int, count: int) -> str:
    one = f"{name} ({bytes_text(memory_bytes)})"
    return one if count == 1 else tr("{count} × {card}", count=number_text(count), card=one)


def node_text(node: Facts) -> str:
    """Return a node's processors, memory, disk and versions; "" for one that did not answer."""
    if "python" not in node:
        return ""
    free, total = bytes_text(node["free_memory_bytes"]), bytes_text(node["memory_bytes"])
    packages = node["packages"]
    versions = {"Tunesmith": node["tunesmith"], "Python": node["python"], "torch": packages.get("torch")}
    return BETWEEN.join([
        tr_count(node["processors"], "{n} processor core", "{n} processor cores"),
        tr("{free} of {total} memory free", free=free, total=total),
        tr("{free} of disk free", free=bytes_text(node["free_disk_bytes"])),
        *(f"{name} {version}" for name, version in versions.items() if version),
    ])  # fmt: skip


def node_remarks(node: Facts) -> list[str]:
    """Return what keeps a node from computing, and what differs from this computer, with what to do."""
    return [_problem_line(each) for each in (*node["problems"], *node.get("remarks", ()))]


def runs_text(entries: Sequence[Facts]) -> str:
    """Return what runs on a computer: "2 runs there: chats.csv (running, 2 processes), notes (waiting)"."""
    if not entries:
        return tr("Nothing of yours is there.")
    named = ", ".join(f"{entry['name']} ({_entry_text(entry)})" for entry in entries)
    return tr_count(len(entries), "{n} run there: {runs}", "{n} runs there: {runs}", runs=named)


def _entry_text(entry: Facts) -> str:
    """Return an entry's state, with the number of its processes if there are several, each on a card or on none."""
    state = run_state_text(entry["state"])
    if entry["cards"] == 1:
        return state
    return f"{state}, {tr_count(entry['cards'], '{n} process', '{n} processes')}"


def run_state_text(state: str) -> str:
    """Return the name of a run's state on a cluster."""
    return tr(RUN_STATES[state]) if state in RUN_STATES else state


def kept_text(result: Facts) -> str:
    """Return what a computer keeps that no run needs, or what of it was removed, by place."""
    where = [tr("In its storage: {kept}.", kept=kept) for kept in [_kept_list(result["storage"])] if kept]
    for node in result["nodes"]:
        if node["problem"]:
            where.append(f"{node['host']}: {translate(node['problem'])}")
        elif node["in_use"]:
            where.append(tr("On {node} a run uses what is there.", node=node["host"]))
        elif kept := _kept_list(node["kept"]):
            where.append(tr("On {node}: {kept}.", node=node["host"], kept=kept))
    return " ".join([_kept_whole(result), *where])


def _kept_whole(result: Facts) -> str:
    whole = bytes_text(result["bytes"])
    if not result["bytes"]:
        return tr("Nothing is kept that could be removed.")
    if result["removed"]:
        return tr("{size} were removed.", size=whole)
    return tr("{size} are kept that no run needs.", size=whole)


def _kept_list(kept: Sequence[Facts]) -> str:
    titles = {"model": tr("a base model"), "data": tr("data of runs that are done")}
    return ", ".join(f"{each['name'] or titles[each['what']]} ({bytes_text(each['bytes'])})" for each in kept)


def _problem_line(problem: Facts) -> str:
    return translate(f"{problem['message']} {problem['hint']}".strip())
