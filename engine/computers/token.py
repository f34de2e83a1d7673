"""The token of a cluster: a file that only its owner can read. Whoever has it can run programs on the cluster."""

from __future__ import annotations

import os
import secrets
import shlex
import stat
from pathlib import Path

from engine.computers.computer import Computer
from engine.computers.tunnel import output_of
from engine.errors import ComputerError
from engine.messages import say
from engine.system.command_name import command_name
from engine.system.foreign_files import FileKind, read_text
from engine.system.paths import config_folder, expand_user

FILE_NAME = "cluster.token"
FIELD = "token_file"
# Where `node start` puts it on Linux.
REMOTE_FILE = "~/.config/tunesmith/config/cluster.token"


def default_file() -> Path:
    """Return the path of this computer's own token."""
    return config_folder() / FILE_NAME


def make() -> Path:
    """Return the file with this computer's token, created if missing."""
    path = default_file()
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(secrets.token_hex(32))
    return path


def require_private(file: str) -> Path:
    """Return the path of a token's file, by default this computer's.

    Raises ComputerError if it is missing, empty, or readable by others.
    """
    path = expand_user(file) if file else default_file()
    try:
        facts = path.stat()
    except OSError as error:
        hint = say("Copy it from the head; `{} node start` prints its path.", command_name())
        raise ComputerError(say("There is no token at {}.", path), hint, FIELD) from error
    if not facts.st_size:
        raise ComputerError(say("The token in {} is empty.", path), "Copy it again.", FIELD)
    if os.name != "nt" and facts.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        hint = say("Run `chmod 600 {}`.", shlex.quote(str(path)))
        raise ComputerError(say("Other users can read the token in {}.", path), hint, FIELD)
    return path


def read(computer: Computer) -> str:
    """Return the token of a computer's cluster, "" if none is named and this computer has none. Raises ComputerError.

    The token of a computer behind SSH is read through ssh each time and never stored here.
    """
    if computer.kind == "ssh":
        # The remote shell expands "~"; the rest of the path is quoted.
        path = computer.token_file or REMOTE_FILE
        home, _, rest = path.partition("/") if path.startswith("~") else ("", "", path)
        named = f"{home}/{shlex.quote(rest)}" if home == "~" else shlex.quote(path)
        return _checked(output_of(computer, f"cat {named}").strip(), path)
    if not computer.token_file and not default_file().exists():
        return ""
    file = require_private(computer.token_file)
    return _checked(read_text(file, FileKind.JOB, errors="replace").strip(), str(file))


def _checked(secret: str, path: str) -> str:
    """Return a token that a header can carry; errors would quote any other. Raises ComputerError."""
    if not (secret.isascii() and secret.isprintable() and " " not in secret):
        raise ComputerError(say("{} doesn't contain a token.", path), "Copy it again.", FIELD)
    return secret
