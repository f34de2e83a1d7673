"""Says why a GPU can't be used, or who else uses it, by what its driver and torch's build tell.

No library is asked: where the driver is at fault, CUDA says no more than that there is no GPU.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.errors import DeviceError
from engine.jobs.job import resume_hint
from engine.messages import joined, say
from engine.system.command_name import command_name
from engine.system.graphics import graphics_cards, nvidia_smi, visible_cards
from engine.system.graphics.nvidia_smi import CardProcess, GraphicsCard
from engine.system.graphics.torch_build import TorchBuild
from engine.system.graphics.visible_cards import VisibleCard
from engine.system.units import size

FIELD = "training.device"
OTHER_DEVICE = say('Choose "auto" or "cpu"; `{} doctor` lists the devices.', command_name())
ON_MACS = 'Apple\'s GPUs need Apple silicon and macOS 14. Choose "auto" or "cpu".'
# With less free memory CUDA itself does not start.
FULL_BYTES = 600 * nvidia_smi.MEBIBYTE
# A GPU is refused only where processes that are known hold so much of it; else a run may still make it.
FILLED_SHARE = 0.5
OTHER_CARD = "Close that program, or choose another device."
# Others that take less of a GPU are a desktop's programs and hinder no run.
NOTICED_SHARE = 0.1
NAMED_PROCESSES = 3
# A form plans with every edit, and the answer takes up to a second.
ANSWER_SECONDS = 5.0
_answer: tuple[float, nvidia_smi.Answer] | None = None


@dataclass(frozen=True)
class Facts:
    """What is known of the GPUs: torch's build, the user's variables, the visible GPUs, the driver's message."""

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
    hint = ON_MACS if kind == "mps" else OTHER_DEVICE
    unknown = say("torch finds no {} device on this computer.", kind.upper()), hint
    message, hint = next(_reasons(facts(), int(number or 0)), unknown) if kind == "cuda" else unknown
    return DeviceError(message, hint, FIELD)


def _reasons(known: Facts, number: int) -> Iterator[tuple[str, str]]:
    """Yield why torch finds no GPU of a number, each with what to do about it; the first decides."""
    build, cards = known.build, known.cards
    names = ", ".join(each.name for each in cards)
    if cards and not (build.cuda or build.hip):
        yield say("This torch is built for {} and can't use {}.", build.name, names), OTHER_DEVICE
    if visible_cards.users_tokens(build, known.given) == []:
        variable = visible_cards.cards_variable(build)
        message = say("The environment variable {} hides all GPUs.", variable)
        yield message, "Unset it or add a GPU to it, and restart Tunesmith."
    drivers = [each.card.driver for each in cards if each.card and each.card.driver]
    if drivers and int(drivers[0].partition(".")[0]) < build.oldest_driver:
        message = say(
            "The GPU driver {} is too old: torch for {} needs {}.",
            drivers[0],
            build.name,
            build.oldest_driver,
        )
        yield message, "Update the driver and restart the computer, or choose cpu."
    if cards and number >= len(cards):
        listed = say("Available GPUs ({}): {}.", len(cards), names)
        yield say("There is no cuda:{}. {}", number, listed), 'Choose one of them or "auto".'
    if known.message and not cards:
        message = say("The GPU driver doesn't work: {}", known.message)
        yield message, "Restart the computer, or reinstall the driver."
    nvidia = [card for card in graphics_cards.find() if card.vendor == "nvidia"]
    if nvidia and not nvidia[0].driver:
        yield say("The {} has no driver.", nvidia[0].name), "Install its driver and restart the computer."


# -------------------------------------------------------------------------------------------- a GPU that is there


