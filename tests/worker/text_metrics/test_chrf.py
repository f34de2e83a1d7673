"""chrF has sacrebleu's own values."""

import pytest
from sacrebleu.metrics.chrf import CHRF

from engine.worker.text_metrics import chrf
from tests.helpers.languages import SUMMARIES


def test_scores_are_those_of_sacrebleu():
    texts = ["Tom waits at the station.", "Она ждёт Тома", ""]
    references = [["Tom is waiting at a station"], ["Том ждёт её", "Она ждала Тома"], ["Nothing."]]
    found = chrf.score(texts, references)
    plain = CHRF()
    expected = [plain.sentence_score(*each).score / 100 for each in zip(texts, references, strict=True)]
    assert found == expected
    assert 0.0 < found[0] < 1.0


@pytest.mark.parametrize("code", SUMMARIES)
def test_equal_texts_score_1_in_every_language(code):
    assert chrf.score([SUMMARIES[code][0]], [[SUMMARIES[code][0]]]) == [pytest.approx(1.0)]
