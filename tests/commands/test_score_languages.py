"""The verb `score` on what is written otherwise, in scripts of no known language, and in several languages at once."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.languages import SUMMARIES

pytestmark = pytest.mark.torch
COUNT = 10
# What one text and another one must have in common to be equal: the same letters, written otherwise.
WRITTEN_OTHERWISE = [
    ("de", "Die Gäste führen ein Gespräch über Äpfel", lambda text: unicodedata.normalize("NFD", text)),
    ("vi", SUMMARIES["vi"][0], lambda text: unicodedata.normalize("NFD", text)),
    ("ko", SUMMARIES["ko"][0], lambda text: unicodedata.normalize("NFD", text)),
    (
        "ja",
        "会議は5時にABCビルで行います",
        lambda text: text.translate({53: "５", 65: "Ａ", 66: "Ｂ", 67: "Ｃ"}),
    ),
    ("fa", "مریم فردا برای برادرش نان می‌خرد", lambda text: text.replace("\u200c", "")),
    ("ar", SUMMARIES["ar"][0], lambda text: f"\u200f{text}"),
    ("hi", "रीना कल अपने भाई के लिए केक बनाएगी", lambda text: f"{text}\u200d"),
]


@pytest.fixture
def score(in_process, tmp_path: Path):
    """Score summaries of references through the command line; return the whole answer."""

    def run(texts: list[str], references: list[str], talks: list[str] | None = None, *more: str) -> Any:
        data, file = tmp_path / "talks.jsonl", tmp_path / "own.jsonl"
        talks = talks or [f"A: {text}\nB: {text}" for text in references]
        rows = zip(talks, references, strict=True)
        data.write_text(
            "".join(
                json.dumps({"id": f"t{at}", "dialogue": talk, "summary": text}) + "\n"
                for at, (talk, text) in enumerate(rows)
            ),
            encoding="utf-8",
        )
        file.write_text(
            "".join(json.dumps({"id": f"t{at}", "prediction": text}) + "\n" for at, text in enumerate(texts)),
            encoding="utf-8",
        )
        asked = ("--predictions", str(file), "--data", str(data), "--split", "all", "--bootstrap", "100")
        done = in_process.run("score", *asked, *more, "--json")
        assert done.code == 0, done
        return done

    return run


def means(done: Any) -> tuple[float, float]:
    result = done.json[-1]
    return result["scores"]["rouge1"]["mean"], result["measures"]["chrf"]["mean"]


@pytest.mark.parametrize(("code", "text", "otherwise"), WRITTEN_OTHERWISE)
def test_the_same_letters_written_otherwise_are_the_same(score, code, text, otherwise):
    assert otherwise(text) != text
    done = score([otherwise(text)] * COUNT, [text] * COUNT, None, "--language", code)
    assert means(done) == pytest.approx((1.0, 1.0))


@pytest.mark.parametrize(
    ("code", "one", "other", "rouge"),
    [
        # The capital of the dotless i is I, that of the dotted one İ.
        ("tr", "ısı", "isi", 0.0),
        # ROUGE reads words without case, and the capitals of ß are SS.
        ("de", "Maße", "Masse", 1.0),
        ("ru", "всё", "все", 0.0),
        ("el", "πότε", "ποτέ", 0.0),
    ],
)
def test_letters_that_differ_stay_different(score, code, one, other, rouge):
    done = score([one] * COUNT, [other] * COUNT, None, "--language", code)
    assert means(done)[0] == rouge
    assert means(done)[1] < 0.7


@pytest.mark.parametrize("text", ["ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ", "ⵜⴰⵎⴰⵣⵉⵖⵜ ⵜⴰⵎⵓⵔⵜ", "𐎠𐎡𐎢 𐎣𐎤"])
def test_a_script_of_no_known_language_is_scored_and_named(score, text):
    done = score([text] * 3, [text] * 3)
    assert means(done) == pytest.approx((1.0, 1.0))
    assert done.json[-1]["protocol"]["metric"]["languages"] == {"und": 3}


def test_one_conversation_of_another_language_is_read_in_it(score):
    german = "Anna kommt am Dienstag um fünf Uhr zu Ben und bringt frische Äpfel mit"
    russian = "Марина завтра вечером поедет в город и купит свежий хлеб для бабушки"
    texts = [f"{german} {at}" for at in range(COUNT)] + [russian]
    done = score(texts, texts)
    assert means(done) == pytest.approx((1.0, 1.0))
    assert done.json[-1]["protocol"]["metric"]["languages"] == {"de": COUNT, "ru": 1}


@pytest.mark.parametrize("digits", ["5 15 25", "٥ ١٥ ٢٥", "५ १५ २५"])
def test_summaries_of_digits_are_scored(score, digits):
    done = score([digits] * 3, [digits] * 3)
    assert means(done) == pytest.approx((1.0, 1.0))
    # Digits are of no script, so they are supported or not in every language.
    assert done.json[-1]["measures"]["unsupported"]["mean"] == 0.0
