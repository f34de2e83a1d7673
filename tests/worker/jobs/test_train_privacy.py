"""What a run leaves is in the home's private folders, whatever the umask, and nothing is left among temporary files."""

from __future__ import annotations

import os
import tempfile

import pytest

from engine.system import paths
from tests.helpers.tiny_runs import tiny_recipe, train_in_process

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(os.name != "posix", reason="folders have other rights there"),
]


def test_a_run_keeps_its_files_to_this_user(tmp_path, monkeypatch):
    recipe = tiny_recipe(tmp_path, "t5", "lora", "training.max_steps=1", "evaluation.examples=1")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    before = os.umask(0)
    try:
        job, events = train_in_process(recipe)
    finally:
        os.umask(before)
    assert events[-1]["outcome"] == "completed"
    assert list(temporary.iterdir()) == []
    private = (
        job.folder,
        job.commands_folder,
        paths.runs_folder(),
        paths.adapters_folder(),
        paths.cache_folder(),
    )
    assert {folder.stat().st_mode & 0o777 for folder in private} == {0o700}
