"""A pyqtgraph axis without line and ticks, with labels at chosen values.

Import it only when a plot is first shown: importing pyqtgraph takes half a second.
"""

from __future__ import annotations

import pyqtgraph as pg

from gui.look import style
from gui.look.fonts import font


class LabelledAxis(pg.AxisItem):
    """Measures what its title says; `choose` sets the labelled values and their labels."""

    def __init__(self, orientation: str, title: str) -> None:
        super().__init__(orientation, maxTickLength=0)
        self.chosen: list[tuple[float, str]] = []
        self.setStyle(tickLength=0, tickAlpha=0, tickTextOffset=8, autoExpandTextSpace=False)
        self.setPen(pg.mkPen(None))
        self.setLabel(title)

    def restyle(self) -> None:
        """Set fonts and colours from the tokens."""
        self.setTickFont(font("axis"))
        self.setTextPen(pg.mkPen(style.color("ink3")))
        self.label.setFont(font("axis"))
        self.setLabel(self.labelText, color=style.color("ink2").name())

    def choose(self, labels: list[tuple[float, str]]) -> None:
        """Label these values."""
        self.chosen = labels
        self.picture = None
        self.update()

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        """Return the chosen values in view."""
        return [(1.0, [value for value, _ in self.chosen if minVal <= value <= maxVal])]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Return the chosen labels."""
        labels = dict(self.chosen)
        return [labels.get(value, "") for value in values]
