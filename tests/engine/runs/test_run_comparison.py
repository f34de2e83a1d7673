import pytest

from engine.errors import AppError
from engine.jobs.job import Job
from engine.runs import example_scores
from engine.runs.example_scores import ExampleScores, Written
from engine.runs.run_comparison import (
    Scored,
    candidates,
    compared,
    newest,
    ordered,
    other_bases,
    read,
    table,
    why_not_comparable,
)
from tests.helpers.homes import make_recipe
from tests.helpers.scored_runs import add_scored_run

PROTOCOL = {"split": "test", "examples": 4, "beams": 1, "data": {"fingerprint": "9f3c"}, "prompt": "p"}
BASE = Written(summaries=("a b", "a b c d", "same", ""), rouge={"rouge1": (0.2, 0.9, 0.5, 0.0)})
TUNED = Written(summaries=("x y", "a b c e", "same", ""), rouge={"rouge1": (0.8, 0.4, 0.5, 0.0)})
OTHER = Written(summaries=("x y", "z", "same", "q r"), rouge={"rouge1": (0.8, 0.9, 0.1, 0.3)})


def some(tuned: Written = TUNED, **changes) -> ExampleScores:
    facts = {"protocol": PROTOCOL, "examples": ("1", "2", "3", "4"), "base": BASE, "tuned": tuned}
    return ExampleScores(schema=1, **facts | changes)


def scored(label: str, scores: ExampleScores) -> Scored:
    return Scored(label, label, label.lower(), scores)


@pytest.fixture
def one():
    return [scored("LoRA", some())]


@pytest.fixture
def two():
    return [scored("LoRA", some()), scored("IA3", some(OTHER))]


@pytest.mark.parametrize(
    ("order", "expected"), [("given", "1234"), ("gain", "1342"), ("loss", "2341"), ("disagreement", "1234")]
)
def test_rows_of_one_run_are_ordered_and_ties_stay_as_they_were_scored(one, order, expected):
    assert "".join(row.id for row in ordered(compared(one), order)) == expected


@pytest.mark.parametrize(
    ("order", "expected"),
    [("gain", "1432"), ("loss", "2341"), ("disagreement", "2413"), ("gain:0", "1342"), ("gain:1", "1423")],
)
def test_rows_of_several_are_ordered_by_all_of_them_or_by_one(two, order, expected):
    assert "".join(row.id for row in ordered(compared(two), order)) == expected


def test_a_row_has_what_each_run_wrote_and_gained(two):
    row = compared(two)[1]
    assert [side.summary for side in row.sides] == ["a b c e", "z"]
    assert [side.gain for side in row.sides] == [pytest.approx(-0.5), 0.0]
    assert (row.base, row.base_score, row.disagreement) == ("a b c d", 0.9, 1.0)


def test_without_the_score_or_the_same_conversations_there_are_no_rows(one):
    assert compared([scored("a", some(base=Written(summaries=("",) * 4, rouge={})))]) == []
    assert compared([*one, scored("b", some(examples=("1", "2", "3", "5")))]) == []


def test_runs_on_another_base_are_named(two):
    assert other_bases(two) == []
    third = scored("Full", some(base=OTHER))
    assert other_bases([*two, third]) == ["Full"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, ""),
        ({"beams": 4}, "Scored with other decoding."),
        ({"examples": 5, "data": {"fingerprint": "a"}}, "Scored with other conversations."),
        ({"prompt": "q", "beams": 2}, "Scored with another prompt and other decoding."),
        ({"new": 1}, "Scored with new."),
    ],
)
def test_why_two_protocols_stand_apart_is_said(change, said):
    found = why_not_comparable(PROTOCOL, PROTOCOL | change)
    assert sorted(found.removeprefix("Scored with ").rstrip(".").split(" and ")) == sorted(
        said.removeprefix("Scored with ").rstrip(".").split(" and ")
    )


def test_runs_to_choose_from_are_newest_first_and_those_of_another_protocol_last(home):
    def made(name: str, method: str, kept: ExampleScores) -> Job:
        recipe = make_recipe(name, base="starter", source="sample", method_id=method)
        return add_scored_run(scores=kept, recipe=recipe, adapter_name=name)

    first = made("first", "lora", some())
    again = made("again", "lora", some(OTHER))
    beams = made("beams", "ia3", some(protocol=PROTOCOL | {"beams": 4}))
    unkept = made("unkept", "ia3", some())
    (unkept.folder / example_scores.FILE_NAME).unlink()
    found = candidates(Scored("elsewhere", "LoRA, r 16", "", some()))
    assert {each.origin for each in found} == {first.id, again.id, beams.id}
    assert sorted(each.label for each in found[:2]) == ["LoRA, r 16 (2)", "LoRA, r 16 (3)"]
    assert (found[2].name, found[2].why_not) == ("beams", "Scored with other decoding.")
    assert found[2].gain == pytest.approx(0.025)
    beside = candidates(Scored(first.id, "LoRA, r 16", "", some()))
    assert [(each.origin, each.label) for each in beside] == [(again.id, "LoRA, r 16 (2)"), (beams.id, "IA3")]


def test_a_run_and_a_folder_of_summaries_are_read_each_with_its_label(home, tmp_path):
    job = add_scored_run(scores=some(), recipe=make_recipe("mine", base="starter", source="sample"))
    found = read(job.id)
    assert (found.origin, found.label, found.adapter, found.name) == (
        job.id, "LoRA, r 16", "starter-lora", "mine",
    )  # fmt: skip
    assert newest() == job.id
    example_scores.save(tmp_path, some(OTHER))
    outside = read(str(tmp_path), "Cloud")
    assert (outside.label, outside.adapter, outside.scores.tuned) == ("Cloud", "", OTHER)
    (tmp_path / example_scores.FILE_NAME).unlink()
    assert read(str(tmp_path)) is None
    with pytest.raises(AppError, match="There is no run"):
        read("nowhere")


def test_a_table_has_a_line_for_each_conversation_and_seven_cells_for_each_run(two):
    head, lines = table(two, compared(two))
    assert len(head) == 3 + 2 * 7
    assert head[8:10] == ["LoRA: base chrf", "LoRA: chrf"]
    assert head[3:5] == ["LoRA: base summary", "LoRA: summary"]
    assert lines[0][:3] == ["1", "", ""]
    # These runs were scored before there was chrF.
    assert lines[3][10:] == ["", "q r", 0.0, 0.3, 0.3, "", ""]
