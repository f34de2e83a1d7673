"""Plans a run: what it will take, and what is wrong with its recipe, before a weight is loaded.

The base model is built on torch's meta device with the adapter on it, so that every count is exact and no method needs
a formula of its own. A plan downloads nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from transformers import PreTrainedTokenizerBase

from engine.config import gguf_models, hub_sources, model_info
from engine.config.recipe import SAMPLE, STARTER, BaseModelOptions, Recipe, gguf_file, looks_like_path
from engine.errors import AppError, Problem, RecipeError, UnlabelledError
from engine.system import optional_dependencies
from engine.system.connection import offline
from engine.system.paths import starter_folder
from engine.worker.adapters import attach
from engine.worker.dataset import dataset, token_counter
from engine.worker.dataset.dataset import Splits
from engine.worker.dataset.example_preview import placeholder_values
from engine.worker.dataset.prompting import (
    in_format,
    make_prompter,
    notices,
    notices_of_format,
    resolve_limits,
    scored_examples,
    shots_problem,
    special_tokens,
    with_resolved_format,
)
from engine.worker.dataset.token_counter import TokenLengths
from engine.worker.hub import repository
from engine.worker.ingestion.sources import SPLITS
from engine.worker.ingestion.token_lengths import TokenCounter
from engine.worker.kernels import liger, registry
from engine.worker.modeling import base_files, base_models, gguf_unpacking, meta_model
from engine.worker.modeling.architecture import ModelArchitecture, architecture_of
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.modeling.meta_model import BaseOutline
from engine.worker.planning import context_window, plan_cache, plan_facts, readiness
from engine.worker.planning.expected_time import device_speed, run_seconds, token_work
from engine.worker.planning.plan_cache import Sizes
from engine.worker.planning.requirements import Memo, Processes, Requirements
from engine.worker.runtime import devices, oom
from engine.worker.runtime.channel import Channel
from engine.worker.validation.row_rules import needs_tokens

Result = dict[str, Any]


@dataclass(frozen=True)
class _Draft:
    """A run that is being planned: what it will be done with, and the problems found so far, which grow."""

    recipe: Recipe
    problems: list[Problem]
    device: torch.device
    processes: Processes
    splits: Splits | None = None


@dataclass(frozen=True)
class _Model:
    """A base model on the meta device, and with the adapter on it; None for a run without one."""

    base: LoadedBase
    architecture: ModelArchitecture
    adapted: PeftModel | None


class Planner:
    """Makes plans, and caches tokenizer, examples and their token lengths for the next one.

    `tells_time`: plans say how long a run takes, for which the device is timed once. A run has the given `processes`;
    without any, as many as its device has it started with.
    """

    def __init__(
        self, channel: Channel, *, tells_time: bool = True, processes: Processes | None = None
    ) -> None:
        self._channel = channel
        self._given_processes = processes
        self._tells_time = tells_time
        self._memo = Memo()

    def plan(self, recipe: Recipe) -> Result:
        """Return the plan of a recipe, with the problems that a run of it would end with.

        `missing` names what a run would download first, a problem if Tunesmith is offline; facts that depend on it
        are absent. `unpacks` says what a run would unpack first. `notices` are remarks that prevent no run, each with
        message and hint. `unlabelled` is the number of conversations if none has a summary. Raises AppError if a local
        base model can't be read at all.
        """
        draft, unlabelled, options = self._draft(recipe), 0, recipe.base_model
        problems = draft.problems
        folder, data_here = meta_model.folder_of(options), _is_local(recipe.data.source)
        if data_here:
            splits, unlabelled = self._splits(draft)
            draft = replace(draft, splits=splits)
        facts: Result = {}
        ready: Result = {}
        if draft.splits is not None:
            facts = plan_facts.amounts(recipe, draft.splits)
            fingerprint, of_language = draft.splits.fingerprint, partial(readiness.language_of, draft.splits)
            ready = {
                "scored": len(scored_examples(recipe, draft.splits)),
                "language": self._memo.get("language", fingerprint, of_language),
            }
        listed = model_info.in_catalogue(options.id, options.revision)
        file = gguf_file(options.id)
        if folder is not None:
            facts |= self._facts(draft, folder)
        elif file is not None:
            outlined = gguf_unpacking.outline_of(file, self._channel)
            tokenizer = self._tokenizer(outlined, options.id)
            facts |= self._facts_of(draft, meta_model.outline_of_folder(outlined, options, tokenizer, ""))
            message, hint = gguf_models.announcement(file)
            facts["unpacks"] = {"message": message, "hint": hint}
        elif listed is not None:
            # The tokenizer is not here either: the starter's counts the tokens, a little more than most.
            tokenizer = self._tokenizer(starter_folder(), STARTER)
            facts |= self._facts_of_listed(draft, meta_model.outline_of_catalogue(listed, tokenizer))
        ready |= readiness.of_base(folder, listed) | facts.pop("lengths", {})
        missing = {} if folder is not None or file else {"base_model.id": options.id}
        missing |= {} if data_here else {"data.source": recipe.data.source}
        if offline():
            problems += [hub_sources.missing(*each) for each in missing.items()]
        format_notices = facts.pop("format_notices", [])
        return {
            **facts,
            "trains": recipe.method.method.trains,
            **({"readiness": ready} if draft.splits is not None else {}),
            "notices": [
                *notices(recipe),
                *format_notices,
                *devices.notices(draft.device),
                *readiness.doubts(recipe, ready, facts.get("steps", 0)),
            ],
            "missing": [*missing.values()],
            **({"unlabelled": unlabelled} if unlabelled else {}),
            "problems": [problem.as_dict() for problem in problems],
        }

    def require_feasible(self, recipe: Recipe, splits: Splits) -> Result:
        """Return the sizes that a run is planned with, before a weight is read; downloads the base model.

        Raises RecipeError with every problem that prevents the run.
        """
        _require_supported_config(self._channel, recipe)
        folder = base_models.folder_of(recipe.base_model, self._channel)
        draft = self._draft(recipe)
        # An adapter to start from is examined each time: it may have been replaced or damaged.
        if not draft.problems and not recipe.method.start_from:
            cached = plan_cache.load(self._cache_path(replace(draft, splits=splits), folder))
            if cached is not None:
                return cached
        problems, facts = self.examine(recipe, splits)
        if problems:
            raise RecipeError(tuple(problems))
        return _sizes(facts)

    def examine(self, recipe: Recipe, splits: Splits) -> tuple[list[Problem], Result]:
        """Return problems and facts of a recipe whose base model is local and whose examples these are."""
        draft, folder = replace(self._draft(recipe), splits=splits), meta_model.folder_of(recipe.base_model)
        facts = {} if folder is None else self._facts(draft, folder)
        return draft.problems, facts

    def _draft(self, recipe: Recipe) -> _Draft:
        device = recipe.training.device
        processes = self._given_processes or Processes(
            self._memo.get("processes", device, lambda: devices.processes_on(device))
        )
        processes = processes.of(recipe)
        problems = [*_missing_dependencies(recipe), *processes.problems(recipe)]
        return _Draft(recipe, problems, _device(recipe, problems), processes)

    def _cache_path(self, draft: _Draft, folder: Path) -> Path:
        base = base_files.fingerprint(folder, draft.recipe.base_model.id, self._channel)
        assert draft.splits is not None
        return plan_cache.path(draft.recipe, draft.splits.fingerprint, base, draft.device, draft.processes)

    def _facts(self, draft: _Draft, folder: Path) -> Result:
        """Return all that depends on the base model in `folder`; sizes without a problem are cached."""
        options = draft.recipe.base_model
        tokenizer = self._tokenizer(folder, options.id)
        fingerprint = base_files.fingerprint(folder, options.id, self._channel)
        outline = meta_model.outline_of_folder(folder, options, tokenizer, fingerprint)
        facts = self._facts_of(draft, outline)
        sizes = _sizes(facts)
        if draft.splits is not None and not draft.problems and len(sizes) == len(Sizes.model_fields):
            plan_cache.save(self._cache_path(draft, folder), sizes)
        return facts

    def _facts_of(self, draft: _Draft, outline: BaseOutline) -> Result:
        """Return the facts of base model and adapter and, with examples, of their lengths and of the run's costs."""
        recipe, splits, problems = draft.recipe, draft.splits, draft.problems
        facts, model = _base_facts(draft, outline)
        base = model.base
        facts["format_notices"] = notices_of_format(recipe, base.tokenizer)
        if splits is None:
            return facts
        lengths = self._lengths(base.tokenizer, splits)
        try:
            recipe = resolve_limits(with_resolved_format(recipe, base.tokenizer), base, splits, lengths)
        except AppError as error:
            problems.extend(error.problems)
            return facts
        found = shots_problem(recipe, splits) or context_window.problem(
            recipe, base, model.adapted or base.model, splits, lengths
        )
        # The same field may have a problem that explains this one.
        if found and found.field not in {each.field for each in problems}:
            problems.append(found)
        return {
            **facts,
            **self._costs(replace(draft, recipe=recipe), model, splits, lengths),
            "token_lengths": plan_facts.described(lengths, recipe.data.max_conversation_tokens),
            "learned_preview": {"pieces": plan_facts.label_preview(recipe, base, splits)},
            "prompt": placeholder_values(recipe, base, splits),
            "lengths": readiness.of_lengths(
                recipe, lengths, special_tokens(base, make_prompter(recipe, base, splits))
            ),
        }

    def _facts_of_listed(self, draft: _Draft, outline: BaseOutline) -> Result:
        """Return what is known of a run on a model of the catalogue that is not on this computer."""
        facts, model = _base_facts(draft, outline)
        if draft.splits is not None:
            base, lengths = model.base, self._lengths(model.base.tokenizer, draft.splits)
            plain = resolve_limits(in_format(draft.recipe, "plain"), base, draft.splits, lengths)
            facts |= self._costs(replace(draft, recipe=plain), model, draft.splits, lengths)
        return facts

    def _costs(self, draft: _Draft, model: _Model, splits: Splits, lengths: TokenLengths) -> Result:
        """Return the memory and the time that the run takes."""
        recipe, base, device, processes = draft.recipe, model.base, draft.device, draft.processes
        train = plan_facts.truncated(recipe, base, splits, lengths)
        facts: Result = {}
        if model.adapted is not None:
            requirements = Requirements(
                recipe, base.family, model.adapted, model.architecture, device, processes
            )
            facts, problem = requirements.estimate(train, self._memo)
            draft.problems.extend([problem] if problem else [])
        if not self._tells_time:
            return facts
        speed = device_speed(device, getattr(torch, base.precision), model.architecture)
        if device.type not in oom.SHARED_MEMORY:
            # A GPU for each; on a CPU they share its cores.
            speed *= processes.count
        work = token_work(base.model, model.architecture, base.family)
        share = 0.0 if model.adapted is None else plan_facts.of_adapter(model.adapted)["share"]
        examples = {split: len(splits.of(split)) for split in SPLITS}
        return facts | {"seconds": run_seconds(recipe, work, share, train, examples, speed)}

    def _splits(self, draft: _Draft) -> tuple[Splits | None, int]:
        """Return the examples, or None with a problem if they can't be read, and how many have no summaries yet."""
        recipe, options = draft.recipe, draft.recipe.data
        # What changes nothing of the examples.
        limits = {"max_conversation_tokens", "max_summary_tokens"}
        by_tokens = needs_tokens(options.exclude)
        kept = {"prompt", "prompt_format", "shots"} | (set() if by_tokens else limits)
        key = (options.model_dump_json(exclude=kept), recipe.base_model if by_tokens else None)

        def read() -> Splits:
            return dataset.read(options, self._channel, counter=lambda: self._counter(recipe.base_model))

        try:
            splits: Splits = self._memo.get("splits", key, read)
        except AppError as error:
            draft.problems.extend(error.problems)
            return None, error.count if isinstance(error, UnlabelledError) else 0
        return splits, 0

    def _counter(self, options: BaseModelOptions) -> TokenCounter | None:
        """Return the token counter of a base model, None if it is not on this computer."""
        folder = meta_model.folder_of(options)
        if folder is None:
            return None
        return token_counter.counter_of(self._tokenizer(folder, options.id), folder, options.id)

    def _tokenizer(self, folder: Path, name: str) -> PreTrainedTokenizerBase:
        key = (folder, base_files.fingerprint(folder, name, self._channel))
        tokenizer: PreTrainedTokenizerBase = self._memo.get(
            "tokenizer", key, lambda: base_models.read_tokenizer(folder, name)
        )
        return tokenizer

    def _lengths(self, tokenizer: PreTrainedTokenizerBase, splits: Splits) -> TokenLengths:
        lengths: TokenLengths = self._memo.get(
            "lengths",
            (splits.fingerprint, tokenizer),
            lambda: TokenLengths(tokenizer, splits, self._channel.check_stop),
        )
        return lengths


