"""One file and what is read of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from engine.chats import Kind

# Parts the conversations that are expected.
NEXT = "---"


@dataclass(frozen=True)
class Case:
    """A file's name and content, the kind it is read as ("" for a text as it stands), and its conversations.

    `read` are their turns as text, with a line `---` between two of them; `left` is what the remark says was left out,
    `split` the folder in which the file lies.
    """

    name: str
    content: str | bytes
    kind: Kind | Literal[""]
    read: str
    left: str = ""
    summary: str = ""
    split: str = ""
    about: str = ""

    @property
    def id(self) -> str:
        return f"{self.about or self.kind or 'text'}-{self.name}"

    @property
    def data(self) -> bytes:
        return self.content if isinstance(self.content, bytes) else self.content.encode()

    @property
    def conversations(self) -> list[str]:
        return self.read.rstrip("\n").split(f"\n{NEXT}\n")


# How a control character, or a space at the end of a line, is shown in a text file.
SHOWN = {0x2400 + number: number for number in range(33)}


def listed(file: Path) -> Iterator[Case]:
    """Yield the cases of a text file: `@@@ NAME | FIELD=VALUE …`, the content, `@@@`, and what is read of it."""
    _, *parts = re.split(r"^@@@ ?(.*)\n", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for head, content, read in zip(parts[::4], parts[1::4], parts[3::4], strict=True):
        name, *fields = head.split(" | ")
        told: dict[str, Any] = {"kind": ""} | dict(each.split("=") for each in fields)
        yield Case(name, content.translate(SHOWN), read=read.translate(SHOWN).strip("\n"), **told)


# What is said in a file whose turns are written one like another.
SAID = ("Hello there.", "Yo - you.", "Good.", "So long.")


def written(
    name: str, kind: Kind, turn: str, head: str = "", speakers: tuple[str, str] = ("Ann", "Bob")
) -> Case:
    """Return a file in which each turn is `turn` with its number {n}, its speaker {who} and {said}."""
    turns = [(speakers[number % 2], said) for number, said in enumerate(SAID)]
    lines = [turn.format(n=number, who=who, said=said) for number, (who, said) in enumerate(turns, start=1)]
    return Case(name, "\n".join([*([head] if head else []), *lines]), kind, "\n".join(map(": ".join, turns)))


def unchanged(name: str, content: str) -> Case:
    """Return a file whose text stands as it is."""
    return Case(name, content, "", content)
