import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import DataError
from engine.worker.readers import Table, open_table, text_decoding

ROWS = [
    {"dialogue": "Ann: é ☕\n[1, {2}]", "summary": "007"},
    {"dialogue": 'Bob: "N/A"', "n": [1.5, None, {"a": True}]},
]


def table(path: Path, content: str | bytes) -> Table:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return open_table([path])


def values(found: Table) -> list[Any]:
    return [record.values for record in found]


def lines(rows=ROWS) -> str:
    return "".join(json.dumps(row) + "\r\n" for row in rows)


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    "document", [ROWS, {"data": ROWS}, {"version": "1", "tags": ["a", {}], "data": ROWS, "count": 2}]
)
def test_list_is_found_wherever_it_stands(tmp_path, document, indent):
    rows = table(tmp_path / "a.json", json.dumps(document, indent=indent))
    assert values(rows) == ROWS
    assert rows.columns == ("dialogue", "summary", "n")


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.ndjson"])
def test_content_tells_lines_from_a_list_whatever_the_name(tmp_path, name):
    assert values(table(tmp_path / name, lines())) == ROWS
    assert values(table(tmp_path / name, json.dumps(ROWS))) == ROWS


@pytest.mark.parametrize(
    "columns", [{"a": ["x", "y"], "b": [1, [2]]}, {"a": {"0": "x", "1": "y"}, "b": {"0": 1, "1": [2]}}]
)
def test_object_of_columns_gives_rows(tmp_path, columns):
    assert values(table(tmp_path / "a.json", json.dumps(columns))) == [
        {"a": "x", "b": 1},
        {"a": "y", "b": [2]},
    ]


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
@pytest.mark.parametrize(("indent", "between"), [(2, "\n"), (None, ""), (1, ",\n"), (None, " ")])
def test_objects_that_follow_each_other_are_rows(tmp_path, name, indent, between):
    text = between.join(json.dumps(row, indent=indent) for row in ROWS)
    assert values(table(tmp_path / name, text)) == ROWS


def test_objects_with_lists_that_follow_each_other_are_rows_too(tmp_path):
    rows = [{"turns": [{"speaker": "a", "text": "b"}], "summary": "s"}] * 2
    found = table(tmp_path / "a.json", "\n".join(json.dumps(row, indent=1) for row in rows))
    assert values(found) == rows


def test_a_list_that_describes_the_rows_is_none_of_rows(tmp_path):
    document = {"features": [{"name": "dialogue"}], "rows": ROWS}
    assert values(table(tmp_path / "a.json", json.dumps(document))) == ROWS


def test_broken_lines_are_named_and_the_others_read(tmp_path):
    broken = ['{"a": 1', "[1]", '{"a": ' + "9" * 5000 + "}", "[" * 100_000]
    rows = table(tmp_path / "a.jsonl", "\n".join(['{"a": 0}', *broken, "", '{"a": 6}']))
    assert [(record.number, record.values["a"]) for record in rows] == [(1, 0), (6, 6)]
    assert [each.position for each in rows.broken] == ["line 2", "line 3", "line 4", "line 5"]
    assert "not JSON" in rows.broken[0].reason
    assert rows.broken[1].reason == "it is a list instead of an object"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"a": "cut', "it is not JSON: unterminated string starting at character 7"),
        ('{"a": "tab\tin it"}', "it is not JSON: invalid control character at character 11"),
        ('{"a": nought}', "it is not JSON: expecting value at character 7"),
    ],
)
def test_what_is_wrong_with_a_line_is_said_with_its_place(tmp_path, line, why):
    rows = table(tmp_path / "a.jsonl", f'{{"a": 0}}\r\n{line}\r\n')
    assert len(values(rows)) == 1
    assert [(each.position, each.reason) for each in rows.broken] == [("line 2", why)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('[{"a": "x"},\n {"a": "y', "row 2, which begins in line 2, is damaged: the file ends inside it"),
        ('[{"a": "x"},\n', "row 2, which begins in line 2, is damaged: the file ends inside it"),
        ('[{"a": "x"}', "line 1 breaks off"),
        (
            '[{"a": 1},\n{"a": nought}]',
            "row 2, which begins in line 2, is damaged: expecting value in line 2",
        ),
        ('[{"a": 1}\n{"a": 2}]', 'line 2 has "{" where "," is expected'),
        ('[{"a": 1}] and more', "line 1 continues after the end"),
        ('{"a": {"0": 1}, "b": {"1": 1}}', 'column "b" has other rows'),
        ("42", "line 1 contains neither a list nor an object"),
        ("[" * 100_000, "is damaged|nested too deeply"),
        ("[]", "a.json has no rows"),
        ("{}", "a.json has no rows"),
        (" \n", "a.json has no rows"),
        ("", "a.json has no rows"),
        (b"\x00\x01\x02\x03", "it contains bytes that are not text"),
    ],
)
def test_what_can_not_be_read_is_said(tmp_path, content, words):
    with pytest.raises(DataError, match=words) as caught:
        list(table(tmp_path / "a.json", content))
    assert caught.value.field == "data.source"


