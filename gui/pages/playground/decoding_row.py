"""The row of decoding options: greedy, beams or sampling, and how long a summary may get."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from gui.look import style
from gui.look.type import px
from gui.summarizer import Decoding
from gui.widgets.choice import Choice
from gui.widgets.fields import Field
from gui.widgets.flow import FlowLayout
from gui.widgets.numbers import FloatField, IntField

WAYS = (("greedy", "Greedy"), ("beams", "Beam search"), ("sample", "Sampling"))
USUAL_BEAMS, USUAL_TEMPERATURE = 4, 0.7


class DecodingRow(QWidget):
    """Four fields in a row, those that the way of decoding doesn't need being off; `changed` tells of any."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.way = Choice(WAYS)
        self.beams = IntField(1, 16, 1)
        self.longest = IntField(1, 4096, 128, suffix="tokens")
        self.temperature = FloatField(USUAL_TEMPERATURE, 0.05, 2.0, step=0.1)
        row = FlowLayout(self, 12)
        for label, control in (
            ("&Decoding", self.way),
            ("&Beams", self.beams),
            ("&Longest summary", self.longest),
            ("&Temperature", self.temperature),
        ):
            row.addWidget(Field(label, control))
        style.follow(self._restyle)
        self.way.chosen.connect(self._choose)
        for number in (self.beams, self.longest, self.temperature):
            number.valueChanged.connect(self.changed)
        self._choose("greedy")

    def _restyle(self) -> None:
        for control, width in (
            (self.way, 148),
            (self.beams, 76),
            (self.longest, 128),
            (self.temperature, 84),
        ):
            control.setFixedWidth(px(width))

    def decoding(self) -> Decoding:
        """Return what is set."""
        way = self.way.key()
        return Decoding(
            beams=self.beams.value() if way == "beams" else 1,
            max_new_tokens=self.longest.value(),
            temperature=float(self.temperature.value() or 0.0) if way == "sample" else 0.0,
        )

    def show_decoding(self, decoding: Decoding) -> None:
        """Set all fields."""
        way = "sample" if decoding.temperature > 0 else "beams" if decoding.beams > 1 else "greedy"
        self.way.set_key(way)
        self.longest.setValue(decoding.max_new_tokens)
        if decoding.temperature > 0:
            self.temperature.set_value(decoding.temperature)
        self._choose(way)
        self.beams.setValue(decoding.beams)

    def _choose(self, way: str) -> None:
        self.beams.setEnabled(way == "beams")
        self.temperature.setEnabled(way == "sample")
        if way == "beams" and self.beams.value() == 1:
            self.beams.setValue(USUAL_BEAMS)
        elif way != "beams":
            self.beams.setValue(1)
        self.changed.emit()
