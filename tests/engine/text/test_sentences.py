"""Sentences end at the full stops of many scripts."""

import pytest

from engine.text.words import sentences


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
