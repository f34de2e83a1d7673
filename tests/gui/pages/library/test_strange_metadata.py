"""Metadata that somebody else wrote, with anything in the place of anything: shown, or refused in words."""

from __future__ import annotations

import argparse
import tomllib
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt

from engine.adapters import library
from engine.adapters.metadata import FILE_NAME
from engine.commands import adapters
from engine.commands.terminal.output import Output
from engine.system import paths
from gui.models.adapter_table import AdapterTable
from gui.models.grouped_table import CELL_ROLE
from gui.pages.library.metadata_panel import MetadataPanel
from tests.helpers.corrupted_values import ABSENT, as_toml, corruptions, key_paths, replaced
from tests.helpers.homes import add_adapter, score_card


@pytest.fixture
def metadata(home) -> tuple[Path, dict[str, Any]]:
    measured = {"mean": 21.4, "low": 20.1, "high": 22.9}
    card = score_card(0.61).model_copy(
        update={
            "measures": {"words": measured},
            "base_measures": {"words": measured},
            "measure_difference": {"words": {**measured, "verdict": "lower"}},
        }
    )
    path = add_adapter("strange", scores=[card]).folder / FILE_NAME
    return path, tomllib.loads(path.read_text(encoding="utf-8"))


class AllViews:
    """All that shows metadata, on the screen and in a terminal."""

    def __init__(self, qtbot) -> None:
        self.table, self.panel = AdapterTable(), MetadataPanel()
        qtbot.addWidget(self.panel)
        self._output = Output(as_json=False)

    def show(self) -> int:
        """Show the library as it is, and return how many adapters it has."""
        found, refused = library.scan()
        assert len(found) + len(refused) == 1
        assert all(each.reason for each in refused)
        self.table.set_adapters(found)
        for row in range(self.table.rowCount()):
            for column in range(self.table.columnCount()):
                for role in (CELL_ROLE, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
                    self.table.index(row, column).data(role)
        for adapter in found:
            self.panel.show_adapter(adapter)
            adapters.metadata_lines(adapter)
        adapters.list_adapters(argparse.Namespace(), self._output)
        return len(found)


def test_metadata_with_anything_anywhere_is_shown_or_refused(styled, qtbot, metadata, capsys):
    path, tree = metadata
    assert tomllib.loads(as_toml(tree)) == tree
    shown = AllViews(qtbot)
    assert shown.show() == 1
    alike = {"files", "options", "rouge2", "rougeL", "rougeLsum"}
    chosen = [way for way in key_paths(tree) if alike.isdisjoint(way)]
    assert len(chosen) > 80
    for text, strange in corruptions(tree, chosen):
        path.write_text(as_toml(strange), encoding="utf-8")
        try:
            shown.show()
        except Exception as error:
            error.add_note(text)
            raise


@pytest.mark.parametrize("lacking", ["verdict", "mean"])
def test_scores_that_are_none_are_left_out_and_the_adapter_stays(styled, qtbot, metadata, lacking):
    path, tree = metadata
    path.write_text(
        as_toml(replaced(tree, ("scores", 0, "difference", "rouge1", lacking), ABSENT)), encoding="utf-8"
    )
    assert AllViews(qtbot).show() == 1
    assert library.scan()[0][0].metadata.score_card is None
    copied = library.export_folder(library.scan()[0][0], paths.cache_folder() / "copy")
    assert library.import_adapter(copied).metadata.scores == []
