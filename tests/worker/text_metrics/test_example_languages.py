import pytest

from engine.text.conversations import Example
from engine.worker.text_metrics.example_languages import tell_languages
from tests.helpers.languages import SUMMARIES

GERMAN = "Die Kollegen verschieben ihre Besprechung auf nächsten Dienstag, weil der Chef krank ist."
FRENCH = "Les collègues repoussent leur réunion à mardi prochain parce que le chef est malade."
ENGLISH = "The colleagues move their meeting to next Tuesday because the boss is ill."


def examples(*summaries, conversation="A: …\nB: …"):
    return [Example(str(index), conversation, summary) for index, summary in enumerate(summaries)]


@pytest.mark.parametrize("code", SUMMARIES)
def test_a_language_is_told_from_both_texts(code):
    found = tell_languages(examples(". ".join(SUMMARIES[code]), SUMMARIES[code][0]))
    assert found == (code, code)


def test_a_short_summary_is_in_the_language_of_its_set():
    assert tell_languages(examples(GERMAN, "Ok, Pizza.", "Tom?", "12")) == ("de",) * 4


def test_a_mixed_set_is_told_example_by_example():
    mixed = [GERMAN, ENGLISH, FRENCH, SUMMARIES["ru"][0], SUMMARIES["zh"][0], "Er kommt nicht mit."]
    assert tell_languages(examples(*mixed)) == ("de", "en", "fr", "ru", "zh", "de")


def test_one_stranger_among_many_is_told_only_if_it_is_sure():
    found = tell_languages(examples(*[ENGLISH] * 40, FRENCH, "Kasia lubi Tomka"))
    assert found == ("en",) * 40 + ("fr", "en")


def test_the_conversation_tells_where_all_summaries_are_short():
    assert tell_languages(examples("Besprechung", "Pizza", conversation=f"Anna: {GERMAN}")) == ("de", "de")


def test_a_language_of_three_words_is_undetermined_and_plain_letters_are_english():
    assert tell_languages(examples("ñu ñu ŋa", "ŋa ñu", conversation="ŋa")) == ("und", "und")
    assert tell_languages(examples("nu nu na", "na nu", conversation="na")) == ("en", "en")
