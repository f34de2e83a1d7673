"""The playground without its widgets: columns built from events, and who fits beside a base."""

from __future__ import annotations

from pathlib import Path

from engine.adapters.metadata import AdapterMetadata, BaseModelFacts, MethodFacts
from engine.api import STARTER, Adapter
from gui.pages.playground.choices import MAX_COLUMNS, adapter_choices, base_choices
from gui.pages.playground.column_results import ColumnModel, ColumnResults, Marks
from gui.pages.playground.column_view import ColumnView
from tests.helpers.playground_results import filled_results


def metadata(name: str, base: str) -> AdapterMetadata:
    return AdapterMetadata(
        schema=1,
        id=name,
        name=name,
        made_at="2026-11-25T02:00:00+00:00",
        base_model=BaseModelFacts(id=base),
        method=MethodFacts(id="lora", title="LoRA"),
    )


def adapters(**bases: str) -> list[Adapter]:
    return [Adapter(Path("/library") / name, metadata(name, base)) for name, base in bases.items()]


# The board


def test_a_summary_that_is_only_the_end_token_is_said_to_be_one(qtbot, styled):
    column = ColumnResults(ColumnModel(None, "Base model", "")).columns[0]
    view = ColumnView(is_base=True)
    qtbot.addWidget(view)
    column.status = "finished"
    view.show_column(column, Marks())
    assert view.state_text() == "The summary is empty."


def test_marks_show_what_tuning_added_and_what_was_not_said():
    results = filled_results()
    tuned = results.column("a1")
    marks = results.marks(tuned)
    assert [tuned.text[start:end] for start, end in marks.added] == ["Friday at 16:30"]
    assert [claim.text for claim in marks.unsupported] == ["Friday"]
    assert results.marks(results.base).added == ()


def test_a_summary_without_claims_in_a_script_without_capitals_is_not_measured():
    results = filled_results()
    results.conversation = "小红：明天见。"
    tuned = results.column("a1")
    tuned.text = "她们见面。"
    marks = results.marks(tuned)
    assert (marks.unsupported, marks.names_told, marks.is_measured) == ((), False, False)


# Who fits


def test_adapters_of_the_base_are_offered_once_up_to_a_limit_and_others_with_the_reason():
    choices = adapter_choices(adapters(other="google/flan-t5-base", ours=STARTER), STARTER, [])
    assert [(choice.adapter.id, choice.fits) for choice in choices] == [("ours", True), ("other", False)]
    assert choices[1].reason == "trained for google/flan-t5-base"
    many = adapters(**{f"a{number}": STARTER for number in range(MAX_COLUMNS)})
    shown = [adapter.id for adapter in many[: MAX_COLUMNS - 1]]
    reasons = {choice.adapter.id: choice.reason for choice in adapter_choices(many, STARTER, shown)}
    assert reasons["a0"] == "shown already"
    assert reasons[f"a{MAX_COLUMNS - 1}"] == f"at most {MAX_COLUMNS} columns"
    assert base_choices(["starter", "local/one"], adapters(a="hub/two", b="local/one")) == [
        "starter",
        "local/one",
        "hub/two",
    ]
