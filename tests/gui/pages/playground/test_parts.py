from pathlib import Path

import pytest

from engine.adapters.metadata import AdapterMetadata, BaseModelFacts, MethodFacts
from engine.api import STARTER, Adapter
from gui.pages.playground.choices import MAX_COLUMNS, adapter_choices, base_choices
from gui.pages.playground.column_results import ColumnModel, ColumnResults, Marks
from gui.pages.playground.column_view import ColumnView
from gui.pages.playground.columns_view import ColumnsView
from gui.pages.playground.conversation_panel import ConversationPanel
from gui.pages.playground.token_meter import Length, TokenCount, parted
from gui.workers.worker_manager import WorkerManager
from tests.helpers.playground_stage import filled_results


def metadata(name: str, base: str) -> AdapterMetadata:
    return AdapterMetadata(
        schema=1, id=name, name=name, made_at="2026-11-25T02:00:00+00:00", base_model=BaseModelFacts(id=base),
        method=MethodFacts(id="lora", title="LoRA"),
    )  # fmt: skip


def adapters(**bases: str) -> list[Adapter]:
    return [Adapter(Path("/library") / name, metadata(name, base)) for name, base in bases.items()]


def test_a_summary_that_is_only_the_end_token_is_said_to_be_one(qtbot, styled):
    column = ColumnResults(ColumnModel(None, "Base model", "")).columns[0]
    view = qtbot.add(ColumnView(is_base=True))
    column.status = "finished"
    view.show_column(column, Marks())
    assert view.state_text() == "The summary is empty."


def test_columns_are_named_by_what_their_adapters_do_not_share(qtbot, styled):
    results = ColumnResults(ColumnModel(None, "Base model", "starter"))
    titles = ("starter · sample · LoRA r 32", "Every weight", "starter · sample · LoRA r 4")
    for title in titles:
        results.add(ColumnModel(title, title, "LoRA"))
    columns = qtbot.add(ColumnsView())
    columns.show_results(results)
    assert [view.name() for view in columns.views()] == [
        "Base model",
        "LoRA r 32",
        "Every weight",
        "LoRA r 4",
    ]
    assert [view.accessibleName() for view in columns.views()[1:]] == [f"{title} LoRA" for title in titles]

    alone = ColumnResults(ColumnModel(None, "Base model", "starter"))
    alone.add(ColumnModel(titles[0], titles[0], "LoRA"))
    columns.show_results(alone)
    assert columns.view(titles[0]).name() == titles[0]


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
        "starter", "local/one", "hub/two",
    ]  # fmt: skip


TEXT = "Leila: the venue wrote\nTom: what do they offer?\nLeila: Thursday 21st"


@pytest.fixture
def panel(qtbot, styled):
    return qtbot.place(ConversationPanel(), 368, 700)


def test_turns_are_parted_where_the_limit_falls_and_a_turn_within_it_in_two():
    read, cut = parted(TEXT, TEXT.index(" do they"))
    assert [(turn.speaker, turn.text) for turn in read] == [("Leila", "the venue wrote"), ("Tom", "what")]
    assert [(turn.speaker, turn.text) for turn in cut] == [("", "do they offer?"), ("Leila", "Thursday 21st")]
    read, cut = parted(TEXT, TEXT.index("\nLeila: Th"))
    assert (len(read), len(cut)) == (2, 1)
    assert parted(TEXT, None)[1] == ()
    read, cut = parted(TEXT, TEXT.index(" what do"))
    assert [(turn.speaker, turn.text) for turn in read] == [("Leila", "the venue wrote")]
    assert (cut[0].speaker, cut[0].text) == ("Tom", "what do they offer?")


def test_the_meter_follows_the_typing_and_marks_what_is_cut(panel):
    panel.show_limit(10)
    panel.show_conversation("Ann: Hi")
    panel.toggle_edit()
    assert "within the trained limit" in panel.meter.accessibleName()
    panel.editor.setPlainText(TEXT)
    assert "the last 2 turns are cut off" in panel.meter.accessibleName()
    assert panel.meter.accessibleName().startswith("about ")
    assert panel.editor.cut_text() == TEXT[36:].replace("\n", "\u2029")
    panel.show_limit(512)
    assert panel.editor.cut_text() == ""
    panel.toggle_edit()
    assert panel.conversation == TEXT


def test_a_count_takes_the_place_of_the_estimate_and_a_late_one_of_another_text_does_not(panel):
    panel.show_limit(10)
    panel.show_conversation(TEXT)
    panel.show_length("other", Length(1, 10, is_counted=True, cut_at=None))
    assert panel.meter.accessibleName().startswith("about ")
    panel.show_length(TEXT, Length(14, 10, is_counted=True, cut_at=TEXT.index("\nLeila: Th")))
    assert panel.meter.accessibleName() == "14 of 10 tokens the end is cut off"
    panel.show_counted(99)
    assert panel.length.tokens == 14
    panel.show_limit(512)
    assert not panel.length.is_counted


def test_a_worker_counts_what_is_typed_with_the_base_models_own_tokenizer(qtbot, home):
    manager = WorkerManager()
    live = TokenCount(manager, manager)
    with qtbot.waitSignal(live.counted) as told_of:
        live.count("Ann: never asked for", 64, STARTER)
        live.count(TEXT, 8, STARTER)
    text, length = told_of.args
    assert text == TEXT
    assert length.is_counted
    assert length.tokens > 8
    assert TEXT[: length.cut_at].startswith("Leila: the")
    live.close()
    manager.leave()
