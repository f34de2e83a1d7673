"""What is proven of a cell on a card besides: the processor's numbers, and on the pretend card few waits and copies."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from typing import Any
from unittest import mock

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from engine.config.recipe import Recipe
from engine.worker.adapters import attach
from engine.worker.adapters.adapter_manager import AdapterManager
from engine.worker.dataset.collator import Collator, StepSampler, steps_from, train_loader
from engine.worker.evaluation.losses import token_loss_sum
from engine.worker.generation import generate
from engine.worker.kernels import registry
from engine.worker.kernels.registry import PATCHES
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.training import training_loop
from engine.worker.training.training_run import prepare
from tests.helpers import pretend_card
from tests.helpers.pretend_card import Counts
from tests.helpers.tiny_models import tiny_model
from tests.helpers.worker_setup import stop_dropout
from tests.proof import checks
from tests.proof.cells import Cell
from tests.proof.checks import Check, Subject, claim, numbers
from tests.proof.workshop import EXAMPLES, STEPS, Workshop, encode, init_context, logits, prompts

# Beside those of the loop, transformers looks at a mask's values in each stack, once a micro-batch and once a token.
MAX_WAITS_OF_A_STEP = 6
MAX_WAITS_OF_A_TOKEN = 3
DEEPER = 4
COUNTED_STEPS = 2
FEW_TOKENS, MORE_TOKENS = 3, 7
DECODINGS: tuple[dict[str, Any], ...] = (
    {},
    {"repetition_penalty": 1.2, "no_repeat_ngram": 2, "min_new_tokens": 2},
)
TOLERANCE = 1e-5
# A real card adds up in another order.
TOLERANCE_OF_CUDA = 1e-3
# Of gradients, where activations are computed by other operations: the random weights of tiny models enlarge it.
ROUNDED = 1e-4


def waits_little(subject: Subject) -> None:
    """A step makes the host wait a few times, and copies no more for a deeper model."""
    few = _counted_steps(subject.workshop, subject.recipe)
    waits = max(counts.synchronisations for counts in few)
    claim(waits <= MAX_WAITS_OF_A_STEP, f"a step waits {waits} times: {_places(few, 'synchronisation')}")
    more = _counted_steps(subject.workshop, _on_deeper_base(subject))
    transfers = [max(counts.transfers for counts in each) for each in (few, more)]
    claim(transfers[1] <= transfers[0], f"{transfers} copies a step by depth: {_places(more, 'to the')}")


def _on_deeper_base(subject: Subject) -> Recipe:
    deeper = {"id": str(tiny_model(subject.cell.kind, DEEPER))}
    return replace(subject.recipe, base_model=subject.recipe.base_model.model_copy(update=deeper))


def _counted_steps(workshop: Workshop, recipe: Recipe) -> list[Counts]:
    """Return what each of a few optimizer steps does; without the first, which makes the optimizer's state."""
    base = workshop.load(recipe)
    encoded = encode(recipe, base)
    collator = Collator(base.family, base.tokenizer.pad_token_id, 10_000)
    model = attach.attach(base, recipe, init_context(base, collator, encoded))
    loader = train_loader(encoded, collator, StepSampler(encoded, EXAMPLES, 0, "random"))
    pretend_card.empty_accelerator()
    state = prepare(model, base, recipe.training, recipe.learning_rate(base.family), STEPS)
    found = []
    for number, batch in islice(steps_from(loader, 0), COUNTED_STEPS + 1):
        with pretend_card.counting() as counts:
            training_loop.train_step(state, batch, number)
        found.append(counts)
    return found[1:]


def decodes_without_waiting(subject: Subject) -> None:
    """A token more of a batch makes the host wait three times at most in greedy decoding."""
    model, base = _decoding_model(subject)
    for decoding in DECODINGS:
        few, more = (
            _counted_decoding(subject, model, base, length, decoding) for length in (FEW_TOKENS, MORE_TOKENS)
        )
        waits = (more.synchronisations - few.synchronisations) / (MORE_TOKENS - FEW_TOKENS)
        told = _places([more], "synchronisation")
        claim(waits <= MAX_WAITS_OF_A_TOKEN, f"{decoding}: {waits} waits a token: {told}")


def _decoding_model(subject: Subject) -> tuple[Any, LoadedBase]:
    if not subject.cell.entry.trains:
        return subject.untouched.model, subject.untouched
    return subject.trained.model, subject.trained.base


def _counted_decoding(
    subject: Subject, model: Any, base: LoadedBase, length: int, decoding: dict[str, Any]
) -> Counts:
    with pretend_card.counting() as counts:
        generate.generate(
            model, base.tokenizer, base.family, prompts(subject.recipe, base),
            **{"max_new_tokens": length, **decoding},
        )  # fmt: skip
    return counts


def computes_like_the_processor(subject: Subject) -> None:
    """Without dropout, a short run has the processor's loss, weights and logits by the same kernels."""
    here = replace(subject.workshop, device="cpu", _untouched=None)
    with only_patches(registry.active("cuda")), sdpa_kernel(SDPBackend.MATH):
        expected = _results(subject, here)
    with pretend_card.of_the_processor():
        found = _results(subject, subject.workshop)
    _claim_same(found, expected)


def adapter_computes_alike(subject: Subject) -> None:
    """An adapter that was trained on the card computes the same on the processor."""
    adapter, expected = subject.adapters[0]
    base = replace(subject.workshop, device="cpu", _untouched=None).load(subject.recipe)
    with AdapterManager(base).use(adapter) as model:
        found = logits(model, base.family, subject.batch.to(base.device))
    off = _off(found, expected)
    claim(off <= TOLERANCE_OF_CUDA, f"on the processor its logits are {off:.1e} off")


