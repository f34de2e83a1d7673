"""Empty references and references that ROUGE can't read change no other score and are reported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.worker.dataset import dataset
from engine.worker.evaluation.evaluator import Evaluation
from engine.worker.runtime.channel import Channel
from tests.helpers.channel_events import events_of
from tests.helpers.evaluations import score, score_base
from tests.helpers.worker_setup import load_tiny, make_channel, make_recipe, write_conversations

pytestmark = pytest.mark.torch


def scored(tmp_path: Path, summaries: list[Any]) -> tuple[Evaluation, Channel]:
    """Score a small base on test conversations whose first reference summaries are these."""
    folder = write_conversations(tmp_path / "conversations", max(6, len(summaries)))
    path = folder / "test.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rows = [row | {"summary": [row["summary"]]} for row in rows]
    for row, summary in zip(rows, summaries, strict=False):
        row["summary"] = summary
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    recipe, base = make_recipe("t5", str(folder)), load_tiny("t5")
    channel = make_channel("evaluate", recipe)
    splits = dataset.read(recipe.data, channel)
    return score_base(recipe, base, splits, channel), channel


def notices(channel: Channel) -> str:
    return "\n".join(event["message"] for event in events_of(channel, "notice"))


def test_empty_references_are_ignored_and_rows_without_any_are_left_out(tmp_path):
    found, channel = scored(tmp_path, [["", "Fine."], ["Good.", " "], []])
    assert found.protocol["examples"] == 5
    assert "references" not in found.protocol
    assert "Line 3 of test has no summary and is left out. The other 5 are fine." in notices(channel)


def test_references_without_a_word_score_nothing_and_are_counted(tmp_path):
    found, channel = scored(tmp_path, [["…"], ["👍 !"]])
    assert "2 of 6 reference summaries hold no word that ROUGE reads." in notices(channel)
    for name in found.scores:
        assert found.values.rouge[name][:2] == [0.0, 0.0]
    # What needs no reference is measured all the same.
    assert len(found.values.metrics["words"]) == 6


def test_where_no_reference_can_be_read_nothing_is_better_or_worse(tmp_path):
    before, channel = scored(tmp_path, [["…"], ["👍"], ["?!"], ["—"], ["。"], ["♥"]] * 2)
    assert {spread["mean"] for spread in before.scores.values()} == {0.0}
    assert "12 of 12 reference summaries hold no word" in notices(channel)
    recipe, base = make_recipe("t5", str(tmp_path / "conversations")), load_tiny("t5")
    splits = dataset.read(recipe.data, channel)
    after = score(recipe, base, splits, channel, base.model, before)
    verdicts = {each["verdict"] for each in (after.difference or {}).values()}
    assert verdicts == {"no measurable difference"}
