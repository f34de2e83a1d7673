import pytest

from engine.text.words import has_stemmer, sentences, tokens, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Das Gespräch über die Straße", ["das", "gespräch", "über", "die", "strasse"]),
        ("Ich hab's, l’eau, snake_case", ["ich", "hab's", "l’eau", "snake_case"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]), ("한국어 단어", ["한국어", "단어"]), ("明天5點", ["明", "天", "5", "點"]),
        ("コーヒー", ["コ", "ー", "ヒ", "ー"]), ("ดีครับ", ["ดี", "ค", "รั", "บ"]), ("ကျေးဇူး", ["ကျေး", "ဇူး"]),
        ("می‌روم", ["میروم"]), ("☺️ 👍🏽 …", []), ("", []),
    ],
)  # fmt: skip
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


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("de", "Sie kommt am 5. Mai. Dr. Öz geht.", ["Sie kommt am 5. Mai.", "Dr. Öz geht."]),
        ("de", "Das gilt z. B. hier. Überall!", ["Das gilt z. B. hier.", "Überall!"]),
        (
            "fr",
            "Il dit « Viens ! » Élodie part. À demain",
            ["Il dit « Viens ! »", "Élodie part.", "À demain"],
        ),
        ("es", "¿Vienes? ¡Sí! Mañana", ["¿Vienes?", "¡Sí!", "Mañana"]),
        ("ru", "Он ушёл. Она ждёт! а потом", ["Он ушёл.", "Она ждёт! а потом"]),
        ("el", "Έρχεσαι; Ναι.", ["Έρχεσαι;", "Ναι."]),
        ("zh", "他走了。她在等！", ["他走了。", "她在等！"]),
        ("ja", "「はい。」と言う。帰った", ["「はい。」", "と言う。", "帰った"]),
        ("ar", "هل تأتي؟ نعم. غدا", ["هل تأتي؟", "نعم.", "غدا"]),
        ("hi", "वह गया। वह आई।", ["वह गया।", "वह आई।"]),
        ("hy", "Նա գնաց։ Նա եկավ։", ["Նա գնաց։", "Նա եկավ։"]),
        ("und", "a b; c d.", ["a b; c d."]),
        ("de", " \n ", []),
    ],
)
def test_sentences(language, text, expected):
    assert sentences(text, language) == expected
