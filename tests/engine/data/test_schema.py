import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import data
from engine.data import infer_schema
from engine.errors import DataError
from engine.text.conversations import Example
from tests.helpers.table_rows import Row, chat, examples, numbered, refusal, shape_of


def test_it_is_said_what_stands_in_columns_that_are_found_by_name():
    rows = [
        {"dialogue": f"Ann: Hi {name}\nBob: Yo\nAnn: Bye", "summary": f"{name} greets Ann."} for name in "xyz"
    ]
    assert infer_schema(["dialogue", "summary"], rows).reason == (
        'conversation: column "dialogue", by its name; texts of 7 words, 3 turns; '
        'summary: column "summary", by its name; texts of 3 words'
    )
    named = infer_schema(["dialogue", "summary"], rows, conversation="dialogue", summary="summary").reason
    assert named == 'conversation: column "dialogue", as named; summary: column "summary", as named'


def test_named_columns_are_taken_as_named_and_the_id_column_is_found():
    shape = infer_schema(["ID", "summary", "notes"], [], conversation="notes")
    assert (shape.conversation, shape.summary, shape.id) == ("notes", "summary", "ID")
    assert '"notes", as named' in shape.reason


def test_a_column_that_is_missing_is_an_error_that_says_which_there_are():
    with pytest.raises(DataError) as caught:
        infer_schema(["dialogue", "summary"], [], conversation="dialog")
    assert caught.value.field == "data.conversation"
    assert caught.value.hint == "Did you mean dialogue? Columns: dialogue, summary."


def test_no_likely_column_is_an_error_beside_the_right_field():
    with pytest.raises(DataError) as caught:
        infer_schema(["dialogue", "b"], [])
    assert caught.value.field == "data.summary"
    assert caught.value.hint == ('Columns: dialogue, b. Choose the summary column, or "Write summaries".')


def test_lists_in_a_column_of_texts_are_refused_by_name():
    shape = infer_schema(["dialogue", "summary"], [{"dialogue": "a", "summary": "b"}])
    with pytest.raises(DataError, match='Row 1: column "dialogue" contains lists, not text') as caught:
        list(shape.examples([Row(1, {"dialogue": [1, 2], "summary": "b"})]))
    assert caught.value.field == "data.conversation"


@pytest.mark.parametrize(
    "numbers", [(1, 2.5), ("1", " 2,50 "), ("12 %", None), (-1, "1e-3"), (1, float("nan"))]
)
@pytest.mark.parametrize("role", ["conversation", "summary"])
def test_a_column_of_numbers_is_no_text_and_refused_by_its_name(numbers, role):
    column = {"conversation": "dialogue", "summary": "summary"}[role]
    rows = [{"dialogue": "Ann: 1", "summary": "one", "other": "x"} | {column: number} for number in numbers]
    for by_hand in ({}, {role: column}):
        with pytest.raises(DataError, match=f'Column "{column}" contains numbers') as caught:
            infer_schema(["dialogue", "summary", "other"], rows, **by_hand)
        assert caught.value.field == f"data.{role}"
        assert "other" in caught.value.hint


def test_another_likely_column_goes_before_one_of_numbers():
    rows = [{"dialogue": number, "text": "Ann: Hi", "summary": 3, "highlights": "Hi."} for number in range(3)]
    assert (shape_of(rows).conversation, shape_of(rows).summary) == ("text", "highlights")


def test_of_two_likely_summaries_the_other_one_is_told():
    rows = [
        {"text": f"Ann: {n}", "abstract": f"An {n}", "highlights": f"Hi {n}", "topic": f"T{n}"}
        for n in range(3)
    ]
    assert 'summary: column "highlights", by its name, rather than "abstract"' in shape_of(rows).reason
    rows = [{"text": f"Ann: {n}", "summary1": f"An {n}", "summary2": f"Hi {n}"} for n in range(3)]
    assert "rather" not in shape_of(rows).reason


def test_a_dialogue_as_text_stands_before_its_lists():
    rows = [{"turns": chat("Ann: Hi"), "dialogue": "Ann: Hi", "summary": "Ann greets."}]
    assert (shape_of(rows).kind, shape_of(rows).conversation) == ("columns", "dialogue")


def test_a_turn_as_text_of_several_lines_has_one_speaker():
    rows = [{"dialogue": ["Ann: To buy:\nNote: milk", "Bob: Yo\nand so on"], "summary": "s"}]
    assert examples(rows)[0].conversation == "Ann: To buy: Note: milk\nBob: Yo\nand so on"


