"""The right pane of the train page: the choosers or the run, and a message above them.

Arranges the parts and switches between them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from engine.api import Family, MemoryFallback, memory_fallbacks
from gui.core.preferences import Preferences
from gui.look import style
from gui.look.format import bytes_text
from gui.look.language import tr
from gui.pages.train.base_models.view import BaseModelsView
from gui.pages.train.device_choices import GpuBanner
from gui.pages.train.method.method_chooser import MethodChooser
from gui.pages.train.run.failure_card import plan_row
from gui.pages.train.run.run_view import RunView
from gui.widgets.cards import Card, ErrorCard
from gui.widgets.dimming import dim
from gui.widgets.labels import Label
from gui.widgets.layouts import hbox, vbox
from gui.widgets.scroll import Scroll
from gui.widgets.text_view import Mark, TextView
from gui.widgets.undo_strip import UndoStrip
from gui.workers.worker_manager import WorkerManager

PREVIEW_HEIGHT = 116


class ContentPane(QWidget):
    """Owns the choosers, the label preview, the run view, the banner, and the message, which the page places."""

    def __init__(
        self, manager: WorkerManager, preferences: Preferences, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.gpu_banner = GpuBanner(preferences, self)
        self.notice = UndoStrip(self, foot=True)
        self._stack = QStackedWidget(self)
        self._choosers = QWidget(self._stack)
        self._chooser_stack = QStackedWidget(self._choosers)
        self.methods = MethodChooser(self._chooser_stack)
        self.base_models = BaseModelsView(manager, self._chooser_stack)
        self.fallback_view = FallbackView(self._chooser_stack)
        self._below_methods = QWidget(self._choosers)
        self.preview = LabelPreview(self._below_methods)
        self.run_view = RunView(self._stack)
        self._lay_out()
        self.base_models.closed.connect(self.show_methods)

    def _lay_out(self) -> None:
        for chooser in (self.methods, self.base_models, self.fallback_view):
            self._chooser_stack.addWidget(chooser)
        vbox(
            (self._chooser_stack, 1),
            self._below_methods,
            of=self._choosers,
            margins=(24, 16, 24, 16),
            spacing=0,
        )
        below = QVBoxLayout(self._below_methods)
        below.setContentsMargins(0, 0, 0, 0)
        below.addSpacing(16)
        below.addWidget(self.preview)
        for part in (self._choosers, self.run_view):
            self._stack.addWidget(part)
        vbox(self.gpu_banner, (self._stack, 1), of=self, spacing=0)

    def say(self, text: str, action: str = "") -> None:
        """Show a message until it is closed, with at most one action."""
        self.notice.show_notice(text.strip(), action, "info", "muted")

    def say_nothing(self) -> None:
        """Hide the message."""
        self.notice.dismiss()

    def show_busy(self, busy: bool) -> None:
        """Dim what the last plan said while another is being made."""
        self.methods.show_busy(busy)
        dim((self.preview,), busy)

    def show_no_plan(self) -> None:
        """Show no numbers and tokens: those of the last plan may be of another base model or other data."""
        self.methods.forget_counts()
        self.preview.show_tokens(())

    def show_run(self) -> None:
        self._stack.setCurrentWidget(self.run_view)

    def show_methods(self) -> None:
        """Show the list of methods."""
        self._stack.setCurrentWidget(self._choosers)
        self._chooser_stack.setCurrentWidget(self.methods)
        self._below_methods.show()

    def show_fallbacks(self) -> None:
        """Show the memory fallbacks."""
        self._stack.setCurrentWidget(self._choosers)
        self._chooser_stack.setCurrentWidget(self.fallback_view)

    def show_base_models(self, tables: Mapping[str, Any], family: Family) -> None:
        """Read and show the base models for a recipe; `family` is that of its base model."""
        self._stack.setCurrentWidget(self._choosers)
        self._chooser_stack.setCurrentWidget(self.base_models)
        # It shows what is learned, and takes the room of a long list.
        self._below_methods.hide()
        self.base_models.refresh(tables, family)


class FallbackView(Scroll):
    """The memory fallbacks of a recipe, before it is started, in a card.

    `chosen` carries the chosen fallback, `closed` reports that there is nothing left to choose.
    """

    chosen = Signal(object)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(margins=(0, 0, 0, 0), spacing=0, parent=parent)
        self.card: ErrorCard | None = None
        self._plans: Sequence[MemoryFallback] = ()
        self.column.addStretch(1)

    def show_searching(self) -> None:
        """Show that the search is running."""
        self._show(tr("Looking for plans that fit."))

    def show_error(self, text: str) -> None:
        """Show why the search failed."""
        self._show(text)

    def show_found(self, found: Mapping[str, Any]) -> None:
        """Show the result of the `shrink` job."""
        sizes = {name: bytes_text(found.get(name)) for name in ("needed", "available")}
        lacking = tr("It needs about {needed}, but only {available} is available.", **sizes)
        plans = memory_fallbacks.read(found)
        if plans:
            rest = tr("Every step keeps its examples. Nothing is changed before you choose.")
        else:
            rest = tr("No plan fits. Close other programs, or choose a smaller base model.")
        self._show(f"{lacking} {rest}", plans)

    def _show(self, text: str, plans: Sequence[MemoryFallback] = ()) -> None:
        if self.card is not None:
            self.column.removeWidget(self.card)
            self.card.hide()
            self.card.deleteLater()
        self._plans = plans
        self.card = ErrorCard(
            tr("This run needs more memory than is available"),
            text,
            [plan_row(plan) for plan in plans],
            primary_text=tr("Use this plan") if plans else "",
            primary_icon="check",
            end_text=tr("Close"),
        )
        self.card.accepted.connect(self._accept)
        self.card.ended.connect(self.closed)
        self.column.insertWidget(0, self.card)
        self.card.show()

    def _accept(self, index: int) -> None:
        self.chosen.emit(self._plans[index])


class LabelPreview(Card):
    """The first training example as the model sees it, label tokens marked; hidden if none are trained."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, margin=16, spacing=8)
        self.text = TextView(role="body", token="muted")
        about = Label(tr("marked: label tokens; the rest is input only"), "label", "muted", wrap=True)
        about.setAlignment(Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter)
        head = hbox((Label(tr("Model input and label tokens"), "section", wrap=True), 1), (about, 1))
        scroll = Scroll(margins=(0, 0, 0, 0))
        scroll.column.addWidget(self.text)
        style.scale(scroll, QWidget.setFixedHeight, PREVIEW_HEIGHT)
        # The trained tokens are at the end, so scroll there.
        bar = scroll.verticalScrollBar()
        bar.rangeChanged.connect(lambda _least, most: bar.setValue(most))
        self.column.addLayout(head)
        self.column.addWidget(scroll)
        self.hide()

    def show_tokens(self, tokens: Sequence[Sequence[object]]) -> None:
        """Show tokens as (text, is trained) pairs."""
        text = ""
        marks: list[Mark] = []
        for piece, is_label in tokens:
            if is_label:
                if not marks and not text.endswith((" ", "\n")):
                    text += "\n"
                marks.append(Mark(len(text), len(str(piece))))
            text += str(piece)
        # Show before the text is set: a hidden label keeps the size of its earlier text.
        self.setVisible(bool(text))
        self.text.set_text(text, joined(marks))


def joined(marks: Sequence[Mark]) -> list[Mark]:
    """Join marks that touch."""
    made: list[Mark] = []
    for mark in marks:
        if made and made[-1].start + made[-1].length == mark.start:
            made[-1] = Mark(made[-1].start, made[-1].length + mark.length)
        else:
            made.append(mark)
    return made
