"""Pre-trains the starter on tasks over conversations: seeded, resumable, on two CPU cores in under an hour.

Owns the batches, the optimizer and the checkpoints. Every step draws its tasks from (seed, step) alone, so a run that
was interrupted and resumed ends with the same weights as one that ran straight through.

    python packaging/starter pretrain [--steps N] [--work FOLDER]      writes resources/starter/model.safetensors
"""

import argparse
import json
import os
import random
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import AutoTokenizer, PreTrainedTokenizerBase, T5ForConditionalGeneration

from starter.architecture import build, config
from starter.conversations import ROOT, Facts, reserved_facts
from starter.tasks import PieceTasks, conversation_tasks

FOLDER = ROOT / "resources" / "starter"
Example = tuple[list[int], list[int]]


@dataclass(frozen=True)
class Settings:
    """What decides a pre-training run."""

    steps: int = 3000
    seed: int = 7
    batch: int = 24
    micro_batches: int = 2
    pieces_share: float = 0.3  # copying of random pieces, at the start and (half of it) to the end
    rate: float = 1.2e-3
    query_rate: float = (
        0.125  # as a share of the rate: T5 does not scale its scores, so a step of q counts more
    )
    position_rate: float = 20.0  # the position tables must move far
    norm_rate: float = 2.0
    warmup: int = 50
    decay_from: float = 0.4  # share of the steps after which the rate falls to zero