def test_of_lists_of_different_lengths_one_is_asked_for(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"Recap": ["They greet.", "They part."], "Transcript": ["Ann: hi"], "by": ["x"]}')
    with pytest.raises(DataError) as caught:
        list(open_table([path]))
    (problem,) = caught.value.problems
    assert (
        problem.message
        == "a.json is an object with lists of different lengths: Recap (2), Transcript (1), by (1)."
    )
    assert (problem.field, problem.choices) == ("data.sheet", ("Recap", "Transcript", "by"))
    assert problem.hint == 'Choose one. Recap: "They greet."; Transcript: "Ann: hi"; by: "x"'
    assert values(open_table([path], sheet="Recap")) == [{"Recap": "They greet."}, {"Recap": "They part."}]


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_a_list_of_texts_is_a_column(tmp_path, name):
    texts = ["Ann: hi\nBob: ho", "Ann: tea?\nBob: yes"]
    text = json.dumps(texts) if name == "a.json" else "\n".join(map(json.dumps, texts))
    assert values(table(tmp_path / name, text)) == [{"text": each} for each in texts]


# Several lines in a cell: none is a turn.
PAIRS = [["Ann: hi\nBob: ho", "They greet."], ["Ann: tea?\nBob: yes", "They have tea."]]


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        (PAIRS, [{"column 1": one, "column 2": other} for one, other in PAIRS]),
        ([["Dialogue", "Summary"], *PAIRS], [{"Dialogue": one, "Summary": other} for one, other in PAIRS]),
        ([["hi", "ho", "hu"], ["tea?", "yes"]], [{"turns": ["hi", "ho", "hu"]}, {"turns": ["tea?", "yes"]}]),
        ([[{"name": "a"}, {"name": "b"}]] * 2, [{"turns": [{"name": "a"}, {"name": "b"}]}] * 2),
    ],
)
@pytest.mark.parametrize("is_lines", [False, True])
def test_rows_that_are_lists_hold_cells_or_turns(tmp_path, rows, wanted, is_lines):
    text = "\n".join(map(json.dumps, rows)) if is_lines else json.dumps(rows)
    assert values(table(tmp_path / "a.json", text)) == wanted


def test_a_list_with_another_number_of_cells_is_broken(tmp_path):
    rows = table(tmp_path / "a.jsonl", "\n".join(map(json.dumps, [*PAIRS, ["alone"]])))
    assert [record.line for record in rows] == [1, 2]
    assert [(each.position, each.reason) for each in rows.broken] == [
        ("line 3", "it has 1 cells for 2 columns")
    ]


def test_of_several_lists_in_an_object_one_is_asked_for(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"rows": ROWS, "count": 2, "notes": [{"by": "x"}], "end": [{}]}))
    with pytest.raises(DataError, match="contains several lists: rows, notes, end") as caught:
        list(open_table([path]))
    (problem,) = caught.value.problems
    assert (problem.field, problem.choices) == ("data.sheet", ("rows", "notes", "end"))
    assert 'notes: {"by": "x"}' in problem.hint
    assert values(open_table([path], sheet="rows")) == ROWS
    assert values(open_table([path], sheet="notes")) == [{"by": "x"}]
    with pytest.raises(DataError, match="several lists"):
        list(open_table([path], sheet="Sheet1"))


