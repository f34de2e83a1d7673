"""The benchmark against Trainer still drives the training loop: it takes the place of parts of it to keep the time."""

import tomllib

import pytest

from engine.config import recipe as recipes
from engine.system import ranks
from engine.worker.runtime import rank_group
from tests.helpers.tiny_runs import tiny_recipe
from tests.helpers.trainer_comparison import prepared

pytestmark = pytest.mark.torch


def test_tunesmiths_side_trains_an_epoch_in_all_ranks_of_a_run_and_times_it(tmp_path, monkeypatch):
    monkeypatch.setenv(ranks.COUNT, "2")
    # Ranks are forks of a process that has the libraries, where these are imported alike.
    monkeypatch.delenv("TORCHINDUCTOR_CACHE_DIR", raising=False)
    recipe = tomllib.loads(recipes.dumps(tiny_recipe(tmp_path, "t5")))
    wanted = {"side": "tunesmith", "recipe": recipe, "folder": str(tmp_path), "batch_size": 8}
    with prepared(wanted) as (_, side):
        assert rank_group.size() == 2
        turn = side.turn()
    assert turn["seconds"] > 0
    assert turn["computed"] >= side.tokens
