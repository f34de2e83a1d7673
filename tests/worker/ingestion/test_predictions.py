import json
from pathlib import Path

import pytest

from engine.errors import DataError
from engine.worker.ingestion import predictions
from engine.worker.ingestion.predictions import Predictions

FIELD = "--predictions"
TEXTS = ["Zoë ruft an.", "“Später”, sagt sie.", "Über 20 €."]


def read(path: Path, **settings: str) -> Predictions:
    return predictions.read(path, FIELD, **settings)


def texts(found: Predictions) -> list[str]:
    return [each.text for each in found.rows]


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def test_a_table_has_ids_and_a_text_has_none(tmp_path):
    lines = [json.dumps({"id": index, "prediction": text}) for index, text in enumerate(TEXTS)]
    table = read(written(tmp_path / "own.jsonl", "\n".join(lines)))
    assert (table.has_ids, [each.id for each in table.rows], texts(table)) == (True, ["0", "1", "2"], TEXTS)
    assert [each.row for each in table.rows] == [1, 2, 3]
    plain = read(written(tmp_path / "own.txt", "\n".join(TEXTS) + "\n\n"))
    assert (plain.has_ids, texts(plain)) == (False, TEXTS)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("name", ["own.csv", "own.txt", "own.tsv"])
def test_every_encoding_is_read(tmp_path, name, encoding):
    separator = "\t" if name.endswith("tsv") else ";"
    rows = [f"id{separator}Prediction", *(f'a{index}{separator}"{text}"' for index, text in enumerate(TEXTS))]
    lines = TEXTS if name.endswith("txt") else rows
    found = read(written(tmp_path / name, "\r\n".join(lines), encoding))
    assert texts(found) == TEXTS
    assert bool(found.remarks) == (encoding == "cp1252")


def test_ids_that_pandas_wrote_as_decimals_are_whole_numbers(tmp_path):
    found = read(
        written(tmp_path / "own.jsonl", '{"id": 12.0, "prediction": "a"}\n{"id": null, "prediction": 7}')
    )
    assert [(each.id, each.text) for each in found.rows] == [("12", "a"), ("", "7")]


def test_an_empty_cell_is_an_empty_summary_and_so_is_an_empty_line(tmp_path):
    found = read(
        written(
            tmp_path / "own.jsonl",
            '{"prediction": null}\n{"prediction": "  "}\n{"id": 3}\n{"prediction": "a"}',
        )
    )
    assert texts(found) == ["", "", "", "a"]
    assert texts(read(written(tmp_path / "own.txt", "a\n\nb\n"))) == ["a", "", "b"]


def test_another_column_can_be_named(tmp_path):
    path = written(tmp_path / "own.csv", "id,output,model\n1,Yes.,x\n")
    assert texts(read(path, column="OUTPUT")) == ["Yes."]
    with pytest.raises(DataError) as caught:
        read(path)
    assert caught.value.message == 'own.csv has no column "prediction": it has id, output, model.'
    assert caught.value.hint == "Name the column with the summaries (--column)."
    assert caught.value.field == FIELD


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("own.csv", b"", "own.csv is empty."),
        ("own.txt", b"\n \n", "There is no text in own.txt."),
        ("own.pdf", b"%PDF-1.7", "Files like own.pdf can't be read."),
        ("own.csv", b"%PDF-1.7\n\0\1\2", "own.csv can't be read: it is "),
        ("own.csv", b"id,prediction\n", "own.csv has no rows."),
        ("own.jsonl", b"no table\nat all\n", "own.jsonl can't be read: 2 broken rows (line 1: it is not JSON"),
        ("own.jsonl", b'{"prediction": "a"}\n{"prediction', "own.jsonl can't be read: 1 broken row (line 2"),
        ("own.json", b'{"prediction": ["a", ["b"]]}', 'Row 2 of own.json has no text in the column "prediction".'),
        ("own.csv", b'id,prediction\n1,"a\n2,b\n', "own.csv can't be read"),
        ("own.xlsx", b"PK\3\4 cut", "own.xlsx can't be read"),
    ],
)  # fmt: skip
def test_what_is_no_file_of_summaries_is_refused_by_name(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as caught:
        read(tmp_path / name)
    assert caught.value.message.startswith(message)
    assert caught.value.hint
    assert caught.value.field == FIELD
