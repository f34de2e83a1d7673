"""Leads from one view of the window to another: what a page asks for, and what the command palette opens."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QWidget

from engine.api import Adapter, Example, Recipe
from gui.shell.window import ShellWindow
from gui.widgets.buttons import below


class Navigator:
    """Opens runs, adapters, conversations and the rest in their views.

    A page asks by a signal. A signal of one name leads to the same place from every page (`routes`); a page need not
    know the others.
    """

    def __init__(self, window: ShellWindow, dialogs: dict[str, Callable[[], object]]) -> None:
        """Make the routes; `dialogs` are those of the window, by the names of signals that ask for them."""
        self._window = window
        self.page = window.show_built
        self.routes: dict[str, Callable[..., object]] = dialogs | {
            # To Train.
            "open_requested": self.run,
            "new_run_requested": lambda: self.page("train").new_run(),
            "edit_requested": lambda wanted: self.page("train").edit(wanted),
            "run_again_requested": lambda wanted: self.page("train").run_again(wanted),
            "resume_requested": lambda run_id: self.page("train").resume(run_id),
            "train_from_requested": lambda adapter_id: self.page("train").start_from(adapter_id),
            "use_requested": lambda values: self.page("train").use_data(values),
            "recipe_wanted": self._offer_recipe,
            # To the library.
            "library_requested": self.adapter,
            "score_requested": lambda adapter_id: self.page("library").open_and_score(adapter_id),
            "export_requested": self._offer_exports,
            # To a comparison.
            "compare_requested": lambda adapter_ids: self.page("compare").open_adapters(adapter_ids),
            "examples_requested": lambda job: self.page("compare").open_runs([(job.id, "")], "conversations"),
            "blind_requested": lambda runs: self.page("compare").open_runs(runs, "votes"),
            # To the conversations.
            "data_requested": lambda source: self.page("data").open(source),
            "label_requested": lambda values, base_model: self.page("labelling").open_source(
                values, base_model
            ),
            "set_requested": lambda set_id: self.page("labelling").open_set(set_id),
            "label_rows_requested": lambda rows: self.page("labelling").open_conversations(rows),
            # To the playground.
            "playground_requested": lambda adapter_id: self._try([adapter_id]),
            "try_requested": self._try,
            "rows_checked": lambda name, rows: window.built("playground").offer_conversations(name, rows),
            # To a view.
            "view_requested": self.page,
        }

    def connect(self, page: QWidget) -> None:
        """Let the signals of a page lead to other views."""
        for name, lead in self.routes.items():
            signal = getattr(page, name, None)
            if signal is not None:
                signal.connect(lead)

    def run(self, run_id: str) -> None:
        self.page("train").open_run(run_id)

    def adapter(self, adapter_id: str) -> None:
        """Select an adapter in the library."""
        self.page("library").open(adapter_id)

    def recipe(self, wanted: Recipe, origin: str) -> None:
        """Begin a recipe; `origin` says where it comes from."""
        self.page("train").begin(wanted, origin)

    def option(self, key: str, topic_id: str) -> None:
        """Lead to an option in the recipe; to its help, if the method in use has no such option."""
        if not self.page("train").lead_to(key):
            self.topic(topic_id)

    def topic(self, topic_id: str) -> None:
        self.page("help").open(topic_id)

    def _offer_recipe(self) -> None:
        self._window.built("arena").offer_recipe(*self._window.built("train").present_recipe())

    def _offer_exports(self, adapter: Adapter, button: QWidget) -> None:
        """Open the menu of an adapter's exports; the library shows how far a chosen one is."""
        menu = self._window.built("library").export_menu(adapter)
        menu.triggered.connect(lambda _action: self.adapter(adapter.id))
        menu.popup(below(button))

    def _try(self, adapter_ids: Sequence[str], example: Example | None = None) -> None:
        playground = self.page("playground")
        if adapter_ids:
            playground.open(adapter_ids)
        if example is not None:
            playground.open_example(example)
