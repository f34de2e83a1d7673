import pytest
from sacrebleu.metrics.chrf import CHRF

from engine.scoring.metrics import GENERAL_LOSS, METRICS, OTHER_METRICS, ROUGE
from engine.text.conversations import Example
from engine.worker.generation import Generated
from engine.worker.text_metrics import summary_metrics
from tests.helpers.languages import SUMMARIES

TALK = "Ann: Shall we meet at 5 pm?\nBo: Yes, at the station."


def measured(*summaries, capped=()):
    examples = [Example(str(place), TALK, "They meet at the station.") for place, _ in enumerate(summaries)]
    written = [Generated([1] * 3, text, capped=place in capped) for place, text in enumerate(summaries)]
    return summary_metrics.measure(examples, written, cut=0, seconds=2.0)


def test_every_declared_metric_is_computed_for_every_summary():
    metrics = measured("Ann and Bo meet.", "", capped=[0])
    assert set(metrics.rouge) == {measure.name for measure in ROUGE}
    assert set(metrics.metrics) == {measure.name for measure in OTHER_METRICS} - {GENERAL_LOSS}
    assert {len(values) for values in (metrics.rouge | metrics.metrics).values()} == {2}
    assert metrics.metrics["capped"] == [1.0, 0.0]
    assert (metrics.truncated_fraction, metrics.tokens_per_second) == (0.5, 3.0)


def test_a_reference_is_unreadable_only_if_all_of_an_example_are():
    examples = [
        Example("1", TALK, "Том ждёт.", ("Tom waits.",)),
        Example("2", TALK, "Том ждёт.", ("今日は",)),
        Example("3", TALK, "…"),
    ]
    metrics = summary_metrics.measure(
        examples, [Generated([1], "Tom waits.", capped=False)] * 3, cut=0, seconds=1.0
    )
    assert metrics.unreadable == 1
    assert metrics.rouge["rouge1"] == [1.0, 0.0, 0.0]


def test_length_counts_words_of_any_script_once():
    metrics = measured("Bo's train isn't late.", "Том ждёт", "", "…")
    assert metrics.metrics["words"] == [4.0, 2.0, 0.0, 0.0]


def test_every_character_is_a_word_in_scripts_without_spaces():
    found = measured("明天5点见面。")
    assert found.metrics["words"] == [6.0]


def test_a_metric_that_cannot_be_told_is_left_out_of_means_and_pairs():
    assert "unsupported" not in summary_metrics.intervals({"unsupported": [None, None]}, 100)
    means = summary_metrics.intervals({"unsupported": [0.5, None, 1.0]}, 100)
    assert means["unsupported"]["mean"] == 0.75
    before, after = {"unsupported": [0.5, None, 1.0]}, {"unsupported": [0.5, 0.0, None]}
    assert summary_metrics.differences(before, after, 100)["unsupported"]["mean"] == 0.0
    assert summary_metrics.differences(before, {"unsupported": [None, 0.0, None]}, 100) == {}


def test_novelty_is_the_fraction_of_ngrams_that_the_conversation_lacks():
    metrics = measured("Ann: shall we meet", "Bo meets Ann", "meet we shall", "yes", "")
    assert metrics.metrics["novel1"] == [0.0, pytest.approx(1 / 3), 0.0, 0.0, 0.0]
    assert metrics.metrics["novel2"] == [0.0, 1.0, 1.0, 0.0, 0.0]


def test_unsupported_is_a_fraction_of_the_claims():
    metrics = measured("Ann meets Bo at 17:00.", "Ann meets Carl at 6 pm.", "They will meet.")
    assert metrics.metrics["unsupported"] == [0.0, pytest.approx(2 / 3), 0.0]


def test_fewer_inventions_are_better_and_longer_is_only_longer():
    before = {name: [0.5, 0.5, 0.6] * 4 for name in ("rouge1", "unsupported", "words")}
    after = {name: [0.7, 0.8, 0.9] * 4 for name in before}
    found = summary_metrics.differences(before, after, 100)
    assert {name: facts["verdict"] for name, facts in found.items()} == {
        "rouge1": "better", "unsupported": "worse", "words": "higher",
    }  # fmt: skip
    back = summary_metrics.differences(after, before, 100)
    assert {name: facts["verdict"] for name, facts in back.items()} == {
        "rouge1": "worse", "unsupported": "better", "words": "lower",
    }  # fmt: skip


def test_ties_show_no_difference_and_one_example_no_interval():
    tie = summary_metrics.differences({"words": [4.0, 5.0] * 5}, {"words": [4.0, 5.0] * 5}, 100)
    assert tie["words"] == {"mean": 0.0, "low": 0.0, "high": 0.0, "verdict": "no measurable difference"}
    one = summary_metrics.differences({"words": [4.0]}, {"words": [9.0]}, 100)
    assert one["words"] == {"mean": 5.0, "verdict": "too few to tell"}
    assert summary_metrics.intervals({"words": [4.0]}, 100) == {"words": {"mean": 4.0}}


def test_metrics_are_declared_once_each():
    assert len(METRICS) == len(ROUGE) + len(OTHER_METRICS)


def test_chrf_is_that_of_sacrebleu():
    texts = ["Tom waits at the station.", "Она ждёт Тома", ""]
    references = [["Tom is waiting at a station"], ["Том ждёт её", "Она ждала Тома"], ["Nothing."]]
    found = summary_metrics.chrf(texts, references)
    plain = CHRF()
    expected = [plain.sentence_score(*each).score / 100 for each in zip(texts, references, strict=True)]
    assert found == expected
    assert 0.0 < found[0] < 1.0


@pytest.mark.parametrize("code", SUMMARIES)
def test_equal_texts_have_a_chrf_of_1_in_every_language(code):
    assert summary_metrics.chrf([SUMMARIES[code][0]], [[SUMMARIES[code][0]]]) == [pytest.approx(1.0)]
