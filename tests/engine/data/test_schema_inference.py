from typing import Any

import pytest

from engine.data import infer_schema
from engine.text.conversations import Example
from tests.helpers.table_rows import chat, examples, numbered, refusal, shape_of

ASKED = "user: Summarise this chat.\n\nAnn: Shall we meet at ten?\nBob: At ten, in the park."
INSTRUCTIONS = [
    {"messages": chat("system: You summarise.", ASKED, "assistant: They meet at ten.")},
    {"messages": chat(ASKED, "assistant: They meet.")},
]


def test_the_answer_to_one_text_is_its_summary_where_no_column_is():
    shape = shape_of(INSTRUCTIONS)
    assert shape.summary == ""
    assert "summary: the last turn, a shorter answer" in shape.reason
    assert examples(INSTRUCTIONS)[1] == Example("2", ASKED.removeprefix("user: "), "They meet.")


def instructed(*conversations: str, instruction: str = "Summarise this:\n\n") -> list[dict[str, Any]]:
    return [
        {"messages": [{"role": "user", "content": instruction + said}, {"role": "assistant", "content": "s"}]}
        for said in conversations
    ]


def test_an_instruction_that_all_texts_begin_with_is_no_part_of_the_conversation():
    rows = instructed("Ann: Hi\nBob: Yo", "Cem: Off?\nAnn: No", "Ann: Bye\nBob: Bye")
    assert [example.conversation for example in examples(rows)] == [
        "Ann: Hi\nBob: Yo", "Cem: Off?\nAnn: No", "Ann: Bye\nBob: Bye",
    ]  # fmt: skip
    assert shape_of(rows).as_dict()["instruction"] == "Summarise this:\n\n"
    assert 'the shared beginning is removed: "Summarise this:"' in shape_of(rows).reason
    read_examples = examples(rows, by_hand={"last_turn": "summary"})
    assert read_examples[0].conversation == "Summarise this:\n\nAnn: Hi\nBob: Yo"
    other = [*rows, *instructed("Ann: Hm", instruction="Sum up:\n")]
    assert (
        list(infer_schema(["messages"], rows).examples(numbered(other)))[3].example.conversation
        == "Sum up:\nAnn: Hm"
    )


@pytest.mark.parametrize(
    "texts",
    [
        ("Agent: Hello, can I help?\nAnn: A", "Agent: Hello, can I help?\nBo: B", "Agent: Hello, can I help?\nC: C"),
        ("Sum up:\nAnn: Hi", "Sum up:\nAnn: Hi", "Sum up:\nAnn: Hi"),
        ("Sum up: Ann is in.", "Sum up: Ann is out.", "Sum up: Ann is off."),
    ],
    ids=["a greeting", "one text", "one line"],
)  # fmt: skip
def test_what_may_have_been_said_stays(texts):
    rows = instructed(*texts, instruction="")
    assert [example.conversation for example in examples(rows)] == list(texts)


def test_longer_chats_and_longer_answers_are_not_taken_for_summaries():
    talk = [{"messages": chat("user: Hi", "assistant: Hello", "user: Bye", "assistant: B")}]
    tale = [
        {"messages": chat("user: Tell me a tale", "assistant: Once upon a time there was a cat and a dog.")}
    ]
    for rows in (talk, tale):
        error = refusal(rows)
        assert (error.field, error.message) == ("data.summary", "No column looks like summaries.")
        assert 'last_turn = "summary"' in error.hint


def test_a_question_shows_what_stands_in_each_column_that_may_be_it():
    rows = [{"a": f"The {each} was\nlong.", "b": f"That {each} was long.", "n": 5} for each in "xyz"]
    assert refusal(rows).hint.endswith(
        "Choose the conversation column. a: “The x was long.”; b: “That x was long.”"
    )


def test_the_last_turn_is_the_summary_where_it_is_named_so():
    rows = [{"turns": chat("Ann: Hi", "Bob: Yo", "note: They meet."), "summary": "not this"}]
    assert examples(rows, by_hand={"last_turn": "summary"}) == [
        Example("1", "Ann: Hi\nBob: Yo", "They meet.")
    ]
    error = refusal(rows, summary="summary", by_hand={"last_turn": "summary"})
    assert error.field == "data.columns"


