import pytest

from engine.data.cells import find_places
from engine.data.schema_inference import infer_schema

TURNS = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
TALK = "Ann: Is train {0} late today?\nBob: Yes, by {0} minutes.\nAnn: Then I will walk."
SUM = "Train {0} is late, so Ann will walk."


def names(*rows):
    return [place.name for place in find_places(rows)]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"input": {"conversation": "a", "n": 1, "ok": True}}, ["input.conversation"]),
        ({"answers": [{"text": "a", "start": 3}]}, ["answers[0].text"]),
        ({"data": {"talk": {"text": "a"}, "notes": [{"by": "b"}]}}, ["data.talk.text", "data.notes[0].by"]),
        ({"data": {"messages": TURNS, "said": ["a", "b"]}}, ["data.messages", "data.said"]),
        ({"a": {"b": {"c": {"d": {"e": "f"}}}}}, ["a.b.c.d.e"]),
        ({"a": {"b": {"c": {"d": {"e": {"f": "g"}}}}}}, []),
        ({"done": [{"result": [{"value": {"text": ["a"]}}]}]}, ["done[0].result[0].value.text"]),
        ({"input.text": "x", "input": {"text": "y"}}, []),
        # Turns stay whole, also where there is one.
        ({"messages": TURNS}, []),
        ({"messages": TURNS[:1]}, []),
        ({"messages": {"role": ["user"], "content": ["Hi"]}}, []),
        ({"several": [{"text": "a"}, {"text": "b"}], "plain": "x", "numbers": [1], "none": None}, []),
    ],
)
def test_places_are_found(row, expected):
    assert names(row) == expected


def test_what_stands_in_a_place():
    first, second = find_places([{"a": {"b.c": "x"}, "l": [{"t": "y"}]}])
    assert first.value({"a": {"b.c": "z"}}) == ("z", False)
    assert first.value({"a": "no object"}) == (None, False)
    assert second.value({"l": [{"t": "z"}, {"t": "other"}]}) == ("z", True)
    assert second.value({"l": []}) == (None, False)


def with_places(row):
    return row | {place.name: place.value(row)[0] for place in find_places([row])}


@pytest.mark.parametrize(
    ("form", "conversation", "summary"),
    [
        (
            lambda t, s: {"input": {"conversation": t}, "answers": [{"text": s}]},
            "input.conversation",
            "answers[0].text",
        ),
        (lambda t, s: {"data": {"dialogue": t, "summary": s}}, "data.dialogue", "data.summary"),
        (
            lambda t, s: {"transcript": {"text": t}, "summary": {"text": s, "id": "7"}},
            "transcript.text",
            "summary.text",
        ),
        (
            lambda t, s: {"id": "x", "dialogue": t, "meta": {"summary": s, "by": "Ann"}},
            "dialogue",
            "meta.summary",
        ),
        (lambda t, s: {"q": {"said": t}, "a": [{"written": s}]}, "q.said", "a[0].written"),
        (lambda t, s: {"dialogue": t, "summary": s, "input": {"text": "x"}}, "dialogue", "summary"),
        (lambda t, s: {"data": {"messages": TURNS, "summary": s}}, "data.messages", "data.summary"),
        # A list with one object that is called after turns is one.
        (lambda t, s: {"turns": [{"text": t}], "summary": s}, "turns", "summary"),
    ],
)
def test_places_are_guessed(form, conversation, summary):
    rows = [with_places(form(TALK.format(number), SUM.format(number))) for number in range(6)]
    schema = infer_schema(tuple(rows[0]), rows)
    assert (schema.conversation, schema.summary) == (conversation, summary)
