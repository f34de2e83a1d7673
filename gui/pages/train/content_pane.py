"""The right pane of the train page: the choosers or the run, a message above them, and plans that need less memory.

Arranges the parts and switches between them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from engine.api import (
    OUT_OF_MEMORY,
    AppError,
    Ending,
    Family,
    MemoryFallback,
    Recipe,
    graphics_cards,
    graphics_check,
    memory_fallbacks,
    run_store,
)
from gui.core.preferences import Preferences
from gui.forms.recipe_form import RecipeForm
from gui.inputs.segmented_control import SegmentedControl
from gui.look import style
from gui.look.format import bytes_text
from gui.look.language import tr, translate
from gui.pages.train.base_models_view import BaseModelsView
from gui.pages.train.method_chooser import MethodChooser
from gui.pages.train.recipe_panel import RecipePanel
from gui.pages.train.run_notices import plan_row
from gui.pages.train.run_view import RunView
from gui.widgets.cards import Card, ErrorCard, NoticeStrip
from gui.widgets.dimming import dim
from gui.widgets.labels import Label
from gui.widgets.layouts import hbox, vbox
from gui.widgets.scroll import Scroll
from gui.widgets.text_view import Mark, TextView
from gui.widgets.undo_strip import UndoStrip
from gui.workers.run_model import RunModel
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
            rest = tr("Batch size is unchanged. Nothing changes until you choose.")
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
        about = Label(tr("marked: label tokens, which it learns to write"), "label", "muted", wrap=True)
        about.setAlignment(Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter)
        head = hbox(
            (Label(tr("What the model reads and learns to write"), "section", wrap=True), 1), (about, 1)
        )
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


DEVICE = "training.device"
PUT_AWAY = "card_banner_put_away"


class DeviceChoices(QObject):
    """Requests the devices from a worker once, since they stay the same while the window is open."""

    def __init__(self, manager: WorkerManager, form: RecipeForm, banner: GpuBanner, parent: QObject) -> None:
        super().__init__(parent)
        self._manager, self._form, self._banner = manager, form, banner
        self._is_asked = False

    def follow(self, planned: Recipe | None, plan: dict[str, Any]) -> None:
        """Let the window's other workers compute on the device of a recipe whose plan has no problem with it."""
        fields = {problem.get("field") for problem in plan.get("problems") or ()}
        if planned is not None and DEVICE not in fields:
            # The other workers compute on one card.
            device = planned.training.device
            self._manager.suit_device("auto" if device == "all" else device)
        self._ask()

    def _ask(self) -> None:
        """Request the devices, unless that was done before."""
        if not self._is_asked:
            self._is_asked = True
            self._manager.ask("devices", {}, parent=self).subscribe(self, result=self._take)

    def _take(self, found: dict[str, Any]) -> None:
        self._form.offer_devices(found.get("devices") or ())
        self._banner.judge(found)


class GpuBanner(QWidget):
    """A strip about a GPU that torch can't use; hidden until `judge` finds one.

    Once closed, it stays closed until its text changes.
    """

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._preferences = preferences
        # The untranslated text, so that it stays closed in another language.
        self._text = ""
        self.strip = NoticeStrip()
        self.strip.acted.connect(self._put_away)
        vbox(self.strip, of=self, margins=(24, 12, 24, 0))
        self.hide()

    def judge(self, found: dict[str, Any]) -> None:
        """Compare torch's devices, the result of the `devices` job, with the GPUs of this computer."""
        check = graphics_check(found, graphics_cards.find())
        self._text = f"{check.text} {check.fix}"
        wanted = check.state == "problem" and self._preferences.get(PUT_AWAY) != self._text
        if wanted:
            self.strip.show_notice(
                f"{translate(check.text)} {translate(check.fix)}", tr("Dismiss"), "warning"
            )
        self.setVisible(wanted)

    def _put_away(self) -> None:
        self._preferences.set(PUT_AWAY, self._text)
        self.hide()


class FallbackController(QObject):
    """Connects the recipe panel and the fallback view; `sides` switches between the panes."""

    def __init__(
        self, manager: WorkerManager, panel: RecipePanel, right: ContentPane, sides: SegmentedControl
    ) -> None:
        super().__init__(panel)
        self._manager, self._panel, self._right, self._sides = manager, panel, right, sides
        self._recipe: Recipe | None = None
        panel.effect.fallbacks_wanted.connect(self._look)
        panel.edited.connect(self._leave)
        right.fallback_view.chosen.connect(self._use)
        right.fallback_view.closed.connect(self._close)

    def _look(self) -> None:
        """Search for memory fallbacks of the current recipe."""
        wanted = self._panel.form.recipe()
        if wanted is None:
            return
        self._recipe = wanted
        self._sides.set_current("run")
        self._right.show_fallbacks()
        try:
            job = self._manager.ask("shrink", {"step": 0}, wanted, parent=self)
        except AppError as error:
            self._right.fallback_view.show_error(f"{translate(error.message)} {translate(error.hint)}")
            return
        self._right.fallback_view.show_searching()
        job.subscribe(self, result=partial(self._take, wanted), failed=partial(self._fail, wanted))

    def _take(self, wanted: Recipe, found: dict[str, Any]) -> None:
        if wanted is self._recipe:
            self._right.fallback_view.show_found(found)

    def _fail(self, wanted: Recipe, ending: Ending) -> None:
        if wanted is self._recipe:
            self._right.fallback_view.show_error(f"{translate(ending.message)} {translate(ending.hint)}")

    def _use(self, plan: MemoryFallback) -> None:
        """Apply a fallback to the recipe, unless the recipe has changed."""
        form = self._panel.form
        if form.recipe() == self._recipe:
            tables: dict[str, dict[str, Any]] = {}
            for key, value in plan.changes.items():
                table, _, name = key.partition(".")
                tables.setdefault(table, {})[name] = value
            for table, values in tables.items():
                form.set_values(table, values)
        self._sides.set_current("recipe")

    def _close(self) -> None:
        self._leave()
        self._sides.set_current("recipe")

    def _leave(self) -> None:
        """Show the methods again, since the fallbacks belong to the earlier recipe."""
        if self._recipe is not None:
            self._recipe = None
            self._right.show_methods()


class FallbackFinder(QObject):
    """`found(model, plans)` reports the fallbacks of a run that could not report them itself."""

    found = Signal(object, object)

    def __init__(self, manager: WorkerManager, parent: QObject) -> None:
        super().__init__(parent)
        self._manager = manager

    def seek(self, model: RunModel) -> None:
        """Search for fallbacks if the run was killed for its memory; a run that ended by itself has reported them."""
        ending = model.ending
        if ending is None or ending.kind != OUT_OF_MEMORY or ending.event is not None:
            return
        try:
            job = self._manager.ask(
                "shrink", {"step": run_store.last_step(model.job)}, model.recipe, parent=self
            )
        except AppError:
            self.found.emit(model, [])
            return
        job.subscribe(
            self, result=partial(self._take, model), failed=lambda _ending: self.found.emit(model, [])
        )

    def _take(self, model: RunModel, result: dict[str, Any]) -> None:
        self.found.emit(model, memory_fallbacks.read(result))
