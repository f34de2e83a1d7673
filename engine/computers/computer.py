"""A computer or cluster that runs can be sent to, and checks of what the user typed for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from engine.errors import Problem
from engine.messages import say

Kind = Literal["ray", "ssh"]
# The usual port of Ray's dashboard, which takes jobs.
JOBS_PORT = 8265
MAX_PORT = 65_535
MAX_NAME = 40
_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_.-]{{0,{MAX_NAME - 1}}}")
# Nothing that ssh or a shell could read as an option or a command.
_SSH = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.+-]*@)?[A-Za-z0-9_\[][A-Za-z0-9_.:\]-]*")
_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*|\[[0-9A-Fa-f:.]+\]")


@dataclass(frozen=True)
class Computer:
    """A Ray cluster, reached by the address of its head or through SSH.

    `address` is `host:port` of Ray's dashboard, for the kind `ssh` as seen from the other end of the tunnel. `ssh` is a
    destination of the system's ssh: `user@host`, or a host of its configuration. `token_file` holds the cluster's
    token: a path on this computer, or for `ssh` on the other one. `storage` is where the cluster keeps checkpoints and
    results: "" for a private folder on the head, a path that all nodes share, or an fsspec URL. `agreed`: the user
    agreed to send conversations there.
    """

    name: str
    kind: Kind
    address: str
    ssh: str = ""
    token_file: str = ""
    storage: str = ""
    agreed: bool = False

    @property
    def host(self) -> str:
        """The host of the address."""
        return self.address.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port of the address."""
        return int(self.address.rpartition(":")[2])

    @property
    def destination(self) -> str:
        """The SSH destination, or the address."""
        return self.ssh if self.kind == "ssh" else self.address


def with_port(address: str) -> str:
    """Return an address, with the usual port if it has none."""
    host, colon, port = address.rpartition(":")
    is_bare_host = not colon or address.endswith("]")
    return f"{address}:{JOBS_PORT}" if is_bare_host else f"{host}:{port}"


def problems(computer: Computer) -> Iterator[Problem]:
    """Yield the problems of a computer's name and addresses, without connecting."""
    if not _NAME.fullmatch(computer.name):
        hint = say("Use at most {} letters, digits, dots, hyphens and underscores.", MAX_NAME)
        yield Problem("name", say('"{}" can\'t be the name of a computer.', computer.name), hint)
    host, _, port = computer.address.rpartition(":")
    if not (_HOST.fullmatch(host) and is_port(port)):
        hint = say("An address looks like host:{}.", JOBS_PORT)
        yield Problem("address", say('"{}" is not an address.', computer.address), hint)
    if computer.kind == "ssh" and not _SSH.fullmatch(computer.ssh):
        hint = "Use user@host, or a host from ~/.ssh/config."
        yield Problem("ssh", say('ssh can\'t connect to "{}".', computer.ssh), hint)


def is_port(text: str) -> bool:
    """Tell whether a text is a port number."""
    return bool(re.fullmatch("[0-9]{1,5}", text)) and 0 < int(text) <= MAX_PORT