def test_value_without_end_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr("engine.worker.readers.json_files.MAX_LINE_CHARACTERS", 200_000)
    with pytest.raises(DataError, match="line 1 starts a value of more than 200,000 characters"):
        list(table(tmp_path / "a.json", '[{"a": "' + "x" * 3_000_000))


def test_first_rows_of_a_large_list_come_without_the_others(tmp_path):
    rows = table(tmp_path / "a.json", json.dumps([{"a": "x" * 100, "b": number} for number in range(50_000)]))
    assert [record.values["b"] for record in rows.head(3)] == [0, 1, 2]
    assert rows.done_bytes < rows.size_bytes / 10
    assert sum(1 for _ in rows) == 50_000


def test_long_texts_inside_lists_are_named_by_row_and_column(tmp_path):
    rows = [
        {"messages": [{"role": "a", "content": "x"}]},
        {"messages": [{"role": "b", "content": "y" * 5_000_000}]},
    ]
    found = table(tmp_path / "a.jsonl", lines(rows))
    assert values(found) == rows[:1]
    assert [each.position for each in found.broken] == ["row 2"]
    assert 'column "messages" has 5,000,0' in found.broken[0].reason


def test_rows_that_nothing_can_be_done_with_are_broken(tmp_path):
    deep = "[" * 300 + "]" * 300
    rows = table(
        tmp_path / "a.jsonl", f'{{"a": {deep}}}\n{{"b": [{{"c": "\\ud83d"}}]}}\n{{"a": "\\ud83d\\ude00"}}\n'
    )
    assert values(rows) == [{"a": "😀"}]
    assert [each.reason for each in rows.broken] == [
        'column "a" contains values that are nested too deeply',
        'column "b" contains an invalid character: half of one, at its beginning',
    ]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.lists(st.dictionaries(st.text(max_size=4), VALUES, max_size=4), min_size=1, max_size=5),
    st.integers(1, 40),
)
def test_rows_come_back_as_they_were_wherever_the_text_is_cut(tmp_path_factory, rows, size):
    path = tmp_path_factory.mktemp("rows") / "a.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_decoding, "FIRST_BYTES", size)
        patch.setattr(text_decoding, "READ_BYTES", size)
        found = values(table(path, json.dumps(rows, ensure_ascii=False).encode("utf-8", "surrogatepass")))
    # Places inside cells are columns too.
    own = [{name: each[name] for name in each if name in row} for each, row in zip(found, rows, strict=True)]
    assert own == rows


def test_objects_under_their_ids_are_rows(tmp_path):
    talks = {f"talk-{number}": {"dialogue": f"Ann: {number}", "summary": "One."} for number in range(5)}
    talks["talk-5"] = {"dialogue": "Ann: 5", "summary": "One.", "note": "late"}
    rows = values(table(tmp_path / "a.json", json.dumps(talks)))
    assert rows == [{"id": name} | talk for name, talk in talks.items()]


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.json", "a"])
def test_objects_as_python_writes_them_are_rows(tmp_path, name):
    written = [
        {"dialogue": 'Ann: "a" "b" isn\'t', "turns": ("x", None), "n": 1.5, "ok": True},
        {"dialogue": "é"},
    ]
    rows = table(tmp_path / name, "".join(f"{row}\n" for row in written))
    assert values(rows) == [written[0] | {"turns": ["x", None]}, written[1]]
    assert not rows.broken


@pytest.mark.parametrize(
    "line", ["{'a': open('x')}", "{'a': b'x'}", "{'a': {1}}", "{'a': 1 + 1j}", "{'a': [[[}"]
)
def test_nothing_but_values_is_read_from_what_python_writes(tmp_path, line):
    rows = table(tmp_path / "a.txt", "{'a': 'x'}\n" + line + "\n")
    assert values(rows) == [{"a": "x"}]
    assert [each.position for each in rows.broken] == ["line 2"]
