"""Checks this computer, and says what to do about problems.

Imports nothing heavy: the job `devices` asks torch in a worker.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from engine.errors import AppError, OfflineError, StorageError
from engine.jobs.job import create_job
from engine.jobs.supervisor import Supervisor
from engine.messages import joined, say
from engine.system import connection, paths
from engine.system.files import remove
from engine.system.graphics.graphics_cards import Card, find
from engine.system.redaction import without_login
from engine.system.units import size
from engine.system.versions import installed

State = Literal["ok", "notice", "problem"]
Facts = dict[str, Any]
REPORTED_PACKAGES = (
    "torch", "transformers", "peft", "datasets", "accelerate", "bitsandbytes", "evaluate", "huggingface_hub",
    "PySide6_Essentials", "pyqtgraph",
)  # fmt: skip
# The launcher of an installed Tunesmith sets it to the command that makes its environment again.
SET_UP = "TUNESMITH_SET_UP"
UNSET_PATCHES = "Unset TUNESMITH_PATCHES to switch all on."
ORDER = (
    "system", "packages", "patches", "device", "graphics", "quantization", "memory", "hub", "folders", "disk",
)  # fmt: skip
LOW_DISK_BYTES = 5_000_000_000
LOW_MEMORY_BYTES = 2_000_000_000


@dataclass(frozen=True)
class Check:
    """One check: what was found and, unless it is fine, what to do."""

    id: str
    title: str
    state: State
    text: str
    fix: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return the check in the shape that the command line prints."""
        return asdict(self)


def report() -> list[Check]:
    """Return all checks. Takes seconds, since a worker imports torch; opens no connection when offline."""
    return in_order([*of_computer(), *of_devices(*ask_devices())])


def of_computer() -> list[Check]:
    """Return the checks without a worker. They take seconds if the hub does not answer."""
    return [system(), packages(), memory(), hub(), folders(), disk()]


def of_devices(facts: Facts, trouble: str) -> list[Check]:
    """Return the checks of the job `devices`, from its result or its error."""
    return [
        patches(facts),
        device(facts, trouble),
        graphics_check(facts, find()),
        quantization(facts, trouble),
    ]


def in_order(checks: Iterable[Check]) -> list[Check]:
    return sorted(checks, key=lambda check: ORDER.index(check.id))


def diagnostics(checks: Iterable[Check]) -> str:
    """Return checks as text for a report; the home folder is written as "~"."""
    marks = {"ok": "ok", "notice": "notice", "problem": "PROBLEM"}
    lines = []
    for check in checks:
        lines.append(f"{check.title} [{marks[check.state]}]: {check.text}")
        lines += [f"    What to do: {check.fix}"] if check.fix else []
    return "\n".join(lines).replace(str(paths.expand_user("~")), "~")


def ask_devices() -> tuple[Facts, str]:
    """Return the result of the job `devices`, or an empty one and its error."""
    try:
        job = create_job(paths.jobs_folder(), "devices", {})
        supervisor = Supervisor(job)
        supervisor.start()
        results = [event["result"] for event in supervisor.follow() if event["event"] == "result_made"]
    except AppError as error:
        return {}, error.message
    ending = supervisor.ending()
    supervisor.close()
    if not results:
        return {}, ending.message or "The worker found nothing."
    remove(job.folder)
    return results[-1], ""


def system() -> Check:
    """Report the system and the versions of Python and Tunesmith."""
    versions = say("Tunesmith {}, Python {}", installed("tunesmith") or "unknown", platform.python_version())
    return Check(
        "system", "System", "ok", say("{}, {}", versions, platform.platform(aliased=True, terse=True))
    )


def packages() -> Check:
    """Report the installed and the missing packages."""
    versions = {name: installed(name) for name in REPORTED_PACKAGES}
    absent = [name for name, number in versions.items() if not number]
    text = ", ".join(f"{name} {number}" for name, number in versions.items() if number)
    if absent:
        fix = say("Run `{}`.", os.environ.get(SET_UP, "python3 packaging/dev.py setup"))
        return Check("packages", "Packages", "problem", say("Missing: {}. {}", ", ".join(absent), text), fix)
    return Check("packages", "Packages", "ok", text)


def patches(facts: Facts) -> Check:
    """Say which replacements of library code are on: some are off with library versions that are not tested."""
    title, patches = "Library patches", facts.get("patches")
    if patches is None:
        return Check("patches", title, "notice", "Unknown: the worker gave no answer.")
    if patches["doubts"]:
        fix = say("Install {}.", patches["tested_with"]) if patches["tested_with"] else UNSET_PATCHES
        return Check("patches", title, "notice", joined(" ", patches["doubts"]), fix)
    if patches["off"]:
        text = say("Switched off: {}. On: {}.", ", ".join(patches["off"]), ", ".join(patches["on"]) or "none")
        return Check("patches", title, "notice", text, UNSET_PATCHES)
    return Check("patches", title, "ok", say("All {} are on", len(patches["on"])))


