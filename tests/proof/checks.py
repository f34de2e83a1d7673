"""What is proven of a cell, one function a claim. Each raises Disproved with what was found instead.

Tolerances are of logits, which are of order 1 here.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from engine.adapters.library import WEIGHTS_NAME, Adapter
from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.errors import AdapterError, RecipeError
from engine.methods import METHODS
from engine.worker.adapters import attach, method_hooks
from engine.worker.adapters.adapter_manager import AdapterManager
from engine.worker.dataset.collator import MicroBatch
from engine.worker.exports import merged_model
from engine.worker.jobs import export
from engine.worker.modeling import base_models
from engine.worker.modeling.base_models import LoadedBase
from tests.helpers import counted_runs
from tests.helpers.command_line import InProcessTerminal
from tests.proof.cells import QUANTIZATIONS, Cell
from tests.proof.reload import EXPECTED_NAME
from tests.proof.steps import furthest_off, written_steps
from tests.proof.workshop import Trained, Workshop, fixed_batch, logits, prompts, save, shake

# Times the preset's learning rate, which is for models that know something: random ones ask for others.
RATES = (10.0, 0.1, 1.0, 100.0)
MIN_LOSS_DROP = 0.01
# Our kernels round another way than the libraries': a tied T5 in NF4 with C3A is 1.03e-4 off, by their own 0.
RELOADED = 2e-4
# Weights that were added up are rounded once more: DeLoRA's changes are as large as the weights, and a T5 is then up to
# 1.3e-4 off. In float64 both agree to 1e-13.
MERGED = 3e-4
GENERATED = {"none": 1e-3, "int8": 2e-2, "nf4": 1e-3, "fp4": 1e-3}
BEAMS = 3
TRIES = {"int8": 3}


class Disproved(Exception):
    """A claim does not hold."""


def claim(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Disproved(otherwise)


@dataclass
class Subject:
    """A supported cell, with what its checks need: made when the first of them asks, and kept."""

    cell: Cell
    workshop: Workshop
    folder: Path

    @cached_property
    def recipe(self) -> Recipe:
        """The recipe at the preset's learning rate."""
        return self.cell.recipe(self.workshop.source)

    @cached_property
    def untouched(self) -> LoadedBase:
        """The base model; nothing is ever put on it."""
        return self.workshop.untouched(self.recipe)

    @cached_property
    def batch(self) -> MicroBatch:
        """The batch for training steps and comparisons."""
        return fixed_batch(self.recipe, self.untouched)

    @cached_property
    def base_logits(self) -> torch.Tensor:
        return logits(self.untouched.model, self.untouched.family, self.batch)

    @property
    def checkpoint(self) -> Path:
        """Where the middle of the run in `trained` is kept."""
        return self.folder / "checkpoint"

    @cached_property
    def trained(self) -> Trained:
        """A short run at the preset's learning rate. At higher ones numbers may be too large to be told apart."""
        return self.workshop.train(self.recipe, self.checkpoint)

    @cached_property
    def trained_numbers(self) -> dict[str, torch.Tensor]:
        """What the run left in the model, before anything else is done with it."""
        return numbers(self.trained)

    @cached_property
    def adapters(self) -> tuple[tuple[Adapter, torch.Tensor], tuple[Adapter, torch.Tensor]]:
        """Two different adapters as files, each with the logits of the model that it was saved from."""
        self.trained_numbers  # noqa: B018 - kept before they change
        return self._shaken("one", 1), self._shaken("two", 2)

    def _shaken(self, name: str, seed: int) -> tuple[Adapter, torch.Tensor]:
        model, base = self.trained.model, self.trained.base
        shake(model, seed)
        adapter = save(model, base, self.recipe, self.folder / name)
        return adapter, logits(model, base.family, self.batch)

    def expect(self, folder: Path, expected: torch.Tensor) -> None:
        """Write beside saved weights what they should compute."""
        batch, base = self.batch, self.untouched
        tensors = {
            "logits": expected,
            "input_ids": batch.input_ids,
            "attention_mask": batch.attention_mask,
            "labels": batch.labels,
        }
        if base.family == "encoder-decoder":
            tensors["decoder_input_ids"] = base_models.shift_right(base.model, batch.labels)
        save_file(
            {name: tensor.cpu().contiguous() for name, tensor in tensors.items()}, folder / EXPECTED_NAME
        )


def refused(cell: Cell, source: Path) -> None:
    """Unsupported cells: refused before anything is loaded, with the reason and what works instead."""
    reason = cell.refusal()
    assert reason
    try:
        cell.recipe(source)
    except RecipeError as error:
        claim(reason in error.problems, f"the recipe is refused for {error.message} instead")
    else:
        raise Disproved("the recipe is not refused")
    claim(len(reason.message) > 20 and bool(reason.hint), f"no reason and hint in words: {reason}")
    claim(_works(cell, reason.hint), f"what it points to does not work either: {reason.hint}")


