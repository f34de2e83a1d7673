"""How many summaries a second the engine writes with a merged model, and CTranslate2.

Run as `python -m tests.helpers.runtime_speed CONVERSATIONS PLAIN CTRANSLATE2 ...`, folders of exports whose names end
in their precision; prints a line of JSON for each way to write. All take turns.
"""

import json
import runpy
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import ctranslate2

from engine.config.recipe import BaseModelOptions
from engine.worker.dataset import dataset
from engine.worker.generation.generate import generate
from engine.worker.modeling import base_models
from tests.helpers.worker_setup import make_channel, make_recipe

ROUNDS = 3
# Of those that are written in one call, so many are also written one by one.
ALONE_PART = 8
BATCH_TOKENS = 2048
Ids = list[list[int]]
Write = Callable[[Ids], Ids]


def main(conversations: int, plain: Path, converted: list[Path]) -> None:
    """Let all write the same conversations, and print the medians and how many are the first one's."""
    settings = json.loads((plain / "prompt.json").read_text(encoding="utf-8"))
    prompt_ids = runpy.run_path(str(plain / "prompting.py"))["prompt_ids"]
    splits = dataset.read(make_recipe("t5").data, make_channel("evaluate"))
    prompts = [prompt_ids(example.conversation) for example in splits.test[:conversations]]
    ways: dict[str, Write] = {
        **{f"engine {each}": _engine(plain, each, settings) for each in ("float32", "bfloat16")},
        **{f"ctranslate2 {each.name.rpartition('-')[2]}": _ctranslate2(each, settings) for each in converted},
    }
    some = prompts[: max(1, len(prompts) // ALONE_PART)]
    together, alone, written = defaultdict(list), defaultdict(list), {}
    for _ in range(ROUNDS):
        for name, write in ways.items():
            began = time.perf_counter()
            written[name] = write(prompts)
            between = time.perf_counter()
            for prompt in some:
                write([prompt])
            together[name].append(len(prompts) / (between - began))
            alone[name].append(len(some) / (time.perf_counter() - between))
    first = next(iter(written.values()))
    for name, ids in written.items():
        found = {
            "name": name,
            "together": round(statistics.median(together[name]), 2),
            "alone": round(statistics.median(alone[name]), 2),
            "same": sum(one == other for one, other in zip(ids, first, strict=True)),
        }
        print(json.dumps(found), flush=True)


def _engine(folder: Path, precision: str, settings: dict[str, Any]) -> Write:
    options = BaseModelOptions.model_validate({"id": str(folder), "precision": precision})
    base = base_models.load(options, "cpu", make_channel("evaluate"))
    write = partial(
        generate, base.model, base.tokenizer, base.family, max_new_tokens=settings["max_new_tokens"],
        end_tokens=settings["end_tokens"],
    )  # fmt: skip
    return lambda prompts: [each.ids for each in write(prompts)]


def _ctranslate2(folder: Path, settings: dict[str, Any]) -> Write:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    is_pair = settings["family"] == "encoder-decoder"
    model = (ctranslate2.Translator if is_pair else ctranslate2.Generator)(str(folder))
    common = {"end_token": settings["end_tokens"], "max_batch_size": BATCH_TOKENS, "batch_type": "tokens"}
    longest = settings["max_new_tokens"]

    def write(prompts: Ids) -> Ids:
        tokens = [[tokenizer.id_to_token(token) for token in ids] for ids in prompts]
        if is_pair:
            made = model.translate_batch(
                tokens, beam_size=1, max_decoding_length=longest, min_decoding_length=0, **common
            )
            return [[tokenizer.token_to_id(token) for token in each.hypotheses[0]] for each in made]
        made = model.generate_batch(
            tokens, beam_size=1, max_length=longest, include_prompt_in_result=False, **common
        )
        return [each.sequences_ids[0] for each in made]

    return write


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), [Path(each) for each in sys.argv[3:]])