def test_a_speaker_too_few_is_named_with_its_row():
    rows = [
        {"utt": ["Hi", "Yo"], "speaker": ["Ann", "Bob"], "summary": "They meet."},
        {"utt": ["Hi", "Yo"], "speaker": ["Ann"], "summary": "They meet."},
    ]
    shape = infer_schema(list(rows[0]), rows[:1])
    with pytest.raises(
        DataError, match='Row 2: lists "utt" and "speaker" have different lengths, 2 and 1'
    ) as caught:
        list(shape.examples(numbered(rows)))
    assert caught.value.field == "data.conversation"


def test_messages_of_parts_give_their_texts_and_turns_without_words_are_none():
    said = [
        {
            "role": "Ann",
            "content": [{"type": "text", "text": "Look"}, {"type": "image_url", "image_url": {}}],
        },
        {"role": "Bob", "content": None},
        {"role": "Bob", "tool_calls": []},
        {"role": "Bob", "content": "Nice"},
    ]
    assert examples([{"messages": said, "summary": "s"}])[0].conversation == "Ann: Look\nBob: Nice"


def test_a_broken_turn_is_named_with_its_row():
    rows = [{"messages": chat("Ann: Hi"), "summary": "s"}, {"messages": [{"a": 1}], "summary": "s"}]
    shape = infer_schema(["messages", "summary"], rows[:1])
    with pytest.raises(DataError, match='Row 2: column "messages" contains no turns') as caught:
        list(shape.examples(numbered(rows)))
    assert 'A turn has no "content"; it has: a.' in caught.value.hint


def test_line_breaks_in_a_turn_stay_unless_they_would_make_a_speaker():
    rows = [{"messages": [{"role": "Ann", "content": "To buy:\nmilk\nNote: not much"}], "summary": "s"}]
    assert examples(rows)[0].conversation == "Ann: To buy: milk Note: not much"


def test_keys_that_no_one_could_guess_are_named_by_hand():
    rows = [{"talk": [{"a": "Ann", "b": "Hi", "c": 1}], "gist": "Ann greets."}]
    error = refusal(rows, conversation="talk", summary="gist")
    assert error.field == "data.columns"
    assert "They have: a, b, c." in error.hint
    by_hand = {"speaker": "a", "text": "b"}
    read_examples = examples(rows, conversation="talk", summary="gist", by_hand=by_hand)
    assert read_examples == [Example("1", "Ann: Hi", "Ann greets.")]


@pytest.mark.parametrize("key", ["speaker", "text"])
def test_a_key_that_no_turn_has_is_refused_with_those_there_are(key):
    error = refusal([{"messages": chat("Ann: Hi"), "summary": "s"}], by_hand={key: "who"})
    assert (error.field, error.message) == ("data.columns", 'Turns of column "messages" have no "who".')
    assert "They have: role, content." in error.hint


@pytest.mark.parametrize(
    "rows",
    [
        [{"dialogue": "Ann: Tea?\nBo: Yes.", "topic": "tea"}],
        [{"messages": chat("Ann: Tea?", "Bo: Yes.")}],
        [
            {"chat_id": "1", "speaker": "Ann", "text": "Tea?"},
            {"chat_id": "1", "speaker": "Bo", "text": "Yes."},
        ],
    ],
)
def test_conversations_without_summaries_are_read_where_none_are_needed(rows):
    assert refusal(rows).field == "data.summary"
    (example,) = examples(rows, needs_summary=False)
    assert (example.conversation, example.summary) == ("Ann: Tea?\nBo: Yes.", "")
    assert shape_of(rows, needs_summary=False).reason.endswith("no column looks like summaries")


def test_a_list_of_summaries_gives_several_references():
    rows = [{"dialogue": "Ann: Hi", "summaries": ["Ann greets.", "", "A greeting."]}]
    assert examples(rows) == [Example("1", "Ann: Hi", "Ann greets.", ("A greeting.",))]
    assert "its lists are several references" in shape_of(rows).reason


@pytest.mark.parametrize(
    "names", [("summary1", "summary2"), ("summary", "summary_2"), ("Summary 1", "Summary 2")]
)
def test_numbered_columns_are_further_references(names):
    rows = [{"dialogue": "Ann: Hi", names[0]: "Ann greets.", names[1]: "A greeting."}]
    assert shape_of(rows).references == (names[1],)
    assert examples(rows) == [Example("1", "Ann: Hi", "Ann greets.", ("A greeting.",))]


