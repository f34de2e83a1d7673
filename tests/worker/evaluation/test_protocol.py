import pytest

from engine.adapters.metadata import protocol_key
from engine.system.paths import results_folder
from engine.worker.dataset import dataset
from engine.worker.evaluation import evaluator
from engine.worker.evaluation.protocol import scoring_protocol
from tests.helpers.channel_events import events_of
from tests.helpers.evaluations import parts, score_base
from tests.helpers.worker_setup import make_recipe, write_conversations

pytestmark = pytest.mark.torch


@pytest.fixture
def source(tmp_path):
    return str(write_conversations(tmp_path / "conversations"))


@pytest.mark.parametrize(
    "change", [{"max_new_tokens": 5}, {"beams": 2}, {"examples": 3}, {"split": "validation"}]
)
def test_another_protocol_is_another_score(source, change):
    recipe, base, splits, channel = parts(source)
    score_base(recipe, base, splits, channel)
    other, *_ = parts(source, **change)
    score_base(other, base, splits, channel)
    assert len(list(results_folder().glob("scores-*"))) == 2
    keys = {protocol_key(scoring_protocol(one, splits)) for one in (recipe, other)}
    assert len(keys) == 2


def test_what_is_not_scored_does_not_change_the_protocol(source):
    recipe, _, splits, channel = parts(source)
    other = make_recipe("t5", source, data={"max_train": 2}, training={"epochs": 9})
    fewer = dataset.read(other.data, channel)
    assert fewer.fingerprint != splits.fingerprint
    assert scoring_protocol(other, fewer) == scoring_protocol(recipe, splits)


def test_a_protocol_names_its_data_without_a_path_of_this_computer(source):
    recipe, _, splits, _ = parts(source)
    assert scoring_protocol(recipe, splits)["data"]["source"] == "conversations"


def test_shown_examples_are_part_of_the_protocol(source):
    recipe, _, splits, _ = parts(source)
    other = make_recipe("t5", source, data={"shots": 1})
    assert scoring_protocol(other, splits)["data"] != scoring_protocol(recipe, splits)["data"]


def test_a_language_is_part_of_the_protocol_and_so_of_the_cache(source):
    recipe, base, splits, channel = parts(source)
    assert scoring_protocol(recipe, splits)["metric"] == {"name": "rouge_score 0.1.2", "stemmer": True}
    other = make_recipe("t5", source, evaluation={"language": "de", "general_text": "none"})
    metric = scoring_protocol(other, splits)["metric"]
    assert metric["languages"] == {"de": scoring_protocol(other, splits)["examples"]}
    score_base(recipe, base, splits, channel)
    score_base(other, base, splits, channel)
    assert len(list(results_folder().glob("scores-*"))) == 2


def test_the_base_is_scored_once(source, monkeypatch):
    recipe, base, splits, channel = parts(source)
    first = score_base(recipe, base, splits, channel)
    monkeypatch.setattr(evaluator, "generate", None)
    again = score_base(recipe, base, splits, channel)
    assert again == first
    told = [{**event, "time": 0, "clock": 0, "memory_bytes": 0} for event in events_of(channel, "evaluated")]
    assert told[0] == told[1]
    assert told[0]["of"] == "base"
    assert told[0]["difference"] is None
