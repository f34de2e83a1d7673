import json
from pathlib import Path
from typing import Any

import pytest

from engine.worker.evaluation import evaluator
from engine.worker.evaluation.evaluator import Evaluation
from engine.worker.generation import Generated
from engine.worker.runtime.channel import Channel
from tests.helpers.channel_events import events_of
from tests.helpers.evaluations import parts, score, score_base
from tests.helpers.worker_setup import write_conversations

pytestmark = pytest.mark.torch


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
    assert messages(channel) == [
        "Empty: 12 of 12 summaries of the base model.",
        "Empty: 12 of 12 summaries of the tuned model.",
    ]


def test_many_truncated_summaries_are_reported(source):
    recipe, base, splits, channel = parts(source, max_new_tokens=2)
    assert score_base(recipe, base, splits, channel).values.truncated_fraction == 1.0
    (notice,) = events_of(channel, "notice")
    assert notice["message"] == "100 % of the summaries of the base model are cut off at 2 tokens."


def scored(tmp_path: Path, summaries: list[Any], long: int = 0) -> tuple[Evaluation, Channel]:
    """Score a small base on conversations whose first references are these, and the last of which are very long."""
    folder = write_conversations(tmp_path / "conversations", max(6, len(summaries)))
    path = folder / "test.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rows = [row | {"summary": [row["summary"]]} for row in rows]
    for row, summary in zip(rows, summaries, strict=False):
        row["summary"] = summary
    for row in rows[len(rows) - long :]:
        row["dialogue"] += " word" * 80
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    recipe, base, splits, channel = parts(str(folder))
    return score_base(recipe, base, splits, channel), channel


def messages(channel: Channel) -> list[str]:
    return [event["message"] for event in events_of(channel, "notice")]


def test_truncated_conversations_and_rows_without_a_reference_are_reported(tmp_path):
    found, channel = scored(tmp_path, [["", "Fine."], ["Good.", " "], []], long=1)
    assert found.protocol["examples"] == 5
    # Empty references change nothing.
    assert "references" not in found.protocol
    told = " ".join(messages(channel))
    assert "Skipped 1 row of test without a summary: line 3. The other 5 are fine." in told
    assert "Cut at 200 tokens: 1 of 5 scored conversations." in told


def test_references_without_a_word_score_nothing_and_are_counted(tmp_path):
    found, channel = scored(tmp_path, [["…"], ["👍 !"]])
    assert "No word that ROUGE reads: 2 of 6 references." in messages(channel)
    for name in found.scores:
        assert found.values.rouge[name][:2] == [0.0, 0.0]
    # What needs no reference is measured all the same.
    assert len(found.values.metrics["words"]) == 6


def test_where_no_reference_can_be_read_nothing_is_better_or_worse(tmp_path):
    before, channel = scored(tmp_path, [["…"], ["👍"], ["?!"], ["—"], ["。"], ["♥"]] * 2)
    assert {spread["mean"] for spread in before.scores.values()} == {0.0}
    assert "No word that ROUGE reads: 12 of 12 references" in " ".join(messages(channel))
    recipe, base, splits, channel = parts(str(tmp_path / "conversations"))
    after = score(recipe, base, splits, channel, base.model, before)
    verdicts = {each["verdict"] for each in (after.difference or {}).values()}
    assert verdicts == {"no measurable difference"}
