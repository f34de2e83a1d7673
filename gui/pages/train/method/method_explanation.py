"""The explanation of a method: text, sketch, supported models, preset and variants.

Knows one entry of the registry at a time.
"""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.api import FAMILIES, BaseFacts, Family, Method, Options, Variant
from gui.look import style
from gui.look.fonts import px
from gui.look.format import plain
from gui.look.language import mark, tr, translate
from gui.pages.train.method.method_sketch import MethodSketch
from gui.widgets.labels import IconLabel, Label
from gui.widgets.line import Line
from gui.widgets.scroll import Scroll
from gui.widgets.text_view import Mark, ReadingText

WIDTH = 264
QUANTIZATIONS = {"int8": "int8", "nf4": "NF4", "fp4": "FP4"}
FACTS = {
    "quantizations": mark("Quantized bases"),
    "merges": mark("Can be merged"),
    "preset": mark("Preset"),
}


class MethodExplanation(Scroll):
    """The explanation of a method, and why it can't be used, if so."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(margins=(20, 20, 20, 20), spacing=8, parent=parent)
        self._title = Label("", "section")
        self._reason = Label("", "label", "copper", wrap=True)
        self._warning = QWidget()
        self._text = ReadingText(role="body", token="ink2")
        self._sketch = MethodSketch()
        self._facts = {name: Label("", "label_medium") for name in FACTS}
        self._line, self._variants_title = Line(), Label(tr("Variants"), "label", "ink2")
        self._variants = ReadingText(role="body", token="ink2")
        self._lay_out()
        style.follow(self._restyle)

    def _lay_out(self) -> None:
        warning = QHBoxLayout(self._warning)
        warning.setContentsMargins(0, 0, 0, 0)
        warning.setSpacing(6)
        column = QVBoxLayout()
        column.addWidget(IconLabel("warning", "copper", 14))
        column.addStretch(1)
        warning.addLayout(column)
        warning.addWidget(self._reason, 1)
        for part in (self._title, self._warning, self._text, self._sketch):
            self.column.addWidget(part)
        self.column.addSpacing(8)
        for name, value in self._facts.items():
            row = QHBoxLayout()
            row.addWidget(Label(tr(FACTS[name]), "label", "ink2"))
            row.addStretch(1)
            row.addWidget(value)
            self.column.addLayout(row)
        for part in (self._line, self._variants_title, self._variants):
            self.column.addWidget(part)
        self.column.addStretch(1)

    def _restyle(self) -> None:
        self.setFixedWidth(px(WIDTH))

    def explain(self, entry: Method, base: BaseFacts, reason: str, options: Options | None = None) -> None:
        """Show another method on a base model; `reason` says why it can't be used there.

        `options` are the current ones, if it is the method in use.
        """
        self._title.setText(translate(entry.title))
        self._reason.setText(reason)
        self._warning.setVisible(bool(reason))
        self._text.set_text(translate(entry.explanation))
        self._sketch.show_method(entry, options)
        names = [QUANTIZATIONS[kind] for kind in entry.quantizations if kind in QUANTIZATIONS]
        self._facts["quantizations"].setText(", ".join(names) or tr("no"))
        self._facts["merges"].setText(tr("yes") if entry.merges else tr("no"))
        self._facts["preset"].setText(preset_text(entry, base.family or FAMILIES[0]))
        for part in (self._line, self._variants_title, self._variants):
            part.setVisible(bool(entry.variants))
        self._variants.set_text(*variants_text(entry.variants))

    def text(self) -> str:
        """Return the whole explanation as text."""
        texts = (self._title.text(), self._reason.text(), self._text.text(), self._variants.text())
        return "\n".join(part for part in texts if part)


def variants_text(variants: tuple[Variant, ...]) -> tuple[str, list[Mark]]:
    """Return a line for each variant, and the positions of the names in them."""
    text, marks = "", []
    for variant in variants:
        text += "\n" if text else ""
        title = translate(variant.title)
        marks.append(Mark(len(text), len(title), "strong"))
        text += f"{title}: {translate(variant.summary)}" if variant.summary else title
    return text, marks


def preset_text(entry: Method, family: Family) -> str:
    """Return a method's preset for a model family: "rank 32, rate 0.001"."""
    known = family if family in entry.presets else next(one for one in FAMILIES if one in entry.presets)
    preset = entry.presets[known]
    if not entry.trains:
        return tr("nothing is trained")
    settings = translate(entry.short(entry.options(**entry.preset_options(known))))
    rate = tr("rate {rate}", rate=plain(preset.learning_rate))
    return ", ".join(part for part in (settings, rate) if part)
