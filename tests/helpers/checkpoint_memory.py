"""How much of the processor's memory each part of a checkpoint takes, of a pretend card that trains 100 MB.

Run as `python -m tests.helpers.checkpoint_memory FOLDER`; the last line is JSON.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

from engine.worker.adapters import attach
from engine.worker.modeling import base_models
from engine.worker.training import checkpoints
from engine.worker.training.training_run import TrainState, prepare
from tests.helpers import pretend_card
from tests.helpers.peak_memory import MB, growth_of_this_process
from tests.helpers.tiny_models import tiny_model
from tests.helpers.tiny_runs import tiny_recipe
from tests.helpers.worker_setup import make_channel


def main(folder: Path) -> None:
    """Train every parameter for a step on the card, and measure what writes them down."""
    pretend_card.put_workers_on(pretend_card.register())
    state = after_a_step(wide_model(folder / "base"))
    parts: dict[str, Callable[[Path], None]] = {
        "adapter": lambda place: attach.save_adapter(state.model, place),
        "trainable": lambda place: checkpoints.save_trainable(state.model, place),
        "state": lambda place: checkpoints.save_state(state, place),
    }
    trained = sum(parameter.nbytes for parameter in attach.trainable_parameters(state.model).values())
    found = {"trained": trained // MB}
    for name, save in parts.items():
        place = folder / name
        place.mkdir()
        with growth_of_this_process() as growth:
            save(place)
        found[name] = growth.mb
    print(json.dumps(found))


def wide_model(folder: Path) -> Path:
    """Make a small GPT-2 whose largest tensor has 4 MB."""
    tokenizer = AutoTokenizer.from_pretrained(tiny_model("gpt2"))
    config = GPT2Config(
        vocab_size=len(tokenizer), n_embd=512, n_layer=8, n_head=8, n_positions=64, bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    GPT2LMHeadModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def after_a_step(base_folder: Path) -> TrainState:
    """Return the state of full fine-tuning after one optimizer step with made-up gradients."""
    recipe = tiny_recipe(base_folder.parent, "gpt2", "full", f"base_model.id={base_folder}")
    base = base_models.load(recipe.base_model, "card:0", make_channel("train"))
    model = attach.attach(base, recipe)
    state = prepare(model, base, recipe.training, 1e-4, steps=10)
    for parameter in attach.trainable_parameters(model).values():
        parameter.grad = torch.ones_like(parameter)
    state.optimizer.step()
    state.optimizer.zero_grad()
    return state


if __name__ == "__main__":
    main(Path(sys.argv[1]))
