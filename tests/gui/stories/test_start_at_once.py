"""Start turns the page before any worker has answered; only a download is looked up and asked for first."""

from __future__ import annotations

import pytest

from engine.api import recipe
from tests.helpers.story_window import click
from tests.helpers.train_stage import ENDLESS, texts

MODEL, DATA = "owner/small", "owner/talks"
COMMIT = "0" * 40


@pytest.fixture
def fetched(tmp_path, monkeypatch):
    """What was fetched from the hub: a model and a data set."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    for folder, files in {
        "models--owner--small": ("config.json", "model.safetensors"),
        "datasets--owner--talks": ("README.md", "train.csv"),
    }.items():
        snapshot = tmp_path / folder / "snapshots" / COMMIT
        snapshot.mkdir(parents=True)
        for file in files:
            (snapshot / file).write_text("{}")
        (tmp_path / folder / "refs").mkdir()
        (tmp_path / folder / "refs" / "main").write_text(COMMIT)


def _ready(story, **sources):
    """Open the train page with a recipe that can be started."""
    train = story.open().show_built("train")
    tables = {"base_model": {"id": MODEL}, "data": {"source": DATA}, "method": {"id": "lora"}}
    train.edit(recipe.from_tables(tables | sources))
    assert train.panel.start_button.isEnabled()
    return train


@pytest.mark.usefixtures("fetched")
def test_the_page_is_the_run_s_as_soon_as_start_is_clicked(story):
    story.scripts["train"] = ENDLESS
    train = _ready(story)
    click(train.panel.start_button)
    # No event of a worker can have come: the event loop has not run since.
    assert train.run_view.isVisible()
    assert "Starting the worker" in texts(train.run_view)
    story.until(lambda: train.run_view.metrics_row.isVisible() and "Training" in train.header.subtitle())
