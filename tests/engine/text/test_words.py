"""Words of every script, and one a character in scripts without spaces."""

import pytest

from engine.text.words import has_stemmer, tokens, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Das Gespräch über die Straße", ["das", "gespräch", "über", "die", "strasse"]),
        ("Ich hab's, l’eau, snake_case", ["ich", "hab's", "l’eau", "snake_case"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("한국어 단어", ["한국어", "단어"]),
        ("明天5點", ["明", "天", "5", "點"]),
        ("コーヒー", ["コ", "ー", "ヒ", "ー"]),
        ("ดีครับ", ["ดี", "ค", "รั", "บ"]),
        ("ကျေးဇူး", ["ကျေး", "ဇူး"]),
        ("می‌روم", ["میروم"]),
        ("☺️ 👍🏽 …", []),
        ("", []),
    ],
)
def test_words(text, expected):
    assert words(text) == expected


def test_tokens_are_parted_at_apostrophes_and_have_one_form_of_each_character():
    assert tokens("Don't snake_case") == ["don", "t", "snake", "case"]
    assert tokens("ＡＢＣ５") == tokens("abc5")
    assert tokens("Ge\u0308te") == tokens("Gëte") == ["gëte"]


def test_turkish_has_a_dotted_and_a_dotless_i():
    assert tokens("İKİ IŞIK", "tr") == ["iki", "ışık"]
    assert tokens("İKİ IŞIK", "de") != ["iki", "ışık"]


def test_stemmers_are_those_of_english_and_snowball():
    assert [code for code in ("en", "de", "ru", "ja", "und", "xx") if has_stemmer(code)] == ["en", "de", "ru"]
