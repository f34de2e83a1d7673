"""Decoding steps over tensors of fixed shape and place, which a CUDA card replays as a graph.

A small model's step is a thousand short operations, and a card waits for the host to start each of them. A graph starts
them all at once. It knows addresses only, so inputs are copied to where they were when it was recorded. What changes a
shape (rows leave, the cache is full) costs a new recording.
"""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any
from weakref import WeakSet

import torch
from transformers import Cache

from engine.worker.kernels import fixed_cache
from engine.worker.kernels.library import CACHE, ModelOutput, tree_flatten, tree_unflatten
from engine.worker.kernels.registry import enabled
from engine.worker.runtime import oom

# Tokens until the cache is widened and the step recorded anew. All of the width is attended to.
WINDOW = 64
# Widths are multiples of it: kernels of attention copy a mask of another width.
ALIGNED = 8
# Before it is recorded a step is computed so often, so that libraries have chosen their kernels.
WARM_UPS = 2

Inputs = dict[str, Any]
Run = Callable[[], ModelOutput]
# Models whose steps can't be recorded: something in them waits for the card, or asks the host.
_unrecordable: WeakSet[Any] = WeakSet()


def apply(model: Any, inputs: Inputs, device: torch.device) -> bool:
    """Tell whether a model's next steps are to be computed so; `inputs` are those that transformers keeps."""
    return (
        enabled("graphed_decoding", device.type)
        and getattr(model, "_can_compile_fullgraph", False)
        and is_recordable(model)
        and fixed_cache.can_be_fixed(fixed_cache.of_new_tokens(inputs.get(CACHE)))
    )


def is_recordable(model: Any) -> bool:
    """Tell whether no step of this model was refused by a card so far."""
    return model not in _unrecordable


class FixedSteps:
    """The steps of one model over one batch, whose cache holds `length` tokens so far."""

    # The others' step has to be recorded anew when ended rows leave.
    min_leaving = 1 / 2

    def __init__(self, model: Any, length: int) -> None:
        self._model = model
        self._length = length
        self._width = 0
        self._run: Run | None = None
        # The inputs of the last step, and the tensors that the step reads them from.
        self._given: list[Any] = []
        self._places: list[Any] = []

    def step(self, ids: torch.Tensor, inputs: Inputs) -> ModelOutput:
        """Return the model's output for the last of `ids` (rows × tokens); the next step overwrites it."""
        if self._run is None or self._length == self._width or not self._put(self._prepared(ids, inputs)[0]):
            self._run = self._begin(ids, inputs)
        self._length += 1
        return self._run()

    def forget(self) -> None:
        """Record the next step anew: other rows are computed."""
        self._run = None

    def _begin(self, ids: torch.Tensor, inputs: Inputs) -> Run:
        """Widen the cache, and return what computes this step and those after it."""
        cache = fixed_cache.of_new_tokens(inputs[CACHE])
        self._width = math.ceil((self._length + WINDOW) / ALIGNED) * ALIGNED
        fixed_cache.fix(cache, self._length, self._width)
        self._given, structure = self._prepared(ids, inputs)
        self._places = [_own(value) for value in self._given]
        arguments = tree_unflatten(self._places, structure)
        return _recorded(partial(self._model, **arguments, return_dict=True), self._model, cache)

    def _prepared(self, ids: torch.Tensor, inputs: Inputs) -> tuple[list[Any], Any]:
        """Return the step's inputs in a row, and what puts them together again."""
        flat: tuple[list[Any], Any] = tree_flatten(
            self._model.prepare_inputs_for_generation(ids, next_sequence_length=1, **inputs)
        )
        return flat

    def _put(self, given: list[Any]) -> bool:
        """Copy the inputs that have changed to their places; return whether they fit there."""
        changed = [
            (value, place)
            for value, before, place in zip(given, self._given, self._places, strict=False)
            if value is not before
        ]
        fits = len(given) == len(self._places) and all(_has_form(*pair) for pair in changed)
        if fits:
            for value, place in changed:
                place.copy_(value)
            self._given = given
        return fits


def _has_form(value: Any, place: Any) -> bool:
    both = isinstance(value, torch.Tensor) and isinstance(place, torch.Tensor)
    return both and (value.shape, value.dtype) == (place.shape, place.dtype)


def _own(value: Any) -> Any:
    return value.clone() if isinstance(value, torch.Tensor) else value


def _recorded(run: Run, model: Any, cache: Cache) -> Run:
    """Return what computes a step again with what then stands in its tensors: by a graph where that is possible."""
    if not _has_graphs(model.device):
        return run
    counts = fixed_cache.lengths(cache)
    before = [count.clone() for count in counts]
    try:
        return _graph(run, partial(_put_back, counts, before))
    except Exception as error:
        if oom.is_oom(error):
            raise
        traceback.print_exc()
        _unrecordable.add(model)
        return run
    finally:
        _put_back(counts, before)


def _has_graphs(device: torch.device) -> bool:
    return device.type == "cuda"


def _put_back(counts: list[torch.Tensor], before: list[torch.Tensor]) -> None:
    """Let the cache hold as many tokens as before: what a trial wrote behind them is overwritten."""
    for count, value in zip(counts, before, strict=True):
        count.copy_(value)


def _graph(run: Run, put_back: Callable[[], None]) -> Run:
    """Compute a step on a stream of its own, then record it."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(WARM_UPS):
            run()
            put_back()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    # Other threads may ask the card for its memory meanwhile.
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):
        output = run()
    return partial(_replayed, graph, output)


def _replayed(graph: Any, output: ModelOutput) -> ModelOutput:
    graph.replay()
    return output
