"""Which of a run's states becomes the adapter, and when it ends early: best state, patience, minutes."""

from __future__ import annotations

import math

from engine.config.training import patience
from engine.messages import counted, say
from engine.runs import run_store
from engine.runs.run_store import BEST_PREFIX
from engine.system.files import remove
from engine.worker.runtime.atomic_write import storage_errors
from engine.worker.training import checkpoints
from engine.worker.training.training_run import TrainingRun


class ModelSelection:
    """Compares evaluations. What it knows is in the run's progress, so that a checkpoint has it."""

    def __init__(self, run: TrainingRun) -> None:
        self._run = run

    def update(self, loss: float, rouge1: float) -> None:
        """Take in an evaluation of this step; save the state if it is the best so far.

        A loss that is not finite is no gain: as the best, NaN would never be beaten.
        """
        run, best = self._run, self._run.progress
        is_better = rouge1 > best.best_rouge1 if run.training.best_by == "rouge1" else loss < best.best_loss
        if not math.isfinite(loss) or (best.best_step and not is_better):
            best.evaluations_without_gain += 1
            return
        best.evaluations_without_gain = 0
        best.best_loss, best.best_rouge1, best.best_step = loss, rouge1, run.step
        if run.keeps_best:
            with storage_errors("The best state so far", "Free some disk space, then resume."):
                checkpoints.save_best(run.model, run.best_folder)

    def load_best(self) -> bool:
        """Put the best state's weights into the model, if the run keeps it; return whether it did."""
        if not self._run.keeps_best or not self._run.progress.best_step:
            return False
        checkpoints.load_trainable(self._run.model, self._run.best_folder)
        return True

    def is_finished(self) -> bool:
        """Tell whether no step is left: all are done, the patience or the minutes are over."""
        run = self._run
        return run.step >= run.total_steps or (
            run.step > 0 and (self.out_of_patience() or self.out_of_time())
        )

    def out_of_patience(self) -> bool:
        """Tell whether the recipe's patience is over; this step is then the run's last."""
        run = self._run
        evaluations = patience(len(run.validation), run.training)
        if not evaluations or run.progress.evaluations_without_gain < evaluations:
            return False
        by_score = run.training.best_by == "rouge1"
        value = f"{100 * run.progress.best_rouge1:.1f}" if by_score else f"{run.progress.best_loss:.3f}"
        self._run.channel.notice(
            say(
                "Stopped at step {}: {} without a better {}.",
                run.step,
                counted(evaluations, "evaluation"),
                "ROUGE-1" if by_score else "validation loss",
            ),
            say("Best: {} at step {}.", value, run.progress.best_step) if run.progress.best_step else "",
        )
        run.total_steps = run.step
        return True

    def out_of_time(self) -> bool:
        """Tell whether the training has had all its minutes; this step is then the run's last.

        The seconds are those of the steps of all attempts, so that a resumed run gets no more than another.
        """
        run, minutes = self._run, self._run.training.max_minutes
        if not minutes or run.progress.seconds < 60 * minutes:
            return False
        if run.step < run.total_steps:
            self._run.channel.notice(
                say(
                    "Stopped at step {:,} of {:,}, after {:g} min of training.",
                    run.step,
                    run.total_steps,
                    minutes,
                ),
                "Raise the minutes (training.max_minutes).",
            )
            run.total_steps = run.step
        return True

    def drop_old_states(self) -> None:
        """Delete best states that no saved checkpoint goes back to."""
        needed = {self._run.best_folder.name}
        needed |= {
            f"{BEST_PREFIX}{checkpoints.read_state(path)['best_step']}"
            for path in run_store.checkpoints(self._run.job)
        }
        for folder in run_store.best_states(self._run.job):
            if folder.name not in needed:
                remove(folder)
