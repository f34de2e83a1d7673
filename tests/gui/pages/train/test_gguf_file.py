"""A GGUF file is chosen as base model: the recipe follows its family, and unpacking is said before the start."""

from __future__ import annotations

from PySide6.QtWidgets import QFileDialog

from gui.pages.train.start_foot import plan_text
from tests.helpers.train_stage import texts


def test_a_gguf_file_becomes_the_base_model_with_layers_of_its_own_and_is_said_to_be_unpacked(
    stage, monkeypatch, tmp_path
):
    file, form = tmp_path / "mine.gguf", stage.page.panel.form
    file.write_bytes(b"GGUF")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))
    chooser = form.base_model_chooser()
    chooser.setCurrentIndex(chooser.findText("GGUF file…"))
    chooser.chosen.emit(chooser.key())
    assert form.tables()["base_model"]["id"] == str(file)
    assert "wi_0" not in (form.tables()["method"].get("target_modules") or ())
    assert "mine.gguf can't be read as a GGUF file" in texts(stage.page.panel)
    unpacks = {"message": "mine.gguf is unpacked once.", "hint": "The weights keep their number format."}
    assert (
        plan_text({"unpacks": unpacks}) == "mine.gguf is unpacked once. The weights keep their number format."
    )
