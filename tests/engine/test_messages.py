import copy
import json
import pickle
import re

import pytest

from engine.errors import AppError, DataError
from engine.jobs.events import decode, encode
from engine.messages import MESSAGES, Message, from_json, joined, listed, say, to_json
from engine.system import sandbox

EMPTY = say("Row {:,} of {} is empty.", 1540, "a.csv")


def parts(message):
    """A message as its template and values, those of messages in it too."""
    return (
        message.template,
        *(parts(each) if isinstance(each, Message) else each for each in message.values),
    )


def test_a_message_is_its_english_text_and_remembers_its_parts():
    assert EMPTY == "Row 1,540 of a.csv is empty."
    assert parts(EMPTY) == ("Row {:,} of {} is empty.", 1540, "a.csv")
    assert parts(joined("; ", ["", EMPTY, "no rows"])) == ("{}; {}", parts(EMPTY), "no rows")


def test_the_first_of_many_names_are_listed_and_the_others_counted():
    assert listed(["id", "text"], 2) == "id, text"
    assert parts(listed(map(str, range(1_502)), 2)) == ("{} and {:,} more", "0, 1", 1500)


def test_the_text_of_an_error_is_its_message():
    error = DataError(say("{} can't be read: {}.", "a.csv", ValueError(EMPTY)))
    assert parts(str(error)) == parts(error.message) == ("{} can't be read: {}.", "a.csv", parts(EMPTY))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda message: pickle.loads(pickle.dumps(message))])
def test_a_copy_remembers_its_parts(copied):
    message = say("{}: {}", "a", EMPTY)
    assert parts(copied(message)) == parts(message)


def test_events_keep_english_texts_and_messages_beside_them():
    nested = say("{}: {}", "a", EMPTY)
    record = {
        "event": "notice",
        "message": EMPTY,
        "hint": "Repair it.",
        "rows": [{"why": nested, "count": 1}],
    }
    line = encode(record)
    assert json.loads(line) == record | {MESSAGES: [[*parts(EMPTY)], ["{}: {}", "a", [*parts(EMPTY)]]]}
    event = decode(line)
    assert event == record
    assert parts(event["message"]) == parts(EMPTY)
    assert parts(event["rows"][0]["why"]) == parts(nested)
    assert not isinstance(event["hint"], Message)


@pytest.mark.parametrize(
    "packed",
    [
        5,
        "text",
        [5],
        [[]],
        [["{} is missing."]],
        [["{0.__class__}", 1]],
        [["{:>999999999}", 1]],
        [["{", 1]],
        [["{!r}", 1]],
    ],
)
def test_damaged_and_hostile_messages_are_left_out(packed):
    assert from_json(json.dumps({"message": "text", MESSAGES: packed})) == {"message": "text"}


def test_a_template_can_t_look_into_values_or_pad_them():
    for template in ("{0.__class__}", "{:>999999999}", "{!r}", "{name}"):
        with pytest.raises(ValueError, match=re.escape(template)):
            say(template, 1)


def test_json_without_messages_is_as_ever():
    assert to_json({"a": "b"}) == '{"a": "b"}'
    assert from_json('["a"]') == ["a"]
    with pytest.raises(ValueError, match="Expecting"):
        from_json("{")


def fails():
    raise AppError(EMPTY, joined(" ", [EMPTY, "Repair it."]))


def gives():
    return [EMPTY, {"why": say("{}: {}", "a", EMPTY)}]


def test_messages_come_out_of_the_sandbox():
    limits = sandbox.Limits(1 << 30, 60)
    found = sandbox.result(gives, limits)
    assert parts(found[0]) == parts(EMPTY)
    assert parts(found[1]["why"]) == ("{}: {}", "a", parts(EMPTY))
    with pytest.raises(AppError) as raised:
        sandbox.result(fails, limits)
    assert parts(raised.value.message) == parts(EMPTY)
    assert parts(raised.value.hint) == ("{} {}", parts(EMPTY), "Repair it.")
