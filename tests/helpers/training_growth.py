"""What data costs a run before and beside computing: reading, encoding, and one pass of the loader, in a process.

    python -m tests.helpers.training_growth FILE

Prints a line of JSON: seconds of each part, conversations trained on, and the most memory resident. The starter's
tokenizer encodes, so that hardly anything but the data is in memory.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

from engine.config import recipe as recipes
from engine.worker.dataset import dataset
from engine.worker.dataset.collator import CPU_TOKENS, Collator, StepSampler, train_loader
from engine.worker.dataset.prompting import make_prompter
from engine.worker.dataset.token_cache import tokenised
from engine.worker.modeling import base_models
from tests.helpers.benchmark_report import peak_resident
from tests.helpers.worker_parts import make_channel


def main() -> None:
    """Go the way of a run up to its steps, then over all steps of a pass without computing them."""
    recipe = recipes.from_tables(
        {
            "base_model": {"id": "starter"},
            "data": {"source": sys.argv[1], "conversation": "dialogue", "summary": "summary"},
            "method": {"id": "lora"},
        }
    )
    channel = make_channel("train", recipe)
    base = base_models.load(recipe.base_model, "cpu", channel)
    told: dict[str, Any] = {"idle": peak_resident(os.getpid())}
    began = time.perf_counter()
    splits = dataset.read(recipe.data, channel)
    told["read"] = time.perf_counter() - began
    began = time.perf_counter()
    prompter = make_prompter(recipe, base, splits)
    train = tokenised(splits.train, prompter, channel)
    told["encode"] = time.perf_counter() - began
    began = time.perf_counter()
    collator = Collator(base.family, base.tokenizer.pad_token_id, CPU_TOKENS)
    training = recipe.training
    sampler = StepSampler(train, training.batch_size, training.seed, training.order)
    told["examples"] = sum(step.examples for step in train_loader(train, collator, sampler))
    told["load"] = time.perf_counter() - began
    print(json.dumps(told | {"peak": peak_resident(os.getpid())}))


if __name__ == "__main__":
    main()
