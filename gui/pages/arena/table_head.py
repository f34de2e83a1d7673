"""What stands above the arena's table: its headline, as the report says it, and the choice of its columns."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from engine.api import arenas, metrics
from gui.look.language import tr, translate
from gui.look.shown_texts import plain_tooltip
from gui.models.arena_table import SHOWN_AT_FIRST
from gui.models.folder_readers import Snapshot
from gui.models.list_text import VERDICTS
from gui.widgets.buttons import Button, open_below
from gui.widgets.labels import Label
from gui.widgets.layouts import vbox


class HeadlineView(QWidget):
    """Two texts, hidden while no entry is scored; in a low window the second is the tooltip of the first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = Label("", "section", "text", self, wrap=True)
        self.text = Label("", "body", "muted", self, wrap=True, selectable=True)
        vbox(self.title, self.text, of=self, spacing=2)
        self.hide()

    def show_headline(self, found: Snapshot) -> None:
        if found.groups:
            told = arenas.headline(found.groups[0])
            self.title.setText(translate(told.title))
            self.title.set_token(VERDICTS[told.verdict][2] if told.verdict else "text")
            self.text.setText(translate(told.text))
            self.title.setToolTip(plain_tooltip(translate(told.text)))
        self.setVisible(bool(found.groups))

    def set_short(self, short: bool) -> None:
        self.text.setVisible(not short)


class ColumnsButton(Button):
    """`chosen(list of names)` is emitted with every change in its menu; `offer` sets the metrics."""

    chosen = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("quiet", tr("Columns…"), parent=parent)
        self.set_short()
        self.setToolTip(tr("Choose further metrics to show"))
        self._offered: tuple[str, ...] = ()
        self._on: list[str] = list(SHOWN_AT_FIRST)
        self.clicked.connect(self._open)

    def offer(self, names: Sequence[str]) -> None:
        """Set the metrics; without any, the button is hidden."""
        self._offered = tuple(names)
        self.setVisible(bool(names))

    def on(self) -> list[str]:
        return list(self._on)

    def show_only(self, names: Sequence[str]) -> None:
        """Check these metrics, as far as they are offered."""
        self._on = [each for each in metrics.METRICS if each in set(names)]
        self.chosen.emit(self._on)

    def menu_now(self) -> QMenu:
        """Return the current menu: a check for each metric."""
        menu = QMenu(self, toolTipsVisible=True)
        for name in self._offered:
            metric = metrics.METRICS[name]
            action = menu.addAction(translate(metric.title))
            action.setData(name)
            action.setToolTip(translate(metric.help))
            action.setCheckable(True)
            action.setChecked(name in self._on)
        menu.triggered.connect(self._toggle)
        return menu

    def _open(self) -> None:
        open_below(self, self.menu_now())

    def _toggle(self, action: QAction) -> None:
        self.show_only([*(set(self._on) ^ {action.data()})])
