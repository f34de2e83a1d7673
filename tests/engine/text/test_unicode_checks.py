import pytest

from engine.text.unicode_checks import damaged, invisible, named


@pytest.mark.parametrize(
    "text",
    [
        "a\u200bb", "\ufeffAnn: hi", "a\x00b", "a\x1b[0m", "soft\u00adhyphen", "\u200e12:30 - Ann: hi", "a\u202eb",
        "a\u200db", "x\u2060y", "a\x7f", "n\U000e0041",
    ],
)  # fmt: skip
def test_what_cannot_be_seen_is_found(text):
    assert len(invisible(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "plain", "tab\tand\nline\r\nends", "no\u00a0break", "👩\u200d💻 at work", "❤\ufe0f\u200d🔥", "👩🏽\u200d🚒",
        "می\u200cخواهم", "क्\u200dष", "\u200fשלום\u200e", "🏴\U000e0067\U000e0062\U000e007f", "e\u0301", "",
    ],
)  # fmt: skip
def test_what_is_right_in_its_place_is_left_alone(text):
    assert not invisible(text)
    assert not damaged(text)


@pytest.mark.parametrize("word", ["é", "ü", "’", "“", "…", "ß", "£5", "à la", "😀", "ñ"])
@pytest.mark.parametrize("wrong", ["cp1252", "latin-1"])
def test_utf8_read_with_the_wrong_encoding_is_found(word, wrong):
    assert damaged(f"so {word}".encode().decode(wrong, errors="replace"))


@pytest.mark.parametrize("text", ["lost \ufffd", "\uf8ff", "\U000f1234", "half \ud83d", "\ufffc"])
def test_what_is_no_character_is_found(text):
    assert len(damaged(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "MAÇÃ…", "NÃO É", "Âge", "château, âme", "ð is a letter: maður", "5 € – “so”", "Ã la",
        "“Â” is a letter", "ô…",
    ],
)  # fmt: skip
def test_right_words_are_not_taken_for_wrong_ones(text):
    assert not damaged(text)


def test_characters_are_named_so_that_they_can_be_read():
    pieces = ["\u200b", "\u200b", "Ã©", "\x07", "\ue000", "\ud83d"]
    assert named(pieces, 2) == "U+200B zero width space, Ã©"
    assert named(pieces[3:], 5) == "U+0007 control, U+E000 private use, U+D83D half a character"
