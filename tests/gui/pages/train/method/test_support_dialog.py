"""The sheet "Supported combinations": the proof's outcomes in words, with the reasons of the row that is looked at."""

from __future__ import annotations

import json

import pytest

from engine.api import METHODS, BaseFacts, paths
from gui.pages.train.method.method_chooser import MethodChooser
from gui.pages.train.method.support_dialog import SupportDialog
from gui.pages.train.method.support_table import SupportTable
from tests.helpers.train_stage import texts

CELLS = [
    {"method": "lora", "variant": "", "kind": "t5", "outcome": "passed"},
    {
        "method": "lora",
        "variant": "dora",
        "kind": "t5",
        "outcome": "failed",
        "reason": "It forgot its magnitudes.",
    },
]
PROOF = {
    "made_at": "2026-02-01",
    "versions": {"peft": "0.21.0"},
    "cells": [{"quantization": "none", "double": False, **cell} for cell in CELLS],
}


@pytest.fixture
def proven(tmp_path, monkeypatch):
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(PROOF))
    monkeypatch.setattr(paths, "proof_file", lambda: path)


@pytest.fixture
def make_dialog(styled, qtbot):
    def make(quantization="none") -> SupportDialog:
        made = SupportDialog(quantization)
        qtbot.addWidget(made)
        made.show()
        return made

    return make


def _words(table: SupportTable, row_id: str) -> str:
    return next(table.accessible_text(row) for row in table.items() if row.id == row_id)


def test_each_row_says_what_the_proof_found_and_the_one_looked_at_its_reasons(proven, make_dialog):
    dialog = make_dialog()
    assert "1 February 2026" in texts(dialog)
    assert "With peft 0.21.0." in texts(dialog)
    table = dialog.table
    assert _words(table, "lora").startswith("LoRA, T5 v1.1 tested, T5 v1.0 not tested")
    assert _words(table, "lora+dora").startswith("DoRA, T5 v1.1 fails")
    assert _words(table, "bitfit").startswith("BitFit, T5 v1.1 no, T5 v1.0 no, BART not tested")

    dialog.look_at("bitfit")
    assert "T5 v1.1, T5 v1.0: T5 models have no biases" in dialog.reasons.text()
    dialog.look_at("lora+dora")
    assert dialog.reasons.text() == "T5 v1.1: It forgot its magnitudes."
    dialog.look_at("layernorm")
    assert dialog.reasons.text() == "LayerNorm tuning should work on all of them."

    assert "lora+qlora" not in [row.id for row in table.items()]
    dialog._weights.set_current("nf4+double")
    assert "lora+qlora" in [row.id for row in table.items()]
    dialog._search.setText("full")
    dialog._search.searched.emit("full")
    assert [row.id for row in table.items()] == ["full"]


def test_without_a_proof_the_table_says_what_is_meant_to_work(tmp_path, monkeypatch, make_dialog):
    monkeypatch.setattr(paths, "proof_file", lambda: tmp_path / "missing.json")
    dialog = make_dialog()

    assert "Not tested yet" in texts(dialog)
    assert len(dialog.table.items()) > len(METHODS)


def test_it_opens_at_the_base_models_quantization_and_the_method_in_use(styled, qtbot):
    chooser = MethodChooser()
    qtbot.addWidget(chooser)
    chooser.set_current("vera", BaseFacts("encoder-decoder", "t5", "fp4"))
    chooser._where.click()
    dialog = chooser.findChild(SupportDialog)

    assert dialog is not None
    assert dialog._weights.current() == "nf4"
    assert dialog.view.current().id == "vera"
    dialog.close()