TALK = "Ann: Hi there.\nBob: Hello"


def labelled(values: list[Any], column: str = "label", **more: Any) -> list[dict[str, Any]]:
    return [{"dialogue": f"{TALK} {number}", column: value, **more} for number, value in enumerate(values)]


@pytest.mark.parametrize(
    ("values", "column", "held"),
    [
        ([True, False, True], "summary", "true and false values"),
        (["True", "False", "True"], "label", "true and false values"),
        (["yes", "no", ""], "output", "true and false values"),
        ([1, 2, 3], "target", "numbers"),
        (["spam", "ham", "spam", "ham", "spam"], "label", "class names"),
        (["order", "order", "refund request", "refund request"], "labels", "class names"),
    ],
)
def test_what_is_no_text_is_no_summary(values, column, held):
    error = refusal(labelled(values, column))
    assert error.message == f'Column "{column}" contains {held}, not a summary.'
    assert error.field == "data.summary"
    assert error.hint == "Other columns: dialogue. Choose the summary column."


@pytest.mark.parametrize("values", [["They greet.", "They part."] * 3, ["yes", "She says yes."]])
def test_few_different_texts_are_summaries(values):
    assert shape_of(labelled(values, "summary")).summary == "summary"


def test_names_of_classes_are_summaries_where_a_person_says_so():
    assert examples(labelled(["spam", "ham"] * 3), summary="label")[0].summary == "spam"


def alpaca(*inputs: str) -> list[dict[str, str]]:
    return [
        {
            "instruction": "Summarize this chat." if text else f"Shorten:\n\nAnn: {number}?\nBob: Yes",
            "input": text,
            "output": f"They greet {number}.",
        }
        for number, text in enumerate(inputs)
    ]


def test_an_instruction_is_the_conversation_where_the_input_is_empty():
    rows = alpaca("Cem: Yo\nDee: Yo", "", "", "")
    assert [example.conversation for example in examples(rows)] == [
        "Cem: Yo\nDee: Yo", "Ann: 1?\nBob: Yes", "Ann: 2?\nBob: Yes", "Ann: 3?\nBob: Yes",
    ]  # fmt: skip
    assert 'if empty, "instruction" without its shared beginning: "Shorten:"' in (shape_of(rows).reason)


def test_an_instruction_beside_inputs_is_none():
    rows = alpaca("Cem: Yo", "Dee: Yo")
    assert [example.conversation for example in examples(rows)] == ["Cem: Yo", "Dee: Yo"]
    assert "instruction" not in shape_of(rows).reason


Rows = list[dict[str, Any]]
WHO = {"speaker": "who"}
TURNS: Rows = [
    {"id": "1", "who": "Ann", "text": "Hi", "summary": "They meet."},
    {"id": "1", "who": "Bob", "text": "Yo", "summary": "They meet."},
    {"id": "2", "who": "Bob", "text": "Off?", "summary": "Bob asks."},
]


@pytest.mark.parametrize("conversation", ["auto", "text"])
def test_a_column_of_speakers_makes_rows_with_a_repeated_id_turns(conversation):
    """Whole conversations have no one speaker, so such a column can mean nothing else."""
    shape = shape_of(TURNS, by_hand=WHO, conversation=conversation)
    assert (shape.kind, shape.group, shape.speaker, shape.text) == ("rows", "id", "who", "text")
    read_examples = examples(TURNS, by_hand=WHO, conversation=conversation)
    assert [example.conversation for example in read_examples] == ["Ann: Hi\nBob: Yo", "Bob: Off?"]


