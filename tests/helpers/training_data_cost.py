"""Measures the data part of a run: reading, tokenizing, and one epoch of the loader without computing.

    python -m tests.helpers.training_data_cost FILE

Prints a line of JSON: seconds of each part, number of examples, and peak resident memory. The starter is the base
model, so that memory holds little but the data.
"""

import json
import os
import sys
import time
from typing import Any

from engine.config import recipe as recipes
from engine.worker.dataset import dataset
from engine.worker.dataset.collator import CPU_TOKENS, Collator, StepSampler, train_loader
from engine.worker.dataset.prompting import make_prompter
from engine.worker.dataset.token_cache import tokenize
from engine.worker.modeling import base_models
from tests.helpers.benchmark_report import peak_resident
from tests.helpers.worker_setup import make_channel


def main() -> None:
    """Prepare a run, then load all steps of an epoch without computing them."""
    recipe = recipes.from_tables(
        {
            "base_model": {"id": "starter"},
            "data": {"source": sys.argv[1], "conversation": "dialogue", "summary": "summary"},
            "method": {"id": "lora"},
        }
    )
    channel = make_channel("train", recipe)
    base = base_models.load(recipe.base_model, "cpu", channel)
    result: dict[str, Any] = {"idle": peak_resident(os.getpid())}
    began = time.perf_counter()
    splits = dataset.read(recipe.data, channel)
    result["read"] = time.perf_counter() - began
    began = time.perf_counter()
    prompter = make_prompter(recipe, base, splits)
    train = tokenize(splits.train, prompter, channel)
    result["encode"] = time.perf_counter() - began
    began = time.perf_counter()
    collator = Collator(base.family, base.tokenizer.pad_token_id, CPU_TOKENS)
    training = recipe.training
    sampler = StepSampler(train, training.batch_size, training.seed, training.order)
    result["examples"] = sum(step.examples for step in train_loader(train, collator, sampler))
    result["load"] = time.perf_counter() - began
    print(json.dumps(result | {"peak": peak_resident(os.getpid())}))


if __name__ == "__main__":
    main()
