"""Places the metadata panel beside the table, or over its right half in a narrow window."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QHBoxLayout, QWidget

from gui.look import style
from gui.look.fonts import px
from gui.pages.library.metadata_panel import WIDTH, MetadataPanel
from gui.widgets.line import Line


class Drawer(QObject):
    """Places `panel` in `row` or over `left`; shown only while an adapter is selected."""

    def __init__(self, row: QHBoxLayout, left: QWidget, panel: MetadataPanel) -> None:
        super().__init__(left)
        self._row, self._left, self._panel = row, left, panel
        self._line = Line(vertical=True)
        self._narrow = False
        self._open = False
        self._filled = False
        row.addWidget(self._line)
        row.addWidget(panel)
        left.installEventFilter(self)
        style.on_style_changed(self._place)

    @property
    def is_open(self) -> bool:
        """Return whether the panel is open over the table."""
        return self._narrow and self._open

    @property
    def is_narrow(self) -> bool:
        """Return whether the panel is placed over the table."""
        return self._narrow

    def set_narrow(self, narrow: bool) -> None:
        """Place the panel over the table, or beside it."""
        if narrow == self._narrow:
            return
        self._narrow, self._open = narrow, False
        self._panel.hide()
        self._panel.close_button.setVisible(narrow)
        if narrow:
            self._row.removeWidget(self._panel)
            self._panel.setParent(self._left)
        else:
            self._row.addWidget(self._panel)
        self._place()

    def set_filled(self, filled: bool) -> None:
        """Set whether there is an adapter to show."""
        self._filled = filled
        self._place()

    def open(self) -> None:
        """Open the panel over the table, if it is not beside it."""
        self._open = self._narrow
        self._place()

    def close(self) -> None:
        """Close the panel over the table."""
        self._open = False
        self._place()

    def _place(self) -> None:
        beside = self._filled and not self._narrow
        self._line.setVisible(beside)
        self._panel.setVisible(beside or (self._filled and self.is_open))
        self._panel.set_rimmed(self._narrow)
        if self._narrow:
            width = min(self._left.width(), max(px(WIDTH), self._left.width() // 2))
            self._panel.setFixedWidth(width)
            self._panel.setGeometry(self._left.width() - width, 0, width, self._left.height())
            self._panel.raise_()
        else:
            self._panel.setFixedWidth(px(WIDTH))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Fit the panel to the right half."""
        if event.type() == QEvent.Type.Resize and self.is_open:
            self._place()
        return super().eventFilter(watched, event)
