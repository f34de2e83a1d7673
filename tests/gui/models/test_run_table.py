from __future__ import annotations

import pytest
from PySide6.QtTest import QAbstractItemModelTester

from engine.jobs.job import create_job
from engine.runs.run_summaries import RunEntry, read_entry
from engine.system.paths import runs_folder
from gui.models.grouped_table import IconTextCell, SparklineCell
from gui.models.run_table import RunTable, next_step, outcome_of
from tests.helpers.example_library import fill_history
from tests.helpers.homes import RunSpec, add_run

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


def test_an_outcome_has_words_and_one_next_step(home):
    for fields, text, action in (
        ({}, "Completed", ""),
        ({"outcome": "stopped", "checkpoint_at": 20}, "Stopped", "resume"),
        ({"outcome": "stopped"}, "Stopped", "again"),
        ({"outcome": None, "checkpoint_at": 20}, "Crashed", "resume"),
        ({"outcome": None}, "Crashed", "again"),
        ({**FAILED, "kind": "OutOfMemoryError", "checkpoint_at": 20}, "Out of memory", "open"),
        ({**FAILED, "kind": "DataError"}, "Data problem", "edit"),
        ({**FAILED, "kind": "StorageError", "checkpoint_at": 20}, "Storage problem", "resume"),
        ({**FAILED, "kind": "SomethingNew"}, "Failed", "again"),
    ):
        entry = made_entry(**fields)
        assert (outcome_of(entry).text, next_step(entry)[0]) == (text, action)
    job = add_run(spec=RunSpec(outcome=None, steps=10))
    with job.lock():
        entry = read_entry(job)
    assert outcome_of(entry).text.replace("\u00a0", " ") == "Running, 25 %"
    assert next_step(entry) == ("open", "Show")
    # Without a recipe.
    entry = read_entry(create_job(runs_folder(), "train", {}))
    assert (outcome_of(entry).text, next_step(entry)) == ("Not started", ("", ""))


def test_cells_show_gain_loss_and_steps(table):
    by_name = {entry.name: entry for entry in table.entries()}
    lora = by_name["flan-t5-base on SAMSum with LoRA"]
    assert table.cell(lora, "gain") == IconTextCell(
        "arrow-up", "+1.5", "accent", right=True, role="figure_medium"
    )
    assert table.cell(lora, "steps").text == "1,540"
    spark = table.cell(lora, "loss")
    assert isinstance(spark, SparklineCell)
    assert spark.share == 1.0
    assert spark.values[0] > spark.values[-1]
    stopped = by_name["flan-t5-base on SAMSum with prefix tuning"]
    assert table.cell(stopped, "steps").text == "860 of 1,540"
    assert 0.5 < table.cell(stopped, "loss").share < 0.6
    worse = by_name["SmolLM2-1.7B on stand-up notes, prompt tuning"]
    assert table.cell(worse, "gain").text == "−3.4"


def test_a_row_can_be_heard(table):
    told = [table.accessible_text(entry) for entry in table.entries()]
    assert told[0].startswith(
        "flan-t5-base on SAMSum with LoRA, Completed, steps: 1,540, 12 min 04 s, ROUGE-1 +1.5, better"
    )
    assert told[1].endswith("next: Show")
