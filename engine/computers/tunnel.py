"""The way to a computer: its address, or the near end of a tunnel that the system's own ssh opens.

ssh uses the person's own keys, agent and configuration. It asks for nothing, and accepts no unknown host by itself.
"""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from engine.computers.computer import Computer
from engine.errors import ComputerError

OPEN_SECONDS = 20.0
POLL_SECONDS = 0.05
LOOPBACK = "127.0.0.1"
TIMED_OUT = "timed out"
# A dead connection is noticed within a minute.
OPTIONS = (
    "BatchMode=yes",
    "ExitOnForwardFailure=yes",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=3",
    "ConnectTimeout=15",
)


def ssh_command(destination: str, *arguments: str) -> list[str]:
    """Return the command of the system's ssh; `--` keeps a destination from being read as an option."""
    options = [word for option in OPTIONS for word in ("-o", option)]
    return ["ssh", *options, *arguments, "--", destination]


@contextmanager
def tunnel_to(computer: Computer, there: int) -> Iterator[str]:
    """Yield the address of a port of a computer as seen from here. Raises ComputerError.

    The tunnel ends with the block.
    """
    if computer.kind == "ray":
        yield f"{computer.address.rpartition(':')[0]}:{there}"
        return
    port = _free_port()
    forward = f"{LOOPBACK}:{port}:{computer.address.rpartition(':')[0]}:{there}"
    with tempfile.TemporaryFile() as log:
        process = _started(ssh_command(computer.ssh, "-N", "-L", forward), log)
        try:
            _wait_until_open(process, port, computer, log)
            yield f"{LOOPBACK}:{port}"
        finally:
            process.terminate()
            process.wait()


def output_of(computer: Computer, command: str) -> str:
    """Return what a command prints on a computer behind SSH. Raises ComputerError."""
    try:
        answer = subprocess.run(
            [*ssh_command(computer.ssh), command],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=OPEN_SECONDS,
        )
    except FileNotFoundError as error:
        raise _no_ssh() from error
    except subprocess.TimeoutExpired as error:
        raise failure(computer, TIMED_OUT) from error
    if answer.returncode == 255:
        raise failure(computer, answer.stderr)
    return answer.stdout if answer.returncode == 0 else ""


def failure(computer: Computer, said: str) -> ComputerError:
    """Return the error that ssh's words mean."""
    place = computer.ssh
    for sign, message, hint in _reasons(place):
        if sign in said:
            return ComputerError(message, hint, "ssh")
    last = (said.strip().splitlines() or ["…"])[-1]
    return ComputerError(f"ssh can't open a tunnel to {place}: {last}", f"Try `ssh {place}` by hand.", "ssh")


def _reasons(place: str) -> Iterator[tuple[str, str, str]]:
    """Yield what ssh says, and what that means to a person."""
    yield (
        "IDENTIFICATION HAS CHANGED",
        f"The key of {place} has changed: it may be another computer.",
        "Ask who runs it. If the change is meant, remove the old key with ssh-keygen -R, then connect once by hand.",
    )
    yield (
        "Host key verification failed",
        f"The key of {place} is not known here.",
        f"Connect once by hand with `ssh {place}`, and compare the key's fingerprint before you accept it.",
    )
    yield (
        "Permission denied",
        f"{place} does not let this computer in.",
        "Put your public key there (ssh-copy-id), or load it into your agent (ssh-add). No password is asked for.",
    )
    yield "Could not resolve hostname", f"{place} is not a known name on this network.", "Check the name."
    yield (
        "Connection refused",
        f"{place} refuses SSH connections.",
        "Check the name and whether SSH runs there.",
    )
    yield TIMED_OUT, f"{place} does not answer.", "Check the name and the connection."


def _started(command: list[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    except FileNotFoundError as error:
        raise _no_ssh() from error


def _no_ssh() -> ComputerError:
    return ComputerError("There is no ssh on this computer.", "Install OpenSSH's client.", "ssh")


def _wait_until_open(process: subprocess.Popen[bytes], port: int, computer: Computer, log: IO[bytes]) -> None:
    deadline = time.monotonic() + OPEN_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection((LOOPBACK, port), timeout=1.0).close()
        except OSError:
            time.sleep(POLL_SECONDS)
        else:
            return
    log.seek(0)
    raise failure(computer, log.read().decode(errors="replace") or TIMED_OUT)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
