"""Gives a model to Ollama, where it runs on this computer, and verifies it there.

What Ollama has of a model is a copy: the export's folder can go. Ollama does not tell the tokens of its prompts.
Source: https://docs.ollama.com/cli.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from engine.messages import say
from engine.text.escaping import unused
from engine.text.normalization import normalized
from engine.worker.exports import programs
from engine.worker.exports.gguf_model import MODELFILE
from engine.worker.exports.programs import Answer, Answering, ExportFailed, Question
from engine.worker.runtime.channel import Channel

PROGRAM = "ollama"
# Where its server is, unless it is on this computer at its usual port.
HOST = "OLLAMA_HOST"
ASK_SECONDS = 20.0
# It allows 80 characters.
MAX_NAME = 70
# Else it breaks lines where a terminal would end.
PLAIN = ("--nowordwrap",)


def is_here() -> bool:
    """Return whether Ollama runs on this computer: one elsewhere is given nothing."""
    return shutil.which(PROGRAM) is not None and _is_local(os.environ.get(HOST, "")) and _does("list")


@dataclass(frozen=True)
class Handover:
    """A model that Ollama was given: its `name` there, or the `problem` with it; neither where Ollama is not here."""

    name: str = ""
    problem: str = ""

    @property
    def verifier(self) -> tuple[str, Answering] | None:
        """By which program the model is verified, and how: by Ollama if it has it."""
        return (PROGRAM, partial(_answers, name=self.name)) if self.name else None

    def take_back(self) -> None:
        """Let Ollama forget the model."""
        if self.name:
            _does("rm", self.name)


def command(folder: Path) -> str:
    """Return the command that gives an export to Ollama."""
    return shlex.join([PROGRAM, "create", _name(folder), "-f", str(folder / MODELFILE)])


@contextmanager
def handed_over(channel: Channel, unfinished: Path, folder: Path) -> Iterator[Handover]:
    """Give Ollama, if it is here, an export that will be in a folder; it forgets it if what is done inside fails.

    Raises Stopped.
    """
    handover = Handover()
    if is_here():
        # With a number if Ollama has another model of this name: that one is not replaced.
        name = unused(_name(folder), partial(_does, "show"))
        try:
            programs.run(channel, [PROGRAM, "create", name, "-f", str(unfinished / MODELFILE)], unfinished)
            handover = Handover(name)
        except ExportFailed as error:
            handover = Handover(problem=say("Ollama rejected it: {}.", str(error).rstrip(".")))
    try:
        yield handover
    except BaseException:
        handover.take_back()
        raise


def _name(folder: Path) -> str:
    """Return the name in Ollama of an export into a folder: plain letters and digits, with hyphens."""
    plain = normalized("NFKD", folder.name.lower()).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", plain)
    return "-".join(words)[:MAX_NAME].strip("-") or "summaries"


def _answers(
    channel: Channel, folder: Path, questions: Sequence[Question], _new_tokens: int, *, name: str
) -> Iterator[Answer]:
    """Let a model of a name answer as its Modelfile says. Raises ExportFailed, Stopped."""
    for question in questions:
        said = programs.run(channel, [PROGRAM, "run", name, *PLAIN], folder, given=question.shown)
        yield Answer(said.strip(), None)


def _is_local(host: str) -> bool:
    """Return whether a server's address, as OLLAMA_HOST has it, is of this computer."""
    found = urlsplit(host if "://" in host else f"//{host}").hostname or "localhost"
    if found == "localhost":
        return True
    try:
        address = ip_address(found)
    except ValueError:
        return False
    # Of one that listens everywhere the client asks this computer.
    return address.is_loopback or address.is_unspecified


def _does(*words: str) -> bool:
    """Return whether Ollama carries out a command, and at once."""
    try:
        done = subprocess.run(
            [PROGRAM, *words], stdin=subprocess.DEVNULL, capture_output=True, timeout=ASK_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
