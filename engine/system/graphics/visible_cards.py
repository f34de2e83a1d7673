"""Decides which GPU a worker sees, through the environment of its process.

Importing the worker's libraries initialises CUDA on every visible GPU, and torch would train on two at once. So each
worker sees only the GPU that it computes on, or none. The user's own settings are kept: `cuda:1` is the second of the
GPUs in CUDA_VISIBLE_DEVICES. Knows no torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.system.graphics import nvidia_smi, torch_build
from engine.system.graphics.nvidia_smi import GraphicsCard
from engine.system.graphics.torch_build import TorchBuild

# Tell the worker its device, as in recipes, and the user's own list of GPUs, if there is one.
DEVICE, USERS_CARDS = "TUNESMITH_DEVICE", "TUNESMITH_VISIBLE_CARDS"
# For a worker that only reports all devices.
ALL = "all"
CUDA_CARDS, ROCM_CARDS, XPU_CARDS = "CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ZE_AFFINITY_MASK"
# The list of ROCm's lower layer: the layers above renumber what it leaves.
ROCM_LOWER_CARDS = "ROCR_VISIBLE_DEVICES"
ORDER, BY_SLOT = "CUDA_DEVICE_ORDER", "PCI_BUS_ID"
# Ranks of torchrun choose their GPUs themselves.
RANK = "LOCAL_RANK"
UUIDS = ("GPU-", "MIG-")
BUSY_LOAD = 0.5
# GPUs with at least this share of the most free memory count as equal: an idle worker's context is no reason to switch.
EQUAL_SHARE = 0.9


@dataclass(frozen=True)
class VisibleCard:
    """A GPU that torch may use: its number in torch, its token in the variable, and the driver's facts."""

    number: int
    token: str
    card: GraphicsCard | None = None

    @property
    def device(self) -> str:
        """Its device as in recipes."""
        return f"cuda:{self.number}"

    @property
    def name(self) -> str:
        """Its name with its device: `cuda:1 (NVIDIA RTX 3060)`."""
        return f"{self.device} ({self.card.name})" if self.card else self.device


