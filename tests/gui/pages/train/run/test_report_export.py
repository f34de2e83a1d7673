"""A report is saved from the window, with an ending that says what it is, and opened if it is a page."""

import pytest
from PySide6.QtWidgets import QFileDialog

from gui.pages.train.run.report_export import ReportExport, kinds
from tests.helpers.scored_runs import add_scored_run


@pytest.fixture
def opened(monkeypatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr("gui.pages.train.run.report_export.open_path", lambda path: found.append(str(path)))
    return found


@pytest.mark.parametrize(
    ("typed", "chosen", "name", "shown"),
    [
        ("mine", 0, "mine.html", True),
        ("mine.v2", 1, "mine.v2.csv", False),
        ("mine.json", 0, "mine.json", False),
    ],
)
def test_a_report_is_saved_where_it_was_asked_for(
    home, qtbot, tmp_path, monkeypatch, opened, typed, chosen, name, shown
):
    kind = kinds().split(";;")[chosen]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / typed), kind))
    report = ReportExport()
    with qtbot.waitSignal(report.reported) as told:
        report.ask(None, add_scored_run())
    assert told.args == [f"The report was saved as {tmp_path / name}."]
    assert (tmp_path / name).stat().st_size > 1000
    assert opened == ([str(tmp_path / name)] if shown else [])
