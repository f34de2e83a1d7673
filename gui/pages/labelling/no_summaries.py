"""What a page shows of conversations that have no summaries yet: how many, how far they are written, and what to do."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QWidget

from engine.api import AppError, labelling
from gui.core.background_tasks import BackgroundTasks
from gui.look import style
from gui.look.fonts import px
from gui.look.format import number_text
from gui.look.language import sentences, tr, tr_count
from gui.pages.labelling import labelling_text
from gui.widgets.buttons import plain, primary
from gui.widgets.labels import Label
from gui.widgets.layouts import fill, hbox

# With less the buttons stand below the text.
WIDE = 620
Written = tuple[labelling.SetInfo, labelling.Progress]


class NoSummaries(QFrame):
    """Hidden unless a source without summaries is shown. `train_wanted(dict)`: `[data]` values of what is written."""

    train_wanted = Signal(dict)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        style.set_background(self, "notice")
        self.source, self._count = "", 0
        self._set: labelling.SetInfo | None = None
        self._background = BackgroundTasks(self)
        self._text = Label("", "body", "text", wrap=True)
        # With their texts from the start, which decide how far the icons stand from them.
        self.write_button = primary(tr("Write summaries"), "edit")
        self.train_button = plain(tr("Train on {count}", count="0"), "arrow-right", press=self._export)
        buttons = hbox(self.write_button, self.train_button, 1, spacing=8)
        self._box = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._box.setContentsMargins(12, 10, 12, 10)
        self._box.setSpacing(8)
        fill(self._box, (self._text, 1), buttons)
        self.hide()

    def show_source(self, source: str, count: int) -> None:
        """Show a source of which `count` conversations wait for summaries; hidden where none does."""
        if (source, count) != (self.source, self._count):
            self.hide()
            self.source, self._count = source, count
            self._show(None)
        self.setVisible(bool(count))

    def showEvent(self, event: QShowEvent) -> None:
        """Look how far the summaries are: more may have been written meanwhile."""
        super().showEvent(event)
        self._background.run(partial(labelling.written, self.source), partial(self._take, self.source))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the buttons beside the text where there is room."""
        super().resizeEvent(event)
        direction = QBoxLayout.Direction
        self._box.setDirection(direction.LeftToRight if self.width() > px(WIDE) else direction.TopToBottom)

    def text(self) -> str:
        return self._text.text()

    def _take(self, source: str, found: Written | None) -> None:
        if source == self.source:
            self._show(found)

    def _show(self, found: Written | None) -> None:
        has_begun = found is not None and found[1].open < found[1].total
        accepted = found[1].accepted if found is not None else 0
        self._set = found[0] if found is not None else None
        text = tr_count(
            self._count,
            "This conversation has no summary yet.",
            "These {n} conversations have no summaries yet.",
        )
        if found is not None and has_begun:
            total = number_text(found[1].total)
            text = tr("{count} of {total} summaries written.", count=number_text(accepted), total=total)
            text = f"{text} {labelling_text.to_go(accepted)}".strip()
        self._text.setText(text)
        self.write_button.setText(tr("Continue") if has_begun else tr("Write summaries"))
        self.train_button.setText(tr("Train on {count}", count=number_text(accepted)))
        self.train_button.setVisible(accepted >= labelling.MIN_FOR_A_RUN)

    def _export(self) -> None:
        if self._set is not None:
            self.train_button.setEnabled(False)
            self._background.run(partial(labelling.export, self._set), self._hand_on, self._fail)

    def _hand_on(self, folder: Path) -> None:
        self.train_button.setEnabled(True)
        self.train_wanted.emit({"source": str(folder)})

    def _fail(self, error: AppError) -> None:
        self.train_button.setEnabled(True)
        self._text.setText(sentences(error.message, error.hint))
