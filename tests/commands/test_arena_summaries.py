"""`arena add-summaries`: a file is scored on the conversations of an arena's runs and becomes an entry."""

from pathlib import Path

import pytest

from engine import arena as arenas
from engine.runs import example_scores
from engine.runs.example_scores import Texts
from tests.helpers.arenas import make_arena, score
from tests.helpers.table_files import write

pytestmark = pytest.mark.torch
NAMES = ("Ann", "Bea", "Cem", "Dora")
COUNT = 40


def reference(index: int) -> str:
    return f"{NAMES[index % 4]} buys {index + 2} red apples at the market on Friday."


@pytest.fixture
def arena(home):
    """An arena with a run that was scored on 40 conversations by the present metric."""
    from engine.worker.text_metrics import rouge

    arena = make_arena("lora", name="Apples")
    base = [0.3 + at % 3 / 10 for at in range(COUNT)]
    metric = rouge.protocol(["en"])
    job = score(arena, 0, [value + 0.1 for value in base], base, metric=metric)
    texts = tuple(
        Texts(
            conversation=f"{NAMES[at % 4]}: {at + 2} red apples!\nZoe: On Friday.",
            references=(reference(at),),
        )
        for at in range(COUNT)
    )
    scores = example_scores.load(job.folder)
    assert scores is not None
    example_scores.save(job.folder, scores.model_copy(update={"texts": texts}))
    return arenas.open_arena(arena.folder)


def written(path: Path, ids: range) -> str:
    rows = [{"id": at, "prediction": reference(at)} for at in ids]
    return str(write(path, rows))


def test_a_file_becomes_a_row_beside_the_runs(in_process, arena, tmp_path):
    file = written(tmp_path / "cloud.jsonl", range(COUNT))
    done = in_process.run(
        "arena", "add-summaries", arena.id, "--predictions", file, "--name", "Cloud", "--json"
    )
    assert done.code == 0, done
    tree = done.json[-1]
    [group] = tree["groups"]
    first, second = group["rows"]
    assert first["entry"] == "cloud"
    assert first["scores"]["rouge1"]["mean"] == pytest.approx(1.0)
    assert first["base"]["rouge1"]["mean"] == second["base"]["rouge1"]["mean"]
    assert first["difference"]["rouge1"]["verdict"] == "better"
    # The run has no other metrics to be paired with.
    assert "words" in first["measures"]
    assert first["adapter"] is None
    shown = in_process.run("arena", "show", arena.id)
    assert "Cloud, from a file" in shown.out
    assert "From cloud.jsonl; its prompt is unknown." in shown.out


def test_some_of_the_conversations_make_a_table_of_their_own(in_process, arena, tmp_path):
    file = written(tmp_path / "cloud.jsonl", range(2, COUNT + 3))
    done = in_process.run("arena", "add-summaries", arena.id, "--predictions", file, "--json")
    assert done.code == 0, done
    told = [event["message"] for event in done.named("notice")]
    assert told[:2] == [
        "No conversation of the arena matches rows 39, 40 and 41 of cloud.jsonl.",
        "Not scored, no summary in cloud.jsonl: 2 conversations (ids: 0, 1).",
    ]
    first, second = done.json[-1]["groups"]
    assert set(second["unlike"]) == {"examples", "data.fingerprint"}
    assert second["rows"][0]["entry"] == "cloud"
    assert second["rows"][0]["remark"].endswith("On 38 of 40 conversations.")
    assert first["rows"][0]["base"] != second["rows"][0]["base"]


def test_a_missing_file_and_an_arena_without_scores_are_problems(in_process, arena, tmp_path):
    done = in_process.run("arena", "add-summaries", arena.id, "--predictions", "./none.csv", "--json")
    assert (done.code, done.problems[0]["field"]) == (2, "--predictions")
    empty = make_arena("ia3")
    file = written(tmp_path / "cloud.jsonl", range(COUNT))
    done = in_process.run("arena", "add-summaries", empty.id, "--predictions", file, "--json")
    assert (done.code, done.problems[0]["message"]) == (2, "No entry is scored yet.")