def device(facts: Facts, trouble: str) -> Check:
    """Report the default device of runs."""
    if not facts:
        fix = say("Details are in {}.", paths.jobs_folder())
        return Check("device", "Device", "problem", trouble, fix)
    chosen = next(each for each in facts["devices"] if each["id"] == facts["chosen"])
    room = say(", {} of memory free", size(chosen["free_bytes"])) if "free_bytes" in chosen else ""
    text = say(
        "{} ({}{}) in {}: {}",
        chosen["name"],
        chosen["id"],
        room,
        facts["precision"],
        facts["precision_reason"],
    )
    return Check("device", "Device", "ok", text)


def graphics_check(facts: Facts, cards: Sequence[Card]) -> Check:
    """Report whether the GPUs are used."""
    title, known = "GPU", facts.get("card_problem")
    if known:
        return Check("graphics", title, "problem", known["message"], known["hint"])
    used = [each for each in facts.get("devices", []) if each["id"] != "cpu"]
    if used:
        names = ", ".join(f"{each['name']} ({each['id']})" for each in used)
        remark = facts.get("card_notices")
        if remark:
            return Check(
                "graphics", title, "notice", say("{}. {}", names, remark[0]["message"]), remark[0]["hint"]
            )
        return Check("graphics", title, "ok", names)
    if not cards:
        text = "None found. Large models need a GPU."
        return Check("graphics", title, "notice", text)
    built_for, card = str(facts.get("built_for", "something else")), cards[0]
    text = say("This torch, built for {}, can't use the {}.", built_for, card.name)
    return Check("graphics", title, "problem", text, _way_to_the_card(card, built_for))


def _way_to_the_card(card: Card, built_for: str) -> str:
    """Return how to make a card usable: its driver, a newer driver, or another build of torch."""
    if not card.driver:
        return say("Install the driver of the {} and restart the computer.", card.name)
    if built_for.startswith("CUDA" if card.vendor == "nvidia" else "ROCm"):
        known = say(" than {}", card.driver) if card.driver[:1].isdigit() else ""
        return say("Update the driver of the {}; torch needs a newer one{}.", card.name, known)
    set_up = os.environ.get(SET_UP)
    if set_up:
        return say("Run “{}” in a terminal for this GPU's torch build.", set_up)
    build = "CUDA" if card.vendor == "nvidia" else "ROCm"
    return say("Install the {} build of torch (see pytorch.org) into {}.", build, sys.prefix)


def quantization(facts: Facts, trouble: str) -> Check:
    """Report whether bitsandbytes worked on the device."""
    trouble = trouble or facts.get("quantization_trouble", "")
    if not trouble:
        return Check("quantization", "Quantization", "ok", say("bitsandbytes works on {}", facts["chosen"]))
    fix = "Choose no quantization."
    return Check("quantization", "Quantization", "notice", say("bitsandbytes doesn't work: {}", trouble), fix)


def memory() -> Check:
    """Report the available memory."""
    import psutil

    memory = psutil.virtual_memory()
    text = say("{} of {} free", size(memory.available), size(memory.total))
    if memory.available < LOW_MEMORY_BYTES:
        return Check("memory", "Memory", "notice", text, "Close other programs before a run.")
    return Check("memory", "Memory", "ok", text)


def hub() -> Check:
    """Report whether the hub can be reached."""
    title, address = "Hub", without_login(connection.hub_address())
    if connection.offline():
        return Check("hub", title, "notice", "Offline: nothing is downloaded.")
    try:
        connection.require_hub()
    except OfflineError as error:
        return Check("hub", title, "notice", error.message, error.hint)
    return Check("hub", title, "ok", say("{} answers", address))


def folders() -> Check:
    """Report whether Tunesmith's folders can be written."""
    find_folders = (
        paths.runs_folder,
        paths.adapters_folder,
        paths.jobs_folder,
        paths.trash_folder,
        paths.cache_folder,
        paths.config_folder,
    )
    troubles = [trouble for find_folder in find_folders if (trouble := _folder_problem(find_folder))]
    if troubles:
        fix = "Set TUNESMITH_HOME to a folder of your own."
        return Check("folders", "Folders", "problem", joined(" ", troubles), fix)
    return Check(
        "folders", "Folders", "ok", say("Runs and adapters are kept in {}", paths.runs_folder().parent)
    )


def _folder_problem(find_folder: Callable[[], Path]) -> str:
    try:
        folder = find_folder()
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except StorageError as error:
        return error.message
    except OSError as error:
        return say("{} can't be written to: {}.", folder, error.strerror)


def disk() -> Check:
    """Report the free disk space for runs and adapters."""
    try:
        free = shutil.disk_usage(paths.runs_folder()).free
    except StorageError as error:
        return Check("disk", "Disk", "problem", error.message, error.hint)
    if free < LOW_DISK_BYTES:
        fix = "Delete runs and base models you no longer use."
        return Check("disk", "Disk", "notice", say("{} free", size(free)), fix)
    return Check("disk", "Disk", "ok", say("{} free", size(free)))
