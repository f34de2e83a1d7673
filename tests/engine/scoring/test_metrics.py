import pytest

from engine.scoring import metrics, score_text

MIXED = {"metric": {"name": "…", "languages": {"de": 9, "zh": 3}, "unstemmed": ["zh"]}}


def test_a_protocol_names_its_languages_as_sentences():
    assert score_text.language_notes(MIXED) == [
        "Words are read as German (9), Chinese (3)",
        "There is no stemmer for Chinese",
        "In Chinese, only numbers, times and dates are checked",
    ]
    assert metrics.untold(MIXED) == {"names": ["zh"]}


@pytest.mark.parametrize(
    "metric", [{"name": "rouge_score 0.1.2", "stemmer": True}, "rouge", None, {"languages": []}]
)
def test_of_english_and_of_older_protocols_there_is_nothing_to_say(metric):
    assert score_text.language_notes({"metric": metric}) == []


def test_one_language_needs_no_count():
    assert score_text.language_notes({"metric": {"languages": {"ru": 5}}}) == ["Words are read as Russian"]


def test_what_cannot_be_told_is_named_for_each_language():
    protocol = {"metric": {"languages": {"en": 1, "de": 1, "cy": 2, "km": 3, "ja": 4}}}
    assert metrics.untold(protocol) == {"dates": ["cy"], "both": ["km"], "names": ["ja"]}
    assert score_text.language_notes(protocol)[-3:] == [
        "In Welsh, only names and digits are checked",
        "In Khmer, only digits are checked",
        "In Japanese, only numbers, times and dates are checked",
    ]
