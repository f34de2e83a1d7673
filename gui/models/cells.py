"""What a cell of a list shows, as plain values. How it is drawn is `gui.tables.grouped_view`'s business."""

from __future__ import annotations

from dataclasses import dataclass

from gui.models.intervals import IntervalCell


@dataclass(frozen=True)
class Text:
    """A line of text in a role of type and an ink."""

    text: str
    role: str = "body"
    token: str = "ink2"
    right: bool = False


@dataclass(frozen=True)
class Named:
    """A name, and the tags behind it."""

    text: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Checked:
    """A check, a name, and in a lighter ink what tells it from others of the name."""

    text: str
    detail: str
    on: bool


@dataclass(frozen=True)
class Scored:
    """A score, its interval on the group's scale, and the base's mean."""

    text: str
    bar: IntervalCell


@dataclass(frozen=True)
class Signed:
    """An icon and a word or number in one ink: a verdict, an outcome, a gain."""

    icon: str
    text: str
    token: str
    right: bool = False
    role: str = "body"
    text_token: str = ""


@dataclass(frozen=True)
class Link:
    """Something to do, as a link."""

    text: str
    right: bool = False


@dataclass(frozen=True)
class Spark:
    """Losses over the part of a run that is done; `share` of the width belongs to them."""

    values: tuple[float, ...]
    share: float
    token: str


Cell = Text | Named | Checked | Scored | Signed | Link | Spark
EMPTY = Text("")
