"""What a model reads of a prompt: the whole text around an example of the data, and how long it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from engine.api import prompts
from gui.look import style
from gui.look.fonts import px
from gui.look.format import number
from gui.look.language import mark, tr
from gui.widgets.labels import Label
from gui.widgets.scroll import Scroll
from gui.widgets.text_view import Mark, ReadingText

MIN_HEIGHT, MAX_HEIGHT = 54, 216
SAMPLE = mark("Ann: Is the train late again?\nBob: Ten minutes. Save me a seat.")


class PromptPreview(QFrame):
    """A well: what the prompt says itself in full ink, what the data fills in quieter."""

    def __init__(self) -> None:
        super().__init__()
        style.ground(self, "well")
        self.title = Label("", "label", "ink2")
        self.count = Label("", "figure_small", "ink3")
        self.text = ReadingText(role="label", token="ink2")
        self._scroll = Scroll(margins=(12, 0, 12, 8))
        self._scroll.column.addWidget(self.text)
        self._scroll.column.addStretch(1)
        head = QHBoxLayout()
        head.setContentsMargins(12, 8, 12, 0)
        head.setSpacing(8)
        head.addWidget(self.title, 1)
        head.addWidget(self.count)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self._scroll)
        style.follow(self._restyle)

    def show_prompt(self, template: str, filling: Mapping[str, Any] | None) -> None:
        """Show a template around a plan's `filling`, or around a sample without one.

        The length is that of the template which was planned, so another one has none until it is planned too.
        """
        conversation = str(filling["conversation"]) if filling else ""
        shots = [(str(shot), str(summary)) for shot, summary in filling["shots"]] if filling else []
        self.title.setText(tr("Model input") if conversation else tr("Model input for a sample"))
        counted = filling is not None and conversation and filling["template"] == template
        self.count.setText(length_text(filling) if filling is not None and counted else "")
        text, marks = "", []
        for part in prompts.rendered(template, conversation or tr(SAMPLE), shots):
            if part.own and part.text:
                marks.append(Mark(len(text), len(part.text), "strong"))
            text += part.text
        self.text.set_text(text, marks)
        self._fit()

    def resizeEvent(self, event) -> None:  # type: ignore[no-untyped-def]
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Take the height of the text, up to a most."""
        needed = self.text.heightForWidth(self.text.width()) + 8
        self._scroll.setFixedHeight(max(px(MIN_HEIGHT), min(px(MAX_HEIGHT), needed)))

    def _restyle(self) -> None:
        self._fit()


def length_text(filling: Mapping[str, Any]) -> str:
    """Return how long a filled prompt is, and how long it could be where the base model knows a limit."""
    tokens, positions = number(filling["tokens"]), filling.get("positions")
    if positions:
        return tr("{count} of {limit} tokens", count=tokens, limit=number(positions))
    return tr("{count} tokens", count=tokens)
