"""What a run has remarked: one line, which unfolds into all of it, each remark once and with what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtWidgets import QWidget

from engine.api import Event
from gui.look.language import tr, tr_count, translate
from gui.widgets.cards import NoticeStrip
from gui.widgets.layouts import vbox

# Of a run with more, the newest are unfolded.
MAX_UNFOLDED = 50


class RemarksView(QWidget):
    """Shows a run's notices, folded if there are several."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = NoticeStrip()
        self.line.acted.connect(self._turn)
        self.strips: list[NoticeStrip] = []
        self._unfolded = False
        self._remarks: list[Event] = []
        self._column = vbox(self.line, of=self, spacing=8)
        self.hide()

    def begin(self) -> None:
        """Fold, for another run."""
        self._unfolded, self._remarks = False, []
        self._show()

    def show_notices(self, notices: Sequence[Event]) -> None:
        """Show the notices of a run so far."""
        remarks = distinct(notices)
        if remarks != self._remarks:
            self._remarks = remarks
            self._show()

    def _turn(self) -> None:
        self._unfolded = not self._unfolded
        self._show()

    def _show(self) -> None:
        remarks = self._remarks
        several = len(remarks) > 1
        self.setVisible(bool(remarks))
        self.line.setVisible(several)
        if several:
            action = tr("Hide") if self._unfolded else tr("Show")
            warns = any(_is_warning(each) for each in remarks)
            self.line.show_notice(_folded_text(remarks), action, "warning" if warns else "info")
        shown = remarks[-MAX_UNFOLDED:] if self._unfolded or not several else []
        while len(self.strips) < len(shown):
            self.strips.append(NoticeStrip())
            self._column.addWidget(self.strips[-1])
        for strip in self.strips[len(shown) :]:
            strip.hide()
        for strip, remark in zip(self.strips, shown, strict=False):
            strip.show_notice(_text(remark), icon_name="warning" if _is_warning(remark) else "info")


def distinct(notices: Sequence[Event]) -> list[Event]:
    """Return each notice once, where it was said last: a resumed run says some again."""
    last: dict[tuple[Any, Any], Event] = {}
    for notice in notices:
        key = (notice["message"], notice.get("hint", ""))
        last.pop(key, None)
        last[key] = notice
    return list(last.values())


def _folded_text(remarks: Sequence[Event]) -> str:
    count = tr_count(len(remarks), "{n} remark", "{n} remarks")
    return tr("{count}. The last: {message}", count=count, message=translate(remarks[-1]["message"]))


def _text(remark: Event) -> str:
    return f"{translate(remark['message'])} {translate(remark.get('hint', ''))}".strip()


def _is_warning(remark: Event) -> bool:
    return remark.get("level") == "warning"
