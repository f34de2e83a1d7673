"""The live loss plot of a run: every step, the smoothed line, the evaluations and their scores.

Owns the buffers and the row above the plot (legend, smoothing, scale, export). Redraws on a timer of 100 ms after a
change, never per event. pyqtgraph is imported when the plot is first shown, numpy with the first value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from engine.api import RunState, write_csv
from gui.core.background_tasks import once
from gui.inputs.choices import SegmentedControl
from gui.inputs.number_inputs import Slider
from gui.look import style
from gui.look.fonts import px
from gui.look.format import number_text, score
from gui.look.language import tr, tr_count
from gui.widgets import file_dialogs
from gui.widgets.buttons import IconButton, open_below
from gui.widgets.labels import IconLabel, Label
from gui.widgets.layouts import FlowBox, hbox, vbox

if TYPE_CHECKING:
    from gui.plots.canvas import Canvas
    from gui.plots.series import Drawing

# Of the axes and what is drawn between them.
MIN_HEIGHT = 280
Save = Callable[[Path], object]
HEAD = ["step", "loss", "smoothed", "evaluation_loss", "evaluation_rouge1", "evaluation_chrf"]


class LossPlot(QWidget):
    """Shows a run's loss. `follow` gives it a run, and it redraws by itself. `failed(text)`: an export did."""

    failed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._drawing: Drawing | None = None
        self.canvas: Canvas | None = None
        self._state: RunState | None = None
        self._has_ended = False
        self._timer = once(self, 100, self.redraw)
        self.waiting = Label("", "body", "hint", self)
        self.waiting.setContentsMargins(8, 0, 8, 0)
        style.set_background(self.waiting, "background")
        self.waiting.hide()
        self.tools = LossTools({"PNG": self.save_png, "CSV": self.save_csv})
        self.tools.changed.connect(self._mark_dirty)
        self.tools.failed.connect(self.failed)
        self.legend = _Legend()
        self._smoothing_word = Label(tr("Smoothing"), "label", "muted")
        self._smoothing_word.setBuddy(self.tools.smoothing)
        head = hbox(Label(tr("Loss"), "section", "text"), 1, self._smoothing_word, self.tools, spacing=8)
        self._column = vbox(head, self.legend, of=self, spacing=8)
        self._place = QWidget()
        style.scale(self._place, QWidget.setMinimumHeight, MIN_HEIGHT)
        self._column.addWidget(self._place, 1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        style.on_style_changed(self._mark_dirty)

    def follow(self, state: RunState, *, ended: bool = False) -> None:
        """Show the losses and scores of a run as far as they go, with the saved step of one that has `ended`."""
        if state is not self._state and self.canvas is not None:
            self.canvas.is_zoomed = False
        self._state, self._has_ended = state, ended
        self._mark_dirty()

    def set_waiting(self, text: str) -> None:
        """Show a text over the empty axes until the first step: "The first step is being prepared, 12 s left"."""
        self.waiting.setText(text)
        self._place_waiting()

    def show_all(self, everything: bool = True) -> None:
        """Show the whole run, and with `everything` all values instead of the 1st to 99th percentile."""
        self.need_drawing().everything = everything
        if self.canvas is not None:
            self.canvas.is_zoomed = False
        self._mark_dirty()

    def save_png(self, path: Path) -> bool:
        """Write the plot as PNG at the screen's pixel ratio; return False if that failed."""
        self.redraw()
        return self.grab().save(str(path), "PNG")

    def save_csv(self, path: Path) -> None:
        """Write steps, losses and scores (fractions) as CSV. Raises StorageError."""
        self.redraw()
        write_csv(path, HEAD, self._table())

    def _table(self) -> Iterator[list[int | float | str]]:
        drawing = self.need_drawing()
        evaluations = dict(zip(drawing.evaluation.steps, drawing.evaluation.values, strict=True))
        scores, chrf = (
            dict(zip(series.steps, series.values, strict=True)) for series in (drawing.scores, drawing.chrf)
        )
        for at, (step, loss) in enumerate(zip(drawing.train.steps, drawing.train.values, strict=True)):
            mean = float(drawing.train.mean_at(at, drawing.window()))
            yield [int(step), float(loss), mean, evaluations.pop(step, ""), *_at(step, scores, chrf)]
        for step, loss in evaluations.items():
            yield [int(step), "", "", float(loss), *_at(step, scores, chrf)]

    def redraw(self) -> None:
        """Redraw now; does nothing before the plot was first shown."""
        self._timer.stop()
        drawing = self.need_drawing()
        if self._state is not None:
            drawing.follow(self._state, ended=self._has_ended)
            self.legend.show_score(self._state.evaluated_examples if len(drawing.scores) else 0)
            self.legend.show_former(len(drawing.former) > 0)
        drawing.smoothing, drawing.log = self.tools.share(), self.tools.is_log()
        if self.canvas is not None:
            self.canvas.draw(drawing)
        self._describe(drawing)
        self._place_waiting()

    def showEvent(self, event: QShowEvent) -> None:
        """Make the canvas when first shown."""
        super().showEvent(event)
        if self.canvas is None:
            from gui.plots.canvas import Canvas

            self.canvas = Canvas()
            style.scale(self.canvas, QWidget.setMinimumHeight, MIN_HEIGHT)
            self.canvas.viewed.connect(self._mark_dirty)
            self.canvas.menu_wanted.connect(self._open_menu)
            self._column.replaceWidget(self._place, self.canvas)
            self._place.deleteLater()
            self.waiting.raise_()
        self.redraw()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Hide parts without room, and redraw for the new width."""
        super().resizeEvent(event)
        self._smoothing_word.setVisible(self.width() > px(420))
        self._mark_dirty()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.DevicePixelRatioChange and self.canvas is not None:
            self.canvas.restyle()

    def need_drawing(self) -> Drawing:
        if self._drawing is None:
            from gui.plots.series import Drawing, Series

            self._drawing = Drawing(Series(), Series())
        return self._drawing

    def _mark_dirty(self) -> None:
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

    def _describe(self, drawing: Drawing) -> None:
        count = len(drawing.train)
        if not count:
            self.setAccessibleDescription(tr("No step yet."))
            return
        mean = float(drawing.train.mean_at(count - 1, drawing.window()))
        step = number_text(drawing.train.steps[-1])
        sentences = [tr("Loss after step {step}: {loss} smoothed.", step=step, loss=number_text(mean, 3))]
        if len(drawing.evaluation):
            sentences.append(
                tr("Last evaluation {loss}.", loss=number_text(float(drawing.evaluation.values[-1]), 3))
            )
        if len(drawing.scores):
            sentences.append(f"{self.legend.score_text()}: {score(float(drawing.scores.values[-1]))}.")
        if len(drawing.chrf):
            sentences.append(f"chrF {score(float(drawing.chrf.values[-1]))}.")
        self.setAccessibleName(tr("Loss plot"))
        self.setAccessibleDescription(" ".join(sentences))

    def _place_waiting(self) -> None:
        empty = self._drawing is None or not len(self._drawing.train)
        self.waiting.setVisible(bool(self.waiting.text()) and empty)
        self.waiting.adjustSize()
        middle = self.rect().center() + QPoint(px(20), px(8))
        self.waiting.move(middle - self.waiting.rect().center())

    def _open_menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        everything = self.need_drawing().everything
        other = tr("Show the middle 98 %") if everything else tr("Show all")
        menu.addAction(other, lambda: self.show_all(not everything))
        zoom = menu.addAction(tr("Whole run"), lambda: self.show_all(everything))
        zoom.setEnabled(self.canvas is not None and self.canvas.is_zoomed)
        menu.addSeparator()
        self.tools.add_exports(menu)
        menu.exec(at)


def _at(step: float, *columns: dict[float, float]) -> list[float | str]:
    return [column.get(step, "") for column in columns]


class LossTools(QWidget):
    """Smoothing, scale and export of losses. `changed`: draw anew; `failed(text)`: a file could not be written."""

    changed = Signal()
    failed = Signal(str)

    def __init__(self, saves: Mapping[str, Save], show_all: Callable[[], None] | None = None) -> None:
        """Offer to write files of the kinds `saves`, such as "PNG", and to show all steps if that is given."""
        super().__init__()
        self._saves, self._show_all = saves, show_all
        self.smoothing = Slider(0, 100, 60)
        style.scale(self.smoothing, QWidget.setFixedWidth, 72)
        self.smoothing.setAccessibleName(tr("Smoothing"))
        self.smoothing.setToolTip(tr("Smoothing"))
        scales = [("linear", tr("Linear")), ("log", tr("Log"))]
        self.scale = SegmentedControl(scales, short=True, name=tr("Scale"))
        self._export = IconButton("export", tr("Export the losses"), press=self._open_menu)
        hbox(self.smoothing, self.scale, self._export, of=self, spacing=8)
        self.smoothing.valueChanged.connect(self.changed)
        self.scale.currentChanged.connect(self.changed)

    def share(self) -> float:
        """Return how much is smoothed, 0 to 1."""
        return self.smoothing.value() / 100

    def is_log(self) -> bool:
        return self.scale.current() == "log"

    def add_exports(self, menu: QMenu) -> None:
        for kind, save in self._saves.items():
            menu.addAction(tr("Save as {kind}…", kind=kind), partial(self._ask, kind, save))

    def _open_menu(self) -> None:
        menu = QMenu(self)
        self.add_exports(menu)
        if self._show_all is not None:
            menu.addSeparator()
            menu.addAction(tr("Show all steps"), self._show_all)
        open_below(self._export, menu)

    def _ask(self, kind: str, save: Save) -> None:
        name, kinds = f"losses.{kind.lower()}", f"{kind} (*.{kind.lower()})"
        path = file_dialogs.save_file(self, "export", tr("Save the losses"), name, kinds)
        if path and (trouble := file_dialogs.write_failure(save, path)):
            self.failed.emit(trouble)


class _Legend(FlowBox):
    """The legend, in as many lines as it needs; its part about scores only if there are any."""

    def __init__(self) -> None:
        self._former = _legend_part("line-thin", "grey", tr("before the restart"))
        self.score = _legend_part("line-dashed", "muted", "")
        shown = (
            ("line-pale", "accent", tr("each step")),
            ("line-thick", "accent", tr("smoothed")),
            ("diamond", "warning", tr("validation")),
        )
        super().__init__([*(_legend_part(*each)[0] for each in shown), self._former[0], self.score[0]], 14)
        self.show_former(False)
        self.show_score(0)

    def show_former(self, shown: bool) -> None:
        self._former[0].setVisible(shown)

    def show_score(self, examples: int) -> None:
        """Show the number of scored conversations; 0 hides it."""
        self.score[0].setVisible(examples > 0)
        self.score[1].setText(tr("ROUGE-1 on {count}", count=number_text(examples)))
        self.score[1].setToolTip(self.score_text(examples))
        self._examples = examples

    def score_text(self, examples: int | None = None) -> str:
        count = self._examples if examples is None else examples
        return tr_count(
            count,
            "ROUGE-1 on the first validation conversation",
            "ROUGE-1 on the first {n} validation conversations",
        )


def _legend_part(mark: str, token: str, text: str) -> tuple[QWidget, Label]:
    """Return a mark with its text, and the text's label."""
    part, label = QWidget(), Label(text, "label", "muted")
    hbox(IconLabel(mark, token), label, of=part, spacing=6)
    return part, label
