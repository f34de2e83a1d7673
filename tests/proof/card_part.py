"""The part of the card's proof that every test run repeats, and real jobs on the card, in a process of its own.

python -m tests.proof.card_part        prints what came of it as JSON: cells and jobs, each with its failures
"""

import copy
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from bitsandbytes.functional import dequantize_4bit
from bitsandbytes.nn import Params4bit
from safetensors.torch import load_file

from engine.adapters import library
from engine.adapters.library import WEIGHTS_NAME
from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.jobs.job import create_job
from engine.methods import METHODS
from engine.runs import run_store
from engine.system.paths import jobs_folder
from tests.helpers import pretend_card
from tests.helpers.line_process import answer, own_output
from tests.helpers.tiny_models import KINDS, tiny_model
from tests.helpers.tiny_runs import (
    adapter_of,
    events_named,
    on_event,
    request_stop,
    run_in_process,
    tiny_recipe,
)
from tests.proof import card_checks, checks, shard
from tests.proof.card_checks import TOLERANCE
from tests.proof.cells import Cell
from tests.proof.checks import Check
from tests.proof.workshop import Workshop, opened

# Claims on one kind, on the others, and for every other method. What they leave out, the whole proof has.
WHOLE = (
    checks.resumes, checks.switches, card_checks.waits_little, card_checks.decodes_without_waiting,
    card_checks.computes_like_the_processor, card_checks.computes_like_the_libraries,
)  # fmt: skip
WHOLE_ON = ("llama",)
SMALL = (card_checks.waits_little, card_checks.decodes_without_waiting)
LEAST = (card_checks.waits_little,)
CONVERSATION = "Ann: do you have the key?\nBob: yes, really, I do."


def part() -> Iterator[tuple[Cell, tuple[Check, ...]]]:
    """Yield the cells and what is claimed of each: LoRA on every kind, every other method on one kind in turn."""
    for kind in KINDS:
        yield Cell("lora", "", kind, "none", False), WHOLE if kind in WHOLE_ON else SMALL
    left_out = card_checks.WAITS_IN_PEFT | {"lora"}
    others = [entry for entry in METHODS if entry.trains and entry.id not in left_out]
    for number, entry in enumerate(others):
        yield Cell(entry.id, "", KINDS[number % len(KINDS)], "none", False), LEAST


def main() -> None:
    """Do everything and print what came of it."""
    warnings.simplefilter("ignore")
    answers = own_output()
    device = shard.put_on_card()
    with tempfile.TemporaryDirectory(prefix="tunesmith-card-") as name:
        os.environ["TUNESMITH_HOME"] = str(Path(name) / "home")
        with opened(Path(name), device) as workshop:
            found = {cell.id: _failures(cell, claims, workshop, name) for cell, claims in part()}
        done = {
            "cells": found,
            "jobs": _jobs(Path(name)),
            "card": _counted_by_the_card(),
            "unlike the processor": [
                name for name, compute in SAME.items() if not compute("cpu").equal(compute("card:0").cpu())
            ],
        }
        answer(answers, done)


def _counted_by_the_card() -> dict[str, int]:
    """Do what costs a wait or a copy, and what is forbidden; return what the card counts."""
    with pretend_card.counting() as counts:
        values = torch.ones(3).to(pretend_card.register())
        with suppress(RuntimeError):
            values + torch.ones(3)
        values.sum().item()
        values.tolist()
        values[values > 0]
        bool(values.any())
    return {**counts.kinds, "mixed": len(counts.mixed)}


def _of_numbers(device: str) -> torch.Tensor:
    return torch.linspace(-3, 3, 64).to(device)


def _gradient_of_silu(device: str) -> torch.Tensor:
    numbers = _of_numbers(device).requires_grad_()
    return torch.autograd.grad(torch.nn.functional.silu(numbers).sum(), numbers)[0]


