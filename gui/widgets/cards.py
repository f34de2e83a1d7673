"""Cards for a result or a decision, notice strips in the page, and what is shown in place of nothing.

Handles layout and clicks, not what a plan does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QRadioButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from engine.api import AppError, MemoryFallback
from gui.core.background_tasks import once
from gui.look import style
from gui.look.focus_rim import has_rim
from gui.look.fonts import px
from gui.look.format import bytes_text
from gui.look.language import sentences, tr, translate
from gui.widgets.buttons import ContentButton, IconButton, link, plain, primary, quiet
from gui.widgets.labels import ElidedLabel, IconLabel, Label
from gui.widgets.layouts import FlowBox, fill, hbox, vbox
from gui.widgets.text_view import TextView


class Card(QFrame):
    """A surface with a hairline rim; content goes into `column`."""

    def __init__(self, parent: QWidget | None = None, margin: int = 24, spacing: int = 12) -> None:
        super().__init__(parent)
        style.set_background(self, "card")
        self.column = vbox(of=self, margins=(margin, margin - 4, margin, margin - 4), spacing=spacing)


class NoticeStrip(QFrame):
    """A strip in the page, `row`: one text and at most one action; hidden while it has none.

    `acted` is emitted when the action is clicked.
    """

    acted = Signal()

    def __init__(
        self,
        text: str = "",
        action: str = "",
        icon_name: str = "",
        token: str = "warning",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        style.set_background(self, "notice")
        self._icon = IconLabel(icon_name or "info", token)
        self._text = Label(text, "body", "text", wrap=True)
        self._action = link(action, press=self.acted)
        self.row = hbox(self._icon, (self._text, 1), self._action, of=self, margins=(12, 6, 8, 6), spacing=12)
        # A part that is shown before it has its place would be a window for a moment.
        self._icon.setVisible(bool(icon_name))
        self._action.setVisible(bool(action))
        if not text:
            self.hide()

    def show_notice(self, text: str, action: str = "", icon_name: str = "", token: str = "warning") -> None:
        self._text.setText(text)
        self._action.setText(action)
        self._action.setVisible(bool(action))
        self._icon.setVisible(bool(icon_name))
        if icon_name:
            self._icon.set_icon(icon_name, token)
        self.show()
        self._limit_height()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._limit_height()

    def _limit_height(self) -> None:
        self.setMaximumHeight(max(px(40), self.heightForWidth(self.width())))

    def text(self) -> str:
        return self._text.text()

    def action_button(self) -> QWidget:
        return self._action


# The columns right of a plan's title: the change of memory, the time, and what it means for learning.
COLUMNS = (60, 110, 158)


class OptionButton(ContentButton):
    """One of a group of choices, with a radio mark."""

    def __init__(self, name: str) -> None:
        super().__init__("plan")
        self.setCheckable(True)
        # A screen reader then tells of radio buttons.
        self.setAutoExclusive(True)
        self.setAccessibleName(name)
        self.mark = QRadioButton()
        self.mark.setAutoExclusive(False)
        self.mark.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        style.scale(self.mark, QWidget.setFixedWidth, 24)
        self.toggled.connect(self.mark.setChecked)


class FallbackRow(OptionButton):
    """One plan that needs less memory."""

    def __init__(self, plan: MemoryFallback) -> None:
        title, detail, time, learning = map(translate, (plan.title, plan.detail, plan.time, plan.learning))
        memory = bytes_text(plan.memory_bytes)
        super().__init__(f"{title}, {detail}, {memory}, {plan.saving}, {time}, {learning}")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        about = vbox(ElidedLabel(title, "body_semibold"), ElidedLabel(detail, "label", "muted"), spacing=0)
        figures = (
            (plan.saving, "figure", "accent"),
            (time, "figure_medium", "text"),
            (learning, "body", "muted"),
        )
        cells = (_cell(Label(*figure), width) for figure, width in zip(figures, COLUMNS, strict=True))
        peak = Label(memory, "figure_medium")
        self.lay_out(hbox(self.mark, (about, 1), peak, *cells, margins=(12, 8, 16, 8), spacing=0))


def _cell(label: Label, width: int) -> Label:
    """Return a label at the right of a column."""
    label.setAlignment(Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter)
    style.scale(label, QWidget.setFixedWidth, width)
    return label


def _heads() -> QHBoxLayout:
    """Return the column heads of the plans."""
    heads = (tr("Memory at peak"), tr("Time"), tr("Learning"))
    widths = (COLUMNS[0] + 60, *COLUMNS[1:])
    return hbox(
        (Label(tr("Plan"), "head", "muted"), 1),
        *(_cell(Label(head, "head", "muted"), width) for head, width in zip(heads, widths, strict=True)),
        margins=(36, 0, 16, 0),
        spacing=0,
    )


class ErrorCard(Card):
    """What happened, what is safe, and up to three plans to choose from.

    `accepted(index)` is the primary action with the chosen plan (−1 without plans); `second`, `ended` and `linked` are
    the plain button, the quiet one and the link at the top. Empty texts leave a button out.
    """

    accepted = Signal(int)
    second = Signal()
    ended = Signal()
    linked = Signal()

    def __init__(
        self,
        title: str,
        text: str,
        plans: Sequence[MemoryFallback] = (),
        primary_text: str = "",
        second_text: str = "",
        end_text: str = "",
        link_text: str = "",
        parent: QWidget | None = None,
        primary_icon: str = "play",
    ) -> None:
        super().__init__(parent)
        self._group = QButtonGroup(self)
        head = hbox(
            IconLabel("problem", "error", 20), (Label(title, "title", "text", wrap=True), 1), spacing=12
        )
        if link_text:
            head.addWidget(link(link_text, press=self.linked))
        fill(self.column, head, TextView.from_markup(text))
        if plans:
            rows = vbox(_heads(), spacing=8)
            for at, plan in enumerate(plans):
                row = FallbackRow(plan)
                row.setChecked(at == 0)
                self._group.addButton(row, at)
                rows.addWidget(row)
            self.column.addLayout(rows)
        foot = hbox(margins=(0, 8, 0, 0), spacing=8)
        if primary_text:
            accept = primary(primary_text, primary_icon, lambda: self.accepted.emit(self.chosen()))
            foot.addWidget(accept)
        if second_text:
            foot.addWidget(plain(second_text, press=self.second))
        foot.addStretch(1)
        if end_text:
            foot.addWidget(quiet(end_text, press=self.ended))
        if foot.count() > 1:
            self.column.addLayout(foot)
        self.setAccessibleName(title)
        self.setAccessibleDescription(text.replace("<b>", "").replace("</b>", ""))

    def chosen(self) -> int:
        """Return the index of the chosen plan, −1 if there is none."""
        return self._group.checkedId()


class ClosableNotice(NoticeStrip):
    """What failed, or is worth knowing, until it is closed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.acted.connect(self.hide)

    def say(self, text: str, icon_name: str = "info") -> None:
        self.show_notice(text, tr("Close"), icon_name, "muted")

    def warn(self, text: str, icon_name: str = "warning", token: str = "warning") -> None:
        self.show_notice(text, tr("Close"), icon_name, token)

    def show_error(self, error: AppError, icon_name: str = "warning", token: str = "warning") -> None:
        self.warn(sentences(error.message, error.hint), icon_name, token)


