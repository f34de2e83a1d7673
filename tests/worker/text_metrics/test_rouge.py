import subprocess
import sys
import textwrap

import pytest
from rouge_score.rouge_scorer import RougeScorer

from engine.worker.text_metrics import rouge
from tests.helpers.languages import SUMMARIES
from tests.helpers.repository import ROOT

PREDICTIONS = [
    "Amanda baked cookies. She will bring Jerry some tomorrow.",
    "Hannah is looking for Betty's number",
    "",
    "Running late! They were meeting at the station at 5 p.m. Tom waits.",
]
REFERENCES = [
    "Amanda baked cookies and will bring Jerry some tomorrow.",
    "Hannah needs Betty's number but Amanda doesn't have it. She needs to contact Larry.",
    "Nothing was said.",
    "Tom waits at the station. They meet at 5 p.m.",
]


@pytest.mark.parametrize("stemmer", [True, False])
def test_scores_are_those_of_rouge_score(stemmer):
    plain = RougeScorer(list(rouge.SCORES), use_stemmer=stemmer)
    found = rouge.score(PREDICTIONS, REFERENCES, stemmer=stemmer)
    for index, (prediction, reference) in enumerate(zip(PREDICTIONS, REFERENCES, strict=True)):
        expected = plain.score("\n".join(rouge.sentences(reference)), "\n".join(rouge.sentences(prediction)))
        for name in rouge.SCORES:
            assert found[name][index] == expected[name].fmeasure


def test_the_stemmer_counts_forms_of_a_word_as_one():
    assert rouge.score(["they were walking"], ["they were walked"])["rouge1"] == [1.0]
    assert rouge.score(["they were walking"], ["they were walked"], stemmer=False)["rouge1"] != [1.0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four… Five", ["One.", "Two!", "Three?", "Four…", "Five"]),
        ("first line\n\n second line ", ["first line", "second line"]),
        (
            "Dr. Smith met J. Doe, e.g. Mary Doe. They left.",
            ["Dr. Smith met J. Doe, e.g. Mary Doe.", "They left."],
        ),
        ("They meet at 5 p.m. in Rome. 3 come.", ["They meet at 5 p.m. in Rome.", "3 come."]),
        ("They meet at 5 p.m. Tom waits.", ["They meet at 5 p.m.", "Tom waits."]),
        ('He said "Go!" She (sadly.) Left.', ['He said "Go!"', "She (sadly.)", "Left."]),
        ("It costs 3.50 at shop.com today", ["It costs 3.50 at shop.com today"]),
        ("今日は。明日！", ["今日は。", "明日！"]),
        ("   ", []),
    ],
)
def test_sentences(text, expected):
    assert rouge.sentences(text) == expected


def test_references_without_words_are_counted():
    references = ["Том ждёт.", "今日は", "Tom waits.", "…"]
    assert rouge.unreadable(references, ["en"] * 4) == 3
    assert rouge.unreadable(references, ["ru", "ja", "en", "de"]) == 1


@pytest.mark.parametrize("code", SUMMARIES)
def test_equal_texts_score_1_and_disjoint_ones_0_in_every_language(code):
    text, other = SUMMARIES[code]
    found = rouge.score_all([text, text], [[text], [other]], [code, code])
    for values in (found.stemmed, found.unstemmed):
        assert values == {name: [1.0, 0.0] for name in rouge.SCORES}


@pytest.mark.parametrize(
    ("code", "one", "other"),
    [
        ("de", "die Gespräche der Katzen", "das Gespräch einer Katze"),
        ("ru", "новые книги", "новую книгу"),
        ("es", "los niños cantaban", "el niño cantaba"),
        ("sv", "flickornas böcker", "flickorna böckerna"),
    ],
)
def test_snowball_counts_forms_of_a_word_as_one(code, one, other):
    stemmed = rouge.score([one], [other], languages=[code])["rouge1"]
    unstemmed = rouge.score([one], [other], languages=[code], stemmer=False)["rouge1"]
    assert stemmed > unstemmed


def test_umlauts_and_sharp_s_are_letters():
    [value] = rouge.score(["Grüße über Öl"], ["GRÜSSE ÜBER ÖL"], languages=["de"])["rouge1"]
    assert value == 1.0
    # English reads a to z alone, as rouge_score does.
    assert rouge.score(["Gespräch"], ["Gesprüch"])["rouge1"] == [1.0]
    assert rouge.score(["Gespräch"], ["Gesprüch"], languages=["de"])["rouge1"] == [0.0]


def test_each_example_of_a_mixed_set_is_read_in_its_own_language():
    texts, codes = ["They were walking", "Том ждёт"], ["en", "ru"]
    found = rouge.score_all(texts, [["they walked"], ["Том ждёт"]], codes)
    alone = rouge.score_all(texts[:1], [["they walked"]])
    assert found.stemmed["rouge1"] == [*alone.stemmed["rouge1"], 1.0]


def test_a_set_in_english_has_the_protocol_it_always_had():
    assert rouge.protocol(["en", "en"]) == {"name": rouge.METRIC, "stemmer": True}
    assert rouge.protocol([]) == {"name": rouge.METRIC, "stemmer": True}


def test_a_protocol_names_its_languages_and_those_without_a_stemmer():
    assert rouge.protocol(["ja", "de", "de"]) == {
        "name": "rouge_score 0.1.2, Unicode words",
        "stemmer": True,
        "languages": {"de": 2, "ja": 1},
        "unstemmed": ["ja"],
    }
    assert rouge.protocol(["zh"])["stemmer"] is False


@pytest.mark.parametrize("stemmer", [True, False])
def test_scores_with_and_without_the_stemmer_are_those_of_rouge_score(stemmer):
    scores = rouge.score_all(PREDICTIONS, [[reference] for reference in REFERENCES])
    lists = scores.stemmed if stemmer else scores.unstemmed
    assert lists == rouge.score(PREDICTIONS, REFERENCES, stemmer=stemmer)
    assert scores.stemmed != scores.unstemmed


def test_the_best_of_several_references_counts_score_by_score():
    several = ["Tom waits at the station", "at the station Tom has been waiting"]
    summary = "Tom has waited at the station"
    plain = RougeScorer(list(rouge.SCORES), use_stemmer=True)
    expected = plain.score_multi(several, summary)
    scores = rouge.score_all(["Nothing.", summary], [["Something."], several])
    assert scores.stemmed["rouge1"] == [0.0, expected["rouge1"].fmeasure]
    assert scores.stemmed["rougeL"] == [0.0, expected["rougeL"].fmeasure]
    assert scores.unstemmed["rouge1"][1] < scores.stemmed["rouge1"][1]


def test_texts_without_shared_stems_are_scored_once(monkeypatch):
    asked = []
    score = rouge.score

    def watched(predictions, references, **how):
        asked.append(predictions)
        return score(predictions, references, **how)

    monkeypatch.setattr(rouge, "score", watched)
    rouge.score_all(["Tom waits", "Tom walks"], [["Tom came"], ["Tom is walking"]])
    assert asked == [["Tom waits", "Tom walks"], ["Tom walks"]]


def test_scoring_leaves_pipelines_alone_and_they_can_be_imported_later():
    program = """
        import sys
        import engine.worker.text_metrics.rouge
        print("torch" in sys.modules, "transformers.pipelines" in sys.modules)
        from transformers import pipeline
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