def _works(cell: Cell, hint: str) -> bool:
    """Tell whether the nearest thing is supported: the method named, or else this one on another base or plain."""
    named = [each.id for each in METHODS if hint.endswith(f" {each.title}.")]
    if named:
        near = [replace(cell, method=each, variant="") for each in named]
    else:
        elsewhere = [replace(cell, quantization=each, double=double) for each, double in QUANTIZATIONS]
        near = [*elsewhere, replace(cell, variant="")]
    return any(each.refusal() is None for each in near)


def trains(subject: Subject) -> None:
    """The adapter can be made, and a few steps be done; the other claims are about what comes of it."""
    subject.trained  # noqa: B018 - made here


def learns(subject: Subject) -> None:
    """A few steps lower the loss; only the method's own parameters get gradients; the base stays bit for bit."""
    trained = subject.trained
    untouched = subject.untouched.model.state_dict()
    inside = trained.model.get_base_model().state_dict()
    now = {name.replace(".base_layer", ""): tensor for name, tensor in inside.items()}
    changed = [name for name, tensor in untouched.items() if not _same(now.get(name), tensor)]
    claim(not changed, f"the frozen base is not what it was: {changed[:3]}")
    claim(not trained.strays, f"gradients where none belong: {sorted(trained.strays)[:3]}")
    idle = [name for name, told in trained.gradients.items() if not told]
    claim(not idle and bool(trained.gradients), f"never a gradient: {idle[:3]} ({len(idle)})")
    fall = _fall(subject)
    claim(fall >= MIN_LOSS_DROP, f"the loss fell by {fall:.4f} at best")


def _fall(subject: Subject) -> float:
    """Return by how much the loss falls, at the first learning rate at which it does.

    Without the base's dropout: in a few steps of soft prompts on random models its noise is all that one would see.
    """
    falls: list[float] = []
    for scale in RATES:
        recipe = subject.cell.recipe(subject.workshop.source, scale)
        folder = subject.folder / f"times {scale}"
        falls.append(subject.workshop.train(recipe, folder, dropout=False).fall)
        if falls[-1] >= MIN_LOSS_DROP:
            break
    return max(falls)


def plans(subject: Subject) -> None:
    """The plan's counts, made without weights, are those of the model that is built."""
    model = subject.trained.model
    plan = subject.workshop.planner.plan(subject.recipe)
    claim(plan["problems"] == [], f"problems {plan['problems']}")
    # As it was trained: other numbers may make other ranks.
    as_trained = subject.folder / "as trained"
    attach.save_adapter(model, as_trained)
    saved = load_file(as_trained / WEIGHTS_NAME)
    trainable, everything = attach.count_parameters(model)
    found = {
        "trainable_parameters": trainable,
        "all_parameters": everything,
        "matrices": len(attach.adapted_modules(model)),
        "adapter_bytes": sum(tensor.nbytes for tensor in saved.values()),
    }
    if method_hooks.of(model).sized_by_training:
        found.pop("adapter_bytes")
    wrong = {name: (plan[name], value) for name, value in found.items() if plan[name] != value}
    claim(not wrong, f"planned and found: {wrong}")


def counts(subject: Subject) -> None:
    """Planned and trained by the command line: plan, run and saved adapter count the same parameters."""
    if not subject.cell.by_command_line:
        return
    path = subject.folder / "recipe.toml"
    recipes.save(subject.recipe, path)
    terminal = InProcessTerminal(Path(os.environ["TUNESMITH_HOME"]))
    found = counted_runs.counts(terminal.run, path)
    claim(len(set(found.values())) == 1, f"counted: {found}")


def reloads(subject: Subject) -> None:
    """Saved, and loaded in a fresh process by plain PEFT: the same logits.

    Norms and activations round another way there, which decides where a value lies on the edge between two int8 codes
    (see `generates`). And a norm of numbers near zero makes much of the last bit: the prompt of an LSTM in front of a
    T5 in NF4 is 1e-7 off, and one of 57 tokens 4e-4. A fault would show with the other adapter's numbers too.
    """
    cell, base = subject.cell, Path(subject.recipe.base_model.id)
    off = []
    for adapter, expected in subject.adapters:
        subject.expect(adapter.folder, expected)
        off.append(subject.workshop.reloader.difference(adapter.folder, base, cell.quantization, cell.double))
        if off[-1] <= RELOADED:
            return
    claim(False, f"logits {min(off):.1e} off")


def generates(subject: Subject) -> None:
    """Every step of generate(), in a padded batch, greedy and by beams, computes what training does.

    Where a value lies on the edge between two int8 codes, the last bit of its float decides, and a step is off by a
    code's worth. Such an edge is not there with other numbers; a fault of generating would be.
    """
    trained = subject.trained
    subject.adapters  # noqa: B018 - the model's numbers are then those of the second
    read = prompts(subject.recipe, trained.base)
    for more in reversed(range(TRIES.get(subject.cell.quantization, 1))):
        try:
            _generates_as_it_is(trained, read, GENERATED[subject.cell.quantization])
        except Disproved:
            if not more:
                raise
            shake(trained.model, 2 + more)
        else:
            return


