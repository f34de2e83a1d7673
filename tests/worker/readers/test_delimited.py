from pathlib import Path

import pytest

from engine.errors import DataError
from engine.worker.readers import Table, delimited, open_table
from engine.worker.readers.delimited import guess_delimiter

ROWS = (("dialogue", "summary"), ("Ann: a, b; c | d\nBob: é ☕", "N/A"), ("Ann: 007", "=1+1"))


def table(path: Path, content: str | bytes, encoding: str = "utf-8") -> Table:
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return open_table([path])


def written(rows=ROWS, delimiter: str = ",", end: str = "\n") -> str:
    quoted = [['"' + cell.replace('"', '""') + '"' for cell in row] for row in rows]
    return "".join(delimiter.join(row) + end for row in quoted).replace("\n", end if end != "\r\n" else "\n")


def values(found: Table) -> list[tuple[str, ...]]:
    return [tuple(record.values.values()) for record in found]


@pytest.mark.parametrize("ascii_rows_before", [0, 5_000])
def test_windows_1252_is_the_last_resort_and_is_told(tmp_path, ascii_rows_before):
    rows = [ROWS[0], *[("Ann: plain text for a while", "s")] * ascii_rows_before, ("Zoë: “café” – 5 €", "é")]
    found = table(tmp_path / "a.csv", written(rows), "cp1252")
    assert values(found)[-1] == rows[-1]
    assert [remark.partition(",")[0] for remark in found.remarks] == [
        "a.csv is not UTF-8 and is read as Windows-1252 (Western European). If accents look wrong"
    ]


def test_bytes_that_are_no_utf8_in_a_file_that_is_break_their_row_alone(tmp_path):
    content = "a,b\nCafé,ü\nGrüße,x\n".encode() + b"bad,\xff\xfe\nfine,y\n"
    rows = table(tmp_path / "a.csv", content)
    assert [record.number for record in rows] == [1, 2, 4]
    assert [(each.position, each.reason) for each in rows.broken] == [
        ("row 3", 'column "b" contains an invalid character: FF FE, at its beginning')
    ]


def test_halves_of_characters_in_utf16_break_their_row_alone(tmp_path):
    content = "\ufeffa,b\nx,\ud83d\nfine,y\n".encode("utf-16-le", "surrogatepass")
    rows = table(tmp_path / "a.csv", content)
    assert values(rows) == [("fine", "y")]
    assert rows.broken[0].reason.startswith('column "b" contains an invalid character')


def test_ragged_rows_are_named_by_line_and_column(tmp_path):
    content = 'id,dialogue,summary\n1,"a\nb",c\n2,only\n3,d,e,,\n4,d,e,more\n\n5,f,g\n'
    rows = table(tmp_path / "a.csv", content)
    assert values(rows) == [("1", "a\nb", "c"), ("3", "d", "e"), ("5", "f", "g")]
    assert [(each.position, each.reason) for each in rows.broken] == [
        ("line 4", 'it ends before the column "summary"'),
        ("line 6", 'it continues after the column "summary": 4 cells for 3 columns'),
    ]


def test_refusal_names_the_first_places_and_the_way_out(tmp_path):
    rows = table(tmp_path / "a.csv", "a,b\n" + "1\n" * 7 + "x,y\n")
    assert values(rows) == [("x", "y")]
    with pytest.raises(DataError) as caught:
        rows.refuse_broken()
    assert caught.value.message.startswith("a.csv can't be read: 7 broken rows (line 2: it ends before")
    assert caught.value.message.endswith("; …).")
    assert caught.value.hint == "Fix them, or read the other rows."


def test_quotation_marks_that_do_not_pair_break_their_rows_and_no_other(tmp_path):
    content = 'a,b\n1,x\n"Ann: she said "no" to me\nBob: oh","s"\n2,y\n3,"z\n'
    rows = table(tmp_path / "a.csv", content)
    assert values(rows) == [("1", "x"), ("2", "y")]
    assert [each.position for each in rows.broken] == ["line 3", "line 4", "line 6"]
    assert "isn't doubled" in rows.broken[0].reason
    assert "never closed" in rows.broken[2].reason


def test_header_has_a_name_for_each_column(tmp_path):
    rows = table(tmp_path / "a.csv", ",a,a , ,\n1,2,3,,\n")
    assert rows.head(1)[0].values == {"column 1": "1", "a": "2", "a (2)": "3"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "a.csv has no rows"),
        (b"a,b\n", "a.csv has no rows"),
        (b"\n\n\n", "a.csv has no rows"),
        (b"   \n  \n", "a.csv has no rows"),
        (b'a,"b\n1,2\n', "in its first line a quoted cell"),
        (bytes(range(256)) * 40, "it contains bytes that are not text"),
        (b"PK\x03\x04 and so on", "it is really a zip archive or a workbook"),
        ("a,b\n1,2\n".encode("utf-16")[:-1], "a.csv can't be read"),
    ],
)
def test_what_is_no_table_is_said(tmp_path, content, words):
    with pytest.raises(DataError, match=words) as caught:
        list(table(tmp_path / "a.csv", content))
    assert caught.value.field == "data.source"


