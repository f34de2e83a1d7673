import pytest

from engine.data import column_names
from engine.data.schema_inference import infer_schema
from engine.errors import DataError
from tests.helpers.column_sets import column_sets

TALK = "Ann: Is the train late today?\nBob: Yes, by {number} minutes.\nAnn: Then I will walk."
SUM = "The train is {number} minutes late, so Ann will walk."


def rows(conversation, summary):
    return [
        {conversation: TALK.format(number=number), summary: SUM.format(number=number)} for number in range(20)
    ]


def inferred(found, **options):
    return infer_schema(tuple(found[0]), found, **options)


@pytest.mark.parametrize(
    ("conversation", "summary"),
    [
        ("Gespräch", "Zusammenfassung"), ("GESPRAECH", "Kurzfassung"), ("Conversación", "Resumen"),
        ("échange", "Résumé"), ("Diálogo", "Resumo"), ("разговор", "Краткое содержание"), ("对话", "摘要"),
        ("會話", "總結"), ("会話", "要約"), ("대화", "요약"), ("المحادثة", "الملخص"), ("बातचीत", "सारांश"),
        ("কথোপকথন", "সারাংশ"), ("گفتگو", "خلاصہ"), ("percakapan", "ringkasan"), ("konuşma", "özet"),
        ("conversazione", "riassunto"), ("rozmowa", "streszczenie"), ("hội thoại", "tóm tắt"),
    ],
)  # fmt: skip
def test_names_of_many_languages_are_known(conversation, summary):
    schema = inferred(rows(conversation, summary))
    assert (schema.conversation, schema.summary) == (conversation, summary)
    assert schema.reason.count("by its name") == 2


@pytest.mark.parametrize("order", [("x1", "x2"), ("x2", "x1")])
def test_without_names_turns_and_length_tell(order):
    found = [{name: row[name] for name in order} for row in rows("x2", "x1")]
    schema = inferred(found)
    assert (schema.conversation, schema.summary) == ("x2", "x1")
    assert "it contains turns of speakers" in schema.reason
    assert "with shorter texts" in schema.reason


@pytest.mark.parametrize(
    ("name", "plain"), [("Ré Sumé", "re_sume"), ("सारांश", "सारांश"), ("Đối thoại", "doi_thoai")]
)
def test_accents_of_latin_letters_do_not_matter(name, plain):
    assert column_names.plain(name) == plain


@pytest.mark.parametrize("table", list(column_sets()), ids=lambda table: table.name)
def test_conversation_and_summary_are_found_or_asked_for(table):
    columns = tuple(table.rows[0])
    if table.right is None:
        with pytest.raises(DataError) as caught:
            infer_schema(columns, table.rows)
        assert caught.value.field in (
            "data.conversation",
            "data.summary",
            "data.summary_lists",
            "data.columns",
        )
        return
    schema = infer_schema(columns, table.rows)
    assert (schema.conversation, schema.summary) == table.right, schema.reason


def test_of_columns_that_are_alike_a_person_chooses_and_sees_a_row_of_each():
    rows = [
        {
            "dialogue": f"Ann: Hi {n}\nBob: Yo",
            "summary_a": f"They greet each other {n} times.",
            "summary_b": f"Two of them meet {n} times.",
        }
        for n in range(5)
    ]
    with pytest.raises(DataError) as caught:
        infer_schema(tuple(rows[0]), rows)
    assert caught.value.field == "data.summary"
    assert caught.value.choices == ("summary_a", "summary_b")
    assert "They greet each other 0 times." in caught.value.hint
    assert infer_schema(tuple(rows[0]), rows, summary="summary_b").summary == "summary_b"