@pytest.mark.parametrize(
    "name", ["participantID", "agent", "interlocutor_id", "sender_full_name", "author_name", "user.login"]
)
def test_speakers_have_many_names(name):
    rows = [
        {"meeting_id": row["id"], name: row["who"], **{key: row[key] for key in ("text", "summary")}}
        for row in TURNS
    ]
    assert [each.conversation for each in examples(rows)] == ["Ann: Hi\nBob: Yo", "Bob: Off?"]
    said = [{name.rpartition(".")[2]: row["who"], "utterance": row["text"]} for row in TURNS]
    assert examples([{"dialog": said, "summary": "S"}])[0].conversation == "Ann: Hi\nBob: Yo\nBob: Off?"


def test_the_words_of_a_turn_are_its_text():
    said = [{"speaker": "Ann", "words": ["so", "it", "is"]}, {"speaker": "Bob", "words": ["你好", "再见"]}]
    assert examples([{"dialog": said, "summary": "S"}])[0].conversation == "Ann: so it is\nBob: 你好\n再见"


def test_without_a_repeated_id_it_is_asked_for():
    rows = [{**row, "id": str(number)} for number, row in enumerate(TURNS)]
    error = refusal(rows, by_hand=WHO)
    assert error.message == "No column groups rows into conversations."
    assert error.hint == "Name it as data.columns.group, or remove data.columns.speaker."
    assert error.field == "data.columns"


def test_lists_of_speakers_belong_to_the_lists_beside_them_however_often_ids_repeat():
    rows = [
        {"id": "1", "who": ["Ann", "Bob"], "utt": ["Hi", "Yo"], "text": "a title", "summary": "They meet."},
        {"id": "1", "who": ["Ann"], "utt": ["Off?"], "text": "a title", "summary": "They meet."},
    ]
    shape = shape_of(rows, by_hand=WHO)
    assert (shape.kind, shape.conversation, shape.speaker) == ("lists", "utt", "who")
    assert len(examples(rows, by_hand=WHO)) == 2


@pytest.mark.parametrize("column", ["messages", "talk"])
def test_a_key_of_turns_stands_before_a_column_of_the_same_name(column):
    said = chat("Ann: Hi", "Bob: Yo", speaker="who", text="content")
    rows = [{"id": "1", column: said, "who": "a survey", "text": "a title", "summary": "They meet."}] * 2
    shape = shape_of(rows, by_hand=WHO)
    assert (shape.kind, shape.conversation, shape.speaker) == ("turns", column, "who")


def test_rows_with_lists_of_turns_are_conversations_also_beside_an_author_and_a_repeated_id():
    rows = [{"id": "1", "messages": chat("Ann: Hi"), "author": "x", "text": "a title", "summary": "s"}] * 2
    assert (shape_of(rows).kind, shape_of(rows).conversation) == ("turns", "messages")


@pytest.mark.parametrize("form", [lambda name, said: [name, said], lambda name, said: {name: said}])
def test_a_name_with_a_text_is_a_turn(form):
    rows = [
        {
            "dialog": [form("Ann", "Hi"), form("Bob", f"Yo {number}"), form("Ann", "So")],
            "summary": f"S{number}",
        }
        for number in range(3)
    ]
    assert [each.conversation for each in examples(rows)][1] == "Ann: Hi\nBob: Yo 1\nAnn: So"


def test_names_that_never_come_again_are_properties():
    facts = [["topic", "bread"], ["place", "Rome"], ["day", "Monday"]]
    rows = [{"meta": facts, "text": f"Ann: {number}", "summary": f"S{number}"} for number in range(3)]
    assert shape_of(rows).conversation == "text"


@pytest.mark.parametrize(
    "form",
    [
        "[Ann] so?\n[Bob] yes\n[Ann] see you at {}\n[Bob] good",
        "<Ann> so?\n<Bob> yes\n<Ann> see you at {}\n<Bob> good",
        "**Ann:** so?\n**Bob:** yes\n**Ann:** see you at {}\n**Bob:** good",
        "Ann: so? Bob: yes Ann: see you at {} Bob: good",
    ],
)
def test_turns_that_are_marked_otherwise_get_lines_with_names(form):
    rows = [{"text": form.format(at), "gist": f"They meet at {at}, both."} for at in "678"]
    (first, *_) = examples(rows)
    assert first.conversation == "Ann: so?\nBob: yes\nAnn: see you at 6\nBob: good"
    assert 'each turn is a line "Name: text"' in shape_of(rows).reason


