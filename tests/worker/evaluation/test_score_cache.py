"""The base model is scored once per protocol, and again if the cache file can't be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.system.paths import results_folder
from engine.worker.evaluation import model_metrics
from tests.helpers.channel_events import events_of
from tests.helpers.evaluations import parts, score_base
from tests.helpers.worker_setup import write_conversations

pytestmark = pytest.mark.torch


@pytest.fixture
def source(tmp_path: Path) -> str:
    return str(write_conversations(tmp_path / "conversations"))


def test_the_base_is_scored_once(source, monkeypatch):
    recipe, base, splits, channel = parts(source)
    first = score_base(recipe, base, splits, channel)
    monkeypatch.setattr(model_metrics, "generate", None)
    again = score_base(recipe, base, splits, channel)
    assert again == first
    told = [{**event, "time": 0, "clock": 0, "memory_bytes": 0} for event in events_of(channel, "evaluated")]
    assert told[0] == told[1]
    assert told[0]["of"] == "base"
    assert told[0]["difference"] is None


@pytest.mark.parametrize("damage", ["{", '{"examples": []}'])
def test_a_damaged_cache_file_is_replaced(source, damage):
    recipe, base, splits, channel = parts(source)
    first = score_base(recipe, base, splits, channel)
    (kept,) = results_folder().glob("scores-*")
    kept.write_text(damage)
    again = score_base(recipe, base, splits, channel)
    assert again.values.summaries == first.values.summaries
    assert json.loads(kept.read_text())["summaries"] == list(first.values.summaries)
