import pytest

from engine.runs import example_scores
from engine.runs.example_scores import ExampleScores, Texts, Written
from engine.system.files import partial_beside
from tests.helpers import repository

GOLDEN = repository.GOLDEN / "scores_v1"
FULL = GOLDEN.with_name("scores_v1_full")


def some_scores():
    return ExampleScores(
        schema=1,
        protocol={"split": "test", "examples": 2, "beams": 1},
        examples=("13818513", "13728867"),
        base=Written(summaries=("Ann", ""), rouge={"rouge1": (0.25, 0.0), "rougeL": (0.25, 0.0)}),
        tuned=Written(
            summaries=("Ann baked cookies.", "Bo »asks«."),
            rouge={"rouge1": (0.75, 0.5), "rougeL": (0.5, 0.5)},
        ),
    )


def test_the_golden_file_of_version_1_reads_and_is_written_the_same(tmp_path):
    scores = example_scores.load(GOLDEN)
    assert scores == some_scores()
    example_scores.save(tmp_path, scores)
    written = (tmp_path / example_scores.FILE_NAME).read_text(encoding="utf-8")
    assert written == (GOLDEN / example_scores.FILE_NAME).read_text(encoding="utf-8").rstrip("\n")


def test_what_a_killed_worker_left_of_it_goes_when_the_run_is_scored_again(tmp_path):
    partial_beside(tmp_path / example_scores.FILE_NAME).write_text("{")
    example_scores.save(tmp_path, some_scores())
    assert [path.name for path in tmp_path.iterdir()] == [example_scores.FILE_NAME]


def full_scores():
    plain = some_scores()
    base, tuned = (
        written.model_copy(update={"metrics": {"words": (1.0, 0.0), "unsupported": (0.0, 0.5)}})
        for written in (plain.base, plain.tuned)
    )
    texts = (
        Texts(conversation="Ann: I baked.", references=("Ann baked.", "Ann has baked.")),
        Texts(conversation="Bo: Why?", references=("Bo asks.",)),
    )
    return plain.model_copy(update={"base": base, "tuned": tuned, "texts": texts})


def test_the_golden_file_with_texts_and_other_measures_reads_and_is_written_the_same(tmp_path):
    scores = example_scores.load(FULL)
    assert scores == full_scores()
    example_scores.save(tmp_path, scores)
    written = (tmp_path / example_scores.FILE_NAME).read_text(encoding="utf-8")
    assert written == (FULL / example_scores.FILE_NAME).read_text(encoding="utf-8").rstrip("\n")


@pytest.mark.parametrize(
    "text", ["", "{", '{"schema":2,"protocol":{},"examples":[]}'], ids=["empty", "cut", "later"]
)
def test_what_can_not_be_read_is_as_good_as_none(tmp_path, text):
    assert example_scores.load(tmp_path) is None
    (tmp_path / example_scores.FILE_NAME).write_text(text, encoding="utf-8")
    assert example_scores.load(tmp_path) is None
