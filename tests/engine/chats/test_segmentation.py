import pytest

from engine import chats
from engine.chats import ImportStats, remarks, segment, timed
from engine.chats.timestamps import moments
from engine.text.conversations import Turn


def written(*times: str) -> list[str]:
    return [f"{each:%Y-%m-%d %H:%M}" if each else "" for each in moments(times)]


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("1704103200.000200", "2024-01-01 10:00"),
        ("2024-01-01T10:00:00", "2024-01-01 10:00"),
        ("2024-01-01T10:00:00.123+02:00", "2024-01-01 10:00"),
        ("2024-01-01T10:00:00Z", "2024-01-01 10:00"),
        ("31.12.23, 21:15", "2023-12-31 21:15"),
        ("12/31/23, 9:15 PM", "2023-12-31 21:15"),
        ("12/31/2023, 12:15:07\u202fAM", "2023-12-31 00:15"),
        ("31/12/23, 9:15 p. m.", "2023-12-31 21:15"),
        ("2023. 12. 31. 오후 9:15", "2023-12-31 21:15"),
        ("2023年12月31日 下午9:15", "2023-12-31 21:15"),
        ("2023-12-31 um 21.15", "2023-12-31 21:15"),
        ("10:15", ""),
        ("today at 10:15", ""),
        ("00:01:02.000", ""),
        ("99.99.99, 10:15", ""),
        ("", ""),
    ],
)
def test_times_are_read_as_they_are_written(time, expected):
    assert written(time) == [expected]


def test_the_order_of_day_and_month_is_the_one_that_makes_times_go_forward():
    assert written("1/2/24, 10:00", "1/12/24, 10:00", "2/1/24, 10:00") == [
        "2024-01-02 10:00", "2024-01-12 10:00", "2024-02-01 10:00",
    ]  # fmt: skip
    assert written("1/2/24, 10:00", "12/1/24, 10:00", "13/2/24, 10:00")[2] == "2024-02-13 10:00"


def test_of_two_orders_the_denser_one_is_taken():
    assert written("1/2/24, 23:50", "2/2/24, 00:10") == ["2024-02-01 23:50", "2024-02-02 00:10"]
    assert written("1/2/24, 23:50", "1/3/24, 00:10") == ["2024-01-02 23:50", "2024-01-03 00:10"]


def turns(*times: str) -> tuple[Turn, ...]:
    return tuple(Turn("Ann", f"at {time}", time) for time in times)


def begun(hours: float, *times: str) -> list[tuple[str, int]]:
    return [(part.begun, len(part.turns)) for part in segment(timed(turns(*times)), hours)]


def test_a_pause_begins_the_next_conversation_and_midnight_does_not():
    times = ("31.12.23, 21:00", "31.12.23, 23:59", "1.1.24, 00:01", "1.1.24, 04:01", "3.1.24, 04:00")
    assert begun(4, *times) == [("2023-12-31 21:00", 3), ("2024-01-01 04:01", 1), ("2024-01-03 04:00", 1)]
    assert begun(48, *times) == [("2023-12-31 21:00", 5)]


def test_no_hours_leave_a_chat_whole_and_so_do_times_without_dates():
    assert begun(0, "31.12.23, 21:00", "31.12.24, 21:00") == [("2023-12-31 21:00", 2)]
    assert begun(4, "10:00", "22:00") == [("", 2)]


def test_a_turn_without_a_date_goes_on_with_the_one_before_it():
    assert begun(4, "", "1.1.24, 10:00", "", "1.1.24, 15:00", "") == [
        ("2024-01-01 10:00", 3),
        ("2024-01-01 15:00", 2),
    ]


def stats(name: str, *times: str, hours: float = 4) -> ImportStats:
    found = ImportStats(name, "whatsapp", hours)
    assert list(found.following(segment(timed(turns(*times)), hours)))
    return found


def test_what_became_of_chats_is_counted_in_one_sentence():
    first, second = stats("a.txt", "1.1.24, 10:00", "2.1.24, 10:00"), stats("b.txt", "1.1.24, 10:00")
    first.leave_out([chats.LeftOut("media", "a"), chats.LeftOut("media", "b"), chats.LeftOut("system", "c")])
    (words,) = remarks([first, second])
    assert words == (
        "2 chats are read as turns. WhatsApp export: 3 turns, 1 speaker, 3 conversations; "
        "1 system line and 2 media tags left out."
    )


def test_a_chat_that_stays_whole_for_want_of_dates_says_so():
    (words,) = remarks([stats("a.txt", "10:00", "22:00")])
    assert words == (
        "a.txt is read as turns. WhatsApp export: 2 turns, 1 speaker. Kept whole for lack of dates: 1 of 1."
    )
    assert "dates" not in remarks([stats("a.txt", "10:00", "22:00", hours=0)])[0]
    mixed = [stats("a.txt", "10:00"), stats("b.txt", "1.1.24, 10:00")]
    assert remarks(mixed)[0].endswith("Kept whole for lack of dates: 1 of 2.")


def test_a_pause_is_measured_across_offsets():
    times = ("2024-01-01T11:00:00+02:00", "2024-01-01T09:30:00+00:00", "2024-01-01T12:00:00+02:00")
    parts = list(segment(timed(Turn("Ann", "Hi", time) for time in times), 0.75))
    assert [(part.begun, len(part.turns)) for part in parts] == [("2024-01-01 11:00", 3)]
