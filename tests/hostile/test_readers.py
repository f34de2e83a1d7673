"""What others wrote is read within limits, and who reads it ends when it should, whatever it does then."""

import signal
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil
import pytest

from engine.errors import DataError
from engine.system import sandbox
from engine.system.sandbox import Limits
from engine.worker import readers
from engine.worker.readers import SUFFIXES, TEXT_SUFFIXES, mail_files, open_table, sandboxed
from engine.worker.readers.table import Notes
from tests.helpers.command_line import Terminal
from tests.helpers.hostile_mails import MAILS
from tests.helpers.mutated_files import seeds
from tests.helpers.processes import wait_for_below, wait_until_gone
from tests.helpers.systems import words_of_linux

pytestmark = words_of_linux
# Of a processor, for a megabyte. Quadratic time takes minutes for each of these.
LIMITS = Limits(1 << 30, 30)
# What our own readers read in this process: plain text, CSV and JSON.
OWN = {
    ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".src", ".source",
    ".txt", ".text", ".log", ".md", ".vtt", ".srt", ".sbv",
}  # fmt: skip


def end_of(path: Path) -> str:
    try:
        return f"{len(list(mail_files.read(path, Notes(), 0, None)))} rows"
    except (DataError, ValueError, RecursionError) as error:
        return type(error).__name__


@pytest.mark.slow("engine/worker/readers/", quick=4)
@pytest.mark.parametrize("name", MAILS)
def test_a_mail_takes_linear_time_and_little_memory(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(MAILS[name]())
    assert sandbox.result(partial(end_of, path), LIMITS)


def test_a_mail_that_reaches_the_limit_of_time_is_named(tmp_path, monkeypatch):
    path = tmp_path / "theirs.mbox"
    path.write_bytes(MAILS["a mail a line.mbox"]() * 10)
    monkeypatch.setattr(sandboxed, "SECONDS", 1)
    monkeypatch.setattr(sandboxed, "SECONDS_PER_MIB", 0)
    # No text in any of them, so that there is no first row.
    with pytest.raises(
        DataError, match=r"theirs\.mbox can't be read: it takes more than 1 s of CPU time"
    ) as error:
        list(open_table([path]))
    assert error.value.hint == sandboxed.HINT


def test_whatever_a_library_parses_is_read_in_the_sandbox(tmp_path, monkeypatch):
    files = {Path(name).suffix: content for name, content in seeds().items()}
    read: set[str] = set()

    def noted(_modules: object, _name: object, path: Path, *_: object) -> Iterator[object]:
        read.add(path.suffix)
        return iter(())

    monkeypatch.setattr(readers, "read_sandboxed", noted)
    for suffix in (*SUFFIXES, *TEXT_SUFFIXES):
        path = tmp_path / f"theirs{suffix}"
        path.write_bytes(files.get(suffix, b"Ann: hi"))
        with suppress(DataError):
            list(open_table([path]))
    assert read == {*SUFFIXES, *TEXT_SUFFIXES} - OWN


@pytest.fixture
def long_mailbox(tmp_path):
    """A mailbox that takes minutes, within the limits of its size."""
    path = tmp_path / "theirs.mbox"
    path.write_bytes(MAILS["a mail a line.mbox"]() * 150)
    return path


def test_a_command_that_is_terminated_ends_while_a_file_is_read(home, long_mailbox):
    command = Terminal(home).start("data", str(long_mailbox))
    below = wait_for_below(psutil.Process(command.pid), 2)
    command.send_signal(signal.SIGTERM)
    command.communicate()
    assert command.returncode == 130
    wait_until_gone(*below)
