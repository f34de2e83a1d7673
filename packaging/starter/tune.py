"""Tunes the base as the starter recipe does, with plain PEFT, and measures what the tuned model tells.

Owns a training loop of its own, so that the recipe's figures can be checked without the application.

    python packaging/starter tune [--model FOLDER] [--rate R] [--rank N] [--batch N] [--epochs X]
"""

import argparse
import json
import random
import time
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from torch.nn.functional import cross_entropy
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from starter.measure import PROMPT, Row, read_split, scores, summarize
from starter.pretrain import FOLDER, Example, collate

TARGETS = ["v", "o", "wi_0", "wi_1", "wo"]


def examples(tokenizer: Any, rows: list[Row]) -> list[Example]:
    """Return prompts and reference summaries as token ids."""
    prompts = tokenizer([PROMPT.format(conversation=row["dialogue"]) for row in rows]).input_ids
    return list(zip(prompts, tokenizer([row["summary"] for row in rows]).input_ids, strict=True))


def tune(
    model: Any, data: list[Example], rate: float, batch: int, epochs: float, warmup: float, seed: int
) -> float:
    """Train the adapter on the data, learning rate falling straight to zero; return the seconds it took."""
    rng, started = random.Random(seed), time.monotonic()
    order: list[int] = []
    steps = round(len(data) * epochs / batch)
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=rate, weight_decay=0.0, fused=True)
    model.train()
    for step in range(steps):
        if len(order) < batch:
            order = rng.sample(range(len(data)), len(data))
        part = collate([data[order.pop()] for _ in range(batch)])
        labels = part.pop("labels")
        logits = model(**part, use_cache=False).logits
        loss = cross_entropy(logits.float().flatten(0, 1), labels.flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        rising, falling = (step + 1) / max(1.0, warmup * steps), (steps - step) / (steps * (1 - warmup))
        for group in optimizer.param_groups:
            group["lr"] = rate * min(rising, falling)
        optimizer.step()
        optimizer.zero_grad()
        if (step + 1) % 25 == 0:
            print(json.dumps({"step": step + 1, "loss": round(loss.item(), 3)}), flush=True)
    return time.monotonic() - started


def arguments() -> argparse.Namespace:
    """Read the command line; the defaults are the starter recipe's."""
    parser = argparse.ArgumentParser(prog="python packaging/starter tune")
    parser.add_argument("--model", type=Path, default=FOLDER)
    parser.add_argument("--rate", type=float, default=6e-3)
    parser.add_argument("--rank", type=int, default=32)
    parser.add_argument("--alpha", type=int, default=64)
    parser.add_argument("--targets", nargs="+", default=TARGETS)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--epochs", type=float, default=4 / 3)
    parser.add_argument("--warmup", type=float, default=0.05)
    parser.add_argument("--split", default="validation")
    parser.add_argument("--seed", type=int, default=42)
    return parser.parse_args()


def main() -> None:
    """Tune, generate, print the scores and a few summaries."""
    given = arguments()
    torch.set_num_threads(2)
    torch.manual_seed(given.seed)
    tokenizer = AutoTokenizer.from_pretrained(given.model)
    model = AutoModelForSeq2SeqLM.from_pretrained(given.model)
    options = LoraConfig(
        r=given.rank, lora_alpha=given.alpha, target_modules=given.targets, task_type="SEQ_2_SEQ_LM"
    )
    model = get_peft_model(model, options)
    data = examples(tokenizer, read_split("train"))
    seconds = tune(model, data, given.rate, given.batch, given.epochs, given.warmup, given.seed)
    rows, started = read_split(given.split), time.monotonic()
    summaries = summarize(model.eval(), tokenizer, rows)
    result = {"seconds": round(seconds), "generating": round(time.monotonic() - started)}
    shown = [row | {"tuned": text} for row, text in zip(rows[:12], summaries, strict=False)]
    print(
        json.dumps(
            result | {"tuned": scores(summaries, rows), "examples": shown}, indent=1, ensure_ascii=False
        )
    )
