from dataclasses import replace

import pytest
from PySide6.QtTest import QAbstractItemModelTester

from engine.jobs.job import create_job
from engine.runs.run_summaries import RunEntry, read_entry
from engine.system.paths import runs_folder
from gui.models.grouped_table import TwoLineCell
from gui.models.run_table import RunTable, WaitingRun, outcome_of
from tests.helpers.example_library import fill_history
from tests.helpers.homes import RunSpec, add_run, make_recipe

FAILED = {"outcome": "failed"}


@pytest.fixture
def entries(home) -> list[RunEntry]:
    return [read_entry(job) for job in fill_history()]


@pytest.fixture
def table(entries, qapp) -> RunTable:
    made = RunTable()
    made.put(entries)
    return made


def made_entry(**told) -> RunEntry:
    return read_entry(add_run(spec=RunSpec(**told)))


def test_qt_finds_no_fault_with_the_model(table, entries):
    QAbstractItemModelTester(table, QAbstractItemModelTester.FailureReportingMode.Fatal)
    table.show_only("resumable", "")
    table.put(entries[:1])


def test_an_outcome_has_words(home):
    for fields, text in (
        ({}, "Completed"),
        ({"outcome": "stopped"}, "Stopped"),
        ({"outcome": None, "checkpoint_at": 20}, "Crashed"),
        ({**FAILED, "kind": "OutOfMemoryError", "checkpoint_at": 20}, "Out of memory"),
        ({**FAILED, "kind": "DataError"}, "Data problem"),
        ({**FAILED, "kind": "SomethingNew"}, "Failed"),
    ):
        assert outcome_of(made_entry(**fields)).text == text
    job = add_run(spec=RunSpec(outcome=None, steps=10))
    with job.lock():
        entry = read_entry(job)
    assert outcome_of(entry).text.replace("\u00a0", " ") == "Running, 25 %"
    # Without a recipe.
    entry = read_entry(create_job(runs_folder(), "train", {}))
    assert outcome_of(entry).text == "Not started"


def test_a_row_shows_name_and_gain_over_data_and_time_or_how_it_ended(table):
    by_name = {entry.name: entry for entry in table.entries()}
    lora = by_name["flan-t5-base on SAMSum with LoRA"]
    assert table.cell(lora, "run") == TwoLineCell(
        lora.name, "samsum · 12 min 04 s", "arrow-up", "+1.5", "accent"
    )
    stopped = by_name["flan-t5-base on SAMSum with prefix tuning"]
    assert table.cell(stopped, "run").foot == "samsum · Stopped"
    assert table.cell(by_name["SmolLM2-1.7B on stand-up notes, prompt tuning"], "run").note == "−3.4"
    unnamed = read_entry(add_run(replace(make_recipe(), given_name="")))
    assert unnamed.name == "flan-t5-base · samsum · LoRA r 16"
    assert table.cell(unnamed, "run").title == "flan-t5-base · LoRA r 16"


def test_what_trains_and_what_waits_stands_above_the_days_and_a_search_leaves_the_waiting_out(table):
    job = add_run(spec=RunSpec(outcome=None, steps=10))
    with job.lock():
        table.put([read_entry(job)])
    table.put_waiting([WaitingRun("key", "a run", "is next")])
    assert [head.title for head in table.headings()][:2] == ["Now", "Waiting"]
    now, waiting = table.items()[:2]
    assert table.cell(now, "run").share == 0.25
    assert table.cell(waiting, "run") == TwoLineCell("a run", "is next")
    table.show_only("all", "prefix")
    assert [entry.name for entry in table.items()] == ["flan-t5-base on SAMSum with prefix tuning"]


def test_a_row_can_be_heard(table):
    told = [table.accessible_text(entry) for entry in table.entries()]
    assert told[0].startswith(
        "flan-t5-base on SAMSum with LoRA, Completed, steps: 1,540, 12 min 04 s, ROUGE-1 +1.5, better"
    )
