"""The lists of base models below each other: what each is, whether a run on it fits this computer, and Use."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from gui.look import style
from gui.look.language import mark, tr
from gui.look.tooltips import plain_tooltip
from gui.pages.train.base_models.model_text import (
    Fit,
    ListedModel,
    Place,
    all_languages_text,
    facts_text,
    fit_texts,
)
from gui.widgets.buttons import IconButton, quiet
from gui.widgets.labels import ElidedLabel, Label, Tag
from gui.widgets.layouts import vbox
from gui.widgets.line import Line
from gui.widgets.scroll import Scroll

TITLES: dict[Place, str] = {
    "here": mark("On this computer"),
    "catalogue": mark("Well-known models to download"),
    "hub": mark("Found on the hub"),
}
FIT_WIDTH = 144
COLUMNS = 4


class ModelList(Scroll):
    """Rows in sections; `used(id)` and `delete_wanted(model)` report presses."""

    used = Signal(str)
    delete_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__(margins=(0, 0, 10, 0), spacing=0)
        self._fits: dict[str, tuple[Label, Label]] = {}
        self._content = QWidget()
        self.column.addWidget(self._content)
        self.column.addStretch(1)

    def show_models(self, models: Sequence[ListedModel], current: str, nothing: str) -> None:
        """Show these models, of which `current` is in use; `nothing` is said where there is none."""
        self._fits = {}
        old, self._content = self._content, QWidget()
        grid = QGridLayout(self._content)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(0, 1)
        for place, title in TITLES.items():
            self._add_section(grid, tr(title), [model for model in models if model.place == place], current)
        if not models:
            grid.addWidget(Label(nothing, "body", "muted", wrap=True), 0, 0)
        self.column.replaceWidget(old, self._content)
        # At once, so that the list is never empty for a moment.
        self._content.show()
        old.hide()
        old.deleteLater()

    def show_waiting(self, ids: Iterable[str]) -> None:
        """Say of models that their plans are still to come."""
        for model_id in ids:
            self._fits[model_id][0].setText(tr("Checking…"))
            self._fits[model_id][0].set_token("muted")

    def show_fit(self, model_id: str, fit: Fit) -> None:
        """Show what a plan says of a model, if it is listed."""
        if model_id in self._fits:
            form, costs = self._fits[model_id]
            for label, text in zip((form, costs), fit_texts(fit), strict=True):
                label.setText(text)
                label.setVisible(bool(text))
            form.set_token("warning" if fit.problem else "text")

    def _add_section(
        self, grid: QGridLayout, title: str, models: Sequence[ListedModel], current: str
    ) -> None:
        if not models:
            return
        head = Label(title, "head", "muted")
        head.setContentsMargins(0, 12 if grid.rowCount() > 1 else 0, 0, 6)
        grid.addWidget(head, grid.rowCount(), 0, 1, COLUMNS)
        for model in models:
            self._add_row(grid, grid.rowCount(), model, is_current=model.id == current)

    def _add_row(self, grid: QGridLayout, row: int, model: ListedModel, *, is_current: bool) -> None:
        grid.addWidget(Line(), row, 0, 1, COLUMNS)
        grid.addWidget(_described(model), row + 1, 0)
        form, costs = Label("", "body", "text", wrap=True), Label("", "label", "muted", wrap=True)
        fit = _stacked(form, costs)
        style.scale(fit, QWidget.setFixedWidth, FIT_WIDTH)
        self._fits[model.id] = (form, costs)
        grid.addWidget(fit, row + 1, 1)
        middle = Qt.AlignmentFlag.AlignVCenter
        if is_current:
            grid.addWidget(Tag(tr("in use")), row + 1, 2, middle)
        else:
            use = quiet(tr("Use"))
            use.setEnabled(model.writes_text)
            use.setAccessibleName(tr("Use {name}", name=model.id))
            use.clicked.connect(lambda _checked=False: self.used.emit(model.id))
            grid.addWidget(use, row + 1, 2, middle)
        if model.place == "here" and not model.is_starter:
            delete = IconButton("trash", tr("Delete {name} from this computer", name=model.id))
            delete.clicked.connect(lambda _checked=False: self.delete_wanted.emit(model))
            grid.addWidget(delete, row + 1, 3, middle)


def _described(model: ListedModel) -> QWidget:
    """Return the name of a model with what is known of it."""
    facts = Label(facts_text(model), "label", "muted", wrap=True)
    facts.setToolTip(plain_tooltip(all_languages_text(model)))
    if model.is_starter:
        return _stacked(Label(tr("starter (practice model)"), "body_medium", wrap=True), facts)
    return _stacked(ElidedLabel(model.id, "body_medium"), facts)


def _stacked(*parts: QWidget) -> QWidget:
    box = QWidget()
    vbox(*parts, 1, of=box, margins=(0, 8, 0, 8), spacing=2)
    return box
