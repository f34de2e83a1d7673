"""Which of a run's processes this one is, as torchrun, `accelerate launch` and SLURM scripts say in the environment.

Process 0 owns the run: its command makes the job and follows it. All others only compute. Knows no torch.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from engine.errors import WorkerError

RANK, SIZE = "RANK", "WORLD_SIZE"
LOCAL_RANK, LOCAL_SIZE = "LOCAL_RANK", "LOCAL_WORLD_SIZE"
ADDRESS, PORT = "MASTER_ADDR", "MASTER_PORT"
# By this variable a command tells its worker, which joins a run that another process owns, what it knows of the run.
FACTS = "TUNESMITH_RANK_FACTS"
START_WITH_TORCHRUN = "Start with torchrun or `accelerate launch`, which set the variables."


@dataclass(frozen=True)
class Rank:
    """This process's number among `size` processes, and its number among the `local_size` on this computer."""

    rank: int
    size: int
    local_rank: int
    local_size: int

    @property
    def is_first(self) -> bool:
        """Whether it owns the run."""
        return self.rank == 0


def own(given: Mapping[str, str] | None = None) -> Rank | None:
    """Return what the environment says of this process, None for one that is alone.

    Raises WorkerError for variables that contradict each other.
    """
    given = os.environ if given is None else given
    size = _number(given, SIZE, 1)
    if size <= 1:
        return None
    rank, local_rank = _number(given, RANK, 0), _number(given, LOCAL_RANK, 0)
    # `accelerate launch` on one computer may leave it out.
    local_size = _number(given, LOCAL_SIZE, size)
    if rank >= size or local_rank >= local_size:
        message = f"There is no process {rank} of {size} ({RANK}, {SIZE}, {LOCAL_RANK}, {LOCAL_SIZE})."
        raise WorkerError(message, START_WITH_TORCHRUN, RANK)
    return Rank(rank, size, local_rank, local_size)


def is_follower(given: Mapping[str, str] | None = None) -> bool:
    """Tell whether this process belongs to a run that another one owns."""
    found = own(given)
    return found is not None and not found.is_first


def local_size(given: Mapping[str, str] | None = None) -> int:
    """Return how many of the run's processes share this computer."""
    found = own(given)
    return found.local_size if found else 1


def require_address(given: Mapping[str, str] | None = None) -> tuple[str, int]:
    """Return where the processes meet. Raises WorkerError if that is no host or no port."""
    given = os.environ if given is None else given
    host, port = given.get(ADDRESS, ""), given.get(PORT, "")
    if not host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
        message = f"The processes have no place to meet: {ADDRESS} is {host!r}, {PORT} is {port!r}."
        raise WorkerError(message, START_WITH_TORCHRUN, PORT if host else ADDRESS)
    try:
        socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        message = f"{host} is no computer that can be found ({ADDRESS}): {error}."
        hint = "Give the name or the address of the computer on which process 0 runs."
        raise WorkerError(message, hint, ADDRESS) from error
    return host, int(port)


def _number(given: Mapping[str, str], name: str, default: int) -> int:
    text = given.get(name, "").strip() or str(default)
    if not text.isdecimal():
        raise WorkerError(f"{name} is no number: {text!r}.", START_WITH_TORCHRUN, name)
    return int(text)
