"""The contents of table cells as plain values. `gui.tables.cell_delegate` draws them.

Names in cells may be of others: each text is held as it is shown, escaped and in one line.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.api import escaping
from gui.look.shown_texts import ShownTexts
from gui.models.intervals import IntervalCell


@dataclass(frozen=True)
class TextCell(ShownTexts):
    """A line of text with its font role and colour token, and a small note at the right."""

    text: str
    role: str = "body"
    token: str = "muted"
    right: bool = False
    note: str = ""


@dataclass(frozen=True)
class NameCell(ShownTexts):
    """A name with its tags."""

    text: str
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "tags", tuple(map(escaping.in_one_line, self.tags)))


@dataclass(frozen=True)
class CheckCell(ShownTexts):
    """A check box, a name, and a detail in a lighter colour."""

    text: str
    detail: str
    on: bool


@dataclass(frozen=True)
class ScoreCell(ShownTexts):
    """A score, and its interval on the group's axis with the base's mean."""

    text: str
    bar: IntervalCell


@dataclass(frozen=True)
class IconTextCell(ShownTexts):
    """An icon and a text in one colour, as a verdict or a gain has; `tail` is the end of the text that is never cut."""

    icon: str
    text: str
    token: str
    right: bool = False
    role: str = "body"
    text_token: str = ""
    tail: str = ""


@dataclass(frozen=True)
class LinkCell(ShownTexts):
    """An action, shown as a link."""

    text: str
    right: bool = False


@dataclass(frozen=True)
class SparklineCell:
    """The losses of the finished part of a run; they take `share` of the width."""

    values: tuple[float, ...]
    share: float
    token: str


Cell = TextCell | NameCell | CheckCell | ScoreCell | IconTextCell | LinkCell | SparklineCell
EMPTY = TextCell("")
