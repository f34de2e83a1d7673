"""Runs are read off the GUI thread, each once as long as it stays the same."""

from __future__ import annotations

from engine.runs import run_summaries
from gui.models.history_reader import HistoryReader
from tests.helpers.background import wait_for
from tests.helpers.homes import add_run, unsynced


def test_runs_are_read_once_however_often_is_asked_meanwhile(qtbot, home, monkeypatch):
    with unsynced():
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
