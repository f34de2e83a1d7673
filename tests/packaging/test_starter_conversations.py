"""The sample conversations: counts, columns, disjoint facts, and the seed that gives them again."""

import json
import random
from itertools import islice

import pytest
from starter.conversations import ROOT, SPLITS, distinct, reserved_facts, row, split_conversations
from starter.tasks import conversation_tasks


@pytest.fixture(scope="module")
def splits():
    return split_conversations()


def committed(split):
    path = ROOT / "resources" / "conversations" / f"{split}.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("split", SPLITS)
def test_the_seed_gives_the_shipped_files_again(splits, split):
    assert committed(split) == [row(f"{split}-{i:04d}", c) for i, c in enumerate(splits[split])]


def test_what_is_written_for_pretraining_shares_no_facts_with_the_samples():
    reserved = reserved_facts()
    assert all(c.facts not in reserved for c in islice(distinct(random.Random(3), reserved), 300))


def test_no_task_tells_a_summary_or_asks_for_one(splits):
    summaries = {c.summary for split in splits.values() for c in split}
    for task in islice(conversation_tasks(random.Random(4), reserved_facts()), 300):
        assert task.answer not in summaries
        assert "ummar" not in task.prompt
