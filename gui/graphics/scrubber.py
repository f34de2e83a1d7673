"""A slider over the steps with sample summaries: the base model first, then each evaluation.

Knows finished and planned steps, not the summaries.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.core import actions
from gui.look import style
from gui.look.focus_rim import has_rim
from gui.look.fonts import font, metrics, px
from gui.look.format import number_text
from gui.look.language import tr

# More dots can't be told apart.
MAX_DOTS = 400


class Scrubber(QWidget):
    """Chooses a step by click, drag, Left and Right, Home and End. `chosen(step)`; step 0 is the base model."""

    accessible_role = QAccessible.Role.Slider
    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._done: list[int] = []
        self._planned: Sequence[int] = ()
        self._total = 0
        self._current = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Step of the samples"))
        style.on_style_changed(self._restyle)

    def set_steps(self, done: Sequence[int], total: int, planned: Sequence[int] = ()) -> None:
        """Show steps with samples, planned steps in their order, and the total; the newest stays chosen if it was."""
        newest = not self._done or self._current == self._done[-1]
        self._done = sorted(set(done))
        self._planned = planned[bisect_right(planned, self._done[-1]) :] if self._done else planned
        self._total = max(total, *self._done[-1:], *self._planned[-1:], 1)
        if self._done and (newest or self._current not in self._done):
            self._current = self._done[-1]
        self._describe()
        self.update()

    def current(self) -> int:
        """Return the chosen step."""
        return self._current

    def set_current(self, step: int) -> None:
        """Choose a step with samples; emit `chosen` if it changed."""
        if step in self._done and step != self._current:
            self._current = step
            self._describe()
            self.update()
            self.chosen.emit(step)

    def previous(self) -> int | None:
        """Return the step with samples before the chosen one, or None."""
        at = self._done.index(self._current) if self._current in self._done else 0
        return self._done[at - 1] if at > 0 else None

    def sizeHint(self) -> QSize:
        """Return the size of one line."""
        return QSize(px(420), px(28))

    def minimumSizeHint(self) -> QSize:
        """Return a short scrubber."""
        return QSize(px(180), px(28))

    def _track(self) -> QRectF:
        left = metrics("label").horizontalAdvance(tr("base")) + 18
        right = metrics("figure_small").horizontalAdvance(number_text(self._total)) + 18
        return QRectF(left, 0, max(10.0, self.width() - left - right), self.height())

    def _x(self, step: int, track: QRectF) -> float:
        return track.left() + track.width() * step / max(1, self._total)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the labels at the ends, the track, the steps and the handle."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        track, y = self._track(), self.height() / 2
        painter.setPen(style.color("muted"))
        painter.setFont(font("label"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, tr("base"))
        painter.setFont(font("figure_small"))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(self.rect(), right, number_text(self._total))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.color("grey_soft"))
        painter.drawRoundedRect(QRectF(track.left(), y - 2, track.width(), 4), 2, 2)
        painter.setBrush(style.color("accent"))
        painter.drawRoundedRect(
            QRectF(track.left(), y - 2, self._x(self._current, track) - track.left(), 4), 2, 2
        )
        for step in _some(self._planned):
            self._dot(painter, self._x(step, track), 3.5, "grey_soft", 1.5)
        for step in _some(self._done):
            self._dot(painter, self._x(step, track), 3.5, "accent", 1.5)
        if self._done:
            self._dot(painter, self._x(self._current, track), 7, "accent", 3 if has_rim(self) else 2)
        painter.end()

    def _dot(self, painter: QPainter, x: float, radius: float, token: str, wide: float) -> None:
        focus = wide == 3
        painter.setPen(QPen(style.color(token), wide))
        painter.setBrush(style.color("accent_soft" if focus else "background"))
        painter.drawEllipse(QPointF(x, self.height() / 2), radius, radius)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the nearest step."""
        self._go_near(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow a drag."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go_near(event.position().x())

    def _go_near(self, x: float) -> None:
        if self._done:
            track = self._track()
            self.set_current(min(self._done, key=lambda step: abs(self._x(step, track) - x)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move by steps that have samples."""
        if not self._done:
            super().keyPressEvent(event)
            return
        at, last = bisect_right(self._done, self._current) - 1, len(self._done) - 1
        for action_id, index in (
            ("scrubber.earlier", max(0, at - 1)),
            ("scrubber.later", min(last, at + 1)),
            ("scrubber.first", 0),
            ("scrubber.last", last),
        ):
            if actions.pressed(event, action_id):
                self.set_current(self._done[index])
                return
        super().keyPressEvent(event)

    def _describe(self) -> None:
        total = number_text(self._total)
        if self._current == 0:
            text = tr("base model of {total}", total=total)
        else:
            text = tr("step {step} of {total}", step=number_text(self._current), total=total)
        choice = tr("{count} to choose from", count=number_text(len(self._done)))
        self.setAccessibleDescription(f"{text}, {choice}")

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()


def _some(steps: Sequence[int]) -> Sequence[int]:
    """Return at most some hundred of the steps, evenly."""
    return steps[:: max(1, -(-len(steps) // MAX_DOTS))]
