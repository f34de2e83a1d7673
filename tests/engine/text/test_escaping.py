import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.text.escaping import MAX_NAME_BYTES, encodable, escaped, file_name, in_one_line


def test_usual_text_is_left_alone():
    text = "Zoë: 👩\u200d👩\u200d👧 שלום\u200f مرحبا\n\tfine"
    assert escaped(text) == encodable(text) == text


@pytest.mark.parametrize("end", ["\n", "\r\n", "\t", "\u2028", "\u2029", "\x85", "\x0b"])
def test_a_name_can_not_fake_a_line(end):
    assert in_one_line(f"x{end}Merged.") == "x Merged."


def test_bytes_of_a_path_that_are_no_utf8_are_written_out():
    name = os.fsdecode(b"caf\xe9.csv")
    assert escaped(name) == encodable(name) == in_one_line(name) == "caf\\xe9.csv"


@given(st.text(st.characters(), max_size=30))
def test_any_text_can_be_encoded_then(text):
    for show in (escaped, in_one_line, encodable):
        show(text).encode("utf-8")
    assert len(in_one_line(text).splitlines()) <= 1


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("a/b: ../c", "a-b- ..-c"), ("..", ""), ("ok name", "ok name"), ("x" * 300, "x" * 100),
        ("ü" * 300, "ü" * 50), ("a\0b", "a-b"), ("NUL", "_NUL"), ("con .txt", "_con .txt"),
        ("console", "console"), ("summary\u202egpj.exe", "summary-gpj.exe"),
        ("a\u200f\n\x1b[2Jb\udcff", "a-[2Jb"),
    ],
)  # fmt: skip
def test_a_name_becomes_a_file_name(name, safe):
    assert file_name(name) == safe
    assert len(safe.encode()) <= MAX_NAME_BYTES
