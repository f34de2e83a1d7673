"""Tables as people have them are read right, or a person is asked: never wrongly without a word."""

from __future__ import annotations

import pytest

from engine.data.schema_inference import infer_schema
from engine.errors import DataError
from tests.helpers.column_sets import ColumnSet, column_sets


@pytest.mark.parametrize("table", list(column_sets()), ids=lambda table: table.name)
def test_conversation_and_summary_are_found_or_asked_for(table: ColumnSet) -> None:
    columns = tuple(table.rows[0])
    if table.right is None:
        with pytest.raises(DataError) as caught:
            infer_schema(columns, table.rows)
        assert caught.value.field in ("data.conversation", "data.summary")
        return
    schema = infer_schema(columns, table.rows)
    assert (schema.conversation, schema.summary) == table.right, schema.reason


def test_of_columns_that_are_alike_a_person_chooses_and_sees_a_row_of_each() -> None:
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
