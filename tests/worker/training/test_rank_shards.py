"""Several processes train what one trains, by every method, and the same bits with the same shards."""

from __future__ import annotations

import json
import shutil
from functools import cache

import pytest
import torch

from engine.methods import METHODS
from engine.worker.adapters.method_hooks import InitContext
from engine.worker.dataset.collator import Collator
from engine.worker.dataset.prompter import Encoded
from engine.worker.modeling import base_models
from engine.worker.runtime import rank_joining, rank_orders
from engine.worker.training import rank_models
from engine.worker.training.training_loop import train_step
from engine.worker.training.training_run import prepare
from tests.helpers.rank_follower import follower
from tests.helpers.tiny_models import tiny_model
from tests.helpers.worker_setup import make_channel, make_recipe

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore::FutureWarning")]
STEPS, BATCH = 3, 6
TRAINING = [method for method in METHODS if method.trains]


@pytest.fixture(scope="module")
def joined():
    """Have this process and another one joined for the tests of this module, as one run."""
    with pytest.MonkeyPatch.context() as patch, follower() as other:
        for name, value in other.next_run().items():
            patch.setenv(name, value)
        with rank_joining.joined({}, lambda _: None):
            [ranks] = rank_orders._own
            yield ranks


@pytest.fixture
def together(joined):
    """Return what computes something with the other process, where everything else is computed alone."""
    rank_orders.forget()

    def compute(function, *arguments):
        rank_orders.use(joined)
        try:
            return function(*arguments)
        finally:
            joined.trained = ()
            rank_orders.forget()

    yield compute
    rank_orders.use(joined)


def examples_of(family):
    rows = [(tuple(range(5, 9 + 3 * (place % 7))), (7, 8, 9 + place % 11)) for place in range(BATCH * STEPS)]
    if family == "encoder-decoder":
        return [Encoded(*row) for row in rows]
    return [Encoded(read + written, (-100,) * len(read) + written) for read, written in rows]


def train(recipe, shards):
    """Return losses and trained parameters of some steps, each in so many shards."""
    with rank_models.loading(recipe) as loaded:
        base = base_models.load(recipe.base_model, "cpu", make_channel("inspect"))
    loaded.require_same(base)
    collator = Collator(base.family, base.tokenizer.pad_token_id, 160).with_shards(shards)
    examples = examples_of(base.family)
    steps = [collator(examples[start : start + BATCH]) for start in range(0, len(examples), BATCH)]
    context = InitContext(STEPS, steps[0].micro_batches)
    model = rank_models.attach_everywhere(base, recipe, context)
    state = prepare(model, base, recipe.training, 1e-5, STEPS)
    try:
        losses = [train_step(state, step, number).loss for number, step in enumerate(steps)]
    finally:
        state.gradients.close()
    return losses, {
        name: each.detach().clone() for name, each in model.named_parameters() if each.requires_grad
    }


@pytest.fixture(scope="module")
def recipe_of(tmp_path_factory):
    """Return what makes a method's recipe, without dropout in adapter and base model unless wanted."""

    @cache
    def without_dropout(kind):
        folder = tmp_path_factory.mktemp("models") / kind
        shutil.copytree(tiny_model(kind), folder)
        config = json.loads((folder / "config.json").read_text())
        config |= dict.fromkeys(("dropout_rate", "resid_pdrop", "embd_pdrop", "attn_pdrop"), 0.0)
        (folder / "config.json").write_text(json.dumps(config))
        return folder

    def make(method, *, dropout=False):
        kind = "t5" if "encoder-decoder" in method.families else "llama"
        kind = "gpt2" if method.id == "bitfit" else kind
        has_option = "dropout" in method.options.model_fields and not dropout
        folder = tiny_model(kind) if dropout else without_dropout(kind)
        return make_recipe(
            kind,
            base_model={"id": str(folder), "precision": "float32"},
            method={"id": method.id} | ({"dropout": 0.0} if has_option else {}),
        )

    return make


@pytest.mark.parametrize("method", TRAINING, ids=lambda method: method.id)
def test_two_processes_train_what_one_trains(together, recipe_of, method):
    recipe = recipe_of(method)
    losses, alone = train(recipe, 1)
    in_forks_losses, in_forks = train(recipe, 2)
    shared_losses, shared = together(train, recipe, 2)

    # The same shards give the same bits, whoever computes them. Others round in another way, and an optimizer that
    # divides by the size of a gradient makes more of it.
    assert shared_losses == in_forks_losses
    assert shared_losses == pytest.approx(losses, rel=1e-5)
    for name, parameter in in_forks.items():
        assert torch.equal(parameter, shared[name]), name
        if "c_attn" not in name:
            # The bias of keys changes no attention: its gradient is rounding alone.
            differ = (parameter - alone[name]).abs() > 1e-5
            assert float(differ.float().mean()) < 0.001, name


@pytest.mark.parametrize("name", ["lora", "adalora"])
def test_more_shards_than_processes_give_the_same_bits_too_with_dropout(together, recipe_of, name):
    recipe = recipe_of(next(method for method in METHODS if method.id == name), dropout=True)
    losses, in_forks = train(recipe, 3)
    again, in_processes = together(train, recipe, 3)

    assert losses == again
    assert all(torch.equal(each, in_processes[name]) for name, each in in_forks.items())
