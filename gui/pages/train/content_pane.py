"""The right pane of the train page: the choosers or the run, and a message above them.

Arranges the parts and switches between them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from engine.api import Family
from gui.core.preferences import Preferences
from gui.pages.train.base_models.view import BaseModelsView
from gui.pages.train.fallback_view import FallbackView
from gui.pages.train.gpu_banner import GpuBanner
from gui.pages.train.method.label_preview import LabelPreview
from gui.pages.train.method.method_chooser import MethodChooser
from gui.pages.train.run.run_view import RunView
from gui.widgets.dimming import dim
from gui.widgets.undo_strip import UndoStrip
from gui.workers.worker_manager import WorkerManager


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
        choosers = QVBoxLayout(self._choosers)
        choosers.setContentsMargins(24, 16, 24, 16)
        choosers.setSpacing(0)
        choosers.addWidget(self._chooser_stack, 1)
        choosers.addWidget(self._below_methods)
        below = QVBoxLayout(self._below_methods)
        below.setContentsMargins(0, 0, 0, 0)
        below.addSpacing(16)
        below.addWidget(self.preview)
        for part in (self._choosers, self.run_view):
            self._stack.addWidget(part)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.gpu_banner)
        column.addWidget(self._stack, 1)

    def say(self, text: str, action: str = "") -> None:
        """Show a message until it is closed, with at most one action."""
        self.notice.show_notice(text.strip(), action, "info", "ink2")

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
        """Show the run."""
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
