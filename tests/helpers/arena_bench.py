"""An arena page over real folders, with an engine whose runs follow a script."""

from typing import Any

from PySide6.QtWidgets import QApplication

from engine.jobs.job import Job
from gui.pages.arena.page import ArenaPage
from tests.helpers.background import wait_for
from tests.helpers.homes import make_recipe
from tests.helpers.scripted_manager import scripted_manager
from tests.helpers.train_stage import COMPLETE, PLAN

MODELS = {"event": "result_made", "result": {"models": [{"id": "starter"}, {"id": "google/flan-t5-small"}]}}


class Bench:
    """A page and the engine whose runs follow `script`; `answers` are the scripts of other jobs by kind."""

    def __init__(self, qtbot: Any) -> None:
        self.script: list[Any] = COMPLETE
        self.answers: dict[str, list[Any]] = {"plan": [["answer", PLAN]], "models": [["emit", MODELS]]}
        self.manager = scripted_manager(self._script)
        self.qtbot = qtbot
        self.page = ArenaPage(self.manager)
        qtbot.addWidget(self.page)
        self.page.resize(1232, 860)
        self.page.show()
        self.page.shown()

    def _script(self, job: Job) -> list[Any]:
        return self.answers.get(job.request()["kind"], self.script)

    def settle(self) -> "Bench":
        """Wait until all is read and shown."""
        for _ in range(4):
            wait_for(self.page.reader)
            QApplication.processEvents()
        return self

    def until(self, condition: Any) -> None:
        self.qtbot.waitUntil(condition)

    def names(self) -> list[str]:
        return [row.name for row in self.page.table.items()]

    def queued(self) -> list[str]:
        return [each.entry.title for each in self.page.lower_pane.queue.table.items()]

    def offer(self, **values: Any) -> None:
        """Answer the page's wish for the present recipe."""
        wanted = make_recipe("Present", **{"base": "starter", "source": "sample"} | values)
        self.page.recipe_wanted.connect(lambda: self.page.offer_recipe(wanted, "encoder-decoder"))
