"""Says why a graphics card can't be used, or who else uses it, by what its driver and torch's build tell.

No library is asked: where the driver is at fault, CUDA says no more than that there is no card.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.errors import DeviceError
from engine.system.command_name import command_name
from engine.system.graphics import graphics_cards, nvidia_smi, visible_cards
from engine.system.graphics.nvidia_smi import CardProcess, GraphicsCard
from engine.system.graphics.torch_build import TorchBuild
from engine.system.graphics.visible_cards import VisibleCard
from engine.system.units import size

FIELD = "training.device"
OTHER_DEVICE = f'Choose "auto" or "cpu"; `{command_name()} doctor` says what is there.'
# With less free memory CUDA itself does not start.
FULL_BYTES = 600 * nvidia_smi.MEBIBYTE
# A card is refused only where processes that are known hold so much of it; else a run may still make it.
FILLED_SHARE = 0.5
OTHER_CARD = "End what uses it, or choose another device."
# Others that take less of a card are a desktop's programs and hinder no run.
NOTICED_SHARE = 0.1
NAMED_PROCESSES = 3
# A form plans with every edit, and the answer takes up to a second.
ANSWER_SECONDS = 5.0
_answer: tuple[float, nvidia_smi.Answer] | None = None


@dataclass(frozen=True)
class Facts:
    """What is known of the cards: torch's build, the user's variables, the visible cards, the driver's message."""

    build: TorchBuild
    given: Mapping[str, str]
    cards: Sequence[VisibleCard]
    message: str


def facts() -> Facts:
    """Return what is known now, or was some seconds ago."""
    build, given = visible_cards.installed_build(), visible_cards.users_environment(os.environ)
    answer = nvidia_smi.Answer() if build.hip or build.xpu else _asked()
    return Facts(build, given, visible_cards.visible(build, given, answer.cards), answer.problem)


def _asked() -> nvidia_smi.Answer:
    global _answer  # noqa: PLW0603 - one answer for all plans of this process
    now = time.monotonic()
    if _answer is None or now - _answer[0] > ANSWER_SECONDS:
        _answer = (now, nvidia_smi.ask())
    return _answer[1]


def forget() -> None:
    """Ask the driver anew with the next question."""
    global _answer  # noqa: PLW0603 - see `_asked`
    _answer = None


# ------------------------------------------------------------------------------------------ a device that is missing


def missing(device: str) -> DeviceError:
    """Return the error of a device that torch does not find, with the reason if one is known."""
    kind, _, number = device.partition(":")
    if kind == "cuda":
        known = facts()
        for reason in (_of_build, _of_users_list, _of_driver, _of_number, _of_message):
            found = reason(known, int(number or 0))
            if found:
                return DeviceError(*found, FIELD)
    return DeviceError(f"This computer has no {kind.upper()} device that torch can use.", OTHER_DEVICE, FIELD)


def _of_build(known: Facts, _number: int) -> tuple[str, str] | None:
    if known.build.cuda or known.build.hip or not known.cards:
        return None
    message = f"This torch is built for {known.build.name} and does not use {_listed_names(known.cards)}."
    return message, OTHER_DEVICE


def _of_users_list(known: Facts, _number: int) -> tuple[str, str] | None:
    variable = visible_cards.cards_variable(known.build)
    if visible_cards.users_tokens(known.build, known.given) != []:
        return None
    message = f"The environment variable {variable} leaves no graphics card visible."
    return message, "Unset it or list a card, and start Tunesmith again."


def _of_driver(known: Facts, _number: int) -> tuple[str, str] | None:
    needed = known.build.oldest_driver
    drivers = [each.card.driver for each in known.cards if each.card and each.card.driver]
    if not drivers or int(drivers[0].partition(".")[0]) >= needed:
        return None
    message = f"The graphics driver {drivers[0]} is too old: this torch, built for {known.build.name}, needs {needed}."
    return message, "Update the driver and restart the computer, or choose cpu."


def _of_number(known: Facts, number: int) -> tuple[str, str] | None:
    if not known.cards or number < len(known.cards):
        return None
    names = f"Graphics cards that can be used ({len(known.cards)}): {_listed_names(known.cards)}."
    return f"There is no cuda:{number}. {names}", 'Choose one of them or "auto".'


def _of_message(known: Facts, _number: int) -> tuple[str, str] | None:
    if known.message and not known.cards:
        message = f"The graphics driver does not work: {known.message}"
        return message, "Restart the computer; if that does not help, install the driver again."
    nvidia = [card for card in graphics_cards.find() if card.vendor == "nvidia"]
    if nvidia and not nvidia[0].driver:
        return f"The {nvidia[0].name} has no driver.", "Install its driver and restart the computer."
    return None


def _listed_names(cards: Sequence[VisibleCard]) -> str:
    return ", ".join(each.name for each in cards)


# -------------------------------------------------------------------------------------------- a card that is there


def of_card(device: str) -> DeviceError | None:
    """Return why no run can be done on a card that torch finds, None if nothing is known against it."""
    known = facts()
    chosen = _chosen(known.cards, device)
    if chosen is None or chosen.card is None:
        return None
    lowest, capability = known.build.lowest_capability, chosen.card.capability
    if capability is not None and capability < lowest:
        message = (
            f"{chosen.name} is too old for this torch: its compute capability is {_dotted(capability)}, and "
            f"{_dotted(lowest)} is needed."
        )
        return DeviceError(message, "Install a torch built for an older CUDA, or choose cpu.", FIELD)
    if not _is_full(chosen.card) or _taken(chosen.card) < FILLED_SHARE * (chosen.card.total_bytes or 0):
        return None
    return DeviceError(_full_text(chosen), OTHER_CARD, FIELD)