class Batches:
    """Draw each step's examples from (seed, step) alone."""

    def __init__(self, settings: Settings, tokenizer: PreTrainedTokenizerBase, reserved: set[Facts]) -> None:
        self.settings, self.tokenizer, self.reserved = settings, tokenizer, reserved
        self.pieces = PieceTasks(lambda text: tokenizer(text).input_ids[:-1], 260, len(tokenizer))

    def examples(self, step: int) -> list[Example]:
        """Return the examples of a step as token ids, sorted by length."""
        rng = random.Random(f"{self.settings.seed} {step}")
        progress = step / self.settings.steps
        share = self.settings.pieces_share * max(0.5, 1 - progress)
        count = round(share * self.settings.batch)
        length = int(20 + 60 * min(1.0, 2 * progress))
        copied = [self.pieces.make(rng, length) for _ in range(count)]
        tasks = list(islice(conversation_tasks(rng, self.reserved), self.settings.batch - count))
        prompts = self.tokenizer([task.prompt for task in tasks]).input_ids
        answers = self.tokenizer([task.answer for task in tasks]).input_ids
        end = self.tokenizer.eos_token_id
        examples = [([*c.prompt, end], [*c.answer, end]) for c in copied] + list(
            zip(prompts, answers, strict=True)
        )
        return sorted(examples, key=lambda example: (len(example[0]), len(example[1])))

    def micro_batches(self, step: int) -> Iterator[dict[str, Tensor]]:
        """Yield a step's examples in padded parts of like length."""
        examples = self.examples(step)
        size = -(-len(examples) // self.settings.micro_batches)
        for start in range(0, len(examples), size):
            yield collate(examples[start : start + size])


def collate(examples: list[Example]) -> dict[str, Tensor]:
    """Pad examples to tensors; labels are -100 where there is nothing to learn."""
    prompts = torch.zeros(len(examples), max(len(prompt) for prompt, _ in examples), dtype=torch.long)
    labels = torch.full((len(examples), max(len(answer) for _, answer in examples)), -100)
    for row, (prompt, answer) in enumerate(examples):
        prompts[row, : len(prompt)] = torch.tensor(prompt)
        labels[row, : len(answer)] = torch.tensor(answer)
    shifted = torch.zeros_like(labels)
    shifted[:, 1:] = labels[:, :-1].clamp(min=0)
    return {
        "input_ids": prompts,
        "attention_mask": (prompts != 0).long(),
        "decoder_input_ids": shifted,
        "labels": labels,
    }


class Pretraining:
    """A model in bfloat16 with its float32 master copy, trained step by step."""

    def __init__(self, model: T5ForConditionalGeneration, settings: Settings, batches: Batches) -> None:
        self.settings, self.batches, self.step = settings, batches, 0
        self.masters = {name: p.detach().float().clone() for name, p in model.named_parameters()}
        self.model = model.to(torch.bfloat16)
        groups: dict[float, list[Tensor]] = {}
        for name, master in self.masters.items():
            groups.setdefault(self._factor(name), []).append(master)
        self.optimizer = torch.optim.AdamW(
            [{"params": masters, "factor": factor} for factor, masters in groups.items()],
            lr=settings.rate, betas=(0.9, 0.98), weight_decay=0.0, fused=True,
        )  # fmt: skip

    def _factor(self, name: str) -> float:
        if "relative_attention_bias" in name:
            return self.settings.position_rate
        if name.endswith(".q.weight"):
            return self.settings.query_rate
        return self.settings.norm_rate if "layer_norm" in name else 1.0

    def rate(self) -> float:
        """Return the learning rate of the coming step: warm-up, plateau, straight fall to zero."""
        s = self.settings
        fall = (s.steps - self.step) / max(1.0, s.steps * (1 - s.decay_from))
        return s.rate * min(1.0, (self.step + 1) / s.warmup, fall)

    def train_step(self) -> float:
        """Take one step and return its loss a token."""
        parts = list(self.batches.micro_batches(self.step))
        tokens = sum(int((part["labels"] != -100).sum()) for part in parts)
        total = 0.0
        for part in parts:
            labels = part.pop("labels")
            logits = self.model(**part, use_cache=False).logits
            loss = cross_entropy(logits.float().flatten(0, 1), labels.flatten(), reduction="sum") / tokens
            loss.backward()
            total += loss.item()
        self._update()
        self.step += 1
        return total

    def _update(self) -> None:
        parameters = dict(self.model.named_parameters())
        for name, master in self.masters.items():
            master.grad = parameters[name].grad.float()
        torch.nn.utils.clip_grad_norm_(list(self.masters.values()), 1.0)
        rate = self.rate()
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["factor"]
        self.optimizer.step()
        with torch.no_grad():
            for name, master in self.masters.items():
                parameters[name].copy_(master)
                parameters[name].grad = None

    def save(self, path: Path) -> None:
        """Write a checkpoint: aside first, then renamed."""
        state = {"step": self.step, "masters": self.masters, "optimizer": self.optimizer.state_dict()}
        partial = path.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(path)

    def load(self, path: Path) -> None:
        """Go on from a checkpoint."""
        state = torch.load(path, weights_only=True)
        self.step = state["step"]
        self.optimizer.load_state_dict(state["optimizer"])
        with torch.no_grad():
            for name, parameter in self.model.named_parameters():
                self.masters[name].copy_(state["masters"][name])
                parameter.copy_(self.masters[name])


def run(training: Pretraining, checkpoint: Path, every_seconds: float = 120.0) -> None:
    """Train to the end, saving a checkpoint now and then, and log to a file beside it."""
    saved, smooth, spent = time.monotonic(), 0.0, 0.0
    while training.step < training.settings.steps:
        started = time.monotonic()
        loss = training.train_step()
        spent += time.monotonic() - started
        smooth = loss if not smooth else 0.98 * smooth + 0.02 * loss
        if training.step % 50 == 0:
            line = {
                "step": training.step,
                "loss": round(smooth, 4),
                "seconds": round(spent),
                "rate": training.rate(),
            }
            print(json.dumps(line), flush=True)
        if time.monotonic() - saved > every_seconds or training.step == training.settings.steps:
            training.save(checkpoint)
            saved = time.monotonic()


def export(model: T5ForConditionalGeneration, folder: Path = FOLDER) -> None:
    """Write the model as plain transformers load it; the head is the embedding."""
    model.generation_config.max_new_tokens = 64
    model.save_pretrained(folder)
    if folder != FOLDER:
        for path in FOLDER.glob("tokenizer*.json"):
            shutil.copy(path, folder)


def main() -> None:
    """Pre-train, or go on where the last call stopped, and write the model."""
    parser = argparse.ArgumentParser(prog="python packaging/starter pretrain")
    parser.add_argument("--steps", type=int, default=Settings.steps)
    parser.add_argument("--work", type=Path, default=Path("build/starter"))
    parser.add_argument("--out", type=Path, default=FOLDER)
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    settings = replace(Settings(), steps=arguments.steps)
    tokenizer = AutoTokenizer.from_pretrained(FOLDER)
    model = build(config(len(tokenizer)), settings.seed)
    training = Pretraining(model, settings, Batches(settings, tokenizer, reserved_facts()))
    arguments.work.mkdir(parents=True, exist_ok=True)
    checkpoint = arguments.work / "checkpoint.pt"
    if checkpoint.exists():
        training.load(checkpoint)
    run(training, checkpoint)
    export(training.model, arguments.out)
