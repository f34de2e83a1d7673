"""The base class of pages: header above, body below. The header is as high as its title and controls need.

A page adds its content to `body` (a layout without margins) and its buttons to `header`. `adapt` is called with every
new width of the window, `shown` when the page comes to the front.

Parts with parts of their own get their parent when they are made: Qt styles a whole subtree again whenever it gets
another parent.
"""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QRect, QSize
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QStyle, QWidget

from gui.core.preferences import restore_in, saved_in
from gui.look import style
from gui.look.fonts import px
from gui.widgets.labels import ElidedLabel, IconLabel
from gui.widgets.layouts import FlowBox, hbox, vbox

NARROW = 1200


class Page(QWidget):
    """A page of the window. Subclasses fill `self.body`, the layout of `self.content`.

    They may override `adapt` and `shown`.
    """

    def __init__(self, title: str, subtitle: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        style.set_background(self, "background")
        self.header = Header(title, subtitle, self)
        self.content = QWidget(self)
        self.body = vbox(of=self.content, spacing=0)
        vbox(self.header, (self.content, 1), of=self, spacing=0)

    def title(self) -> str:
        return self.header.title()

    def adapt(self, width: int) -> None:
        """Lay out for the width of the *window* in pixels; below 1200 a page folds to fewer columns."""

    def shown(self) -> None:
        """Called when the page has come to the front."""

    def entries(self) -> list[QAction]:
        """Return further current actions for the palette, beside shortcuts and header buttons."""
        return []

    def saved_state(self) -> dict[str, str]:
        """Return the saved states of the page's parts, by name."""
        return saved_in(self)

    def restore_state(self, saved: Mapping[str, str]) -> None:
        """Restore what `saved_state` returned at an earlier start."""
        restore_in(self, saved)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Adapt to the window's new width."""
        super().resizeEvent(event)
        self.adapt(self.window().width())


HEIGHT = 72
# Where the title stands on the page's tab.
LOW_HEIGHT = 56
MARGIN = 24
GAP = 16
# A title that is longer may be shortened before the controls go below it.
TITLE_WIDTH = 220
# Above and below the controls that stand below the title.
PADDING = 10


class Header(QWidget):
    """At least 72 high and a hairline: `set_title`, `set_subtitle(text, dot)`, `add(widget)`."""

    def __init__(self, title: str = "", subtitle: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        style.set_background(self, "header")
        self._title = ElidedLabel(title, "title", "text")
        self._subtitle = ElidedLabel(subtitle, "label", "muted")
        self.dot = IconLabel("dot", "grey", 8)
        self.dot.hide()
        self._texts = QWidget(self)
        vbox(1, self._title, hbox(self.dot, (self._subtitle, 1), spacing=6), 1, of=self._texts, spacing=2)
        self._controls = FlowBox([], parent=self)
        self._title_of_tab = ""
        style.on_style_changed(self._place)

    def set_title(self, title: str) -> None:
        self._title.setText(title)
        self._title.setVisible(title != self._title_of_tab)
        self._place()

    def leave_out(self, title: str) -> None:
        """Do not show a title that stands on the page's tab already."""
        self._title_of_tab = title
        self.set_title(self.title())

    def title(self) -> str:
        return self._title.text()

    def set_subtitle(self, text: str, dot: str = "") -> None:
        """Set the subtitle; `dot` is a token (accent, grey, warning, error) or "" for none."""
        self._subtitle.setText(text)
        self.dot.set_icon("dot", dot or "grey")
        self.dot.setVisible(bool(dot))
        self._place()

    def subtitle(self) -> str:
        return self._subtitle.text()

    def add(self, widget: QWidget) -> None:
        """Add a button or another control at the end."""
        self._controls.add(widget)

    def minimumSizeHint(self) -> QSize:
        """Return the width of the widest control."""
        return QSize(2 * MARGIN + self._controls.minimumSizeHint().width(), px(HEIGHT) + 1)

    def event(self, event: QEvent) -> bool:
        """Make room when a control is shown, hidden or resized."""
        if event.type() == QEvent.Type.LayoutRequest:
            self._place()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the controls beside the title, or below it."""
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        """Place texts and controls, and set the height that they need."""
        room = max(0, self.width() - 2 * MARGIN)
        controls = self._controls.sizeHint().width()
        title_width = 0 if self._title.isHidden() else self._title.sizeHint().width()
        text_width = max(title_width, self._subtitle.sizeHint().width())
        least = height = px(LOW_HEIGHT if self._title.isHidden() else HEIGHT)
        if controls + GAP + min(text_width, px(TITLE_WIDTH)) <= room:
            own = self._controls.heightForWidth(controls)
            self._put(self._texts, QRect(MARGIN, 0, room - controls - (GAP if controls else 0), least))
            self._put(
                self._controls, QRect(self.width() - MARGIN - controls, (least - own) // 2, controls, own)
            )
        else:
            texts, own = self._texts.sizeHint().height(), self._controls.heightForWidth(room)
            height = texts + own + 3 * PADDING
            self._put(self._texts, QRect(MARGIN, PADDING, room, texts))
            self._put(self._controls, QRect(MARGIN, texts + 2 * PADDING, room, own))
        # The hairline.
        self.setFixedHeight(height + 1)

    def _put(self, part: QWidget, place: QRect) -> None:
        part.setGeometry(QStyle.visualRect(self.layoutDirection(), self.rect(), place))
