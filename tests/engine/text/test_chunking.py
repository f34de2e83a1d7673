from hypothesis import given
from hypothesis import strategies as st

from engine.text.chunking import split
from engine.text.conversations import turns

CHAT = "\n".join(
    f"{'Ann' if number % 2 else 'Bob'}: This is what I say, number {number}." for number in range(30)
)


def words(text: str) -> int:
    return len(text.split())


def test_a_conversation_that_fits_stays_as_it_is():
    odd = "  Ann:  two  spaces \n\n"
    assert split(odd, 10, words) == [odd]


def test_pieces_are_about_equally_long_and_hold_whole_turns():
    pieces = split(CHAT, 100, words)
    assert "\n".join(pieces) == CHAT
    assert len(pieces) == 3
    assert max(map(words, pieces)) - min(map(words, pieces)) <= 8


def test_a_long_turn_is_cut_between_sentences_and_keeps_its_speaker():
    talk = "Ann: " + "One two three four. Five six seven. " * 6 + "\nBob: Yes."
    pieces = split(talk, 12, words)
    assert all(words(piece) <= 12 for piece in pieces)
    said = [turn for piece in pieces for turn in turns(piece)]
    assert {turn.speaker for turn in said[:-1]} == {"Ann"}
    assert all(turn.text.endswith(".") for turn in said)


def test_a_sentence_without_an_end_is_cut_between_words():
    pieces = split("word " * 50, 7, words)
    assert all(words(piece) <= 7 for piece in pieces)
    assert sum(map(words, pieces)) == 50


@given(
    st.lists(st.tuples(st.sampled_from(["Ann", "Bob", ""]), st.text("ab .!\n", max_size=60)), min_size=1),
    st.integers(4, 30),
)
def test_no_word_is_lost_and_no_piece_is_too_long(said, limit):
    text = "\n".join(f"{speaker}: {what}" if speaker else what for speaker, what in said)
    pieces = split(text, limit, words)
    assert all(words(piece) <= limit for piece in pieces)
    names = {"Ann:", "Bob:"}
    kept = [word for piece in pieces for word in piece.split() if word not in names]
    assert kept == [word for word in text.split() if word not in names]
