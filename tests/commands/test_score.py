"""The verb `score`: summaries from any file, scored on a source's conversations, and every way it can go wrong."""

import pytest

from tests.helpers.table_files import write

pytestmark = pytest.mark.torch
NAMES = ("Ann", "Bea", "Cem", "Dora", "Emil", "Fay", "Gus", "Hana", "Ivo", "Jo", "Kim", "Lea")
COUNT = 12


def reference(index: int) -> str:
    return f"{NAMES[index]} buys {index + 2} red apples at the market on Friday."


@pytest.fixture
def source(tmp_path):
    """A folder whose test split has a dozen conversations with ids t0 to t11, and a train split with others."""
    folder = tmp_path / "talks"
    folder.mkdir()
    for split in ("train", "test"):
        rows = []
        for index, name in enumerate(NAMES):
            talk = f"{name}: I need {index + 2} red apples.\nZoe: The market is open on Friday. {split}"
            rows.append({"id": f"{split[0:2]}{index}", "dialogue": talk, "summary": reference(index)})
        write(folder / f"{split}.csv", rows)
    return folder


@pytest.fixture
def perfect(tmp_path):
    rows = [{"id": f"te{index}", "prediction": reference(index)} for index in reversed(range(COUNT))]
    return str(write(tmp_path / "perfect.jsonl", rows))


@pytest.fixture
def weak(tmp_path):
    path = tmp_path / "weak.txt"
    path.write_text("".join(f"{name} talks to Zoe.\n" for name in NAMES), encoding="utf-8")
    return str(path)


def test_a_file_is_scored_and_compared_with_another(in_process, source, perfect, weak):
    asked = ("score", "--predictions", perfect, "--data", str(source), "--against", weak)
    told = in_process.run(*asked)
    assert "perfect.jsonl against weak.txt: Better" in told.out
    done = in_process.run(*asked, "--json")
    assert done.code == 0, done
    result = done.json[-1]
    assert set(result["protocol"]) == {"split", "examples", "data", "metric"}
    assert result["scores"]["rouge1"] == {"mean": 1.0, "low": 1.0, "high": 1.0}
    assert result["protocol"]["split"] == "test"
    assert result["protocol"]["examples"] == COUNT
    assert result["difference"]["rouge1"]["verdict"] == "better"
    assert result["difference"]["rouge1"]["mean"] == pytest.approx(
        1.0 - result["against"]["scores"]["rouge1"]["mean"]
    )
    assert result["rows"]["matched"] == COUNT
    # No one knows whether another system was cut short.
    assert "capped" not in result["measures"]


def test_the_language_is_told_unless_it_is_named(in_process, source, perfect):
    asked = ("score", "--predictions", perfect, "--data", str(source), "--json")
    metric = in_process.run(*asked, "--language", "de").json[-1]["protocol"]["metric"]
    assert metric["languages"] == {"de": COUNT}
    assert "languages" not in in_process.run(*asked).json[-1]["protocol"]["metric"]
    done = in_process.run(*asked, "--language", "german")
    assert (done.code, done.problems[0]["field"]) == (2, "--language")
    assert "de" in done.problems[0]["hint"]


def test_what_can_not_be_matched_is_a_problem(in_process, source, perfect, tmp_path):
    own = str(write(tmp_path / "own.jsonl", [{"id": "te1", "output": "a"}]))
    done = in_process.run(
        "score", "--data", str(source), "--json", "--predictions", perfect, "--against", own
    )
    [problem] = done.problems
    assert (done.code, problem["field"]) == (2, "--against")
    assert problem["message"] == 'own.jsonl has no column "prediction": it has id, output.'


def test_missing_files_are_problems_before_any_worker_starts(in_process):
    done = in_process.run(
        "score", "--predictions", "./none.csv", "--against", "./no.csv", "--data", "sample", "--json"
    )
    assert (done.code, [each["field"] for each in done.problems]) == (2, ["--predictions", "--against"])
    done = in_process.run("score", "--predictions", "./none.csv", "--data", "./none", "--json")
    assert (done.code, done.problems[0]["field"]) == (2, "data.source")
    done = in_process.run(
        "score", "--predictions", "/dev/null", "--data", "sample", "--bootstrap", "3", "--json"
    )
    assert (done.code, done.problems[0]["field"]) == (2, "--bootstrap")