def test_long_cell_is_named_by_row_and_column(tmp_path):
    rows = table(tmp_path / "a.csv", "a,b\n1,2\n3," + "x" * 10_000_000 + "\n5,6\n")
    assert values(rows) == [("1", "2"), ("5", "6")]
    [broken] = rows.broken
    assert (broken.position, broken.reason[:34]) == ("row 2", 'column "b" has 10,000,000 characte')


def test_first_rows_come_without_the_others(tmp_path):
    rows = table(tmp_path / "a.csv", "a,b\n" + "1,2\n" * 500_000)
    assert len(rows.head(3)) == 3
    assert rows.done_bytes < rows.size_bytes / 2


def test_delimiter_that_parts_the_rows_alike_wins():
    assert guess_delimiter(["a;b,c\n", "1,5;2,5\n", "1;2\n"], ".csv") == ";"
    assert guess_delimiter(["dialogue, or so\tsummary\n", "a, b\tc\n"], ".csv") == "\t"
    assert guess_delimiter(["one\n", "a,b\n"], ".csv") == ","


@pytest.mark.parametrize("first", ["Ann: Hi!\nBob: Hello.", "Ann: Hi! " * 30])
def test_a_first_line_of_texts_is_a_row_and_no_header(tmp_path, first):
    rows = [(first, "They greet."), ("Ann: Bye!\nBob: See you.", "They part.")]
    found = table(tmp_path / "a.csv", written(rows))
    assert values(found) == rows
    assert found.columns == ("column 1", "column 2")
    assert found.remarks == ("a.csv has no header; columns are numbered.",)
    assert [record.line for record in found] == [1, 2 + first.count("\n")]


def test_a_first_line_with_two_speakers_is_a_row_too(tmp_path):
    text = "".join(f"Ann: Is it {n}? Bob: Yes, it is.\tAnn asks for {n}.\n" for n in range(3))
    found = table(tmp_path / "a.tsv", text)
    assert len(list(found)) == 3
    assert found.remarks == ("a.tsv has no header; columns are numbered.",)
    assert table(tmp_path / "b.tsv", "Q1: How old are you?\tQ2: Where?\n7\tRome\n").head(1)[0].values == {
        "Q1: How old are you?": "7",
        "Q2: Where?": "Rome",
    }


def test_wrong_bytes_are_named_with_what_stands_before_them(tmp_path):
    rows = table(tmp_path / "a.csv", "a,b\nCafé,ü\nGrüße,x\n".encode() + b'x,"Ann: Hi\n Bob \xff \xfe!"\n')
    assert list(rows)
    assert rows.broken[0].reason == 'column "b" contains an invalid character: FF, after "Ann: Hi Bob"'


def test_rows_that_a_spreadsheet_saved_in_one_cell_each_are_taken_out_of_it(tmp_path):
    rows = [("dialogue", "summary"), ("Ann: Hi, Bob.\nBob: Yo.", "They greet, both."), ('Ann: "So"', "Ann.")]
    found = table(tmp_path / "a.csv", written([(written([row]).rstrip(),) for row in rows]))
    assert values(found) == rows[1:]
    assert found.columns == rows[0]
    assert "a.csv was saved twice by a spreadsheet" in found.remarks[0]


def test_a_table_that_was_saved_twice_may_begin_with_ids(tmp_path):
    rows = [("id", "dialogue", "summary"), ("1", "Ann: Hi, Bob\nBob: Yo", "They greet.")]
    found = table(tmp_path / "a.csv", written([(written([row]).rstrip(),) for row in rows]))
    assert values(found) == rows[1:]


@pytest.mark.parametrize("text", ["Hi, Bob", "Yo, Ann, you", 'He says "Hi, Bob"'])
def test_a_single_column_whose_texts_have_commas_stays_one(tmp_path, text):
    assert values(table(tmp_path / "a.csv", written([("text, said",), (text,)]))) == [(text,)]


def test_a_first_line_with_a_time_is_no_header(tmp_path):
    lines = [f"2024-03-01T10:0{n}:00.000Z\tann\tso {n}?\n" for n in range(3)]
    assert len(list(table(tmp_path / "a.tsv", "".join(lines)))) == 3


def test_a_header_of_one_name_again_and_again_is_named_in_linear_time():
    names = delimited.column_names(["1"] * 300_000)
    assert (names[0], names[1], names[-1]) == ("1", "1 (2)", "1 (300000)")