def _generates_as_it_is(trained: Trained, read: list[list[int]], tolerance: float) -> None:
    for beams in (1, BEAMS):
        steps = written_steps(trained.model, trained.base, read, beams)
        off = furthest_off(steps, trained.model, trained.base, read)
        with attach.active(trained.model, None):
            unlike = furthest_off(steps, trained.model, trained.base, read)
        claim(len(steps) > 1, f"{beams} beams: only {len(steps)} steps")
        claim(off <= tolerance, f"{beams} beams: step logits {off:.1e} off")
        claim(unlike > 10 * tolerance, f"{beams} beams: the base's logits are only {unlike:.1e} away")


def switches(subject: Subject) -> None:
    """Off is the base exactly; a second adapter stands beside the first; to and fro is exact.

    One of the two may be off what was saved (see `reloads`).
    """
    (one, one_logits), (two, two_logits) = subject.adapters
    trained = subject.trained
    with attach.active(trained.model, None):
        off = logits(trained.model, trained.base.family, subject.batch)
    claim(torch.equal(off, subject.base_logits), f"off in training: {_apart(off, subject.base_logits)}")
    base = subject.workshop.load(subject.recipe)
    manager = AdapterManager(base)
    seen: dict[str, torch.Tensor] = {"base": subject.base_logits}
    for adapter in (None, one, two, None, one, None, two, one):
        name = adapter.id if adapter else "base"
        with manager.use(adapter) as model:
            found = logits(model, base.family, subject.batch)
        claim(torch.equal(found, seen.setdefault(name, found)), f"{name}: {_apart(found, seen[name])}")
    off_by = min(
        float((seen[adapter.id] - expected).abs().max())
        for adapter, expected in ((one, one_logits), (two, two_logits))
    )
    claim(off_by <= RELOADED, f"{off_by:.1e} off what was saved")
    claim(not torch.equal(seen["one"], seen["two"]), "both adapters compute the same")


def merges(subject: Subject) -> None:
    """Where offered: what the merge writes computes what base and adapter did, in plain transformers elsewhere."""
    adapter, expected = subject.adapters[0]
    if not subject.cell.entry.merges or subject.cell.quantization == "int8":
        try:
            merged_model.refuse_unmergeable(adapter)
        except AdapterError:
            return
        raise Disproved("merging is not refused")
    target = subject.folder / "export"
    request = {"adapter": str(adapter.folder), "to": "merged", "target": str(target)}
    export.run(subject.workshop.channel, request)
    subject.expect(target, expected)
    off = subject.workshop.reloader.difference(target, None, "none", False)
    claim(off <= MERGED, f"logits {off:.1e} off")


def resumes(subject: Subject) -> None:
    """Stopped in the middle and taken up by a model made anew: the same bits as the uninterrupted run."""
    uninterrupted = subject.trained_numbers
    resumed = numbers(subject.workshop.train(subject.recipe, subject.checkpoint, resumed=True))
    claim(
        resumed.keys() == uninterrupted.keys(),
        f"other numbers: {sorted(resumed.keys() ^ uninterrupted.keys())[:3]}",
    )
    other = [name for name, tensor in uninterrupted.items() if not _same(resumed[name], tensor)]
    claim(not other, f"{len(other)} of {len(uninterrupted)} differ, first {other[:2]}")


Check = Callable[[Subject], None]
# Those that look at the run as it is come first: the others change its numbers.
TRAINED: tuple[Check, ...] = (learns, resumes, plans, counts, reloads, generates, switches, merges)


def writes_as_prompted(subject: Subject) -> None:
    """A method that trains nothing writes by the base model: its steps are those of the forward pass."""
    base, read = subject.untouched, prompts(subject.recipe, subject.untouched)
    for beams in (1, BEAMS):
        off = furthest_off(written_steps(base.model, base, read, beams), base.model, base, read)
        claim(off <= GENERATED[subject.cell.quantization], f"{beams} beams: step logits {off:.1e} off")


UNTRAINED: tuple[Check, ...] = (writes_as_prompted, counts)


def claims(cell: Cell) -> tuple[Check, ...]:
    """Return what is proven of a supported cell."""
    return TRAINED if cell.entry.trains else UNTRAINED


def numbers(trained: Trained) -> dict[str, torch.Tensor]:
    """Return all that a run leaves in the model: what was trained and what the method keeps beside it."""
    found = {name: tensor.detach() for name, tensor in attach.trainable_parameters(trained.model).items()}
    found |= method_hooks.of(trained.model).state(trained.model)
    return {name: tensor.clone() for name, tensor in found.items()}


def _same(one: Any, other: Any) -> bool:
    return isinstance(one, torch.Tensor) and one.shape == other.shape and torch.equal(one, other)


def _apart(one: torch.Tensor, other: torch.Tensor) -> str:
    return f"logits {float((one - other).abs().max()):.1e} apart"
