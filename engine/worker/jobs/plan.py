"""The job `plan`: plans a recipe, or with `serve` one recipe after another while a form is edited."""

from __future__ import annotations

from typing import Any

from engine.config import known_plans
from engine.config import recipe as recipes
from engine.errors import AppError, RecipeError
from engine.jobs.job import Command
from engine.worker.planning.planner import Planner
from engine.worker.planning.requirements import Processes
from engine.worker.runtime import devices
from engine.worker.runtime.channel import Channel


def run(channel: Channel, request: dict[str, Any]) -> None:
    """Plan the job's recipe, or serve: answer each `plan {request, recipe, shown}` until `quit`."""
    if request.get("serve"):
        planner = Planner(channel)
        for asked in channel.newest("plan"):
            _answer(channel, planner, asked)
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


def _answer(channel: Channel, planner: Planner, asked: Command) -> None:
    try:
        recipe = recipes.loads(asked["recipe"])
        found = planner.plan(recipe)
        channel.result(found, request=asked["request"])
        if asked.get("shown"):
            known_plans.save(recipe, found)
    except AppError as error:
        problems = [problem.as_dict() for problem in error.problems]
        channel.emit("request_failed", request=asked["request"], problems=problems)
