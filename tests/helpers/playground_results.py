"""Results whose columns are filled: a base model's summary and an adapter's."""

from __future__ import annotations

from gui.pages.playground.column_results import ColumnModel, ColumnResults

CONVERSATION = "Leila: the venue offers Thursday 21st\nTom: ok, at 16:30"


def filled_results() -> ColumnResults:
    results = ColumnResults(ColumnModel(None, "Base model", "starter"))
    results.add(ColumnModel("a1", "tuned", "LoRA, r 8"))
    results.begin("r", CONVERSATION)
    for adapter, text in ((None, "The venue offers a day."), ("a1", "The venue offers Friday at 16:30.")):
        facts = {"request": "r", "adapter": adapter}
        results.apply({"event": "summary_started", **facts, "input_tokens": 17})
        results.apply({"event": "summary_extended", **facts, "text": text[:9]})
        results.apply({"event": "summary_finished", **facts, "summary": text, "tokens": 8, "seconds": 0.5})
    return results
