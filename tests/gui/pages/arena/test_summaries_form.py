import json
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from engine.api import arenas
from engine.jobs.job import Job
from engine.runs import example_scores
from engine.runs.example_scores import Texts
from tests.helpers.arena_bench import Bench
from tests.helpers.arenas import FULL, add_file, make_arena, score

ROWS = {"matched": 3, "missing": {"count": 1, "ids": ["3"]}, "unknown": {"count": 2, "rows": [17, 90]}}
NOTICE = "No conversation of the arena matches rows 17 and 90 of own.csv."


class Stage(Bench):
    """A page of an arena with two scored entries, and a worker that answers with `script`."""

    def __init__(self, qtbot: Any) -> None:
        self.asked: list[dict[str, Any]] = []
        super().__init__(qtbot)
        self.script = []
        self.settle()

    def _script(self, job: Job) -> list[Any]:
        self.asked.append(job.request())
        script = []
        for what, value in self.script:
            if what == "score":
                (job.folder / example_scores.FILE_NAME).write_bytes(SCORES["file"])
                result = value | {"details": str(job.folder)}
                script.append(["emit", {"event": "result_made", "result": result}])
            else:
                script.append([what, value])
        return script

    def answer(self, *script: Any) -> None:
        self.script = list(script)

    def take(self, path: Path) -> None:
        form = self.page.summaries_form
        form.take(path)
        self.qtbot.waitUntil(lambda: not form.scorer.is_busy)


SCORES: dict[str, bytes] = {}


@pytest.fixture(autouse=True)
def arena(home):
    arena = make_arena("lora", "full", name="Apples")
    for place, values in ((0, (0.4, 0.5, 0.6, 0.7)), (1, FULL)):
        job = score(arena, place, values)
        scores = example_scores.load(job.folder)
        texts = tuple(Texts(conversation=f"A: {at}?", references=("Yes.",)) for at in range(4))
        example_scores.save(job.folder, scores.model_copy(update={"texts": texts}))
    return arenas.open_arena(arena.folder)


@pytest.fixture
def scored(arena, tmp_path) -> dict[str, Any]:
    """What the worker answers on a file: that of a scored file of another arena."""
    folder = tmp_path / "scored"
    folder.mkdir()
    other = make_arena("lora", name="Other")
    added = add_file(other, "x", (0.6, 0.7, 0.8, 0.9), folder)
    SCORES["file"] = (folder / example_scores.FILE_NAME).read_bytes()
    card = json.loads((added.folder / "summaries" / "x" / "card.json").read_text(encoding="utf-8"))
    arenas.delete(other)
    return card | {"rows": ROWS}


def test_a_file_is_matched_then_named_then_a_row(stage, scored, tmp_path):
    page, form = stage.page, stage.page.summaries_form
    page.add_button.click()
    assert page.form.file_button.isVisible()
    page.form.file_button.click()
    assert form.isVisible()
    assert not page.add_button.isVisible()
    assert not form.add_button.isEnabled()
    notice = {"event": "notice", "level": "warning", "message": NOTICE, "hint": ""}
    stage.answer(["emit", notice], ["score", scored])
    stage.take(tmp_path / "gpt_best.csv")
    [asked] = stage.asked
    assert (asked["kind"], asked["predictions"], asked["column"]) == (
        "score", str(tmp_path / "gpt_best.csv"), "prediction",
    )  # fmt: skip
    assert form.matches.text().startswith(
        "3 of 4 conversations matched. ROUGE-1 75.0. Too few to tell: +30.0 against the base"
    )
    assert form.remarks.text() == NOTICE
    assert form.name.text() == "gpt best"
    form.name.setText("")
    assert not form.add_button.isEnabled()
    form.name.setText("LoRA")
    form.add_button.click()
    assert form.problem.text().startswith('The arena already has an entry "LoRA".')
    form.name.setText("Cloud model")
    form.add_button.click()
    stage.settle()
    assert page.view.isVisible()
    assert [row.status.entry.title for row in page.table.items()] == [
        "Cloud model", "Full fine-tuning", "LoRA",
    ]  # fmt: skip
    row = page.table.row_of("cloud-model")
    shown = [page.table.index(row, at).data() for at in range(len(page.table.columns))]
    assert shown[2:6] == ["–", "–", "–", "–"]
    tooltip = page.table.index(row, 1).data(Qt.ItemDataRole.ToolTipRole)
    assert tooltip == "From gpt_best.csv; its prompt is unknown."
    # The job's folder is not needed any more.
    assert not list((stage.asked and form.scorer.active_job._manager._retained) or [])


def test_what_can_not_be_scored_is_said_and_another_column_tried(stage, scored, tmp_path):
    stage.page.ask_for_summaries()
    form = stage.page.summaries_form
    message = 'own.csv has no column "prediction": it has id, output.'
    stage.answer(["fail", {"message": message, "hint": "So."}])
    stage.take(tmp_path / "own.csv")
    assert form.problem.text() == f"{message} So."
    assert not form.add_button.isEnabled()
    stage.answer(["score", scored])
    form.column.setText("output")
    form.column.editingFinished.emit()
    stage.qtbot.waitUntil(lambda: bool(form.scorer.result) and not form.scorer.is_busy)
    assert stage.asked[-1]["column"] == "output"
    assert not form.problem.text()
    assert form.add_button.isEnabled()


def test_the_conversations_are_saved_for_the_other_system(stage, tmp_path, monkeypatch):
    stage.page.ask_for_summaries()
    form, path = stage.page.summaries_form, tmp_path / "talks.jsonl"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    form.save_button.click()
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert rows[0] == {"id": "0", "conversation": "A: 0?", "prediction": ""}
    assert len(rows) == 4
    assert str(path) in form.matches.text()
    form.save(tmp_path / "none" / "talks.jsonl")
    assert "can't be written" in form.problem.text()


def test_it_has_no_recipe_to_show_but_summaries_for_a_blind_comparison(stage, arena, tmp_path):
    folder = tmp_path / "scored"
    folder.mkdir()
    add_file(arena, "Cloud model", (0.6, 0.7, 0.8, 0.9), folder)
    page = stage.page
    page.refresh()
    stage.settle()
    page.checked = {row.id for row in page.table.items()}
    page.differences_button.click()
    assert not page.notice.isVisible()
    asked: list[Any] = []
    page.blind_requested.connect(asked.append)
    page.blind_button.click()
    assert [name for _, name in asked[0]] == ["Cloud model", "Full fine-tuning", "LoRA, r 32"]
    folder, run = asked[0][0][0], asked[0][1][0]
    assert Path(folder).parent == arena.folder / "summaries"
    assert run == page.table.items()[1].status.entry.run