def notices(device: str) -> list[dict[str, str]]:
    """Return that a card is full, or that other programs use it, who and how much. Message, hint and level."""
    chosen = _chosen(facts().cards, device)
    if chosen is None or chosen.card is None:
        return []
    if _is_full(chosen.card):
        return [{"message": _full_text(chosen), "hint": OTHER_CARD, "level": "warning"}]
    is_little = _taken(chosen.card) < NOTICED_SHARE * (chosen.card.total_bytes or 0)
    if not _others(chosen.card) or (is_little and (chosen.card.load or 0) < visible_cards.BUSY_LOAD):
        return []
    free = chosen.card.free_bytes
    sentences = [f"Other programs compute on {chosen.name}.", _users_text(chosen.card)]
    sentences += [f"{size(free)} of its memory is free."] if free is not None else []
    hint = "A run beside them is slower and may run out of memory."
    return [{"message": " ".join(sentences), "hint": hint, "level": "warning"}]


def _chosen(cards: Sequence[VisibleCard], device: str) -> VisibleCard | None:
    return next((each for each in cards if each.device == device), None)


def _is_full(card: GraphicsCard) -> bool:
    """Tell whether nothing can be computed; workers of the same window make room for one another."""
    ours = sum(each.used_bytes or 0 for each in card.processes if _is_ours(each))
    return card.free_bytes is not None and card.free_bytes + ours < FULL_BYTES


def _full_text(chosen: VisibleCard) -> str:
    free = (chosen.card.free_bytes if chosen.card else None) or 0
    sentences = [f"{chosen.name} is full: only {size(free)} of its memory is free."]
    return " ".join(filter(None, [*sentences, _users_text(chosen.card) if chosen.card else ""]))


def _taken(card: GraphicsCard) -> int:
    return sum(process.used_bytes or 0 for process in _others(card))


def _others(card: GraphicsCard) -> list[CardProcess]:
    """Return the processes of other programs.

    In a container the driver may tell process ids of the computer around it, which name nothing here: such a process
    may be this one.
    """
    import psutil

    return [each for each in card.processes if psutil.pid_exists(each.pid) and not _is_ours(each)]


def _is_ours(process: CardProcess) -> bool:
    """Tell whether a process is this worker, or another one of the same window or command."""
    import psutil

    if process.pid == os.getpid():
        return True
    try:
        return bool(psutil.Process(process.pid).ppid() == os.getppid())
    except psutil.Error:
        return False


def _users_text(card: GraphicsCard) -> str:
    """Return a sentence about the largest users of a card, "" if there are none."""
    others = sorted(_others(card), key=lambda process: process.used_bytes or 0, reverse=True)[
        :NAMED_PROCESSES
    ]
    if not others:
        return ""
    return f"It is used by: {', '.join(map(_process_text, others))}."


def _users_of_reserved() -> str:
    """Return a sentence about the users of the card that this worker was started for."""
    chosen = _chosen(facts().cards, visible_cards.reserved(os.environ))
    return _users_text(chosen.card) if chosen is not None and chosen.card is not None else ""


def _process_text(process: CardProcess) -> str:
    facts = [f"pid {process.pid}"] + ([size(process.used_bytes)] if process.used_bytes is not None else [])
    return f"{process.name} ({', '.join(facts)})" if process.name else " ".join(facts)


def _dotted(capability: tuple[int, int]) -> str:
    return ".".join(map(str, capability))


# ------------------------------------------------------------------------------------------------- a card that fails

# As torch calls and CUDA words what a card reports; after an error that it is lost by, no process can use it again.
OF_CARD = re.compile(
    r"acceleratorerror|cuda error|cudnn error|hip error|cublas_status|cudnn_status|device-side assert",
    re.IGNORECASE,
)
LOST = re.compile(
    r"no longer available|gpu is lost|fallen off the bus|unspecified launch failure|unknown error|uncorrectable ecc|"
    r"hardware stack error|device not ready|driver shutting down|no cuda-capable device|device unavailable",
    re.IGNORECASE,
)
BUSY = re.compile(r"busy or unavailable", re.IGNORECASE)
RESUME = "Resume continues from the last checkpoint."


def of_failure(error: BaseException) -> DeviceError | None:
    """Return the error of a card that failed while it computed, None for any other exception."""
    text = str(error)
    if not OF_CARD.search(f"{type(error).__name__} {text}"):
        return None
    said = text.strip().partition("\n")[0].rstrip(".")
    if BUSY.search(text):
        sentences = [f"The graphics card is in use by another program alone: {said}.", _users_of_reserved()]
        return DeviceError(" ".join(filter(None, sentences)), OTHER_CARD, FIELD)
    if LOST.search(text):
        hint = f"Check its power, its cooling and its slot, and restart the computer. {RESUME}"
        return DeviceError(f"The graphics card stopped answering: {said}.", hint, FIELD)
    return DeviceError(
        f"The graphics card reported an error: {said}.", f"The log has the details. {RESUME}", FIELD
    )
