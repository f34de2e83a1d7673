"""The jobs `plan` and `shrink`: what a recipe takes, and what makes it fit where its worker was killed for its memory.

With `serve`, `plan` answers for one recipe after another while a form is edited.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from engine.config import known_plans
from engine.config import recipe as recipes
from engine.errors import AppError, RecipeError
from engine.jobs.job import Command
from engine.worker.dataset import dataset, token_counter
from engine.worker.planning.fallback_search import FallbackSearch
from engine.worker.planning.planner import Planner
from engine.worker.planning.requirements import Processes
from engine.worker.runtime import devices, oom
from engine.worker.runtime.channel import Channel


def run(channel: Channel, request: dict[str, Any]) -> None:
    """Plan the job's recipe, or serve: answer each `plan {request, recipe, shown}` until `quit`.

    To `shrink` it, find memory fallbacks; `step` of the request is that of the checkpoint to resume from.
    """
    if request.get("kind") == "shrink":
        _shrink(channel, int(request["step"]))
        return
    if request.get("serve"):
        planner = Planner(channel)
        for asked in channel.newest("plan"):
            answer_request(channel, planner, asked)
        return
    channel.enter("read_data")
    try:
        recipe = recipes.load(channel.job.recipe_path)
        count = request.get("processes") or devices.processes_on(recipe.training.device)
        processes = Processes(count, request.get("sharded", False))
        channel.result(Planner(channel, processes=processes).plan(recipe))
    except AppError as error:
        # Whatever a plan finds is known without loading a model: a problem of the recipe.
        raise RecipeError(error.problems) from error


def answer_request(channel: Channel, planner: Planner, asked: Command) -> None:
    try:
        recipe = recipes.loads(asked["recipe"])
        found = planner.plan(recipe)
        channel.result(found, request=asked["request"])
        if asked.get("shown"):
            known_plans.save(recipe, found)
    except AppError as error:
        problems = [problem.as_dict() for problem in error.problems]
        channel.emit("request_failed", request=asked["request"], problems=problems)


def _shrink(channel: Channel, step: int) -> None:
    recipe = recipes.load(channel.job.recipe_path)
    channel.enter("read_data")
    counter = partial(token_counter.fetch_counter, recipe.base_model, channel)
    splits = dataset.read(recipe.data, channel, counter=counter)
    available = devices.available_bytes(devices.choose(recipe.training.device))
    search = FallbackSearch(Planner(channel, tells_time=False), recipe, splits, step)
    channel.result(search.run(oom.MemoryExceeded(0, available)))
