"""Fusion with Tunesmith's metrics, check marks and radio marks.

Does what a style sheet can't. Colours come from the palette.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QApplication, QProxyStyle, QStyle, QStyleHintReturn, QStyleOption, QWidget

from gui.look.focus_rim import has_rim
from gui.look.fonts import px

_METRICS = {
    QStyle.PixelMetric.PM_SmallIconSize: 16,
    QStyle.PixelMetric.PM_ButtonIconSize: 16,
    QStyle.PixelMetric.PM_IndicatorWidth: 16,
    QStyle.PixelMetric.PM_IndicatorHeight: 16,
    QStyle.PixelMetric.PM_ExclusiveIndicatorWidth: 16,
    QStyle.PixelMetric.PM_ExclusiveIndicatorHeight: 16,
    QStyle.PixelMetric.PM_CheckBoxLabelSpacing: 8,
    QStyle.PixelMetric.PM_RadioButtonLabelSpacing: 8,
    QStyle.PixelMetric.PM_SliderLength: 18,
    QStyle.PixelMetric.PM_SliderThickness: 28,
    QStyle.PixelMetric.PM_SliderControlThickness: 18,
    QStyle.PixelMetric.PM_ScrollBarExtent: 10,
    QStyle.PixelMetric.PM_SplitterWidth: 1,
    QStyle.PixelMetric.PM_ToolTipLabelFrameWidth: 0,
    QStyle.PixelMetric.PM_DefaultFrameWidth: 1,
    # What a menu keeps free towards the edges of the screen.
    QStyle.PixelMetric.PM_MenuDesktopFrameWidth: 16,
}

_HINTS = {
    # Fusion's own, but asked for more often than all others together.
    QStyle.StyleHint.SH_Widget_ShareActivation: 0,
    QStyle.StyleHint.SH_ComboBox_Popup: 0,
    QStyle.StyleHint.SH_ToolTip_WakeUpDelay: 500,
    QStyle.StyleHint.SH_ScrollBar_ContextMenu: 0,
    QStyle.StyleHint.SH_ScrollView_FrameOnlyAroundContents: 0,
    QStyle.StyleHint.SH_Slider_AbsoluteSetButtons: Qt.MouseButton.LeftButton.value,
    QStyle.StyleHint.SH_Widget_Animation_Duration: 0,
    QStyle.StyleHint.SH_UnderlineShortcut: 0,
}


class TunesmithStyle(QProxyStyle):
    """Fusion with other metrics and marks."""

    def __init__(self) -> None:
        super().__init__("Fusion")

    def pixelMetric(
        self, metric: QStyle.PixelMetric, option: QStyleOption | None = None, widget: QWidget | None = None
    ) -> int:
        """Return Tunesmith's metric, else Fusion's."""
        if metric == QStyle.PixelMetric.PM_LineEditIconSize:
            return px(16)
        known = _METRICS.get(metric)
        return super().pixelMetric(metric, option, widget) if known is None else known

    def styleHint(
        self,
        hint: QStyle.StyleHint,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
        returnData: QStyleHintReturn | None = None,
    ) -> int:
        """Return Tunesmith's hint, else Fusion's."""
        known = _HINTS.get(hint)
        return super().styleHint(hint, option, widget, returnData) if known is None else known

    def drawPrimitive(
        self,
        element: QStyle.PrimitiveElement,
        option: QStyleOption,
        painter: QPainter,
        widget: QWidget | None = None,
    ) -> None:
        """Draw check and radio marks; draw no focus frames; leave the rest to Fusion."""
        state = option.state if has_rim(widget) else option.state & ~QStyle.StateFlag.State_HasFocus
        if element == QStyle.PrimitiveElement.PE_FrameFocusRect:
            return
        if element in (
            QStyle.PrimitiveElement.PE_IndicatorCheckBox,
            QStyle.PrimitiveElement.PE_IndicatorItemViewItemCheck,
        ):
            draw_check(painter, QRectF(option.rect), state)
        elif element == QStyle.PrimitiveElement.PE_IndicatorRadioButton:
            draw_radio(painter, QRectF(option.rect), state)
        else:
            super().drawPrimitive(element, option, painter, widget)


def draw_check(painter: QPainter, rect: QRectF, state: QStyle.StateFlag) -> None:
    """Draw a centred check box of 16 pixels."""
    box = _centred(rect)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    fill, rim, mark = _mark_colors(state)
    on = bool(state & (QStyle.StateFlag.State_On | QStyle.StateFlag.State_NoChange))
    _rimmed(painter, state, fill if on else None, rim)
    painter.drawRoundedRect(box, 4, 4)
    painter.setPen(QPen(mark, 1.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    if state & QStyle.StateFlag.State_NoChange:
        painter.drawLine(box.center() - QPointF(3.5, 0), box.center() + QPointF(3.5, 0))
    elif on:
        points = [QPointF(-3.6, 0.2), QPointF(-1.1, 2.7), QPointF(3.7, -2.6)]
        painter.drawPolyline(QPolygonF([box.center() + point for point in points]))
    painter.restore()


def draw_radio(painter: QPainter, rect: QRectF, state: QStyle.StateFlag) -> None:
    """Draw a centred radio mark of 16 pixels."""
    box = _centred(rect)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    fill, rim, mark = _mark_colors(state)
    on = bool(state & QStyle.StateFlag.State_On)
    _rimmed(painter, state, fill if on else None, rim)
    painter.drawEllipse(box)
    if on:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(mark)
        painter.drawEllipse(box.center(), 3, 3)
    painter.restore()


def _centred(rect: QRectF) -> QRectF:
    box = QRectF(0, 0, 15, 15)
    box.moveCenter(rect.center())
    return box


def _mark_colors(state: QStyle.StateFlag) -> tuple[QColor, QColor, QColor]:
    """Fill, rim and mark from the application's palette."""
    colors = QApplication.palette()
    mark = colors.color(QPalette.ColorRole.BrightText)
    if not state & QStyle.StateFlag.State_Enabled:
        off = colors.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text)
        return off, off, mark
    return colors.color(QPalette.ColorRole.Accent), colors.color(QPalette.ColorRole.Dark), mark


def _rimmed(painter: QPainter, state: QStyle.StateFlag, fill: QColor | None, rim: QColor) -> None:
    """Set pen and brush: filled marks have no rim; a focused mark has a rim of two pixels."""
    colors = QApplication.palette()
    focus = state & QStyle.StateFlag.State_HasFocus and state & QStyle.StateFlag.State_Enabled
    painter.setBrush(fill if fill is not None else colors.color(QPalette.ColorRole.Base))
    if focus:
        role = QPalette.ColorRole.WindowText if fill is not None else QPalette.ColorRole.Accent
        painter.setPen(QPen(colors.color(role), 2))
    else:
        painter.setPen(QPen(fill if fill is not None else rim, 1))
