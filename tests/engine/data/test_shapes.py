"""The same conversations are the same examples in whatever shape a table has them."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.text.conversations import Example
from tests.helpers.table_rows import examples, shape_of

Talk = tuple[list[tuple[str, str]], str]
Rows = list[dict[str, Any]]
NAME = st.sampled_from(["Ann", "Bo Lim", "Zoë", "安娜"])
WORDS = st.lists(
    st.sampled_from(["see", "tea?", "Brötchen", "it's", "好的", '"so"', "🙂"]), min_size=2, max_size=4
).map(" ".join)
TALK = st.tuples(st.lists(st.tuples(NAME, WORDS), min_size=2, max_size=4), WORDS.map("They say {}.".format))
TALKS = st.lists(TALK, min_size=2, max_size=3, unique_by=lambda talk: (tuple(talk[0]), talk[1]))


def said(talk: Talk) -> list[str]:
    return [f"{name}: {text}" for name, text in talk[0]]


def columns(conversation: str, summary: str) -> Callable[[Sequence[Talk]], Rows]:
    return lambda talks: [{conversation: "\n".join(said(talk)), summary: talk[1]} for talk in talks]


def turns(column: str, speaker: str, text: str) -> Callable[[Sequence[Talk]], Rows]:
    return lambda talks: [
        {column: [{speaker: name, text: words} for name, words in talk[0]], "summary": talk[1]}
        for talk in talks
    ]


def in_texts(talks: Sequence[Talk], write: Callable[[Any], str]) -> Rows:
    return [row | {"messages": write(row["messages"])} for row in turns("messages", "role", "content")(talks)]


def lists(talk: Talk) -> tuple[list[str], list[str]]:
    return [name for name, _ in talk[0]], [text for _, text in talk[0]]


def one_object(talks: Sequence[Talk]) -> Rows:
    return [
        {"dialog": dict(zip(("speaker", "text"), lists(talk), strict=True)), "summary": talk[1]}
        for talk in talks
    ]


def lists_beside(talks: Sequence[Talk]) -> Rows:
    return [dict(zip(("speaker", "utt"), lists(talk), strict=True)) | {"summary": talk[1]} for talk in talks]


def rows_of_their_own(talks: Sequence[Talk]) -> Rows:
    return [
        {"dialogue_id": f"{number}", "speaker": name, "text": text, "summary": talk[1]}
        for number, talk in enumerate(talks, start=1)
        for name, text in talk[0]
    ]


SHAPES: dict[str, tuple[str, Callable[[Sequence[Talk]], Rows]]] = {
    "dialogue": ("columns", columns("dialogue", "summary")),
    "text": ("columns", columns("text", "summary")),
    "transcript": ("columns", columns("Meeting Transcript", "Summary")),
    "article": ("columns", columns("article", "highlights")),
    "input": ("columns", columns("input", "output")),
    "messages": ("turns", turns("messages", "role", "content")),
    "conversations": ("turns", turns("conversations", "from", "value")),
    "turns": ("turns", turns("turns", "name", "utterance")),
    "unknown column": ("turns", turns("whatever", "author", "body")),
    "unknown key": ("turns", turns("whatever", "speaker", "what is said")),
    "texts": ("turns", lambda talks: [{"dialogue": said(talk), "summary": talk[1]} for talk in talks]),
    "JSON in a text": ("turns", lambda talks: in_texts(talks, json.dumps)),
    "Python in a text": ("turns", lambda talks: in_texts(talks, str)),
    "one object": ("turns", one_object),
    "lists beside": ("lists", lists_beside),
    "rows": ("rows", rows_of_their_own),
}


@pytest.mark.parametrize("name", SHAPES)
@settings(max_examples=20)
@given(talks=TALKS)
def test_every_shape_makes_the_same_examples(name, talks):
    kind, write = SHAPES[name]
    rows = write(talks)
    assert shape_of(rows).kind == kind
    assert examples(rows) == [
        Example(f"{number}", "\n".join(said(talk)), talk[1]) for number, talk in enumerate(talks, start=1)
    ]
