import argparse
import itertools
import tomllib
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from engine.adapters import library
from engine.adapters.metadata import FILE_NAME, ChangeFacts, ExportFacts, TrainingFacts, Verification
from engine.commands import adapters
from engine.commands.output import Output
from engine.system import paths
from gui.models.adapter_table import AdapterTable
from gui.models.grouped_table import CELL_ROLE
from gui.pages.library.metadata_panel import MetadataPanel
from tests.helpers.corrupted_values import ABSENT, as_toml, corruptions, key_paths, replaced
from tests.helpers.homes import add_adapter, score_card


@pytest.fixture
def panel(qtbot, home):
    return qtbot.add(MetadataPanel())


def test_what_else_was_measured_leads_to_the_comparison(panel, qtbot):
    panel.show_adapter(add_adapter("plain", scores=(score_card(0.5),)))
    assert panel.metrics_link.isHidden()
    card = score_card(0.61).model_copy(update={"measures": {"words": {"mean": 21.4}}})
    panel.show_adapter(add_adapter("measured", scores=(card,)))
    assert not panel.metrics_link.isHidden()
    with qtbot.waitSignal(panel.compare_button.clicked):
        panel.metrics_link.click()


def changed(*changes: ChangeFacts):
    return add_adapter(f"changed-{len(changes)}", training=TrainingFacts(run="a-run", changes=list(changes)))


BATCH = ChangeFacts(step=0, field="training.micro_batch_tokens", before=2048, after=1024)
AGAIN = ChangeFacts(step=1200, field="training.activation_checkpointing", before=False, after=True)


def test_an_imported_adapter_tells_when_it_was_imported_and_any_other_when_it_was_made(panel):
    panel.show_adapter(add_adapter("made"))
    assert "created on 12 March" in panel.about.text()
    panel.show_adapter(add_adapter("taken", imported_at="2026-04-01T12:00:00+00:00"))
    assert "imported on 1 April" in panel.about.text()


def test_what_was_changed_of_a_run_under_way_is_told_in_sentences(panel):
    panel.show_adapter(changed(BATCH, AGAIN))
    assert [each.text() for each in panel.findChildren(QLabel) if " (was " in each.text()] == [
        "From the first step: Micro-batch 1,024 (was 2,048).",
        "Since step 1,200: Checkpoint activations on (was off).",
    ]
    heading = next(each for each in panel.findChildren(QLabel) if each.text() == "Changed during training")
    assert not heading.isHidden()
    panel.show_adapter(add_adapter("plain"))
    assert not heading.isVisibleTo(panel)


def test_what_exports_were_when_they_were_scored_again_is_told_in_full(panel):
    missing = Verification(state="not tried", reason="It was not asked for.")
    broken = Verification(state="failed", reason="unknown architecture " * 50)
    exports = [
        ExportFacts(to="merged", name="a", precision="bfloat16", verified=missing),
        ExportFacts(to="ollama", name="b", precision="int8", verified=broken),
    ]
    panel.show_adapter(add_adapter("exported", exports=exports))
    said = [each.text() for each in panel.findChildren(QLabel) if each.isVisibleTo(panel)]
    [at] = [place for place, text in enumerate(said) if text == "Exports"]
    assert said[at + 1].startswith("Ollama, int8. Doesn't work. unknown")
    assert len(said[at + 1]) == 301
    assert said[at + 2] == "Plain model, bfloat16. Not tried. It was not asked for."
    panel.show_adapter(add_adapter("plain"))
    assert not any(
        each.text() == "Exports" and each.isVisibleTo(panel) for each in panel.findChildren(QLabel)
    )


NUMBERS = itertools.count()


def _said(panel, card):
    panel.show_adapter(add_adapter(f"scored-{next(NUMBERS)}", scores=(card,)))
    assert not panel.grab().isNull()
    return [panel.scores.accessible_text(row) for row in panel.scores.items()]


def test_every_score_of_the_card_is_shown_with_its_interval_or_why_there_is_none(panel):
    rows = _said(panel, score_card(0.484))
    assert [row.split()[0] for row in rows] == ["ROUGE-1", "ROUGE-2", "ROUGE-L", "ROUGE-Lsum"]
    assert rows[0] == "ROUGE-1 48.4, interval 47.1 to 49.7, better than base"
    card = score_card(0.484)
    found = {"chrf": {"mean": 0.5, "low": 0.49, "high": 0.51}}
    between = {"chrf": {"mean": 0.1, "low": 0.09, "high": 0.11, "verdict": "better"}}
    measured = {"measures": found, "base_measures": found, "measure_difference": between}
    said = _said(panel, card.model_copy(update=measured))
    assert said[-1] == "chrF 50.0, interval 49.0 to 51.0, better than base"
    said = _said(panel, score_card(0.484, half_width=None, examples=1))
    assert said[0].startswith("ROUGE-1 48.4, one conversation, so no interval")


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


@pytest.mark.slow("engine/adapters/metadata", "gui/pages/library/metadata_")
def test_metadata_with_anything_anywhere_is_shown_or_refused(qtbot, metadata, capsys):
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
def test_scores_that_are_none_are_left_out_and_the_adapter_stays(qtbot, metadata, lacking):
    path, tree = metadata
    path.write_text(
        as_toml(replaced(tree, ("scores", 0, "difference", "rouge1", lacking), ABSENT)), encoding="utf-8"
    )
    assert AllViews(qtbot).show() == 1
    assert library.scan()[0][0].metadata.score_card is None
    copied = library.export_folder(library.scan()[0][0], paths.cache_folder() / "copy")
    assert library.import_adapter(copied).metadata.scores == []
