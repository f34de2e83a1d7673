"""What an adapter can be exported as from the library, and what is told of it."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidgetAction

from engine.adapters import exports, library
from engine.adapters.metadata import BaseModelFacts, MethodFacts
from engine.config import recipe
from engine.methods import METHODS
from gui.pages.library import library_text
from tests.helpers import library_bench
from tests.helpers.homes import add_adapter, make_recipe

Bench = library_bench.Bench


@pytest.mark.parametrize("is_here", [False, True])
def test_four_bits_are_offered_where_llama_cpps_program_is(bench, monkeypatch, is_here):
    monkeypatch.setattr(exports, "has_quantizer", lambda: is_here)
    add_adapter("a", base_model=BaseModelFacts(id="b", family="decoder-only"))
    entries = bench().exports(library.find("a"))
    assert ("For Ollama, in 4 bits (downloads 77 MB once)…" in entries) == is_here
    monkeypatch.setattr(exports, "has_converter", lambda: is_here)
    texts = [text for *_, text in library_text.export_menu_entries("decoder-only")]
    assert ("For Ollama, in 8 bits (downloads 77 MB once)…" in texts) == (not is_here)
    assert ("For Ollama, in 8 bits…" in texts) == is_here
    assert "As a plain model…" in texts


def menu_of(page, adapter):
    """Return the texts of the menu's groups, and what is grey."""
    menu = page.export_menu(adapter)
    groups: dict[str, list[str]] = {}
    for action in menu.actions():
        if isinstance(action, QWidgetAction):
            last = groups.setdefault(action.text(), [])
        else:
            last.append(action.text())
    grey = [
        each.text() for each in menu.actions() if not each.isEnabled() and not isinstance(each, QWidgetAction)
    ]
    menu.close()
    return groups, grey


def test_one_menu_offers_every_export_by_what_it_is_for_and_the_recipe_among_them(bench, tmp_path):
    adapter = add_adapter("a", recipe=make_recipe(name="Mine"))
    made = bench()
    groups, grey = menu_of(made.page, adapter)
    assert list(groups) == ["Share", "Use elsewhere", "Reproduce"]
    assert groups["Share"] == ["To the Hugging Face Hub…", "As a zip file…", "As a folder…"]
    assert groups["Use elsewhere"][0] == "As a plain model…"
    assert groups["Reproduce"] == ["As a training script…", "As a recipe…"]
    assert grey == []
    made.page.operations.export_recipe(adapter.recipe(), tmp_path / "mine.toml")
    made.until(made.page.pane.undo_strip.isVisible)
    assert recipe.load(tmp_path / "mine.toml") == adapter.recipe()


def test_an_adapter_that_can_not_be_merged_says_why(bench):
    page = bench().page

    def merges(name, **facts):
        groups, grey = menu_of(page, add_adapter(name, **facts))
        assert bool(grey) != ("As a plain model…" in groups["Use elsewhere"])
        return grey or True

    for entry in METHODS:
        facts = MethodFacts(id=entry.id, title=entry.title, peft_type=entry.peft_type)
        why = f"This adapter can't be merged: {entry.title} can't be merged into a plain model."
        assert merges(entry.id, method=facts) == (entry.merges or [why])
    assert merges("nf4", base_model=BaseModelFacts(id="starter", quantization="nf4")) is True
    [why] = merges("int8", base_model=BaseModelFacts(id="starter", quantization="int8"))
    assert "int8 base" in why
    # Those of other programs are judged by the type that PEFT knows.
    assert merges("other-lora", method=MethodFacts(id="", peft_type="LORA")) is True
    assert merges("other-prefix", method=MethodFacts(id="", peft_type="PREFIX_TUNING")) is not True


def test_what_became_of_an_export_in_ollama_is_told():
    given = {"model": "mine", "problem": "", "command": ""}
    assert library_text.ollama_text(given) == "Ollama has it: ollama run mine"
    refused = {"model": "", "problem": "Ollama rejected it: why.", "command": "ollama create mine"}
    assert library_text.ollama_text(refused) == (
        "Ollama rejected it: why. To add it to Ollama: ollama create mine"
    )
    assert library_text.ollama_text({}) == ""


def test_prompts_that_are_not_told_are_not_said_to_differ():
    verified = {
        "state": "same", "reason": "", "runtime": "ollama", "conversations": 2, "identical": 1, "equal_prompts": None,
        "difference": {"rouge1": {"mean": 0.0, "low": -0.01, "high": 0.01}},
    }  # fmt: skip
    assert library_text.export_verdict(verified).endswith(
        "Tried in Ollama. It doesn't report its prompt tokens."
    )


def test_what_a_killed_export_left_goes(bench, tmp_path):
    add_adapter("a")
    made = bench()
    made.dialogs.place = tmp_path
    made.scripts["export"] = [["wait_for_stop", None]]
    made.exports(library.find("a"))["As a plain model…"]()
    made.until(lambda: bool(made.asked))
    aside = Path(made.asked[0]["aside"])
    assert aside.parent == tmp_path
    (aside / "a-merged").mkdir(parents=True)
    made.page.jobs.active_job.thread.force()
    made.until(made.page.pane.notice.isVisible)
    assert not aside.exists()
