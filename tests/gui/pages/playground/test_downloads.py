"""The playground asks before it downloads a base model, and opens files of others without waiting for them."""

from __future__ import annotations

import os

from tests.helpers.playground_stage import CONVERSATION, WAIT


def test_what_is_no_file_is_told_at_once(page, tmp_path):
    os.mkfifo(tmp_path / "pipe.txt")
    page.open_file(tmp_path / "pipe.txt")
    assert page.controller.strip().text.startswith("pipe.txt can't be read: it is no file.")


def test_a_base_model_is_downloaded_only_if_a_person_agrees(page, workers, qtbot):
    workers.missing_bytes = 990_000_000
    page.open_conversation(CONVERSATION)
    for agrees in (False, True):
        page.open(["b1"])
        page.summarise_button.click()
        qtbot.waitUntil(lambda: page.controller.is_asking, timeout=WAIT)
        qtbot.waitUntil(page.strip.isVisible, timeout=WAIT)
        assert "google/flan-t5-base: 990.0 MB to download" in page.controller.strip().text
        assert not page.controller.summarizer.alive
        if agrees:
            page._act()
        else:
            page.controller.choose_base("starter")
            assert page.controller.strip() is None
    qtbot.waitUntil(lambda: bool(page.columns.view("b1").text()), timeout=WAIT)
    assert not page.controller.is_asking
