import errno
import shutil

import pytest

from engine.adapters import library, metadata
from engine.config import recipe
from engine.runs import run_summaries
from gui.models.folder_readers import HistoryReader, LibraryReader
from tests.helpers.background import wait_for
from tests.helpers.homes import add_adapter, add_run


@pytest.fixture
def reader(qtbot):
    reader = LibraryReader()
    yield reader
    wait_for(reader)


def _with_an_accident(monkeypatch, accident):
    """Let something happen to a folder just before its files are read for the first time."""
    read, waiting = metadata.changed, [accident]

    def changed(folder, *given):
        if waiting:
            waiting.pop()(folder)
        return read(folder, *given)

    monkeypatch.setattr(metadata, "changed", changed)


def test_nothing_is_told_of_an_adapter_that_goes_while_it_is_read(reader, qtbot, monkeypatch):
    add_adapter("ab")
    (adapter,), _ = library.scan()
    _with_an_accident(monkeypatch, shutil.rmtree)
    with qtbot.assertNotEmitted(reader.checked, wait=100):
        for _ in range(2):
            reader.check(adapter)
            wait_for(reader)


def test_a_file_that_goes_meanwhile_is_one_that_changed(reader, qtbot, monkeypatch):
    add_adapter("ab")
    (adapter,), _ = library.scan()
    name = next(iter(adapter.metadata.files))
    _with_an_accident(monkeypatch, lambda folder: (folder / name).unlink())
    with qtbot.waitSignal(reader.checked) as told:
        reader.check(adapter)
    assert told.args == [adapter.id, [name]]


def test_an_adapter_that_goes_while_the_library_is_measured_counts_nothing(reader, qtbot, monkeypatch):
    add_adapter("ab")
    add_adapter("cd")
    scan = library.scan

    def scan_and_lose():
        adapters, unreadable = scan()
        shutil.rmtree(adapters[0].folder)
        return adapters, unreadable

    monkeypatch.setattr(library, "scan", scan_and_lose)
    with qtbot.waitSignal(reader.read) as told:
        reader.refresh()
    adapters, _, size = told.args
    assert size == adapters[1].size_bytes > 0


def test_runs_are_read_once_however_often_is_asked_meanwhile(qtbot, home, monkeypatch):
    for _ in range(3):
        add_run()
    usual, read = run_summaries.read_entry, []

    def read_entry(job):
        read.append(job.id)
        return usual(job)

    monkeypatch.setattr(run_summaries, "read_entry", read_entry)
    reader, found = HistoryReader(), []
    reader.read.connect(lambda entries: found.extend(entry.id for entry in entries))
    with qtbot.waitSignals([reader.finished, reader.finished]):
        reader.refresh()
        reader.refresh()
    wait_for(reader)
    assert len(read) == len(set(read)) == 3
    assert sorted(found) == sorted(read)


def test_a_run_that_a_program_or_a_cloud_held_is_read_again(qtbot, home, monkeypatch):
    add_run()

    def refuse(*_):
        raise OSError(errno.EINVAL, "The cloud file provider is not running")

    reader = HistoryReader()
    for reads, error in ((refuse, "The cloud file provider is not running"), (recipe.read_text, "")):
        monkeypatch.setattr(recipe, "read_text", reads)
        with qtbot.waitSignal(reader.read) as told:
            reader.refresh()
        [entry] = told.args[0]
        assert error in entry.error
        assert bool(entry.error) == bool(error)
        wait_for(reader)
