"""The way to a computer: its address, or the local end of a tunnel of the system's ssh.

ssh uses the user's keys, agent and configuration. It asks nothing, and accepts no unknown host. The local end is a
socket in a private folder: another user of this computer could take a port before ssh does, and would get the token.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.computers.computer import Computer
from engine.errors import ComputerError
from engine.messages import say
from engine.system.paths import private_temporary_folder
from engine.system.processes import NO_WINDOW

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
    """Return an ssh command; `--` keeps the destination from being read as an option.

    Raises ComputerError if ssh is not installed.
    """
    if shutil.which("ssh") is None:
        raise ComputerError("ssh is not installed on this computer.", "Install OpenSSH's client.", "ssh")
    options = [word for option in OPTIONS for word in ("-o", option)]
    return ["ssh", *options, *arguments, "--", destination]


@contextmanager
def tunnel_to(computer: Computer, there: int) -> Iterator[str]:
    """Yield the address of the port `there` of a computer, or the path of the tunnel's local end.

    The tunnel closes with the block. Raises ComputerError.
    """
    if computer.kind == "ray":
        yield f"{computer.address.rpartition(':')[0]}:{there}"
        return
    with (
        tempfile.TemporaryDirectory(prefix="ssh-", dir=private_folder()) as folder,
        tempfile.TemporaryFile() as log,
    ):
        near = str(Path(folder, "near"))
        if os.name == "nt":
            # The ssh of Windows can't listen on a socket file.
            with socket.socket() as probe:
                probe.bind((LOOPBACK, 0))
                near = f"{LOOPBACK}:{probe.getsockname()[1]}"
        forward = f"{near}:{computer.address.rpartition(':')[0]}:{there}"
        command = ssh_command(computer.ssh, "-N", "-L", forward)
        null = subprocess.DEVNULL
        process = subprocess.Popen(command, stdin=null, stdout=log, stderr=log, creationflags=NO_WINDOW)
        try:
            deadline = time.monotonic() + OPEN_SECONDS
            while not _is_open(near):
                if process.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    raise failure(computer, log.read().decode(errors="replace") or TIMED_OUT)
                time.sleep(POLL_SECONDS)
            yield near
        finally:
            process.terminate()
            process.wait()


def private_folder() -> Path:
    """Return a private folder whose path is short enough for sockets. Raises ComputerError."""
    private = private_temporary_folder()
    if private is None:
        raise ComputerError("Other users can write to the temporary folder.", "Check its owner.")
    return private


def output_of(computer: Computer, command: str) -> str:
    """Return the output of a command on a computer behind SSH. Raises ComputerError."""
    try:
        answer = subprocess.run(
            [*ssh_command(computer.ssh), command],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=OPEN_SECONDS,
            creationflags=NO_WINDOW,
        )
    except subprocess.TimeoutExpired as error:
        raise failure(computer, TIMED_OUT) from error
    if answer.returncode == 255:
        raise failure(computer, answer.stderr)
    return answer.stdout if answer.returncode == 0 else ""


def failure(computer: Computer, said: str) -> ComputerError:
    """Return the error for what ssh printed."""
    place = computer.ssh
    last = (said.strip().splitlines() or ["…"])[-1]
    message, hint = say("ssh can't open a tunnel to {}: {}", place, last), say("Try `ssh {}` by hand.", place)
    if "IDENTIFICATION HAS CHANGED" in said:
        message = say("The host key of {} changed. It may be another computer.", place)
        hint = "Ask whoever runs it. If the change is intended, remove the old key with ssh-keygen -R."
    elif "Host key verification failed" in said:
        message = say("The host key of {} is unknown.", place)
        hint = say("Connect once with `ssh {}` and compare the fingerprint before you accept it.", place)
    elif "Permission denied" in said:
        message = say("{} refused the login.", place)
        hint = "Copy your public key there (ssh-copy-id), or load it into your agent (ssh-add)."
    elif "Could not resolve hostname" in said:
        message, hint = say("The name {} can't be resolved.", place), "Check the name."
    elif "Connection refused" in said:
        message, hint = (
            say("{} refuses SSH connections.", place),
            "Check the name and whether SSH runs there.",
        )
    elif TIMED_OUT in said:
        message, hint = say("{} doesn't respond.", place), "Check the name and the connection."
    return ComputerError(message, hint, "ssh")


def _is_open(near: str) -> bool:
    with suppress(OSError):
        if os.name == "nt":
            socket.create_connection((LOOPBACK, int(near.rpartition(":")[2])), timeout=1.0).close()
            return True
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(near)
            return True
    return False