def test_a_summary_named_by_hand_stands_alone_unless_references_are_named_too():
    rows = [{"dialogue": "Ann: Hi", "summary1": "a", "summary2": "b", "gist, short": "c"}]
    assert examples(rows, summary="summary1") == [Example("1", "Ann: Hi", "a")]
    both = examples(rows, summary="summary1", by_hand={"references": "summary2"})
    assert both == [Example("1", "Ann: Hi", "a", ("b",))]
    comma = examples(rows, summary="summary1", by_hand={"references": "gist, short"})
    assert comma == [Example("1", "Ann: Hi", "a", ("c",))]
    assert refusal(rows, by_hand={"references": "summary2, summary7"}).hint.startswith("Did you mean")


ROWS = [
    {"dialogue_id": "x", "speaker": "Ann", "text": "Hi", "summary": "They meet."},
    {"dialogue_id": "y", "speaker": "Cem", "text": "Off?", "summary": "Cem asks."},
    {"dialogue_id": "x", "speaker": "Bob", "text": "Yo", "summary": "They meet."},
]


def test_a_summary_in_the_first_row_alone_is_the_conversation_s():
    rows = [ROWS[0], {**ROWS[2], "summary": None}, ROWS[1]]
    assert [example.summary for example in examples(rows)] == ["They meet.", "Cem asks."]


def test_rows_of_their_own_can_be_named_by_hand():
    rows = [{"k": "1", "w": "Ann", "s": "Hi", "g": "They meet."}, {"k": "1", "w": "Bob", "s": "Yo", "g": ""}]
    by_hand = {"group": "k", "speaker": "w", "text": "s"}
    expected = [Example("1", "Ann: Hi\nBob: Yo", "They meet.")]
    assert examples(rows, summary="g", by_hand=by_hand) == expected
    assert examples(rows, summary="g", conversation="s", by_hand={"group": "k", "speaker": "w"}) == expected
    assert refusal(rows, conversation="g", by_hand=by_hand).field == "data.columns"
    assert refusal(rows, by_hand={**by_hand, "group": "kk"}).hint.startswith("Did you mean k?")


def test_a_row_without_its_conversation_is_refused_with_its_number():
    rows = [*ROWS, {**ROWS[0], "dialogue_id": None}]
    shape = infer_schema(list(ROWS[0]), ROWS)
    with pytest.raises(DataError, match='Row 4 has no "dialogue_id"'):
        list(shape.examples(numbered(rows)))


def test_flat_rows_with_an_author_and_a_category_stay_flat():
    rows = [
        {"group": "a", "author": "Ann", "text": "Long text", "summary": "One."},
        {"group": "a", "author": "Ann", "text": "Another", "summary": "Two."},
    ]
    assert shape_of(rows).kind == "columns"
    repeated = [{**row, "summary": "The same."} for row in rows]
    assert shape_of(repeated, conversation="text").kind == "columns"


@pytest.mark.parametrize(
    ("by_hand", "field", "words"),
    [
        ({"speakr": "a"}, "data.columns.speakr", 'There is no role "speakr".'),
        ({"text": " "}, "data.columns.text", 'The role "text" has no column.'),
        ({"last_turn": "yes"}, "data.columns.last_turn", "The last turn can't be yes."),
        (
            {"group": "a", "last_turn": "summary"},
            "data.columns.last_turn",
            "The last turn can't be the summary",
        ),
        ({"group": "a", "id": "b"}, "data.columns.id", "is named by its group."),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(by_hand, field, words):
    (problem,) = data.problems(by_hand)
    assert problem.field == field
    assert words in problem.message
    error = refusal([{"dialogue": "a", "summary": "b"}], by_hand=by_hand)
    assert (error.field, error.message) == ("data.columns", problem.message)


PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
KEY = st.sampled_from(["role", "content", "from", "value", "speaker", "text", "x"])
CELL = PLAIN | st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=3), max_leaves=8
)
COLUMNS = ["id", "messages", "text", "speaker", "summary", "summaries", "group"]
TABLE = st.lists(st.fixed_dictionaries(dict.fromkeys(COLUMNS, CELL)), min_size=1, max_size=4)
MAPPING = st.dictionaries(st.sampled_from(data.KEYS), st.sampled_from([*COLUMNS, "role", "x"]), max_size=2)
NAME = st.sampled_from(["auto", "messages", "text", "summaries", "group"])


@given(TABLE, NAME, NAME, MAPPING)
def test_any_table_ends_in_examples_or_in_a_named_error(rows, conversation, summary, by_hand):
    shaped, error = [], None
    try:
        shaped = list(
            infer_schema(COLUMNS, rows[:2], conversation, summary, by_hand).examples(numbered(rows))
        )
    except DataError as raised:
        error = raised
    if error:
        assert error.field in {"data.conversation", "data.summary", "data.summary_lists", "data.columns"}
        assert error.hint
    else:
        assert sorted(number for each in shaped for number in each.numbers) == list(range(1, len(rows) + 1))
