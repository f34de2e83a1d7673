"""The figures that parts measure, and whether they reach their goals."""

from dataclasses import dataclass


class Lacking(Exception):
    """This machine lacks what a part needs; the message says what."""


@dataclass(frozen=True)
class Figure:
    """What was measured, as text; the goal, and whether it was reached: None without a goal."""

    name: str
    reached: str
    goal: str = ""
    met: bool | None = None

    @property
    def verdict(self) -> str:
        return {None: "", True: "reached", False: "missed"}[self.met]


def at_least(name: str, value: float, goal: float, text: str, unit: str = "") -> Figure:
    """Return a figure whose value should not be less than the goal; `text` is the value in words."""
    return Figure(name, text, f"≥ {goal:g}{unit}", value >= goal)


def at_most(name: str, value: float, goal: float, text: str, unit: str = "") -> Figure:
    """Return a figure whose value should not be more than the goal."""
    return Figure(name, text, f"≤ {goal:g}{unit}", value <= goal)


def between(name: str, value: float, least: float, most: float, text: str) -> Figure:
    """Return a figure whose value should lie between two bounds."""
    return Figure(name, text, f"{least:g} to {most:g}", least <= value <= most)


def holds(name: str, found: bool, text: str) -> Figure:
    return Figure(name, text, "yes", found)
