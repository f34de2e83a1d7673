"""A loss plot that is fed point by point, as events feed the state of a run."""

from collections.abc import Iterable

from engine.api import Curve, RunState
from gui.plots.loss_plot import LossPlot


class FedPlot(LossPlot):
    """Keeps the state of a run; each point is shown at once."""

    def __init__(self, total: int = 0) -> None:
        super().__init__()
        self.start(total)

    def start(self, total: int = 0) -> None:
        """Begin another run."""
        self.state = RunState()
        self.state.started = {"total_steps": total}
        self.follow(self.state)

    def append(self, step: int, loss: float) -> None:
        self.append_many([step], [loss])

    def append_many(self, steps: Iterable[int], losses: Iterable[float]) -> None:
        self._add(self.state.loss, steps, losses)

    def append_evaluations(self, steps: Iterable[int], losses: Iterable[float]) -> None:
        self._add(self.state.evaluation_loss, steps, losses)

    def append_scores(self, steps: Iterable[int], rouge1: Iterable[float], examples: int) -> None:
        self.state.evaluated_examples = examples
        self._add(self.state.evaluation_rouge1, steps, rouge1)

    def append_chrf(self, steps: Iterable[int], chrf: Iterable[float]) -> None:
        self._add(self.state.evaluation_chrf, steps, chrf)

    def set_former(self, steps: Iterable[int], losses: Iterable[float]) -> None:
        self._add(self.state.former_loss, steps, losses)

    def end(self, saved_step: int | None = None) -> None:
        """End the run, with an adapter of a step if there is one."""
        self.state.adapter = None if saved_step is None else {"adapter": "a", "step": saved_step}
        self.follow(self.state, ended=True)

    def _add(self, curve: Curve, steps: Iterable[int], values: Iterable[float]) -> None:
        for step, value in zip(steps, values, strict=True):
            curve.add(step, value)
        self.follow(self.state)