def of_card(device: str) -> DeviceError | None:
    """Return why no run can be done on a GPU that torch finds, None if nothing is known against it."""
    chosen = _card(device)
    if chosen is None:
        return None
    name, card = chosen
    lowest = facts().build.lowest_capability
    if card.capability is not None and card.capability < lowest:
        has, needed = (".".join(map(str, each)) for each in (card.capability, lowest))
        message = say("{} is too old for this torch: compute capability {}, needed {}.", name, has, needed)
        return DeviceError(message, "Install torch for an older CUDA, or choose cpu.", FIELD)
    if not _is_full(card) or _taken(card) < FILLED_SHARE * (card.total_bytes or 0):
        return None
    return DeviceError(_full_text(name, card), OTHER_CARD, FIELD)


def notices(device: str) -> list[dict[str, str]]:
    """Return that a GPU is full, or that other programs use it, who and how much. Message, hint and level."""
    chosen = _card(device)
    if chosen is None:
        return []
    name, card = chosen
    if _is_full(card):
        return [{"message": _full_text(name, card), "hint": OTHER_CARD, "level": "warning"}]
    is_little = _taken(card) < NOTICED_SHARE * (card.total_bytes or 0)
    if not _others(card) or (is_little and (card.load or 0) < visible_cards.BUSY_LOAD):
        return []
    sentences = [say("Other programs are using {}.", name), _users_text(card)]
    sentences += (
        [say("{} of its memory is free.", size(card.free_bytes))] if card.free_bytes is not None else []
    )
    hint = "Meanwhile a run is slower and may run out of memory."
    return [{"message": joined(" ", sentences), "hint": hint, "level": "warning"}]


def _card(device: str) -> tuple[str, GraphicsCard] | None:
    """Return the name and the facts of a GPU, None if nothing is known of it."""
    chosen = next((each for each in facts().cards if each.device == device), None)
    return (chosen.name, chosen.card) if chosen is not None and chosen.card is not None else None


def _is_full(card: GraphicsCard) -> bool:
    """Tell whether nothing can be computed; workers of the same window make room for one another."""
    ours = sum(each.used_bytes or 0 for each in card.processes if _is_ours(each))
    return card.free_bytes is not None and card.free_bytes + ours < FULL_BYTES


def _full_text(name: str, card: GraphicsCard) -> str:
    sentence = say("{} is full: {} of its memory is free.", name, size(card.free_bytes or 0))
    return joined(" ", (sentence, _users_text(card)))


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
    """Return a sentence about the largest users of a GPU, "" if there are none."""
    texts = []
    for process in sorted(_others(card), key=lambda each: each.used_bytes or 0, reverse=True):
        known = [f"pid {process.pid}"] + (
            [size(process.used_bytes)] if process.used_bytes is not None else []
        )
        texts.append(f"{process.name} ({', '.join(known)})" if process.name else " ".join(known))
    return say("It is used by: {}.", ", ".join(texts[:NAMED_PROCESSES])) if texts else ""


# ------------------------------------------------------------------------------------------------- a GPU that fails

# As torch calls and CUDA words what a GPU reports; after an error that it is lost by, no process can use it again.
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


def of_failure(error: BaseException, kind: str = "train") -> DeviceError | None:
    """Return the error of a GPU that failed while it did a job of a kind, None for any other exception."""
    text = str(error)
    if not OF_CARD.search(f"{type(error).__name__} {text}"):
        return None
    said = text.strip().partition("\n")[0].rstrip(".")
    if BUSY.search(text):
        own = _card(visible_cards.reserved(os.environ))
        sentence = say("Another program has the GPU to itself: {}.", said)
        return DeviceError(joined(" ", (sentence, _users_text(own[1]) if own else "")), OTHER_CARD, FIELD)
    if LOST.search(text):
        hint = say("Check power, cooling and slot, and restart the computer. {}", resume_hint(kind))
        return DeviceError(say("The GPU stopped responding: {}.", said), hint, FIELD)
    hint = say("The log has the details. {}", resume_hint(kind))
    return DeviceError(say("The GPU reported an error: {}.", said), hint, FIELD)