def computes_like_the_libraries(subject: Subject) -> None:
    """All that speeds up a card is off, and loss and gradients are the same."""
    with pretend_card.of_the_processor():
        found = _gradients(subject)
    with (
        pretend_card.of_the_processor(),
        only_patches(name for name, patch in PATCHES.items() if patch.kind == "fix"),
    ):
        expected = _gradients(subject)
    off = float((found - expected).norm() / expected.norm())
    claim(off <= ROUNDED, f"loss and gradients are {off:.1e} off")


def _gradients(subject: Subject) -> torch.Tensor:
    """Return the loss and all gradients of the fixed batch, without dropout."""
    base = subject.workshop.load(subject.recipe)
    collator = Collator(base.family, base.tokenizer.pad_token_id, 10_000)
    model = attach.attach(
        base, subject.recipe, init_context(base, collator, encode(subject.recipe, base))
    ).train()
    stop_dropout(model)
    loss = token_loss_sum(model, subject.batch, base.family)
    loss.backward()
    parameters = attach.trainable_parameters(model).values()
    found = [loss.detach(), *(each.grad for each in parameters if each.grad is not None)]
    return torch.cat([each.flatten().cpu().double() for each in found])


@contextmanager
def only_patches(names: Iterable[str]) -> Iterator[None]:
    """Let these patches be on, and no others."""
    with mock.patch.dict(os.environ, {registry.VARIABLE: ",".join(names)}):
        yield


def _results(subject: Subject, shop: Workshop) -> dict[str, torch.Tensor]:
    """Return a run's loss, weights and logits, and what the model then writes."""
    trained = shop.train(subject.recipe, subject.folder / f"on {shop.device}", dropout=False)
    model, base = trained.model, trained.base
    found = numbers(trained) | {"loss": torch.tensor(trained.after)}
    found["logits"] = logits(model, base.family, subject.batch.to(base.device))
    written = [
        generate.generate(
            model, base.tokenizer, base.family, prompts(subject.recipe, base), max_new_tokens=5, **decoding
        )
        for decoding in DECODINGS
    ]
    ids = [one.ids + [-1] * (5 - len(one.ids)) for each in written for one in each]
    return found | {"written": torch.tensor(ids)}


def _claim_same(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    off = {name: _off(tensor, expected[name]) for name, tensor in found.items()}
    worst = max(off, key=lambda name: off[name])
    claim(off[worst] <= TOLERANCE, f"{worst} is {off[worst]:.1e} off")


def _off(found: torch.Tensor, expected: torch.Tensor) -> float:
    """Return the largest difference, of the largest value where that is above 1."""
    found, expected = found.cpu().double(), expected.cpu().double()
    return float((found - expected).abs().max() / expected.abs().max().clamp(min=1.0))


def _places(counts: list[Counts], kind: str) -> list[str]:
    """Return where something of a kind happens most often."""
    return [f"{times} × {at}" for at, times in counts[-1].places.most_common() if at.startswith(kind)][:4]


# Without what no device has a part in, and what the processor has shown: that a method learns.
TRAINED_ON_CARD: tuple[Check, ...] = (
    checks.resumes, checks.reloads, checks.generates, checks.switches, checks.merges, waits_little,
    decodes_without_waiting, computes_like_the_processor, computes_like_the_libraries,
)  # fmt: skip
UNTRAINED_ON_CARD: tuple[Check, ...] = (checks.writes_as_prompted, decodes_without_waiting)
# A real card does not say what it waited for, and its adapters begin with other random numbers.
OF_THE_PRETENCE: tuple[Check, ...] = (waits_little, decodes_without_waiting, computes_like_the_processor)
# An int8 base keeps outliers apart on a card, which neither the processor nor the process that reloads there does. One
# row's outlier sets its column apart for the whole batch: with large ones, a row alone has other numbers.
COMPARED: tuple[Check, ...] = (
    checks.reloads, checks.generates, checks.writes_as_prompted, computes_like_the_processor,
    adapter_computes_alike,
)  # fmt: skip


# PEFT's own code waits once a layer: AdaLoRA's allocator reads the scores, VB-LoRA the chosen vectors; FourierFT copies
# its frequencies to the card.
WAITS_IN_PEFT = frozenset({"adalora", "vblora", "fourierft"})

# By method and variant.
LIMITS = {
    ("p_tuning", "lstm"): "On a device that isn't a CPU, torch computes an LSTM by a fused kernel of its own."
}


def claims(cell: Cell) -> tuple[Check, ...]:
    """Return what is proven of a cell on the pretend card, or on a real one if that is not in this process."""
    if not cell.entry.trains:
        wanted = UNTRAINED_ON_CARD
    elif pretend_card.is_registered():
        wanted = TRAINED_ON_CARD
    else:
        wanted = (*TRAINED_ON_CARD, adapter_computes_alike)
    left_out = () if pretend_card.is_registered() else OF_THE_PRETENCE
    left_out += COMPARED if cell.quantization == "int8" else ()
    left_out += (waits_little,) if cell.method in WAITS_IN_PEFT else ()
    return tuple(check for check in wanted if check not in left_out)


def limit(cell: Cell) -> str:
    """Return why the pretend card can't compute a cell, nothing if it can."""
    return LIMITS.get((cell.method, cell.variant), "")