SHOWN_MILLISECONDS = 10_000


class UndoStrip(NoticeStrip):
    """Hidden until `offer`; it leaves after 10 s, but not from below the pointer, or while keys work in it.

    At the `foot` of a page it keeps the page's margins.
    """

    def __init__(self, parent: QWidget | None = None, *, foot: bool = False) -> None:
        super().__init__(parent=parent)
        self.setProperty("foot", foot)
        self._undo: Callable[[], object] | None = None
        self.clock = once(self, SHOWN_MILLISECONDS, self.leave)
        self.close_button = IconButton("close", tr("Close"), press=self.dismiss)
        self.row.addWidget(self.close_button)
        self.acted.connect(self._act)

    def offer(
        self, text: str, undo: Callable[[], object] | None = None, action: str = "", *, stays: bool = False
    ) -> None:
        """Show what was done; with `undo`, an action named `action` (default "Undo") takes it back.

        A question `stays` until it is answered.
        """
        self._undo = undo
        self.show_notice(text, (action or tr("Undo")) if undo is not None else "")
        if stays:
            self.clock.stop()
        else:
            self.clock.start()

    def leave(self) -> None:
        """Hide the strip, unless it is about to be used."""
        if self.underMouse() or any(map(has_rim, self.findChildren(QWidget))):
            self.clock.start()
        else:
            self.dismiss()

    def dismiss(self) -> None:
        self.clock.stop()
        self._undo = None
        self.hide()

    def _act(self) -> None:
        undo = self._undo
        self.dismiss()
        if undo is not None:
            undo()


class EmptyState(QWidget):
    """Centred in the space of the content; `card` draws the rim of a card around it."""

    def __init__(
        self,
        icon_name: str,
        line: str,
        what_to_do: str = "",
        buttons: Sequence[QPushButton] = (),
        card: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._line = Label(line, "section", "text", wrap=True)
        self._what_to_do = Label(what_to_do, "body", "muted", wrap=True)
        self._icon = IconLabel(icon_name, "hint", 24)
        for text in (self._line, self._what_to_do, self._icon):
            text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        outer = vbox(of=self)
        column = outer
        if card:
            frame = Card()
            outer.addWidget(frame)
            column = frame.column
        self._fill(column, buttons)
        self.setAccessibleName(line)
        self.setAccessibleDescription(what_to_do)

    def set_what_to_do(self, text: str) -> None:
        self._what_to_do.setText(text)
        self.setAccessibleDescription(text)

    def _fill(self, column: QVBoxLayout, buttons: Sequence[QPushButton]) -> None:
        column.setSpacing(4)
        fill(column, 1, self._icon)
        column.addSpacing(4)
        fill(column, self._line, self._what_to_do)
        if buttons:
            column.addLayout(hbox(1, FlowBox(buttons), 1, margins=(0, 12, 0, 0)))
        column.addStretch(1)
