import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.text.pii import KINDS, find, mask

EVERY = [kind.id for kind in KINDS]

EMAILS = [
    "ann@example.org", "ann.o_neill+news@mail.example.co.uk", "zoë@exämple.de", "x@y.io", "a-b@c-d.museum",
]  # fmt: skip
PHONES = [
    "+44 20 7946 0958", "+447911123456", "+1 (555) 123-4567", "+48 600 123 456", "+49 (0)171/1234567",
    "0049 171 1234567", "020 7946 0958", "07911 123456", "0171/1234567", "(030) 901820-12", "06.12.34.56.78",
    "01 02 03 04 05", "555-123-4567", "555.123.4567", "(555) 123-4567", "1-800-555-0199",
]  # fmt: skip
CARDS = [
    "4111 1111 1111 1111", "4111111111111111", "5500-0000-0000-0004", "3782 822463 10005",
    "6011 1111 1111 1117",
]  # fmt: skip
IBANS = [
    "DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819", "PL61 1090 1014 0000 0712 1981 2874",
    "NO93 8601 1117 947", "fr14 2004 1010 0505 0001 3m02 606",
]  # fmt: skip
TOLD = [
    "my number is 600 123 456", "call me: 5551234567", "What's your number?\nBob: 434 312 122",
    "Tel. 555-1234", "text or call 765 938 451!",
]  # fmt: skip
HARMLESS = [
    # times and spans of time
    "at 10:30, or 10.30-11.45",
    "09.30-10.45, then 11.15",
    "08.00 09.00 10.00 11.00",
    "open 9-17, 08:00:00-18:00:00",
    "2019-05-12 10:30:15",
    "Call me 2019-05-12 10:30",
    # dates and years
    "12.05.2019 10:30",
    "05/12/2019",
    "05.12.2019 10.30",
    "05-12-2019 2020",
    "01 02 2019",
    "the 2019-2020 season, 1999 2001",
    "text me in 2019-2020",
    # prices and amounts
    "call for $1,250,000.00",
    "price 12 000 000 zł, call me",
    "ring up 1 200 300 EUR",
    "call it 5000000",
    "+1 000 000 000 views",
    "331 002 651 people",
    "0.123456789",
    "52.2296756, 21.0122287",
    # numbers of other things
    "order number 123456789",
    "Your order is 555-123-4567",
    "order #5551234567",
    "tracking no. 0171 1234567",
    "account number?\nVivianne: It's 34034099",
    "Mine is 2145 8900 0000 0012 0921 21",
    "ISBN 978-3-16-148410-0",
    "ticket 0171-1234567",
    "192.168.100.200",
    "version 10.12.2.1045",
    "1558012345",
    "1234567890123456",
    "4111 1111 1111 1112",
    "0000 0000 0000 0000",
    "4444 4444 4444 4444",
    "DE89 3704 0044 0532 0130 01",
    "no12 people are here on 15 may 2019 at 10",
    "it25 isn't an iban",
    # what only looks like an address
    "@Hannah come here",
    "me@home",
    "icon@2x.png",
    "a@b",
    "meet @ 10.30pm",
    "ann@@example.org",
    "5@2.50",
]


def found(text: str) -> list[tuple[str, str]]:
    return [(match.kind, text[match.start : match.end]) for match in find(text)]


FORMS = [
    *[("email", text) for text in EMAILS],
    *[("phone", text) for text in PHONES],
    *[("card", text) for text in CARDS],
    *[("iban", text) for text in IBANS],
]


@pytest.mark.parametrize("around", ["{}", "It is {}.", "Ann: {}\nBob: thanks", "({}), ok?", "here: {} 🙂"])
def test_every_form_is_found_whole(around):
    assert [found(around.format(text)) for _, text in FORMS] == [[form] for form in FORMS]


@pytest.mark.parametrize("text", TOLD)
def test_a_number_is_a_phone_number_where_the_words_before_say_so(text):
    assert [kind for kind, _ in found(text)] == ["phone"]


def test_the_same_number_without_such_words_is_none():
    assert not found("I saw 600 123 456 there")
    assert not found("it weighs 5551234567")


def test_nothing_is_found_where_nothing_is():
    assert {text: found(text) for text in HARMLESS if found(text)} == {}


def test_what_stands_beside_a_number_is_left_alone():
    assert found("+44 7911 123456 10 minutes ago") == [("phone", "+44 7911 123456")]
    assert found("4111 1111 1111 1111 123") == [("card", "4111 1111 1111 1111")]
    assert found("DE89 3704 0044 0532 0130 00 is mine") == [("iban", "DE89 3704 0044 0532 0130 00")]
    assert found("mail ann@example.org.") == [("email", "ann@example.org")]


def test_a_card_number_is_no_phone_number_where_phone_numbers_are_asked_for():
    assert find("call 4111 1111 1111 1111", ["phone"]) == []


def test_masks_take_the_place_of_what_is_asked_for():
    text = "Ann: ann@x.org or 07911 123456\nBob: +48 600 123 456, card 4111111111111111"
    masked, matches = mask(text, EVERY)
    assert masked == "Ann: [e-mail] or [phone]\nBob: [phone], card [card]"
    assert [match.kind for match in matches] == ["email", "phone", "phone", "card"]
    assert mask(text, ["email"])[0] == text.replace("ann@x.org", "[e-mail]")
    assert mask(text, []) == (text, [])


PIECES = st.lists(
    st.one_of(
        st.sampled_from([*(text for _, text in FORMS), *TOLD, *HARMLESS]),
        st.text(alphabet="0123456789 .-/()+@:#aé\n", max_size=40),
    ),
    max_size=6,
)


@given(pieces=PIECES)
def test_matches_lie_in_the_text_side_by_side_and_masks_leave_nothing(pieces):
    text = " ".join(pieces)
    matches = find(text)
    ends = [0, *(match.end for match in matches)]
    starts = [*(match.start for match in matches), len(text)]
    assert all(end <= start for end, start in zip(ends, starts, strict=True))
    masked, taken = mask(text, EVERY)
    assert taken == matches
    assert sum(masked.count(kind.mask) for kind in KINDS) >= len(matches)


@pytest.mark.parametrize("piece", ["0", "1 ", "12-", "a.", "a@", "x@a.", "+1(", "DE89 ", "0171-", "@"])
def test_a_text_that_is_one_long_piece_is_no_burden(piece):
    # A search that tries every pair of places would not come back from it.
    find(piece * 300_000)
