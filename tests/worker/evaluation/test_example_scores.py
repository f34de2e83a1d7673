"""Every run stores the scores of base and tuned model on each conversation, from which its verdict follows."""

import pytest

from engine.adapters import library
from engine.runs import example_scores
from engine.scoring import bootstrap
from tests.helpers.tiny_runs import completed, events_named, tiny_recipe

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("method", ["lora", "prompt_only"])
def test_a_run_stores_the_scores_behind_its_verdict(tmp_path, method):
    everything = ("evaluation.examples=0", "evaluation.general_text=auto")
    recipe = tiny_recipe(tmp_path, "t5", method, "training.max_steps=2", "data.shots=1", *everything)
    job, events = completed(recipe)

    scores = example_scores.load(job.folder)
    [saved] = events_named(events, "adapter_saved")
    metadata = library.find(saved["adapter"]).metadata
    card, training = metadata.score_card, metadata.training
    if method == "lora":
        assert saved["seconds"] == pytest.approx(training.seconds, abs=1e-3)
        assert saved["memory_bytes"] == training.peak_memory_bytes > 0
    assert scores.protocol == card.protocol
    assert len(scores.examples) == len(scores.base.summaries) == len(scores.tuned.summaries) == 6
    assert len(scores.texts) == 6
    assert all(each.conversation and each.references[0] for each in scores.texts)
    # The loss on general text belongs to no conversation.
    of_conversations = set(card.measures) - {"general_loss"}
    assert set(scores.tuned.metrics) == set(scores.base.metrics) == of_conversations
    assert set(card.base_measures) == set(card.measures)
    for name, told in card.difference.items():
        found = bootstrap.difference(scores.base.rouge[name], scores.tuned.rouge[name], resamples=100)
        assert bootstrap.difference_dict(found) == told
