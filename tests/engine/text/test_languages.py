import pytest

from engine.text import languages
from tests.helpers.languages import SUMMARIES


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Hallo Ölfass", "LATIN"), ("Привет, Tom", "CYRILLIC"), ("今日は会議", "HIRAGANA"), ("今天开会", "CJK"),
        ("他說這是日本的流行語言之一而且大家都喜歡這個の", "CJK"), ("123 … 👍", ""), ("", ""),
    ],
)  # fmt: skip
def test_main_script(text, script):
    assert languages.main_script(text) == script


@pytest.mark.parametrize("code", SUMMARIES)
def test_a_language_is_among_those_of_its_script(code):
    assert code in languages.languages_of(languages.main_script(SUMMARIES[code][0]))


def test_names_can_be_told_where_letters_have_capitals():
    cased = {code for code in SUMMARIES if languages.has_capitals(code)}
    assert set(SUMMARIES) - cased == {"ar", "bn", "fa", "he", "hi", "ja", "ka", "ko", "ta", "th", "zh"}