def _copy_of_quantized(device: str) -> torch.Tensor:
    weights = Params4bit(_of_numbers("cpu"), requires_grad=False).to(device)
    copied = copy.deepcopy(weights)
    assert type(copied).__name__ == Params4bit.__name__
    return dequantize_4bit(copied.data, copied.quant_state)


# What torch leaves undone until it is needed (conjugation), puts together where a device lacks it, or copies by class.
SAME: dict[str, Callable[[str], torch.Tensor]] = {
    "conjugated": lambda device: (torch.fft.ifft(_of_numbers(device)) * 2).imag,
    "gradient of SiLU": _gradient_of_silu,
    "copy of quantized weights": _copy_of_quantized,
}


def _failures(cell: Cell, claims: tuple[Check, ...], workshop: Workshop, folder: str) -> list[str]:
    """Return what fails of a cell; nothing for one that the registry refuses, or beyond the pretend card."""
    if cell.refusal() is not None or card_checks.limit(cell):
        return []
    (Path(folder) / cell.id).mkdir()
    return shard.failures_of(checks.Subject(cell, workshop, Path(folder) / cell.id), claims)


def _jobs(folder: Path) -> dict[str, Any]:
    """Train on the card and on the processor, stopped and resumed too; score and summarise with both adapters."""
    with pretend_card.counting() as counts:
        runs = {device: _trained(folder / device, device) for device in ("cuda", "cpu")}
        names = [run["adapter"] for run in runs.values()]
        found = {device: _used(folder / device, device, names) for device in runs}
    tensors = [load_file(library.find(name).folder / WEIGHTS_NAME) for name in names]
    off = max(float((tensors[0][name] - tensor).abs().max()) for name, tensor in tensors[1].items())
    return {"mixed": counts.mixed, "runs": runs, "used": found, "off": off, "tolerance": TOLERANCE}


def _recipe(folder: Path, device: str) -> Recipe:
    changes = (f"training.device={device}", "method.dropout=0.0", "training.keep=last")
    return tiny_recipe(folder, "llama", "lora", *changes)


def _trained(folder: Path, device: str) -> dict[str, Any]:
    """Train, with a stop after the first step and a resume; return what was told of it."""
    pretend_card.empty_accelerator()
    job = run_store.create_run(_recipe(folder, device))
    with pytest.MonkeyPatch.context() as patch:
        on_event(patch, lambda event, facts: event == "step_finished" and facts["step"] == 2, request_stop)
        first = run_in_process(job)
    events = run_in_process(job)
    return {
        "outcomes": [each[-1]["outcome"] for each in (first, events)],
        "device": events_named(events, "run_started")[-1]["device"],
        "losses": [event["loss"] for event in events_named(first + events, "step_finished")],
        "adapter": adapter_of(events).id,
    }


def _used(folder: Path, device: str, adapters: list[str]) -> dict[str, Any]:
    """Score with the adapters, and summarise with both and the base in one batch; return scores and summaries."""
    recipe = _recipe(folder, device)
    job = create_job(jobs_folder(), "evaluate", {"adapters": adapters}, recipe=recipes.dumps(recipe))
    (result,) = events_named(run_in_process(job), "result_made")
    table = {"id": str(tiny_model("llama")), "precision": "float32"}
    job = create_job(jobs_folder(), "summarize", {"base_model": table, "device": device})
    columns = {"columns": [None, *adapters], "conversation": CONVERSATION, "max_new_tokens": 12}
    with pytest.MonkeyPatch.context() as patch:
        send = {
            "base_ready": lambda channel: channel.job.send("summarize", request="one", **columns),
            "request_finished": lambda channel: channel.job.send("quit"),
        }
        for name, act in send.items():
            on_event(patch, lambda event, _, name=name: event == name, act)
        events = run_in_process(job)
    return {
        "scores": [entry["scores"] for entry in result["result"]["adapters"]],
        "summaries": {
            event["adapter"]: event["summary"] for event in events_named(events, "summary_finished")
        },
    }


if __name__ == "__main__":
    main()
