"""Choose a base model: the bundled one, one on this computer, or one from the hub, whose size is shown first.

Uses the `models` job; does not know how models are stored.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QWidget

from engine.api import Ending
from gui.look.fonts import px
from gui.look.format import bytes_text
from gui.look.language import mark, tr, translate
from gui.widgets.buttons import IconButton, plain, quiet
from gui.widgets.cards import Card, NoticeStrip
from gui.widgets.labels import ElidedLabel, Label, Tag
from gui.widgets.line import Line
from gui.widgets.scroll import Scroll
from gui.workers.download_check import cost_text
from gui.workers.worker_manager import WorkerManager

# Longer licence names are shortened.
LICENCE = 112
FAMILIES = {"encoder-decoder": mark("encoder-decoder"), "decoder-only": mark("decoder-only")}


class BaseModelsView(Card):
    """The list with family, size and licence. `chosen(id)` and `closed`; `known(ids)` after the list was read."""

    chosen = Signal(str)
    closed = Signal()
    known = Signal(object)

    def __init__(self, manager: WorkerManager, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._manager = manager
        self._current = ""
        self._models: list[dict[str, Any]] = []
        self._id = QLineEdit()
        self._id.setPlaceholderText(tr("owner/name on the hub"))
        self._id.setAccessibleName(tr("Hub id"))
        self._cost_button = plain(tr("Show size"))
        self._cost = NoticeStrip()
        self._cost.acted.connect(lambda: self.chosen.emit(self._id.text().strip()))
        self._notice = NoticeStrip()
        self._notice.acted.connect(self._act)
        self._doomed = ""
        self._list = Scroll(margins=(0, 0, 10, 0), spacing=0)
        self._grid = QGridLayout()
        self._lay_out()
        self._cost_button.clicked.connect(self._ask_cost)
        self._id.returnPressed.connect(self._ask_cost)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(Label(tr("Base models"), "section"), 1)
        back = quiet(tr("Back to methods"))
        back.clicked.connect(self.closed)
        head.addWidget(back)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._id, 1)
        row.addWidget(self._cost_button)
        self.column.addLayout(head)
        self.column.addLayout(row)
        for strip in (self._cost, self._notice):
            strip.hide()
            self.column.addWidget(strip)
        self.column.addWidget(self._list, 1)
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnMinimumWidth(3, px(LICENCE))
        self._list.column.addLayout(self._grid)
        self._list.column.addStretch(1)

    def refresh(self, current: str) -> None:
        """Read the list again; `current` is the base model in use."""
        self._current = current
        job = self._manager.ask("models", {"action": "list"}, parent=self)
        job.subscribe(self, result=self._show, failed=self._fail)

    def ids(self) -> list[str]:
        """Return the listed ids."""
        return [str(model["id"]) for model in self._models]

    def _show(self, result: dict[str, Any]) -> None:
        self._models = list(result.get("models", ()))
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for column, head in enumerate((tr("Base model"), tr("Family"), tr("Size"), tr("Licence"))):
            self._grid.addWidget(Label(head, "head", "ink2"), 0, column)
        for index, model in enumerate(self._models):
            self._add_row(1 + 2 * index, model)
        self.known.emit(self.ids())

    def _add_row(self, row: int, model: dict[str, Any]) -> None:
        model_id, family = str(model["id"]), str(model.get("family") or "")
        licence = str(model.get("licence") or "")
        self._grid.addWidget(Line(), row, 0, 1, 6)
        cells = (
            ElidedLabel(model_id, "body_medium"),
            Label(tr(FAMILIES.get(family, family)) or tr("not a text model"), "body", "ink2"),
            Label(bytes_text(model.get("size_bytes")), "figure", "ink2"),
            ElidedLabel(licence or tr("not stated"), "body", "ink2"),
        )
        for column, cell in enumerate(cells):
            cell.setMinimumHeight(40)
            self._grid.addWidget(cell, row + 1, column)
        if model_id == self._current:
            self._grid.addWidget(Tag(tr("in use")), row + 1, 4)
        else:
            use = quiet(tr("Use"))
            use.setEnabled(bool(family))
            use.setAccessibleName(tr("Use {name}", name=model_id))
            use.clicked.connect(lambda _checked=False: self.chosen.emit(model_id))
            self._grid.addWidget(use, row + 1, 4)
        if not model.get("local"):
            delete = IconButton("trash", tr("Delete {name} from this computer", name=model_id))
            delete.clicked.connect(lambda _checked=False: self._confirm_delete(model))
            self._grid.addWidget(delete, row + 1, 5)

    def _confirm_delete(self, model: dict[str, Any]) -> None:
        """Ask for confirmation in the page; a deleted model can be downloaded again."""
        self._doomed = str(model["id"])
        size = bytes_text(model.get("size_bytes"))
        question = tr(
            "Delete {name}? This frees {size}. The model can be downloaded again.",
            name=self._doomed,
            size=size,
        )
        self._notice.show_notice(question, tr("Delete"))

    def _act(self) -> None:
        self._notice.hide()
        job = self._manager.ask("models", {"action": "delete", "id": self._doomed}, parent=self)
        job.subscribe(self, result=self._deleted, failed=self._fail)

    def _deleted(self, result: dict[str, Any]) -> None:
        freed = bytes_text(result.get("freed_bytes"))
        self._notice.show_notice(tr("Deleted {name}. {size} were freed.", name=result["id"], size=freed))
        self.refresh(self._current)

    def _ask_cost(self) -> None:
        model_id = self._id.text().strip()
        if not model_id:
            return
        self._cost.show_notice(tr("Asking the hub about {name}…", name=model_id))
        job = self._manager.ask("models", {"action": "cost", "id": model_id}, parent=self)
        job.subscribe(self, result=self._show_cost, failed=self._fail_cost)

    def _show_cost(self, cost: dict[str, Any]) -> None:
        self._cost.show_notice(cost_text(cost), tr("Use it"), "info", "ink2")

    def _fail_cost(self, ending: Ending) -> None:
        self._cost.show_notice(
            f"{translate(ending.message)} {translate(ending.hint)}".strip(), icon_name="warning"
        )

    def _fail(self, ending: Ending) -> None:
        self._notice.show_notice(
            f"{translate(ending.message)} {translate(ending.hint)}".strip(), icon_name="warning"
        )
