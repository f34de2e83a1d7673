"""This process's rank in a run, from the environment that torchrun, `accelerate launch` and SLURM scripts set.

Rank 0 owns the run: its command creates the job and follows it; the others only compute. On one computer they need no
network; for several, the user has to name the interface. Knows no torch.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from engine.errors import WorkerError
from engine.messages import say

RANK, SIZE = "RANK", "WORLD_SIZE"
LOCAL_RANK, LOCAL_SIZE = "LOCAL_RANK", "LOCAL_WORLD_SIZE"
ADDRESS, PORT = "MASTER_ADDR", "MASTER_PORT"
# Tells a worker that joins another process's run what its own command knows of the run.
FACTS = "TUNESMITH_RANK_FACTS"
# How many ranks a worker starts for its run.
COUNT = "TUNESMITH_RANKS"
# The network interface on which gloo and NCCL open their ports.
INTERFACE, NCCL_INTERFACE = "GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME"
IN_CLEAR = (
    "Between computers, conversations and weights are sent unencrypted, and data is accepted from anyone."
)
LOOPBACK = "127.0.0.1"
START_WITH_TORCHRUN = "Start with torchrun or `accelerate launch`."
# Configurations of `accelerate launch`: the one that is supported, and those that are not.
FSDP, FSDP_VERSION = "ACCELERATE_USE_FSDP", "FSDP_VERSION"
OTHER_WAYS = {"ACCELERATE_USE_DEEPSPEED": "DeepSpeed", "ACCELERATE_USE_MEGATRON_LM": "Megatron-LM"}
# Variables that make libraries believe they run as one of several ranks: accelerate would open connections, and
# transformers would leave the weights of all ranks but one empty.
TOLD_TO_LIBRARIES = (
    RANK, SIZE, LOCAL_RANK, LOCAL_SIZE, FSDP, "PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "MV2_COMM_WORLD_SIZE",
)  # fmt: skip


@dataclass(frozen=True)
class Rank:
    """A rank of a world of `size`, and its local rank among the `local_size` on this computer.

    `shards` tells whether `accelerate launch` is configured for FSDP, `fsdp_version` for which version.
    """

    rank: int
    size: int
    local_rank: int
    local_size: int
    shards: bool = False
    fsdp_version: int = 2

    @property
    def is_first(self) -> bool:
        """Whether it owns the run."""
        return self.rank == 0

    @property
    def is_on_one_computer(self) -> bool:
        return self.local_size == self.size


def own(given: Mapping[str, str] | None = None) -> Rank | None:
    """Return this process's rank from the environment, None without other ranks.

    Raises WorkerError for contradictory variables, and for ranks on several computers without a named interface.
    """
    given = os.environ if given is None else given
    size = _number(given, SIZE, 1)
    if size <= 1:
        return None
    if not given.get(RANK):
        message = say("{} is {}, but {} is not set.", SIZE, size, RANK)
        raise WorkerError(
            message, say("Unset {} to train in one process. {}", SIZE, START_WITH_TORCHRUN), SIZE
        )
    rank, local_rank = _number(given, RANK, 0), _number(given, LOCAL_RANK, 0)
    # `accelerate launch` on one computer may leave it out.
    local_size = _number(given, LOCAL_SIZE, size)
    if rank >= size or local_rank >= local_size:
        message = say(
            "Process {} of {} doesn't exist ({}, {}, {}, {}).", rank, size, RANK, SIZE, LOCAL_RANK, LOCAL_SIZE
        )
        raise WorkerError(message, START_WITH_TORCHRUN, RANK)
    for name, what in OTHER_WAYS.items():
        if _is_on(given, name):
            raise WorkerError(
                say("{} is not supported.", what), "Use a configuration without it, or FSDP.", name
            )
    version = _number(given, FSDP_VERSION, 1) if _is_on(given, FSDP) else 2
    found = Rank(rank, size, local_rank, local_size, _is_on(given, FSDP), version)
    if not found.is_on_one_computer and not addresses(given.get(INTERFACE, "")):
        names = ", ".join(_addresses_by_interface())
        raise WorkerError(
            IN_CLEAR,
            say("Set {} to the interface of a trusted network: {}.", INTERFACE, names),
            INTERFACE,
        )
    return found


def take() -> Rank | None:
    """Return this process's rank as `own` does, and hide the variables from libraries. Raises WorkerError."""
    found = own()
    for name in TOLD_TO_LIBRARIES:
        os.environ.pop(name, None)
    return found


def is_follower(given: Mapping[str, str] | None = None) -> bool:
    """Tell whether another rank owns this process's run."""
    found = own(given)
    return found is not None and not found.is_first


def addresses(interface: str) -> list[str]:
    """Return the addresses of a network interface, none if it does not exist."""
    return _addresses_by_interface().get(interface, [])


def loopback() -> str:
    """Return the name of the loopback interface."""
    return next(name for name, found in _addresses_by_interface().items() if LOOPBACK in found)


def _addresses_by_interface() -> dict[str, list[str]]:
    import psutil

    kinds = (socket.AF_INET, socket.AF_INET6)
    found = psutil.net_if_addrs().items()
    return {name: [each.address for each in all_ if each.family in kinds] for name, all_ in found}


def require_port(given: Mapping[str, str] | None = None) -> int:
    """Return the port that the launcher chose; on one computer it only tells runs apart. Raises WorkerError."""
    given = os.environ if given is None else given
    port = given.get(PORT, "")
    # The next port is used too.
    if not _is_number(port) or not 0 < int(port) < (1 << 16) - 1:
        message = say("The processes can't meet: {} is {}.", PORT, repr(port))
        raise WorkerError(message, START_WITH_TORCHRUN, PORT)
    return int(port)


def require_address(given: Mapping[str, str] | None = None) -> tuple[str, int]:
    """Return host and port for the rendezvous of several computers: the port after the launcher's own.

    Raises WorkerError for an invalid one.
    """
    given = os.environ if given is None else given
    host, port = given.get(ADDRESS, ""), require_port(given) + 1
    if not host:
        message = say("The processes can't meet: {} is {}.", ADDRESS, repr(host))
        raise WorkerError(message, START_WITH_TORCHRUN, ADDRESS)
    try:
        socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        message = say("The computer {} can't be found ({}): {}.", host, ADDRESS, error)
        hint = "Name the computer that runs rank 0."
        raise WorkerError(message, hint, ADDRESS) from error
    return host, port


def _is_on(given: Mapping[str, str], name: str) -> bool:
    return given.get(name, "").lower() in ("true", "1")


def _number(given: Mapping[str, str], name: str, default: int) -> int:
    text = given.get(name, "").strip() or str(default)
    if not _is_number(text):
        raise WorkerError(say("{} is not a number: {}.", name, repr(text[:40])), START_WITH_TORCHRUN, name)
    return int(text)


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) < 10