@pytest.mark.parametrize("text", ["Ann: [laughs] so {}?\nBob: yes", "[1] A note on {}.\n[2] Another one."])
def test_other_texts_stand_as_they_are(text):
    rows = [{"text": text.format(at), "summary": f"They meet at {at}."} for at in "678"]
    assert examples(rows)[0].conversation == text.format(6)


def test_a_talk_with_names_in_brackets_is_told_from_notes_with_headings():
    note = "Subjective: sore throat, day {}.\nObjective: red.\nAssessment: viral.\nPlan: rest, and come again soon."
    talk = "[doctor] so?\n[patient] my throat, since {} days\n[doctor] rest\n[patient] yes"
    rows = [{"a": note.format(at), "b": talk.format(at)} for at in "678"]
    shape = shape_of(rows, summary="a")
    assert (shape.conversation, shape.summary) == ("b", "a")


def test_rows_that_are_turns_of_no_known_conversation_are_asked_about():
    said = ("so?", "yes, at six", "good", "see you there")
    rows = [{"sender": "AB"[at % 2], "content": text, "subject": "tea"} for at, text in enumerate(said)]
    error = refusal(rows, needs_summary=False)
    assert (error.field, error.message) == ("data.columns", "No column groups rows into conversations.")
    assert shape_of(rows, needs_summary=False, conversation="content").conversation == "content"


@pytest.mark.parametrize(
    "cell",
    [
        ["so", "are", "you", "in", "yes"],
        [{"text": "so", "at": 1}, {"text": "yes", "at": 2}, {"text": "no", "at": 3}, {"text": "ok", "at": 4}],
        [{"id": {"n": 1}, "fallback_name": "Ann Lee"}, {"id": {"n": 2}, "fallback_name": "Bob Ray"}],
        [{"username": "Ann", "account": "x1"}],
    ],
)
def test_words_and_people_are_no_turns(cell):
    rows = [{"words": cell, "n": at} for at in range(4)]
    assert refusal(rows, needs_summary=False).field == "data.conversation"


def test_a_list_of_words_is_a_text():
    rows = [
        {"document": f"Ann : Is train {each} late ?".split(), "summary": f"Train {each} is late .".split()}
        for each in range(4)
    ]
    assert examples(rows)[3] == Example("4", "Ann : Is train 3 late ?", "Train 3 is late .")
    assert "its lists are the words of one summary" in shape_of(rows).reason


LISTED = [
    {"dialogue": [[1, "Ann", f"Is it {each} today?"], [2, "Bob", "Yes."]], "summary": f"So {each}."}
    for each in "xyz"
]


def test_turns_that_are_lists_are_read_by_the_numbers_of_their_parts():
    error = refusal(LISTED)
    assert error.hint == "They have: 1, 2, 3. Name the key of the text as data.columns.text."
    found = examples(LISTED, by_hand={"speaker": "2", "text": "3"})
    assert found[0] == Example("1", "Ann: Is it x today?\nBob: Yes.", "So x.")


def test_sounds_between_marked_turns_are_left_out_and_it_is_said():
    rows = [
        {
            "dialogue": f"(PERSON1) So {each}?\n<laugh/>\n(PERSON2) Yes.\n(PERSON1) Fine.",
            "summary": f"It is {each}.",
        }
        for each in "xyz"
    ]
    assert examples(rows)[0].conversation == "PERSON1: So x?\nPERSON2: Yes.\nPERSON1: Fine."
    assert "sounds such as [laughs] are left out" in shape_of(rows).reason


def test_what_is_asked_of_a_model_in_every_row_is_no_conversation():
    rows = [
        {"log": f"It was {each} then.\nAnd so on.", "summary": f"So {each}.", "prompt": ["Sum it up."]}
        for each in "xyz"
    ]
    assert shape_of(rows, conversation="log").conversation == "log"
    assert refusal(rows).field == "data.conversation"
