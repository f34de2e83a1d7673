from itertools import pairwise

import pytest

from gui.workers.eta import Eta


def fed(reports: list[tuple[float, int]], total: int = 100) -> Eta:
    """Return what is told after reports of (moment, done)."""
    left = Eta()
    for at, done in reports:
        left.report(done, total, at)
    return left


def shown_texts(reports: list[tuple[float, int]], total: int) -> list[str]:
    """Return what is said after each report."""
    left, said = Eta(), []
    for at, done in reports:
        left.report(done, total, at)
        said.append(left.text)
    return said


def test_nothing_is_said_before_it_can_be_known():
    assert Eta().text == ""
    assert Eta().seconds is None
    assert fed([(100.0, 0)]).text == ""
    # The first second may be anything.
    assert fed([(100.0, 0), (100.4, 2), (100.9, 5)]).text == ""
    # Nothing was done yet.
    assert fed([(100.0, 0), (110.0, 0)]).text == ""
    # The first tenth may be, too, unless it takes a minute.
    assert fed([(100.0, 0), (102.0, 2)]).text == ""
    assert fed([(100.0, 0), (102.0, 2), (160.0, 5)]).text == "about 19 min left"
    assert fed([(100.0, 0), (102.0, 10)]).seconds == pytest.approx(18.0)


def test_what_was_there_before_is_no_speed():
    # A download that goes on where it was broken off.
    left = fed([(0.0, 900), (10.0, 910)], total=1000)
    assert left.seconds == pytest.approx(90.0)


def test_uneven_reports_do_not_make_it_jump():
    # One second fast, one second hardly at all: a network as it is.
    reports, done = [(0.0, 0)], 0
    for at in range(1, 120):
        done += 19 if at % 2 else 1
        reports.append((float(at), done))
    lines = [text for text in shown_texts(reports, 3000)[12:] if text]
    minutes = [int(text.split()[1]) for text in lines if text.startswith("about")]
    assert all(after <= before for before, after in pairwise(minutes))
    assert minutes[0] - minutes[-1] <= 3


@pytest.mark.parametrize(
    ("seconds", "wanted"),
    [
        (3, "less than a minute left"), (59, "less than a minute left"), (61, "about 1 min left"),
        (240, "about 4 min left"), (3570, "about 1 h left"), (6700, "about 1 h 50 min left"),
        (90_000, "about 25 h left"),
    ],
)  # fmt: skip
def test_it_is_said_coarsely(seconds, wanted):
    assert fed([(0.0, 0), (60.0, 60)], total=60 + seconds).text == wanted


def test_it_is_never_below_nothing_and_nothing_at_the_end():
    slowed = fed([(0.0, 0), (2.0, 50), (30.0, 99)])
    assert slowed.seconds is not None
    assert slowed.seconds >= 0
    for done in (100, 103):
        ended = fed([(0.0, 0), (2.0, 50), (31.0, done)])
        assert ended.seconds is None
        assert ended.text == ""


def test_it_begins_anew_with_the_stage_with_another_total_and_where_less_is_done():
    for at, done, total in ((11.0, 11, 200), (11.0, 3, 100), (4.0, 60, 100)):
        left = fed([(0.0, 0), (10.0, 50)])
        assert left.text
        left.report(done, total, at)
        assert left.text == ""
    left = fed([(0.0, 0), (10.0, 50)])
    left.begin()
    assert left.text == ""


def test_a_job_s_events_are_followed_by_their_own_clock():
    left = Eta()

    def progress(done, at):
        return {"event": "stage_progressed", "done": done, "total": 1000, "unit": "rows", "clock": at}

    left.follow({"event": "stage_entered", "stage": "check_rows", "clock": 10.0})
    left.follow(progress(0, 10.0))
    left.follow({"event": "notice", "message": "x", "clock": 11.0})
    left.follow(progress(100, 20.0))
    assert left.text == "about 2 min left"
    assert left.beside("100 of 1,000 rows") == "100 of 1,000 rows, about 2 min left"
    left.follow({"event": "stage_entered", "stage": "sum_up", "clock": 13.0})
    assert left.text == ""
    assert left.beside("0 of 2 rows") == "0 of 2 rows"


def test_damaged_totals_are_no_error():
    left = Eta()
    for done, total, at in ((0, 0, 0.0), (5, 0, 5.0), (5, -1, 6.0)):
        left.report(done, total, at)
        assert left.text == ""
