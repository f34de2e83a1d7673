"""Notices about empty and truncated summaries, truncated conversations and unreadable references."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.worker.evaluation import evaluator
from engine.worker.generation.generated import Generated
from tests.helpers.channel_events import events_of
from tests.helpers.evaluations import parts, score, score_base
from tests.helpers.worker_setup import write_conversations

pytestmark = pytest.mark.torch

# Enough for a verdict.
MANY = 12


@pytest.fixture
def source(tmp_path: Path) -> str:
    return str(write_conversations(tmp_path / "conversations", MANY))


def test_empty_summaries_score_0_and_are_reported(source, monkeypatch):
    recipe, base, splits, channel = parts(source)

    def ends_at_once(model, tokenizer, family, inputs, **_):
        return [Generated([], "", capped=False) for _ in inputs]

    monkeypatch.setattr(evaluator, "generate", ends_at_once)
    before = score_base(recipe, base, splits, channel)
    after = score(recipe, base, splits, channel, base.model, before)
    every = dict.fromkeys((*before.scores, *before.metrics), 0.0)
    means = {name: spread["mean"] for name, spread in (before.scores | before.metrics).items()}
    assert means == every
    differences = (after.difference or {}) | (after.metric_difference or {})
    assert {facts["verdict"] for facts in differences.values()} == {"no measurable difference"}
    messages = [event["message"] for event in events_of(channel, "notice")]
    assert messages == [
        "12 of 12 summaries of the base model are empty.",
        "12 of 12 summaries of the tuned model are empty.",
    ]


def test_many_truncated_summaries_are_reported(source):
    recipe, base, splits, channel = parts(source, max_new_tokens=2)
    assert score_base(recipe, base, splits, channel).values.truncated_fraction == 1.0
    (notice,) = events_of(channel, "notice")
    assert notice["message"] == "100 % of the summaries of the base model reach 2 tokens and are cut there."


def test_truncated_conversations_and_unreadable_references_are_reported(tmp_path):
    folder = write_conversations(tmp_path / "conversations")
    rows = [json.loads(line) for line in (folder / "test.jsonl").read_text().splitlines()]
    rows[0]["summary"] = "…!"
    rows[1]["dialogue"] += " word" * 80
    (folder / "test.jsonl").write_text("\n".join(map(json.dumps, rows)))
    recipe, base, splits, channel = parts(str(folder))
    score_base(recipe, base, splits, channel)
    messages = [event["message"] for event in events_of(channel, "notice")]
    assert "1 of 6 scored conversations is longer than 200 tokens and loses its end." in messages
    assert "1 of 6 reference summaries holds no word that ROUGE reads." in messages
