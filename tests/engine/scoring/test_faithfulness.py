import pytest

from engine.scoring.faithfulness import Claim, added, check_claims, unsupported

CONVERSATION = """Leila: the venue wrote, they can't do the 14th any more
Tom: what do they offer?
Leila: Thursday 21st, same room, 10 % off
Priya: but Marcus is in Lisbon until the 22nd
Leila: we could swap: Noor first, Marcus by video at 16:30
Leila: deposit is 400, the two rooms are 1.5k"""


def found(summary: str, conversation: str = CONVERSATION) -> list[tuple[str, str]]:
    return [(claim.text, claim.kind) for claim in unsupported(summary, conversation)]


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        ("Marcus may join by video at 17:30.", [("17:30", "time")]),
        ("They take the 28th.", [("28th", "date")]),
        ("They meet on Friday.", [("Friday", "date")]),
        ("It is on 3 May.", [("3", "number"), ("May", "date")]),
        ("They need eight rooms and pay 450.", [("eight", "number"), ("450", "number")]),
        ("Zoe asks Tom.", [("Zoe", "name")]),
        ("Zoe and Anna are late.", [("Zoe", "name"), ("Anna", "name")]),
        ("Marcus flies to Oslo tomorrow.", [("Oslo", "name"), ("tomorrow", "date")]),
        ("The deposit is five hundred.", [("five hundred", "number")]),
    ],
)
def test_what_was_not_said_is_found(summary, expected):
    assert found(summary) == expected


@pytest.mark.parametrize(
    "summary",
    [
        "The venue can't do the 14th but has Thursday 21st.",
        "Marcus speaks by video at 4:30 pm, Noor is first.",
        "Marcus speaks at half past four.",
        "The deposit is four hundred, the 2 rooms cost 1,500.",
        "Leila’s venue is booked. One of them may call. Nobody asks. I'm sure.",
        "Booking costs nothing. Dinner is open.",
        "",
    ],
)
def test_the_same_in_other_words_is_no_finding(summary):
    assert found(summary) == []


@pytest.mark.parametrize(
    ("summary", "conversation"),
    [
        ("They meet at 5 pm.", "Ann: at 17:00 then"),
        ("They meet at quarter to three.", "Ann: 14:45?"),
        ("They meet at noon.", "Ann: 12 is fine"),
        ("They meet on Saturday.", "Ann: sat ok?"),
        ("It is on 14 May.", "Ann: on 14.05. please"),
        ("It is in May on the 14th.", "Ann: 2026-05-14"),
        ("She leaves tomorrow.", "Ann: tmrw i leave"),
        ("They bring twenty-one chairs.", "Ann: bring 21 chairs"),
    ],
)
def test_times_dates_and_numbers_are_compared_by_meaning(summary, conversation):
    assert found(summary, conversation) == []


def test_a_claim_tells_where_it_stands():
    summary = "They meet in Paris."
    assert unsupported(summary, CONVERSATION) == (Claim(13, 18, "Paris", "name"),)
    assert summary[13:18] == "Paris"


def test_words_that_the_base_has_not_are_marked_in_stretches():
    summary = "The venue has Thursday 21st, so Priya asks."
    marked = [summary[start:end] for start, end in added(summary, "The venue has the 21st.")]
    assert marked == ["Thursday", "so Priya asks"]


def test_a_check_counts_what_is_claimed_and_what_of_it_is_not_said():
    found = check_claims("Ann and Carl meet at 6 pm on Monday.", "Ann: See you on Monday!\nBo: At six.")
    assert [claim.text for claim in found.claims] == ["Ann", "Carl", "6 pm", "Monday"]
    assert [claim.text for claim in found.unsupported] == ["Carl"]
    assert found.unsupported_fraction == 0.25
    assert check_claims("They will meet.", "Ann: Hi").unsupported_fraction == 0.0
