"""How long a run's heaviest step takes, as the run computes it and as other recipes would."""

from __future__ import annotations

from contextlib import suppress

from engine.config.recipe import Recipe
from engine.config.training import TrainingOptions
from engine.worker.dataset.collator import Collator
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.runtime import devices
from engine.worker.training.cost_model import Prices
from engine.worker.training.memory_probe import Probe
from engine.worker.training.step_gradients import Interrupted, StepTrainer


class StepTimes:
    """Tells the times of a run whose memory did not suffice, with its model in hand."""

    def __init__(
        self, base: LoadedBase, recipe: Recipe, loop: StepTrainer, collator: Collator, probe: Probe | None
    ) -> None:
        """Prepare; `base` has the run's adapter on it, and without a probe nothing is known."""
        self._base = base
        self._recipe = recipe
        self._loop = loop
        self._collator = collator
        self._probe = probe
        self._now: float | None = None

    def now(self) -> float | None:
        """Return the seconds in the run's form, as far as they can be told without trying too much.

        Where it fails for memory now, they are known from before, or from how smaller micro-batches do.
        """
        probe, training = self._probe, self._recipe.training
        if probe is None or not probe.is_tried:
            return None
        self._now = self._tried(probe, self._collator, training) or probe.seconds
        try:
            with suppress(Interrupted):
                checkpointed = training.activation_checkpointing
                self._now = self._now or probe.seconds_at_once(self._collator, checkpointed=checkpointed)
        finally:
            self._loop.end_replicas()
        return self._now

    def of(self, recipe: Recipe) -> float | None:
        """Return the seconds as another recipe computes the step, None where that is not known.

        Micro-batches and checkpointed activations are tried with the model in hand; what else differs is measured on a
        part of it. `now` is asked first.
        """
        probe, training = self._probe, recipe.training
        if probe is None:
            return None
        collator = self._collator.of_size(training.micro_batch_tokens)
        optimizer = {"optimizer": training.optimizer}
        as_now = training == self._recipe.training.model_copy(update=optimizer)
        seconds = self._now if as_now else self._tried(probe, collator, training)
        return self._priced(probe, recipe, collator, seconds) if seconds else None

    def _priced(self, probe: Probe, recipe: Recipe, collator: Collator, seconds: float) -> float | None:
        # Shares are computed side by side: the longest decides.
        shares = collator.loads(probe.step.examples)
        loads = max(shares, key=lambda share: sum(load.weight for load in share))
        with devices.computing_with(devices.threads_each(len(shares))):
            return Prices(self._base, self._recipe).of(recipe, seconds, loads)

    def _tried(self, probe: Probe, collator: Collator, training: TrainingOptions) -> float | None:
        try:
            with suppress(Interrupted):
                return probe.seconds_as(collator, checkpointed=training.activation_checkpointing)
            return None
        finally:
            self._loop.end_replicas()
