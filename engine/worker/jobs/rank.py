"""A rank of a run that another one owns: it holds the same model, takes the same steps, and helps where it is asked.

It has no job and reads no conversations. What it needs lies in the private folder of the job, or is told by rank 0.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from peft import PeftModel

from engine.adapters import library
from engine.adapters.library import Adapter
from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.errors import AppError
from engine.jobs.job import Job
from engine.system.ranks import FACTS, Rank
from engine.worker.adapters import attach
from engine.worker.adapters.adapter_manager import AdapterManager
from engine.worker.dataset import token_cache
from engine.worker.dataset.collator import Collator
from engine.worker.evaluation import losses
from engine.worker.evaluation.samples import SampleSet
from engine.worker.generation import generate
from engine.worker.modeling.base_models import LoadedBase, Model
from engine.worker.runtime import rank_group, rank_meeting
from engine.worker.runtime.channel import SilentChannel
from engine.worker.runtime.rank_group import END, RankGroup
from engine.worker.runtime.rank_meeting import GO, LOOK_SECONDS, Board, Folder
from engine.worker.training import checkpoints, control, rank_models, training_loop
from engine.worker.training.training_run import TrainingRun, liger_kernels

STDIN = 0
STOP_SIGNALS = ("SIGTERM", "SIGINT", "SIGHUP")


def serve(part: dict[str, Any]) -> int:
    """Be the rank that `part` names, as long as the standard input lasts; return an exit code."""
    threading.Thread(target=_end_with_rank_0, daemon=True).start()
    rank, folder = Rank(part["rank"], part["size"], part["rank"], part["size"]), Path(part["folder"])
    rank_meeting.tell_facts(Folder(folder), rank, {})
    return _compute(rank, Folder(folder), folder)


def _end_with_rank_0() -> None:
    """End once the process that started this one is through with it, or gone."""
    while os.read(STDIN, 1):
        pass
    os._exit(0)


def join(rank: Rank) -> int:
    """Be a rank that a launcher has started; return an exit code."""
    try:
        board = rank_meeting.meet(rank, json.loads(os.environ.get(FACTS, "{}")))
    except AppError as error:
        sys.stderr.write(f"{error.message} {error.hint}\n")
        return 1
    group = RankGroup(rank, board, Path())
    # It may take rank 0 hours to read the conversations. This process ends with that one.
    group.watch(lambda _: None)
    while not board.check([GO]):
        time.sleep(LOOK_SECONDS)
    group.stop_watching()
    return _compute(rank, board, Path(board.get(GO).decode()))


def _compute(rank: Rank, board: Board, folder: Path) -> int:
    for name in STOP_SIGNALS:
        # Whether the run stops, rank 0 decides.
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    try:
        with rank_group.connected(rank, board, folder, lambda _: None) as group:
            _Helper(group).hear_to_the_end()
    except Exception as error:  # noqa: BLE001 - the rank's edge: whatever it is, rank 0 says it
        with suppress(RuntimeError):
            if rank_group.has_left(board):
                # What fails is the connection to a rank that is through.
                return 0
        rank_group.tell_failure(board, rank.rank, error)
        return 1
    return 0


class _Helper:
    """Does what rank 0 tells."""

    def __init__(self, group: RankGroup) -> None:
        self._group = group
        self._channel = SilentChannel(Job(group.folder.parent))
        self._base: LoadedBase | None = None
        # The model that is trained, or what is asked for of the library.
        self._model: PeftModel | None = None
        self._manager: AdapterManager | None = None
        self._adapter: Adapter | None = None
        self._recipe: Recipe | None = None
        self._train: token_cache.Tokens | None = None
        self._tasks: dict[str, Callable[[dict[str, Any]], None]] = {
            rank_models.LOAD: self._load,
            rank_models.ATTACH: self._attach,
            rank_models.USE: self._use,
            rank_models.SHARD: lambda _: self._shard(self._loaded.model),
            generate.TASK: self._generate,
            losses.TASK: self._losses,
            training_loop.TRAIN: self._train_along,
            training_loop.WEIGHTS: lambda told: checkpoints.load_trainable(self._model, Path(told["folder"])),
            training_loop.TRAINED: lambda _: None,
            control.WAIT: lambda _: None,
        }

    def hear_to_the_end(self) -> None:
        """Help until rank 0 has no more to compute."""
        while self._hear(set(self._tasks))["task"] != END:
            pass

    def _hear(self, tasks: set[str]) -> dict[str, Any]:
        """Do the next of these tasks, one after the other; return the first that is none of them."""
        told: dict[str, Any]
        while (told := self._group.broadcast())["task"] in tasks:
            self._tasks[told["task"]](told)
        return told

    @property
    def _loaded(self) -> LoadedBase:
        assert self._base is not None
        return self._base

    def _load(self, told: dict[str, Any]) -> None:
        self._recipe = _recipe(told)
        self._base = rank_models.load(self._recipe, self._channel)

    def _use(self, told: dict[str, Any]) -> None:
        self._manager = self._manager or AdapterManager(self._loaded)
        self._adapter = library.find(told["folder"])

    def _attach(self, told: dict[str, Any]) -> None:
        recipe, base = _recipe(told), self._loaded
        self._recipe, self._train = recipe, token_cache.shared(told["train"], self._group.folder)
        context = rank_models.init_context(recipe, self._train, self._collator(told["tokens"]))
        self._model = attach.attach(base, recipe, context)
        rank_models.make_same(self._group, self._model, compares=told["compares"])
        if recipe.training.shard:
            self._shard(self._model)

    def _shard(self, model: Model) -> None:
        assert self._recipe is not None
        rank_models.shard(self._loaded, model, self._recipe, self._group)

    def _collator(self, tokens: int) -> Collator:
        return Collator(self._loaded.family, self._loaded.tokenizer.pad_token_id, tokens)

    def _train_along(self, told: dict[str, Any]) -> None:
        assert self._recipe is not None
        assert self._model is not None
        assert self._train is not None
        nothing: Any = None
        run = TrainingRun(
            channel=self._channel,
            recipe=self._recipe,
            # Only rank 0 evaluates.
            splits=nothing,
            base=self._loaded,
            model=self._model,
            train=self._train,
            validation=(),
            prompter=nothing,
            collator=self._collator(told["tokens"]),
            chosen=SampleSet((), (), {}),
        )
        checkpoint = Path(told["checkpoint"]) if told["checkpoint"] else None
        own = {training_loop.STEP, training_loop.TRAINED}
        with liger_kernels(run):
            training_loop.TrainingLoop(run, checkpoint).follow(lambda: self._hear(set(self._tasks) - own))

    def _generate(self, told: dict[str, Any]) -> None:
        base = self._loaded
        with self._model_of(told) as model:
            generate.help_out(self._group, told, model, base.tokenizer, base.family)

    def _losses(self, told: dict[str, Any]) -> None:
        with self._model_of(told) as model:
            losses.help_out(self._group, told, model, self._collator(told["tokens"]), self._loaded.family)

    @contextmanager
    def _model_of(self, told: dict[str, Any]) -> Iterator[Model]:
        """Give the model that a task is about: the base, or with the adapter."""
        if self._manager is not None:
            with self._manager.use(self._adapter if told["with_adapter"] else None) as model:
                yield model
            return
        if self._model is None:
            yield self._loaded.model
            return
        with nullcontext() if told["with_adapter"] else self._model.disable_adapter():
            yield self._model


def _recipe(told: dict[str, Any]) -> Recipe:
    """Return the recipe that is told, without the adapter that the run goes on from: its values are sent."""
    recipe = recipes.load_text(told["recipe"], Path.cwd())
    return replace(recipe, method=replace(recipe.method, start_from=""))