def _sizes(facts: Result) -> Result:
    return {name: facts[name] for name in Sizes.model_fields if name in facts}


def _require_supported_config(channel: Channel, recipe: Recipe) -> None:
    """Raise RecipeError if the config.json of a base model on the hub rules the recipe out, before its download."""
    options = recipe.base_model
    if meta_model.folder_of(options) is not None:
        return
    config = base_models.fetch_config(options, channel)
    problems = _missing_dependencies(recipe)
    device = _device(recipe, problems)
    try:
        base_models.family_of(config, options.id)
        base_models.refuse_dtype(config, base_models.choose_dtype(config, options, device).dtype, device)
        attach.refuse_misfit(recipe, config)
    except AppError as error:
        problems += error.problems
    if problems:
        raise RecipeError(tuple(problems))


def _missing_dependencies(recipe: Recipe) -> list[Problem]:
    """Return the problems of packages that the recipe needs and this Python lacks."""
    return list(optional_dependencies.problems(recipe.base_model.quantization, recipe.training.optimizer))


def _device(recipe: Recipe, problems: list[Problem]) -> torch.device:
    try:
        device = devices.usable(recipe.training.device)
        devices.refuse_eight_bits(recipe.training.optimizer, device)
    except AppError as error:
        problems += error.problems
        return torch.device("cpu")
    return device


