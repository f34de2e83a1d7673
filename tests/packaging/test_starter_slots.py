"""The slot measure, on cases small enough to count by hand."""

from starter.slots import SlotFinder

TALK = "Anna: Meet me at the Rose Garden on Friday at half past six?\nBen: Can we say 7:15? It costs $12."
SLOTS = {"name": ["Anna", "Ben"], "place": ["the Rose Garden"], "day": ["Friday"], "time": ["7:15"]}


def score(summary):
    return SlotFinder().score([summary], [TALK], [SLOTS])


def test_values_are_found_by_kind_and_the_longest_reading_wins():
    assert SlotFinder().find("Rose lives in Rose Lane. On 12 June at noon she paid $40.") == {
        ("name", "rose"), ("place", "rose lane"), ("day", "12 june"), ("time", "noon"), ("price", "$40"),
    }  # fmt: skip


def test_a_value_at_the_start_of_a_sentence_is_the_same_value():
    assert ("place", "the rose garden") in SlotFinder().find("The Rose Garden is open.")


def test_a_right_summary_has_everything_and_invents_nothing():
    result = score("Anna and Ben meet at the Rose Garden on Friday at 7:15.")
    assert (result.present, result.invented, result.not_in_reference) == (1.0, 0.0, 0.0)


def test_a_dropped_time_is_not_in_the_reference_but_not_invented():
    result = score("Anna and Ben meet at the Rose Garden on Friday at half past six.")
    assert (result.present, result.invented, result.not_in_reference) == (0.8, 0.0, 0.2)


def test_a_wrong_day_is_invented():
    result = score("Anna and Ben meet on Sunday at 7:15.")
    assert (result.present, result.invented, result.not_in_reference) == (0.6, 0.25, 0.25)


def test_nothing_said_is_nothing_present_and_nothing_invented():
    result = score("They meet.")
    assert (result.present, result.invented) == (0.0, 0.0)
