"""The contents of table cells as plain values. `gui.tables.cell_delegate` draws them."""

from __future__ import annotations

from dataclasses import dataclass

from gui.models.intervals import IntervalCell


@dataclass(frozen=True)
class Text:
    """A line of text with its font role and colour token."""

    text: str
    role: str = "body"
    token: str = "ink2"
    right: bool = False


@dataclass(frozen=True)
class Named:
    """A name with its tags."""

    text: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Checked:
    """A check box, a name, and a detail in a lighter ink."""

    text: str
    detail: str
    on: bool


@dataclass(frozen=True)
class Scored:
    """A score, and its interval on the group's axis with the base's mean."""

    text: str
    bar: IntervalCell


@dataclass(frozen=True)
class Signed:
    """An icon and a text in one ink: a verdict, an outcome, a gain. `tail` is the end of the text that is never cut."""

    icon: str
    text: str
    token: str
    right: bool = False
    role: str = "body"
    text_token: str = ""
    tail: str = ""


@dataclass(frozen=True)
class Link:
    """An action, shown as a link."""

    text: str
    right: bool = False


@dataclass(frozen=True)
class Spark:
    """The losses of the finished part of a run; they take `share` of the width."""

    values: tuple[float, ...]
    share: float
    token: str


Cell = Text | Named | Checked | Scored | Signed | Link | Spark
EMPTY = Text("")
