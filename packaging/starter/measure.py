"""Measures the base: exact answers on held-out tasks, and what a summary without reading would score.

Owns the held-out tasks and the no-reading baselines. Knows nothing of training.

    python packaging/starter measure [--model FOLDER] [--tasks N]
"""

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from rouge_score.rouge_scorer import RougeScorer
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from starter.conversations import ROOT, Conversation, reserved_facts, split_conversations
from starter.pretrain import FOLDER
from starter.slots import SlotFinder
from starter.tasks import PieceTasks, conversation_tasks

PROMPT = "Summarize the following conversation.\n\n{conversation}\n\nSummary: "
HELD_OUT_SEED = "held out"
Row = dict[str, Any]


def read_split(name: str) -> list[Row]:
    """Read the rows of a sample split."""
    path = ROOT / "resources" / "conversations" / f"{name}.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def generate(
    model: Any, tokenizer: Any, prompts: Sequence[list[int]], limit: int, batch: int = 50
) -> list[list[int]]:
    """Answer prompts greedily, in batches of like length; the answers come back in the prompts' order."""
    order = sorted(range(len(prompts)), key=lambda index: len(prompts[index]))
    answers: list[list[int]] = [[] for _ in prompts]
    for start in range(0, len(order), batch):
        chosen = order[start : start + batch]
        padded = tokenizer.pad({"input_ids": [prompts[index] for index in chosen]}, return_tensors="pt")
        with torch.no_grad():
            generated = model.generate(**padded, max_new_tokens=limit, do_sample=False, num_beams=1)
        for index, ids in zip(chosen, generated.tolist(), strict=True):
            answers[index] = [i for i in ids[1:] if i not in (tokenizer.pad_token_id, tokenizer.eos_token_id)]
    return answers


def summarize(model: Any, tokenizer: Any, rows: Sequence[Row], prompt: str = PROMPT) -> list[str]:
    """Summarise the conversations of a split."""
    texts = [prompt.format(conversation=row["dialogue"]) for row in rows]
    generated = generate(model, tokenizer, tokenizer(texts).input_ids, 64)
    return [tokenizer.decode(ids, skip_special_tokens=True).strip() for ids in generated]


def scores(summaries: Sequence[str], rows: Sequence[Row]) -> dict[str, float]:
    """Score summaries: ROUGE-1, -2, -L (stemmed F) and the slot shares."""
    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True)
    each = [scorer.score(row["summary"], text) for row, text in zip(rows, summaries, strict=True)]
    result = {
        kind: sum(score[kind].fmeasure for score in each) / len(each)
        for kind in ("rouge1", "rouge2", "rougeL")
    }
    slots = SlotFinder().score(summaries, [row["dialogue"] for row in rows], [row["slots"] for row in rows])
    result |= vars(slots)
    result["exact"] = sum(row["summary"] == text for row, text in zip(rows, summaries, strict=True)) / len(
        rows
    )
    return {name: round(value, 4) for name, value in result.items()}


def exact_matches(model: Any, tokenizer: Any, count: int) -> dict[str, str]:
    """Answer held-out tasks and give each kind's share of exact answers with the number asked."""
    rng = random.Random(HELD_OUT_SEED)
    pieces = PieceTasks(lambda text: tokenizer(text).input_ids[:-1], 260, len(tokenizer))
    asked = [(t.kind, tokenizer(t.prompt).input_ids, tokenizer(t.answer).input_ids[:-1])
             for t in islice(conversation_tasks(rng, reserved_facts()), count)]  # fmt: skip
    for length in (30, 80):
        for _ in range(count // 8):
            task = pieces.make(rng, length)
            asked.append((f"{task.kind} {length}", [*task.prompt, tokenizer.eos_token_id], task.answer))
    generated = generate(model, tokenizer, [prompt for _, prompt, _ in asked], 64)
    right: dict[str, list[bool]] = defaultdict(list)
    for (kind, _, answer), ids in zip(asked, generated, strict=True):
        right[kind].append(ids == answer)
    return {kind: f"{sum(hits) / len(hits):.2f} of {len(hits)}" for kind, hits in sorted(right.items())}


def baselines(seed: int = 1) -> dict[str, dict[str, float]]:
    """Score what can be had without reading, and the first turns as they stand.

    "Same scene" is a random training summary of the conversation's scene, "same story" of its scene and outcome;
    "right names" puts the conversation's speakers into it.
    """
    splits, rng, rows = split_conversations(), random.Random(seed), read_split("test")
    train, test = splits["train"], splits["test"]
    scene = [rng.choice([t for t in train if t.scene == c.scene]) for c in test]
    story = [rng.choice([t for t in train if (t.scene, t.outcome) == (c.scene, c.outcome)]) for c in test]
    texts = {
        "any training summary": [rng.choice(train).summary for _ in test],
        "same scene": [c.summary for c in scene],
        "same scene, right names": [with_names(t, c) for t, c in zip(scene, test, strict=True)],
        "same story": [c.summary for c in story],
        "same story, right names": [with_names(t, c) for t, c in zip(story, test, strict=True)],
        "first three turns": [" ".join(row["dialogue"].split("\n")[:3]) for row in rows],
    }
    return {name: scores(summaries, rows) for name, summaries in texts.items()}


def with_names(other: Conversation, conversation: Conversation) -> str:
    """Put one conversation's speakers into the summary of another."""
    text = other.summary
    letters = [letter for letter in "ABCDE" if letter in other.values and letter in conversation.values]
    for letter in letters:
        text = text.replace(other.values[letter].text, f"<{letter}>")
    for letter in letters:
        text = text.replace(f"<{letter}>", conversation.values[letter].text)
    return text


def main() -> None:
    """Print the measurements as JSON."""
    parser = argparse.ArgumentParser(prog="python packaging/starter measure")
    parser.add_argument("--model", type=Path, default=FOLDER)
    parser.add_argument("--tasks", type=int, default=1200)
    parser.add_argument("--no-summaries", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    tokenizer = AutoTokenizer.from_pretrained(arguments.model)
    model = AutoModelForSeq2SeqLM.from_pretrained(arguments.model).eval()
    print(json.dumps({"exact": exact_matches(model, tokenizer, arguments.tasks)}, indent=1))
    if not arguments.no_summaries:
        rows = read_split("test")
        summaries = summarize(model, tokenizer, rows)
        print(
            json.dumps(
                {"base": scores(summaries, rows), "examples": summaries[:5], "without reading": baselines()},
                indent=1,
            )
        )
