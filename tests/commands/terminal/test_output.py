"""Texts of others can't speak to the terminal: what commands it is written out, and no name fakes a line."""

from __future__ import annotations

import json
import sys

import pytest

from engine.commands.terminal import text_tables
from engine.commands.terminal.output import Output
from engine.errors import AdapterError

HOSTILE = "a\x1b]0;owned\x07b\x1b[2Jc\u202edcba\u2066\rMerged. Done.\x9b1A"


@pytest.mark.parametrize("write", [Output.line, Output.remark])
def test_no_command_reaches_the_terminal(capsys, monkeypatch, write):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    write(Output(as_json=False), f"Imported {HOSTILE}\tas x.")
    shown = "".join(capsys.readouterr())
    assert shown == (
        "Imported a\\x1b]0;owned\\x07b\\x1b[2Jc\\u202edcba\\u2066\\rMerged. Done.\\x9b1A\tas x.\n"
    )


def test_a_file_gets_a_text_as_it_is(capsys):
    Output(as_json=False).line(HOSTILE)
    assert capsys.readouterr().out == f"{HOSTILE}\n"


def test_json_stays_exact(capfd):
    Output(as_json=True).json({"name": HOSTILE})
    assert json.loads(capfd.readouterr().out) == {"name": HOSTILE}


def test_a_line_end_in_an_error_can_not_fake_a_line(capfd):
    Output(as_json=False).failure(AdapterError("No adapter x\nMerged x into y, 3 MB."))
    assert capfd.readouterr().err == "No adapter x\n    Merged x into y, 3 MB.\n"


def test_a_line_end_in_a_cell_can_not_fake_a_row():
    assert text_tables.table(["name"], [["x\ny"], ["z\u2028w"]]) == ["name", "x y", "z w"]
    assert text_tables.facts([("name", "x\r\nbase  y")]) == ["name  x base  y"]
