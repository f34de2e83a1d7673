"""What went wrong in a run, what is safe, and the log's last lines. One primary action that names what it does."""

from __future__ import annotations

import html

from PySide6.QtWidgets import QPlainTextEdit, QWidget

from engine.api import Ending, RunState
from gui.look import style
from gui.look.format import number
from gui.look.type import font, px
from gui.pages.train.words import what_is_safe
from gui.widgets.cards import ErrorCard

LOG_LINES = 9


class FailureCard(ErrorCard):
    """For a run that failed or crashed. `accepted` is Resume, or Edit a copy where there is nothing to resume from."""

    def __init__(self, ending: Ending, state: RunState, parent: QWidget | None = None) -> None:
        self.can_resume = state.checkpoint is not None
        at = number(int(state.checkpoint["step"])) if state.checkpoint is not None else ""
        # What to do about a crash is what the sentence on safety says.
        hint = ending.hint if ending.outcome == "failed" else ""
        super().__init__(
            failure_title(ending, state),
            " ".join(
                part for part in (html.escape(ending.message), html.escape(hint), what_is_safe(state)) if part
            ),
            primary_text=f"Resume from step {at}" if self.can_resume else "Edit a copy",
            second_text="Edit a copy" if self.can_resume else "",
            link_text="Show log" if ending.log_tail else "",
            parent=parent,
            primary_icon="play" if self.can_resume else "edit",
        )
        self._log = LogView(ending.log_tail)
        self._log.setVisible(bool(ending.log_tail))
        self.column.insertWidget(2, self._log)


def failure_title(ending: Ending, state: RunState) -> str:
    """Return the headline: "Crashed at step 212"."""
    word = (
        "Out of memory"
        if (ending.event or {}).get("kind") == "OutOfMemoryError"
        else ending.outcome.capitalize()
    )
    return f"{word} at step {number(state.step)}" if state.step else f"{word} before the first step"


class LogView(QPlainTextEdit):
    """The last lines of a worker's log."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setReadOnly(True)
        self.setAccessibleName("Last lines of the log")
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        style.set_property(self, "fixed", "true")
        style.follow(self._restyle)
        bar = self.verticalScrollBar()
        bar.setValue(bar.maximum())

    def _restyle(self) -> None:
        self.setFont(font("fixed"))
        self.setFixedHeight(px(18) * LOG_LINES + 16)
