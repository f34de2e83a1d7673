"""The job `shrink`: finds memory fallbacks for a run whose worker was killed for its memory."""

from __future__ import annotations

from functools import partial
from typing import Any

from engine.config import recipe as recipes
from engine.worker.dataset import dataset, token_counter
from engine.worker.planning.fallback_search import FallbackSearch
from engine.worker.planning.planner import Planner
from engine.worker.runtime import devices, oom
from engine.worker.runtime.channel import Channel


def run(channel: Channel, request: dict[str, Any]) -> None:
    """Find fallbacks for the job's recipe; `step` of the request is that of the checkpoint to resume from."""
    recipe = recipes.load(channel.job.recipe_path)
    channel.enter("read_data")
    splits = dataset.read(
        recipe.data, channel, counter=partial(token_counter.fetch_counter, recipe.base_model, channel)
    )
    available = devices.available_bytes(devices.choose(recipe.training.device))
    search = FallbackSearch(Planner(channel, tells_time=False), recipe, splits, int(request["step"]))
    channel.result(search.run(oom.MemoryExceeded(0, available)))
