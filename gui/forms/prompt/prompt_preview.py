"""A preview of the model input: the prompt filled with an example, and its length in tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from engine.api import prompts
from gui.look import style
from gui.look.fonts import px
from gui.look.format import number_text
from gui.look.language import mark, tr, tr_count
from gui.widgets.labels import Label
from gui.widgets.scroll import Scroll
from gui.widgets.text_view import Mark, ReadingText

MIN_HEIGHT, MAX_HEIGHT = 54, 216
SAMPLE = mark("Ann: Is the train late again?\nBob: Ten minutes. Save me a seat.")


class PromptPreview(QFrame):
    """Shows the prompt's own text in full ink and the filled-in values in a lighter one."""

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
        """Show a template with a plan's `filling`, or with a sample if there is none.

        The length is known only for the planned template.
        """
        conversation = str(filling["conversation"]) if filling else ""
        self.title.setText(tr("Model input") if conversation else tr("Model input for a sample"))
        counted = filling is not None and conversation and filling["template"] == template
        self.count.setText(length_text(filling) if filling is not None and counted else "")
        text, marks = "", []
        for part in self._parts(template, conversation or tr(SAMPLE), filling):
            if part.own and part.text:
                marks.append(Mark(len(text), len(part.text), "strong"))
            text += part.text
        self.text.set_text(text, marks)
        self._fit()

    @staticmethod
    def _parts(template: str, conversation: str, filling: Mapping[str, Any] | None) -> list[prompts.Part]:
        """Return the parts of the model input: in chat format the model's own turns stand around the prompt."""
        if filling is None:
            return prompts.rendered(template, conversation)
        frame = filling.get("frame")
        if frame:
            before, after = (prompts.Part(str(frame[side]), own=False) for side in ("before", "after"))
            turn, cue = prompts.split_cue(template) if frame.get("moves_cue") else (template, "")
            return [before, *prompts.question(turn, conversation), after, prompts.Part(cue, own=True)]
        shots = [(str(shot), str(summary)) for shot, summary in filling["shots"]]
        return prompts.rendered(template, conversation, shots)

    def resizeEvent(self, event) -> None:  # type: ignore[no-untyped-def]
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Fit the height to the text, up to a maximum."""
        needed = self.text.heightForWidth(self.text.width()) + 8
        self._scroll.setFixedHeight(max(px(MIN_HEIGHT), min(px(MAX_HEIGHT), needed)))

    def _restyle(self) -> None:
        self._fit()


def length_text(filling: Mapping[str, Any]) -> str:
    """Return the length of a filled prompt, with the base model's limit if it has one."""
    tokens, positions = number_text(filling["tokens"]), filling.get("positions")
    if positions:
        return tr("{count} of {limit} tokens", count=tokens, limit=number_text(positions))
    return tr_count(filling["tokens"], "{n} token", "{n} tokens")
