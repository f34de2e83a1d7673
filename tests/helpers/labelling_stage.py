"""A labelling page with sets on disk, scripted drafts, and its keys."""

from __future__ import annotations

import json
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from engine.api import Example, Job, labelling
from gui.pages.labelling.page import LabellingPage
from gui.workers.worker_manager import WorkerManager
from tests.helpers import scripted_summarizer, scripted_worker

WAIT = 60_000
TEA = "Ann: Tea at five?\nBo: Yes, at the old mill."
BUS = "Cy: The bus is late again.\nDee: Then we meet at the station, half past six.\nCy: Fine."
DOG = "Eve: Rex is ill.\nFay: Oh no."
BASE_SAYS = "Ann and Bo have tea at five."
TUNED_SAYS = "Ann and Bo have tea at the old mill at 17:30."
TABLES = {"base_model": {"id": "starter"}, "data": {"source": "sample"}, "method": {"id": "lora"}}
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


class Workers:
    """An engine whose drafts come from a table, and whose other jobs follow scripts."""

    def __init__(self, monkeypatch) -> None:
        self._monkeypatch = monkeypatch
        self.reading: list[Any] = []
        self.missing_bytes = 0
        self.run_script: list[Any] = []
        self.manager = WorkerManager(self._command)
        self.say({"": BASE_SAYS, "a1": TUNED_SAYS})

    def say(self, summaries: dict[str, Any]) -> None:
        """Answer with these from the next worker on."""
        self._monkeypatch.setenv(scripted_summarizer.VARIABLE, json.dumps(summaries))

    def _command(self, job: Job) -> list[str]:
        kind = job.request()["kind"]
        if kind == "summarize":
            return scripted_summarizer.command(job)
        result = {
            "id": "google/flan-t5-base",
            "missing_bytes": self.missing_bytes,
        }
        models = [["emit", {"event": "result_made", "result": result}]]
        scripts = {"train": self.run_script, "label_data": self.reading}
        scripted_worker.give_script(job, scripts.get(kind, models))
        return scripted_worker.command(job)


def made_set(*conversations: str, name: str = "Chats") -> str:
    examples = [Example(f"c{number}", text, "") for number, text in enumerate(conversations, 1)]
    return labelling.create(name, f"/data/{name}.csv", examples).id


def show(page: LabellingPage, qtbot, set_id: str) -> LabellingPage:
    with qtbot.waitSignal(page.controller.opened, timeout=WAIT):
        page.controller.open(set_id)
    return page


def press(page: QWidget, key: Qt.Key, *modifiers: Qt.KeyboardModifier) -> None:
    held = Qt.KeyboardModifier.NoModifier
    for modifier in modifiers:
        held |= modifier
    QTest.keyClick(page.focusWidget(), key, held)


def state(page: LabellingPage, number: int) -> str:
    return page.controller.work.item(number).state


def drafted(page: LabellingPage, qtbot, *, key: bool = True) -> None:
    if key:
        press(page, Qt.Key.Key_D, CTRL)
    else:
        page.summary.draft_button.click()
    qtbot.waitUntil(lambda: not page.draft_writer.is_writing, timeout=WAIT)