def environment(device: str, given: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a worker on a recipe's `device`; `given` is that of this process.

    "auto" takes the idle GPU with most free memory. For a device that does not exist no GPU is visible, and the worker
    reports the problem.
    """
    if RANK in given:
        return {}
    build = installed_build()
    kind, _, number = device.partition(":")
    index = int(number) if number.isdecimal() else 0
    variables = {ORDER: given.get(ORDER, BY_SLOT), DEVICE: device}
    if kind == "auto":
        kind = _kind_of(build)
        return variables | (_best(build, given) if kind == "cuda" else _only(kind, 0, build, given, device))
    return variables | _only(
        kind, index, build, given, f"{kind}:{index}" if kind in ("cuda", "xpu") else device
    )


def installed_build() -> TorchBuild:
    """Return the installed build of torch; if unknown, one for NVIDIA is assumed."""
    return torch_build.find() or TorchBuild(cuda="unknown")


def _kind_of(build: TorchBuild) -> str:
    """Return the kind of GPU of a build of torch, "" for CPUs and Apple's GPUs, which need no variable."""
    if build.cuda or build.hip:
        return "cuda"
    return "xpu" if build.xpu else ""


def _only(kind: str, index: int, build: TorchBuild, given: Mapping[str, str], device: str) -> dict[str, str]:
    """Return the environment that shows only the GPU with this number, or none for the CPU."""
    if kind == "cpu":
        return {DEVICE: device, CUDA_CARDS: ""} | ({ROCM_CARDS: "-1"} if build.hip else {})
    variable = {"cuda": cards_variable(build), "xpu": XPU_CARDS}.get(kind)
    if variable is None:
        return {DEVICE: device}
    tokens = users_tokens(build, given) if kind == "cuda" else _listed(given.get(variable))
    token = str(index) if tokens is None else tokens[index] if index < len(tokens) else ""
    return {DEVICE: device} | _shown(variable, token, given)


def _best(build: TorchBuild, given: Mapping[str, str]) -> dict[str, str]:
    """Return the environment that shows only the best GPU, or the first if nothing is known of them."""
    variable = cards_variable(build)
    cards = visible(build, given, () if build.hip else nvidia_smi.ask(with_processes=False).cards)
    if not cards:
        tokens = users_tokens(build, given)
        return {DEVICE: "auto"} | _shown(variable, "0" if tokens is None else "", given)
    chosen = best(cards, build)
    if chosen is None:
        # torch has no kernels for any of them, and uses the CPU if it sees none.
        return {DEVICE: "auto"} | _shown(variable, "", given)
    return {DEVICE: chosen.device} | _shown(variable, chosen.token, given)


def _shown(variable: str, token: str, given: Mapping[str, str]) -> dict[str, str]:
    kept = {USERS_CARDS: given[variable]} if variable in given else {}
    # ROCm ignores an empty list.
    return {variable: token or ("-1" if variable == ROCM_CARDS else ""), **kept}


def best(cards: Sequence[VisibleCard], build: TorchBuild) -> VisibleCard | None:
    """Return the first GPU with most free memory, among the idle ones that torch has kernels for."""
    usable = [each for each in cards if not _is_too_old(each, build)]
    idle = [each for each in usable if not _is_busy(each)] or usable
    if not idle:
        return None
    enough = EQUAL_SHARE * max(map(_free_bytes, idle))
    return next(each for each in idle if _free_bytes(each) >= enough)


def _is_too_old(visible_card: VisibleCard, build: TorchBuild) -> bool:
    capability = visible_card.card.capability if visible_card.card else None
    return capability is not None and capability < build.lowest_capability


def _is_busy(visible_card: VisibleCard) -> bool:
    load = visible_card.card.load if visible_card.card else None
    return load is not None and load >= BUSY_LOAD


def _free_bytes(visible_card: VisibleCard) -> int:
    return (visible_card.card.free_bytes if visible_card.card else None) or 0


def visible(build: TorchBuild, given: Mapping[str, str], cards: Sequence[GraphicsCard]) -> list[VisibleCard]:
    """Return the GPUs that the user leaves visible, with the driver's facts."""
    tokens = users_tokens(build, given)
    by_slot = given.get(ORDER, BY_SLOT) == BY_SLOT
    if tokens is None:
        # Unless ordered by slot, the numbers of GPUs are unknown.
        known = enumerate(cards) if by_slot else ()
        return [VisibleCard(number, str(card.index), card) for number, card in known]
    return [
        VisibleCard(number, token, _card_of(token, cards, by_slot=by_slot))
        for number, token in enumerate(tokens)
    ]


def _card_of(token: str, cards: Sequence[GraphicsCard], *, by_slot: bool) -> GraphicsCard | None:
    if token.isdecimal():
        return next((card for card in cards if by_slot and card.index == int(token)), None)
    return next((card for card in cards if card.uuid.startswith(token)), None)


def count(given: Mapping[str, str]) -> int:
    """Return how many GPUs torch can use among those that the user leaves visible."""
    build = installed_build()
    kind = _kind_of(build)
    if kind == "cuda":
        found = visible(build, given, () if build.hip else nvidia_smi.ask(with_processes=False).cards)
        return sum(not _is_too_old(each, build) for each in found)
    return len(_listed(given.get(XPU_CARDS)) or ()) if kind else 0


def cards_variable(build: TorchBuild) -> str:
    """Return the variable that lists the GPUs for a build of torch."""
    return ROCM_CARDS if build.hip else CUDA_CARDS


def users_tokens(build: TorchBuild, given: Mapping[str, str]) -> list[str] | None:
    """Return the tokens of the user's list of GPUs, None without a list: then all are visible."""
    if not build.hip:
        return _listed(given.get(CUDA_CARDS))
    listed = _listed(given.get(ROCM_CARDS, given.get(CUDA_CARDS)))
    lower = _listed(given.get(ROCM_LOWER_CARDS))
    return listed if listed is not None or lower is None else [str(index) for index in range(len(lower))]


def _listed(text: str | None) -> list[str] | None:
    """Return the tokens up to the first invalid one, as the driver reads them: "" and "-1" are invalid."""
    if text is None:
        return None
    tokens: list[str] = []
    for token in map(str.strip, text.split(",")):
        # Level Zero also has tiles: 0.1 is the second tile of the first GPU.
        if not (token.startswith(UUIDS) or token.replace(".", "", 1).isdecimal()):
            break
        tokens.append(token)
    return tokens


def reserved(given: Mapping[str, str]) -> str:
    """Return the device that this worker was started for, "" in any other process."""
    return given.get(DEVICE, "")


def users_environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return a worker's environment with the user's own list of GPUs restored."""
    if not reserved(given):
        return dict(given)
    variable = cards_variable(installed_build())
    kept = {name: value for name, value in given.items() if name != variable}
    return kept | ({variable: given[USERS_CARDS]} if USERS_CARDS in given else {})
