"""Excluding and masking in plans, runs and evaluations: all read the same rows, and say how many they left out."""

import json
import shutil
from pathlib import Path

import pytest

from engine.adapters import library, metadata
from engine.config.recipe import BaseModelOptions, Recipe
from engine.worker.dataset import dataset
from engine.worker.dataset.token_counter import fetch_counter
from engine.worker.ingestion.token_lengths import token_counter
from engine.worker.runtime.channel import Channel
from tests.helpers.fake_hub import FakeHub, use_hub
from tests.helpers.tiny_models import tiny_model
from tests.helpers.tiny_runs import completed, events_named, tiny_recipe
from tests.helpers.worker_setup import make_channel

pytestmark = pytest.mark.torch

LIMIT = 80
ASKED = (
    'data.exclude=["long_conversation", "duplicates"]',
    'data.mask=["email"]',
    f"data.max_conversation_tokens={LIMIT}",
)


@pytest.fixture
def channel():
    made = make_channel("plan")
    yield made
    made._writer.close()


def prepared(folder: Path, *overrides: str) -> Recipe:
    """Return a recipe whose data has something of each kind to leave out or to mask."""
    recipe = tiny_recipe(folder, "t5", "lora", *ASKED, *overrides)
    with (folder / "data" / "train.jsonl").open("a", encoding="utf-8") as stream:
        for text in ("Ann: mail a@b.org", "Ann: mail c@d.org", "Ann: " + "x" * LIMIT):
            stream.write(json.dumps({"id": "more", "dialogue": text, "summary": "Ann writes."}) + "\n")
    return recipe


def expected(recipe: Recipe, channel: Channel) -> dataset.Splits:
    # The tiny model's file alone, where a run asks the tokenizer that transformers makes of it.
    counter = token_counter(tiny_model("t5"), "t5")
    splits = dataset.read(recipe.data, channel, counter=lambda: counter)
    assert splits.masked == {"email": 1}
    assert splits.excluded["train"] >= 2
    assert all(counter.count([example.conversation])[0] <= LIMIT for example in splits.train)
    return splits


def test_a_run_leaves_out_what_is_excluded_and_its_metadata_says_so(tmp_path, channel):
    recipe = prepared(tmp_path, "training.max_steps=1")
    (tmp_path / "data" / "README.md").write_text("---\nlicense: cc-by-4.0\n---\n", encoding="utf-8")
    splits = expected(recipe, channel)
    _, events = completed(recipe)
    started = events_named(events, "run_started")[0]
    assert started["examples"] == {split: len(splits.of(split)) for split in ("train", "validation", "test")}
    assert (started["excluded"], started["masked"]) == (splits.excluded, splits.masked)
    adapter = library.find(events_named(events, "adapter_saved")[-1]["adapter"])
    facts = adapter.metadata.data
    assert (facts.source, facts.licence) == (recipe.data.source, "cc-by-4.0")
    library.export_folder(adapter, tmp_path / "exported")
    # Passed on, it says all of that, but not where the data lies on this computer.
    assert metadata.load(tmp_path / "exported").data == facts.model_copy(update={"source": "data"})
    assert (facts.excluded, facts.masked) == (sum(splits.excluded.values()), 1)
    assert facts.fingerprint == splits.fingerprint
    assert any(event["message"].startswith("Excluded rows") for event in events_named(events, "notice"))


def test_what_goes_by_tokens_needs_no_weights_of_a_base_on_the_hub(tmp_path, channel, monkeypatch):
    shutil.copytree(tiny_model("t5"), tmp_path / "served" / "models" / "someone" / "small")
    with use_hub(FakeHub(tmp_path / "served"), tmp_path / "cache", monkeypatch) as served:
        counter = fetch_counter(BaseModelOptions(id="someone/small"), channel)
    assert counter.count(["Ann: Hi."]) == token_counter(tiny_model("t5"), "t5").count(["Ann: Hi."])
    assert not [line for line in served.requests if "safetensors" in line]
