from hypothesis import example, given
from hypothesis import strategies as st

from engine.text.conversations import Turn, as_text, speakers, turns, turns_and_speakers


def test_lines_with_names_are_turns_and_lines_without_go_on():
    conversation = "Ann: Are you in?\nBob: Yes.\nAt ten sharp?\n\n  and wait\nAnn:\n"
    assert turns(conversation) == (
        Turn("Ann", "Are you in?"), Turn("Bob", "Yes.\nAt ten sharp?\nand wait"), Turn("Ann", ""),
    )  # fmt: skip


def test_a_wide_colon_ends_a_speaker_without_a_space():
    assert turns("林：清水さん、10：30に。\n清水： はい。\n林：") == (
        Turn("林", "清水さん、10：30に。"), Turn("清水", "はい。"), Turn("林", ""),
    )  # fmt: skip
    assert turns("Ann：a\nhttps://example.org") == (Turn("Ann", "a\nhttps://example.org"),)


def test_links_and_times_are_not_speakers():
    assert turns("Ann: see\nhttps://example.org/a\nit is 10:30 now") == (
        Turn("Ann", "see\nhttps://example.org/a\nit is 10:30 now"),
    )


def test_text_without_speakers_is_one_turn_of_no_one():
    assert turns("A note.\nNothing more.") == (Turn("", "A note.\nNothing more."),)
    assert turns(" \n") == ()


def test_headings_of_notes_are_no_speakers():
    note = "Subjective: a sore throat.\nObjective: red.\nAssessment: viral.\nPlan: rest."
    assert speakers(note) == ()
    assert speakers(f"{note}\nPlan: tea.") == ("Subjective", "Objective", "Assessment", "Plan")
    assert speakers("Ann: Hi\nBob: Yo\nCem: Off") == ("Ann", "Bob", "Cem")


NAME = st.from_regex(r"[^\s:：]([^:：\n]{0,10}[^\s:：])?", fullmatch=True).filter(
    lambda name: len(name.splitlines()) == 1
)
TEXT = st.lists(st.sampled_from(["a", "at 10:30", "Note: no", "x:", "b c"]), max_size=4).map("\n".join)


@given(st.lists(st.tuples(NAME, TEXT), max_size=4))
def test_what_is_written_as_text_is_read_with_the_same_speakers_and_words(said):
    read = turns(as_text(Turn(*turn) for turn in said))
    assert [(turn.speaker, turn.text.split()) for turn in read] == [
        (name, text.split()) for name, text in said
    ]


def test_a_long_text_without_speakers_is_read_at_once():
    (turn,) = turns("a line of a long text\n" * 200_000)
    assert turn.text.count("\n") == 199_999


@given(st.text(st.sampled_from("Ab :：\n\u3000你1(")) | st.text(st.sampled_from("Ab :\n\t\r\x0b\x1f1")))
@example("Ann: hi\nBob : yo\n Ann: so")
@example(f"{'A' * 40}  : hi\nBob: yo\nAnn\n: so")
def test_turns_and_speakers_are_counted_as_they_are_read(conversation):
    found = turns(conversation)
    named = {turn.speaker for turn in found if turn.speaker}
    assert turns_and_speakers(conversation) == (len(found), len(named))
