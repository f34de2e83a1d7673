"""A playground with adapters in the library and scripted workers."""

import json
from typing import Any

from engine.adapters.metadata import AdapterMetadata, BaseModelFacts, MethodFacts, PromptFacts, save
from engine.api import Job, model_info, paths
from gui.pages.playground.column_results import ColumnModel, ColumnResults
from gui.pages.playground.page import PlaygroundPage
from tests.helpers import scripted_summarizer
from tests.helpers.scripted_manager import scripted_manager

CONVERSATION = """Leila: the venue wrote, they can't do the 14th
Tom: what do they offer?
Leila: Thursday 21st, and Marcus by video at 16:30"""
SUMMARIES: dict[str, Any] = {
    "": "The venue can't do the 14th.",
    "a1": "The venue can't do the 14th and offers Thursday 21st.",
    "a2": "The venue offers Thursday 21st. Marcus may join at 17:30.",
}
TABLES = {"base_model": {"id": "starter"}, "data": {"source": "sample"}, "method": {"id": "lora"}}


LORA = MethodFacts(id="lora", title="LoRA", summary="r 8")


def make_adapter(
    adapter_id: str, base: str = "starter", method: MethodFacts = LORA, name: str = "", **facts: str
) -> None:
    folder = paths.adapters_folder() / adapter_id
    folder.mkdir()
    prompt = PromptFacts(template="{conversation}", max_conversation_tokens=64, beams=2, max_new_tokens=32)
    metadata = AdapterMetadata(
        schema=1, id=adapter_id, name=name or f"{adapter_id}-name", made_at="2026-11-25T02:00:00+00:00",
        base_model=BaseModelFacts(id=base, **facts), method=method, prompt=prompt,
    )  # fmt: skip
    save(metadata, folder)


class Workers:
    """An engine whose summarize jobs answer from a table, and whose other jobs follow scripts."""

    def __init__(self, monkeypatch, summaries: dict[str, Any] = SUMMARIES) -> None:
        self._monkeypatch = monkeypatch
        monkeypatch.setattr(model_info, "ids_here", lambda: ["local/one"])
        self.run_script: list[Any] = []
        self.scoring: list[Any] = []
        self.reading: list[Any] = []
        self.missing_bytes = 0
        self.manager = scripted_manager(self._script)
        self.say(summaries)

    def say(self, summaries: dict[str, Any]) -> None:
        """Answer with these from the next worker on."""
        self._monkeypatch.setenv(scripted_summarizer.VARIABLE, json.dumps(summaries))

    def _script(self, job: Job) -> list[Any] | None:
        cost = {"id": "google/flan-t5-base", "missing_bytes": self.missing_bytes}
        scripts = {
            "summarize": None,
            "train": self.run_script,
            "evaluate": self.scoring,
            "read_conversations": self.reading,
            "label_data": self.reading,
        }
        return scripts.get(job.request()["kind"], [["emit", {"event": "result_made", "result": cost}]])


def tried(page: PlaygroundPage, qtbot, *adapters: str, reference: str = "") -> None:
    """Summarise the conversation with the base and these adapters; wait for the end."""
    page.open_conversation(CONVERSATION, reference)
    page.open(adapters)
    page.summarise_button.click()
    qtbot.waitUntil(lambda: not page.controller.results.busy)
    qtbot.waitUntil(page.summarise_button.isEnabled)


SHORT_TALK = "Leila: the venue offers Thursday 21st\nTom: ok, at 16:30"


def filled_results() -> ColumnResults:
    results = ColumnResults(ColumnModel(None, "Base model", "starter"))
    results.add(ColumnModel("a1", "tuned", "LoRA, r 8"))
    results.begin("r", SHORT_TALK)
    for adapter, text in ((None, "The venue offers a day."), ("a1", "The venue offers Friday at 16:30.")):
        facts = {"request": "r", "adapter": adapter}
        results.apply({"event": "summary_started", **facts, "input_tokens": 17})
        results.apply({"event": "summary_extended", **facts, "text": text[:9]})
        results.apply({"event": "summary_finished", **facts, "summary": text, "tokens": 8, "seconds": 0.5})
    return results
