"""The limits that a run takes from its data."""

import pytest

from engine.text.conversations import Example
from engine.worker.dataset.dataset import Splits
from engine.worker.dataset.prompting import settle_limits
from engine.worker.modeling import base_models
from engine.worker.modeling.base_models import LoadedBase, read_config, read_tokenizer
from tests.helpers.tiny_models import tiny_model
from tests.helpers.worker_setup import make_recipe

pytestmark = pytest.mark.torch


class Configured:
    def __init__(self, config):
        self.config = config


def base_of(kind, window=None):
    folder = tiny_model(kind)
    config = read_config(folder, kind)
    if window is not None:
        config.n_positions = config.max_position_embeddings = window
    family = base_models.family_of(config, kind)
    return LoadedBase(Configured(config), read_tokenizer(folder, kind), family, None, "", "", "", None, 1)


def example(words, conversation_words=3):
    return Example(f"{words}-{conversation_words}", "Ann: " + "tea " * conversation_words, "tea " * words)


def splits(train=(5,), validation=(5,), test=(5,)):
    parts = [tuple(map(example, each)) for each in (train, validation, test)]
    return Splits(parts[0], parts[1], parts[2], "", "", "")


def limits(kind, window=None, data=None, evaluation=None, **lengths):
    recipe = make_recipe(kind, data=data or {}, evaluation={"max_new_tokens": 0} | (evaluation or {}))
    settled = settle_limits(recipe, base_of(kind, window), splits(**lengths))
    return settled.data.max_summary_tokens, settled.evaluation.max_new_tokens


@pytest.mark.parametrize("kind", ["t5", "bart", "llama"])
def test_learned_and_written_summaries_are_as_long_as_those_of_their_split(kind):
    assert limits(kind) == (64, 64)
    labels, written = limits(kind, train=(5, 150), test=(5, 300))
    assert labels >= 150
    assert labels % 64 == 0
    assert written >= 300
    assert written > labels


def test_a_limit_of_the_recipe_stays():
    assert limits("t5", data={"max_summary_tokens": 32}, train=(300,))[0] == 32
    assert limits("t5", evaluation={"max_new_tokens": 16}, test=(300,))[1] == 16


def test_examples_that_are_not_used_decide_nothing():
    assert limits("t5", data={"shots": 1}, train=(300, 5))[0] == 64
    assert limits("t5", evaluation={"examples": 1}, test=(5, 300))[1] == 64


def test_no_more_is_written_than_the_context_window_has_room_for():
    free = limits("gpt2", 1024, test=(300,))[1]
    tight = limits("gpt2", 200, test=(300,))[1]
    assert 64 <= tight < 200 < free
