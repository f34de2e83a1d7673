import pytest

from engine import voting
from engine.errors import DataError
from engine.runs import example_scores
from engine.runs.example_scores import Written
from tests.helpers.scored_runs import add_scored_run, bundled, scores_of


def test_a_run_is_compared_with_its_base_model():
    job = add_scored_run(bundled(12))
    info = voting.compare([voting.source(job.id)])
    base, tuned = info.systems
    assert (base.name, base.run, base.tuned) == ("starter", job.id, False)
    assert (tuned.run, tuned.tuned) == (job.id, True)
    assert tuned.name.startswith("LoRA")
    assert "{conversation}" in tuned.template
    assert info.source == "sample"
    scores = example_scores.load(job.folder)
    first = voting.load(info).conversations[0]
    assert first.summaries == (scores.base.summaries[0], scores.tuned.summaries[0])
    assert first.conversation == scores.texts[0].conversation


def test_runs_of_one_base_model_share_it_and_names_are_told_apart():
    texts = bundled(12)
    jobs = [
        add_scored_run(scores=scores_of(texts, tuned=tuned), adapter_name=name)
        for name, tuned in (("one", 0.6), ("two", 0.7))
    ]
    info = voting.compare([voting.source(job.id) for job in jobs])
    assert [each.tuned for each in info.systems] == [False, True, True]
    assert info.systems[2].name == f"{info.systems[1].name} (2)"
    without = voting.compare([voting.source(job.id) for job in jobs], with_base=False)
    assert [each.run for each in without.systems] == [job.id for job in jobs]


def test_systems_that_wrote_the_same_are_refused():
    sources = [voting.source(add_scored_run(bundled(12), adapter_name=name).id) for name in ("one", "two")]
    with pytest.raises(DataError, match="the same summaries"):
        voting.compare(sources, with_base=False)


def test_runs_on_other_conversations_are_refused():
    texts = bundled(20)
    sources = [
        voting.source(add_scored_run(part, adapter_name=name).id)
        for name, part in (("one", texts[:10]), ("two", texts[10:]))
    ]
    with pytest.raises(DataError, match="Their conversations differ"):
        voting.compare(sources)


def test_another_systems_summaries_are_compared_with_a_run(tmp_path):
    texts = bundled(12)
    job = add_scored_run(texts)
    folder = tmp_path / "arena-1" / "summaries" / "cloud"
    folder.mkdir(parents=True)
    scores = scores_of(texts, tuned=0.9)
    part = [Written(summaries=each.summaries[2:9], rouge={}) for each in (scores.base, scores.tuned)]
    update = {"examples": scores.examples[2:9], "texts": scores.texts[2:9], "base": part[0], "tuned": part[1]}
    example_scores.save(folder, scores.model_copy(update=update))
    sources = [voting.source(str(folder), "Cloud model"), voting.source(job.id)]
    info = voting.compare(sources)
    assert [(each.name, each.run) for each in info.systems] == [
        ("starter", job.id), ("Cloud model", "arena-1/cloud"), ("LoRA, r 16", job.id),
    ]  # fmt: skip
    found = voting.load(info).conversations
    assert [each.id for each in found] == list(scores.examples[2:9])
    assert found[0].summaries[1] == scores.tuned.summaries[2]
    assert info.source == "sample"


def test_a_run_without_texts_is_refused():
    scores = scores_of(bundled(5))
    job = add_scored_run(scores=scores.model_copy(update={"texts": ()}))
    with pytest.raises(DataError, match="no summaries by conversation"):
        voting.source(job.id)
