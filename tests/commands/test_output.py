import io
import json
import os
import sys
from pathlib import Path

import pytest

from engine.commands import cli
from engine.commands.output import Output, fact_lines, table_lines
from engine.errors import AdapterError
from tests.helpers.systems import WINDOWS

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


def test_a_status_is_rewritten_by_spaces_alone(capsys, monkeypatch):
    """Some consoles of Windows show a terminal's commands as they are."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "8")
    output = Output(as_json=False)
    output.status("a long status")
    output.line("done")
    blank = f"\r{' ' * 7}\r"
    assert capsys.readouterr().out == f"{blank}a long {blank}done\n"


def test_windows_gets_utf_8_where_no_console_reads(monkeypatch):
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, io.TextIOWrapper(io.BytesIO(), encoding="cp1252"))
    Output(as_json=False).line("größer 🙂")
    encoding, shown = ("utf-8", "größer 🙂") if WINDOWS else ("cp1252", "größer ?")
    assert sys.stdout.buffer.getvalue().decode(encoding).splitlines() == [shown]


def test_json_stays_exact(capfd):
    Output(as_json=True).json({"name": HOSTILE})
    assert json.loads(capfd.readouterr().out) == {"name": HOSTILE}


def test_a_line_end_in_an_error_can_not_fake_a_line(capfd):
    Output(as_json=False).failure(AdapterError("No adapter x\nMerged x into y, 3 MB."))
    assert capfd.readouterr().err == "No adapter x\n    Merged x into y, 3 MB.\n"


def test_a_line_end_in_a_cell_can_not_fake_a_row():
    assert table_lines(["name"], [["x\ny"], ["z\u2028w"], ["x\x1b[2J"]]) == [
        "name", "x y", "z w", "x\\x1b[2J",
    ]  # fmt: skip
    assert fact_lines([("name", "x\r\nbase  y")]) == ["name  x base  y"]


FULL = Path("/dev/full")
VERBS = (["methods"], ["methods", "--json"], ["runs"], ["runs", "--json"])


@pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("verb", VERBS)
def test_an_output_on_a_full_disk_is_one_line_of_error(home, capfd, monkeypatch, verb):
    with FULL.open("w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert cli.run(cli.parse(verb)) == 1
    assert capfd.readouterr().err == "The output can't be written: No space left on device.\n"


@pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("verb", [[], ["adapters"]])
def test_help_on_a_full_disk_is_one_line_of_error(capfd, monkeypatch, verb):
    with FULL.open("w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(SystemExit) as ended:
            cli.parse([*verb, "--help"])
    assert ended.value.code == 1
    assert capfd.readouterr().err == "The output can't be written: No space left on device.\n"


@pytest.mark.parametrize("verb", VERBS)
def test_a_closed_output_is_one_line_of_error(home, capfd, monkeypatch, verb):
    monkeypatch.setattr(sys, "stdout", None)
    assert cli.run(cli.parse(verb)) == 1
    assert capfd.readouterr().err == "The output can't be written because it is closed.\n"


@pytest.mark.parametrize("verb", VERBS)
def test_a_reader_that_leaves_is_no_error(home, capfd, monkeypatch, verb):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", encoding="utf-8") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        assert cli.run(cli.parse(verb)) == 0
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("stream", [None, FULL])
def test_remarks_that_can_not_be_written_are_left_out(capfd, monkeypatch, stream):
    shown = stream and stream.open("w", encoding="utf-8")
    monkeypatch.setattr(sys, "stderr", shown)
    output = Output(as_json=False)
    output.remark("Stopping.")
    output.failure(AdapterError("No adapter."))
    output.line("Done.")
    if shown:
        shown.close()
    assert capfd.readouterr().out == "Done.\n"
