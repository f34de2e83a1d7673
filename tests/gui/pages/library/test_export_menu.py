"""What an adapter can be exported as from the library, and what is told of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.adapters import exports, library
from engine.adapters.metadata import BaseModelFacts
from gui.pages.library import library_text
from tests.helpers import library_bench
from tests.helpers.homes import add_adapter

Bench = library_bench.Bench


@pytest.mark.parametrize("is_here", [False, True])
def test_four_bits_are_offered_where_llama_cpps_program_is_and_what_is_fetched_is_said(
    bench, monkeypatch, is_here
):
    monkeypatch.setattr(exports, "has_quantizer", lambda: is_here)
    add_adapter("a", base_model=BaseModelFacts(id="b", family="decoder-only"))
    entries = bench().page.import_export.export_entries(library.find("a"), in_full=False)
    assert ("For Ollama, in 4 bits (fetches 77 MB once)…" in [text for text, *_ in entries]) == is_here
    monkeypatch.setattr(exports, "has_converter", lambda: is_here)
    texts = [text for *_, text in library_text.export_menu_entries("decoder-only")]
    assert ("For Ollama, in 8 bits (fetches 77 MB once)…" in texts) == (not is_here)
    assert ("For Ollama, in 8 bits…" in texts) == is_here
    assert "As a plain model…" in texts


def test_what_became_of_an_export_in_ollama_is_told():
    given = {"model": "mine", "problem": "", "command": ""}
    assert library_text.ollama_text(given) == "Ollama has it: ollama run mine"
    refused = {"model": "", "problem": "Ollama did not take it: why.", "command": "ollama create mine"}
    assert library_text.ollama_text(refused) == (
        "Ollama did not take it: why. To give it to Ollama: ollama create mine"
    )
    assert library_text.ollama_text({}) == ""


def test_prompts_that_are_not_told_are_not_said_to_differ():
    verified = {
        "state": "same", "reason": "", "runtime": "ollama", "conversations": 2, "identical": 1, "equal_prompts": None,
        "difference": {"rouge1": {"mean": 0.0, "low": -0.01, "high": 0.01}},
    }  # fmt: skip
    assert library_text.export_verdict(verified).endswith(
        "Tried in Ollama. It does not tell its prompts' tokens."
    )


def test_what_a_killed_export_left_goes(bench, tmp_path):
    add_adapter("a")
    made = bench()
    made.dialogs.place = tmp_path
    made.scripts["export"] = [["wait_for_stop", 30]]
    made.page.panel.merge_button.click()
    made.until(lambda: bool(made.asked))
    aside = Path(made.asked[0]["aside"])
    assert aside.parent == tmp_path
    (aside / "a-merged").mkdir(parents=True)
    made.page.jobs._thread.force()
    made.until(made.page.pane.notice.isVisible)
    assert not aside.exists()
