"""Liger's kernels in a run: where the recipe, the family of the base model and the method allow them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from engine.worker.dataset.collator import evaluation_batches
from engine.worker.evaluation.losses import token_loss_sum
from engine.worker.kernels import liger
from engine.worker.runtime.channel import Channel
from engine.worker.runtime.random_state import same_random_numbers
from engine.worker.training.training_run import TrainingRun

OWN_CODE = "The run computes with the libraries' own code, with the same result but for rounding."


@contextmanager
def used(run: TrainingRun, channel: Channel) -> Iterator[str]:
    """Train inside with Liger's kernels; yield their version, "" without them. Tells why, where they were hoped for."""
    version = liger.version(run.base.device, run.base.model.config.model_type) if run.training.liger else ""
    method = run.recipe.method.method
    if version and not liger.suits(method.peft_type):
        channel.notice(f"Liger's kernels are not used: {method.title} and they exclude each other.", OWN_CODE)
        version = ""
    if version and run.training.shard:
        # They are tried by each rank by itself, which would wait for the others' parts of the base model.
        channel.notice("Liger's kernels are not used: the base model is sharded.", OWN_CODE)
        version = ""
    if not version:
        yield ""
        return
    with liger.applied(run.model, partial(_try_step, run)) as problem:
        if problem:
            channel.notice(f"Liger's kernels do not work here: {problem}.", OWN_CODE, "warning")
        yield "" if problem else version


def _try_step(run: TrainingRun) -> None:
    """Compute the gradients of one example, and drop them."""
    device = run.base.device
    [batch] = evaluation_batches(run.train[:1], run.collator)
    run.model.train()
    with same_random_numbers(device):
        token_loss_sum(run.model, batch.to(device), run.base.family).backward()
    run.model.zero_grad()