def _is_local(source: str) -> bool:
    on_this_computer = source == SAMPLE or looks_like_path(source)
    return on_this_computer or repository.cached_folder(source, "main", "dataset") is not None


def _base_facts(draft: _Draft, outline: BaseOutline) -> tuple[Result, _Model]:
    """Return the facts of base model and adapter, and both on the meta device.

    An adapter that does not fit the base model is a problem.
    """
    recipe, device, adapted = draft.recipe, draft.device, None
    with registry.planned_for(device.type):
        base = outline.without_weights(recipe.base_model, device, draft.problems)
        architecture = architecture_of(base.model)
        adapter = plan_facts.without_adapter(base)
        if recipe.method.method.trains:
            try:
                with torch.device("meta"):
                    adapted = attach.attach(base, recipe)
                    adapter = plan_facts.of_adapter(adapted)
            except AppError as error:
                draft.problems.extend(error.problems)
    model_type = base.model.config.model_type
    # The version of Liger's kernels that a run trains with.
    wanted = recipe.training.liger and liger.suits(recipe.method.method.peft_type)
    version = liger.version(device, model_type) if wanted else ""
    facts = {
        "base_parameters": architecture.num_parameters,
        "family": base.family,
        "model_type": model_type,
        **({"liger": version} if version else {}),
        "biases": base_models.facts(base.model.config, recipe.base_model.quantization).biases,
        "precision": base.precision,
        "precision_reason": base.precision_reason,
        "bits_per_parameter": architecture.bits_per_parameter(recipe.base_model),
        "modules": architecture.modules(),
        "blocks": architecture.blocks(),
        "learning_rate": recipe.learning_rate(base.family),
        **adapter,
    }
    return facts, _Model(base, architecture, adapted)
