"""Plans a run: what it will take, and what is wrong with its recipe, before a weight is loaded.

The base model is built on torch's meta device with the adapter on it, so that every count is exact and no method needs
a formula of its own. A plan downloads nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from transformers import PreTrainedTokenizerBase

from engine.config import base_model_catalogue, gguf_models, hub_sources
from engine.config.base_model_catalogue import CatalogueModel
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
    settled,
    shots_problem,
)
from engine.worker.dataset.summary_limits import settle_limits, special_tokens
from engine.worker.hub import repository
from engine.worker.ingestion.sources import SPLITS
from engine.worker.ingestion.token_lengths import TokenCounter
from engine.worker.kernels import liger, registry
from engine.worker.modeling import base_files, base_models, gguf_unpacking, meta_model
from engine.worker.modeling.architecture import ModelArchitecture, architecture_of
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.planning import base_outline, context_window, plan_cache, plan_facts, readiness
from engine.worker.planning.base_outline import BaseOutline
from engine.worker.planning.expected_time import device_speed, run_seconds, token_work
from engine.worker.planning.memo import Memo
from engine.worker.planning.plan_facts import Lengths
from engine.worker.planning.processes import Processes
from engine.worker.planning.requirements import Requirements
from engine.worker.runtime import devices, oom
from engine.worker.runtime.channel import Channel
from engine.worker.validation.row_rules import needs_tokens

# The part of a plan that its run reports when it starts.
SIZES = (
    "adapter_bytes", "sized_by_training", "bits_per_parameter", "memory", "memory_bytes", "micro_batch",
    "micro_batch_tokens", "replicas",
)  # fmt: skip
# Texts that are tokenized at once.
BATCH_SIZE = 500

Result = dict[str, Any]


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
        problems = self._first_problems(recipe)
        device = _device(recipe, problems)
        folder, data_here = meta_model.folder_of(recipe.base_model), _is_local(recipe.data.source)
        splits, unlabelled = self._splits(recipe, problems) if data_here else (None, 0)
        facts: Result = {} if splits is None else plan_facts.amounts(recipe, splits)
        ready = {} if splits is None else readiness.of_data(recipe, splits, self._language(splits))
        listed = base_model_catalogue.find(recipe.base_model.id, recipe.base_model.revision)
        file = gguf_file(recipe.base_model.id)
        if folder is not None:
            facts |= self._facts(recipe, folder, device, splits, problems)
        elif file is not None:
            facts |= self._facts_of_file(recipe, file, device, splits, problems)
        elif listed is not None:
            facts |= self._facts_of_listed(recipe, listed, device, splits, problems)
        ready |= readiness.of_base(folder, listed) | facts.pop("lengths", {})
        missing = {} if folder is not None or file else {"base_model.id": recipe.base_model.id}
        missing |= {} if data_here else {"data.source": recipe.data.source}
        if offline():
            problems += [hub_sources.missing(*each) for each in missing.items()]
        format_notices = facts.pop("format_notices", [])
        return {
            **facts,
            "trains": recipe.method.method.trains,
            **({"readiness": ready} if splits is not None else {}),
            "notices": [
                *notices(recipe),
                *format_notices,
                *devices.notices(device),
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
        base_models.folder_of(recipe.base_model, self._channel)
        cached = self._cached_sizes(recipe, splits)
        if cached is not None:
            return cached
        problems, facts = self.examine(recipe, splits)
        if problems:
            raise RecipeError(tuple(problems))
        return _sizes(facts)

    def examine(self, recipe: Recipe, splits: Splits) -> tuple[list[Problem], Result]:
        """Return problems and facts of a recipe whose base model is local and whose examples these are."""
        problems = self._first_problems(recipe)
        device, folder = _device(recipe, problems), meta_model.folder_of(recipe.base_model)
        facts = {} if folder is None else self._facts(recipe, folder, device, splits, problems)
        return problems, facts

    def _cached_sizes(self, recipe: Recipe, splits: Splits) -> Result | None:
        """Return the sizes of an earlier plan of just this without problems, or None.

        An adapter to start from is examined each time: it may have been replaced or damaged.
        """
        problems = self._first_problems(recipe)
        device, folder = _device(recipe, problems), meta_model.folder_of(recipe.base_model)
        if problems or folder is None or recipe.method.start_from:
            return None
        return plan_cache.load(self._cache_path(recipe, splits, folder, device))

    def _first_problems(self, recipe: Recipe) -> list[Problem]:
        return [*_missing_dependencies(recipe), *self._processes(recipe).problems(recipe)]

    def _processes(self, recipe: Recipe) -> Processes:
        if self._given_processes is not None:
            return self._given_processes.of(recipe)
        device = recipe.training.device
        count: int = self._memo.get("processes", device, lambda: devices.processes_on(device))
        return Processes(count).of(recipe)

    def _cache_path(self, recipe: Recipe, splits: Splits, folder: Path, device: torch.device) -> Path:
        processes = self._processes(recipe)
        base = base_files.fingerprint(folder, recipe.base_model.id, self._channel)
        return plan_cache.path(recipe, splits.fingerprint, base, device, processes)

    def _facts(
        self,
        recipe: Recipe,
        folder: Path,
        device: torch.device,
        splits: Splits | None,
        problems: list[Problem],
    ) -> Result:
        """Return all that depends on the base model in `folder`; sizes without a problem are cached."""
        options = recipe.base_model
        tokenizer = self._tokenizer(folder, options.id)
        fingerprint = base_files.fingerprint(folder, options.id, self._channel)
        outline = base_outline.of_folder(folder, options, tokenizer, fingerprint)
        facts = self._facts_of_outline(recipe, outline, device, splits, problems)
        sizes = _sizes(facts)
        if splits is not None and not problems and len(sizes) == len(SIZES):
            plan_cache.save(self._cache_path(recipe, splits, folder, device), sizes)
        return facts

    def _facts_of_file(
        self,
        recipe: Recipe,
        file: Path,
        device: torch.device,
        splits: Splits | None,
        problems: list[Problem],
    ) -> Result:
        """Return all that depends on the base model in a GGUF file that a run would unpack."""
        folder = gguf_unpacking.outline_of(file, self._channel)
        tokenizer = self._tokenizer(folder, recipe.base_model.id)
        outline = base_outline.of_gguf(folder, recipe.base_model, tokenizer)
        facts = self._facts_of_outline(recipe, outline, device, splits, problems)
        message, hint = gguf_models.announcement(file)
        return facts | {"unpacks": {"message": message, "hint": hint}}

    def _facts_of_outline(
        self,
        recipe: Recipe,
        outline: BaseOutline,
        device: torch.device,
        splits: Splits | None,
        problems: list[Problem],
    ) -> Result:
        facts, base, architecture, model = _base_facts(recipe, outline, device, problems)
        facts["format_notices"] = notices_of_format(recipe, base.tokenizer)
        if splits is None:
            return facts
        lengths = self._lengths(base, splits)
        settled_recipe = _settled(recipe, base, splits, lengths, problems)
        if settled_recipe is None:
            return facts
        return facts | self._data_facts(
            settled_recipe, base, architecture, model, device, splits, lengths, problems
        )

    def _facts_of_listed(
        self,
        recipe: Recipe,
        listed: CatalogueModel,
        device: torch.device,
        splits: Splits | None,
        problems: list[Problem],
    ) -> Result:
        """Return what is known of a run on a model of the catalogue that is not on this computer.

        Its tokenizer is not here either: the starter's counts the tokens, a little more than most.
        """
        outline = base_outline.of_catalogue(listed, self._tokenizer(starter_folder(), STARTER))
        facts, base, architecture, model = _base_facts(recipe, outline, device, problems)
        if splits is not None:
            lengths = self._lengths(base, splits)
            plain = settle_limits(in_format(recipe, "plain"), base, splits, lengths)
            facts |= self._costs(plain, base, architecture, model, device, splits, lengths, problems)
        return facts

    def _data_facts(
        self,
        recipe: Recipe,
        base: LoadedBase,
        architecture: ModelArchitecture,
        model: PeftModel | None,
        device: torch.device,
        splits: Splits,
        lengths: Lengths,
        problems: list[Problem],
    ) -> Result:
        """Return all that depends on the examples too: their lengths, prompt, preview and the memory."""
        problems += _length_problems(recipe, base, model, splits, lengths, problems)
        facts = self._costs(recipe, base, architecture, model, device, splits, lengths, problems)
        return facts | {
            "token_lengths": lengths.described(recipe.data.max_conversation_tokens),
            "learned_preview": {"pieces": plan_facts.label_preview(recipe, base, splits)},
            "prompt": placeholder_values(recipe, base, splits),
            "lengths": readiness.of_lengths(
                recipe, lengths, special_tokens(base, make_prompter(recipe, base, splits))
            ),
        }

    def _language(self, splits: Splits) -> str:
        language: str = self._memo.get("language", splits.fingerprint, lambda: readiness.language_of(splits))
        return language

    def _costs(
        self,
        recipe: Recipe,
        base: LoadedBase,
        architecture: ModelArchitecture,
        model: PeftModel | None,
        device: torch.device,
        splits: Splits,
        lengths: Lengths,
        problems: list[Problem],
    ) -> Result:
        """Return the memory and the time that the run takes."""
        train = plan_facts.truncated(recipe, base, splits, lengths.by_split["train"][recipe.data.shots :])
        facts: Result = {}
        processes = self._processes(recipe)
        if model is not None:
            requirements = Requirements(recipe, base.family, model, architecture, device, processes)
            facts, problem = requirements.estimate(train, self._memo)
            problems += [problem] if problem else []
        if not self._tells_time:
            return facts
        speed = device_speed(device, getattr(torch, base.precision), architecture)
        if device.type not in oom.SHARED_MEMORY:
            # A card for each; on a processor they share its cores.
            speed *= processes.count
        work = token_work(base.model, architecture, base.family)
        share = 0.0 if model is None else plan_facts.of_adapter(model)["share"]
        examples = {split: len(splits.of(split)) for split in SPLITS}
        return facts | {"seconds": run_seconds(recipe, work, share, train, examples, speed)}

    def _splits(self, recipe: Recipe, problems: list[Problem]) -> tuple[Splits | None, int]:
        """Return the examples, or None with a problem if they can't be read, and how many have no summaries yet."""
        with _Collecting(problems):
            options, limits = recipe.data, {"max_conversation_tokens", "max_summary_tokens"}
            by_tokens = needs_tokens(options.exclude)
            key = (
                options.model_dump_json(
                    exclude={"prompt", "prompt_format", "shots", *(() if by_tokens else limits)}
                ),
                recipe.base_model if by_tokens else None,
            )

            def read() -> Splits:
                return dataset.read(options, self._channel, counter=lambda: self._counter(recipe.base_model))

            try:
                splits: Splits = self._memo.get("splits", key, read)
            except UnlabelledError as error:
                problems.extend(error.problems)
                return None, error.count
            return splits, 0
        return None, 0

    def _counter(self, options: BaseModelOptions) -> TokenCounter | None:
        """Return the token counter of a base model, None if it is not on this computer."""
        folder = meta_model.folder_of(options)
        return (
            token_counter.counter_of(self._tokenizer(folder, options.id), folder, options.id)
            if folder
            else None
        )

    def _tokenizer(self, folder: Path, name: str) -> PreTrainedTokenizerBase:
        key = (folder, base_files.fingerprint(folder, name, self._channel))
        tokenizer: PreTrainedTokenizerBase = self._memo.get(
            "tokenizer", key, lambda: base_models.read_tokenizer(folder, name)
        )
        return tokenizer

    def _lengths(self, base: LoadedBase, splits: Splits) -> Lengths:
        """Return the lengths that the tokenizer of a base model counts."""
        key = (splits.fingerprint, base.tokenizer)
        lengths: Lengths = self._memo.get("lengths", key, lambda: self._count(base, splits))
        return lengths

    def _count(self, base: LoadedBase, splits: Splits) -> Lengths:
        """Count the tokens of all examples. Raises Stopped."""
        counted: dict[str, list[tuple[int, int]]] = {split: [] for split in SPLITS}
        for split in SPLITS:
            examples = splits.of(split)
            for start in range(0, len(examples), BATCH_SIZE):
                self._channel.check_stop()
                batch = examples[start : start + BATCH_SIZE]
                counted[split] += zip(
                    _token_counts(base, [example.conversation for example in batch]),
                    _token_counts(base, [example.summary for example in batch]),
                    strict=True,
                )
        return Lengths({split: tuple(pairs) for split, pairs in counted.items()})


class _Collecting:
    """A context that appends the problems of an AppError to a list instead of raising it."""

    def __init__(self, problems: list[Problem]) -> None:
        self._problems = problems

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, AppError):
            self._problems.extend(error.problems)
        return isinstance(error, AppError)


def _sizes(facts: Result) -> Result:
    return {name: facts[name] for name in SIZES if name in facts}


def _require_supported_config(channel: Channel, recipe: Recipe) -> None:
    """Raise RecipeError if the config.json of a base model on the hub rules the recipe out, before its download."""
    options = recipe.base_model
    if meta_model.folder_of(options) is not None:
        return
    config = base_models.fetch_config(options, channel)
    problems = _missing_dependencies(recipe)
    device = _device(recipe, problems)
    with _Collecting(problems):
        base_models.family_of(config, options.id)
        overflows = base_models.overflows_in_float16(config)
        chosen = devices.number_format(options.precision, device, overflows=overflows)
        base_models.refuse_float16(config, chosen.dtype)
        devices.refuse_bfloat16(chosen.dtype, device)
        attach.refuse_misfit(recipe, config)
    if problems:
        raise RecipeError(tuple(problems))


def _missing_dependencies(recipe: Recipe) -> list[Problem]:
    """Return the problems of packages that the recipe needs and this Python lacks."""
    return list(optional_dependencies.problems(recipe.base_model.quantization, recipe.training.optimizer))


def _device(recipe: Recipe, problems: list[Problem]) -> torch.device:
    with _Collecting(problems):
        return devices.usable(recipe.training.device)
    return torch.device("cpu")


def _is_local(source: str) -> bool:
    on_this_computer = source == SAMPLE or looks_like_path(source)
    return on_this_computer or repository.cached_folder(source, "main", "dataset") is not None


def _base_facts(
    recipe: Recipe, outline: BaseOutline, device: torch.device, problems: list[Problem]
) -> tuple[Result, LoadedBase, ModelArchitecture, PeftModel | None]:
    """Return the facts of base model and adapter, and both on the meta device."""
    with registry.planned_for(device.type):
        base = outline.without_weights(recipe.base_model, device, problems)
        architecture = architecture_of(base.model)
        adapter, model = _attached(recipe, base, problems)
    facts = {
        "base_parameters": architecture.num_parameters,
        "family": base.family,
        "model_type": base.model.config.model_type,
        **_kernels(recipe, device, base.model.config.model_type),
        "biases": base_models.facts(base.model.config, recipe.base_model.quantization).biases,
        "precision": base.precision,
        "precision_reason": base.precision_reason,
        "bits_per_parameter": architecture.bits_per_parameter(recipe.base_model),
        "modules": architecture.modules(),
        "blocks": architecture.blocks(),
        "learning_rate": recipe.learning_rate(base.family),
        **adapter,
    }
    return facts, base, architecture, model


def _kernels(recipe: Recipe, device: torch.device, model_type: str) -> Result:
    """Return the version of Liger's kernels that a run trains with, nothing without."""
    wanted = recipe.training.liger and liger.suits(recipe.method.method.peft_type)
    version = liger.version(device, model_type) if wanted else ""
    return {"liger": version} if version else {}


def _settled(
    recipe: Recipe, base: LoadedBase, splits: Splits, lengths: Lengths, problems: list[Problem]
) -> Recipe | None:
    """Return the recipe with its prompt's format and limits, None with a problem if the base model hasn't got it."""
    with _Collecting(problems):
        return settle_limits(settled(recipe, base.tokenizer), base, splits, lengths)
    return None


def _attached(recipe: Recipe, base: LoadedBase, problems: list[Problem]) -> tuple[Result, PeftModel | None]:
    """Attach the adapter; return its facts and the model, None with a problem if it does not fit the base model."""
    nothing = plan_facts.without_adapter(base)
    if not recipe.method.method.trains:
        return nothing, None
    with _Collecting(problems), torch.device("meta"):
        model = attach.attach(base, recipe)
        return plan_facts.of_adapter(model), model
    return nothing, None


def _length_problems(
    recipe: Recipe,
    base: LoadedBase,
    model: PeftModel | None,
    splits: Splits,
    lengths: Lengths,
    problems: list[Problem],
) -> list[Problem]:
    """Return why prompts don't fit the context window, unless the same field or the shown examples explain it."""
    problem = shots_problem(recipe, splits, base.tokenizer, base.family, base.model.config)
    if problem is not None:
        return [problem]
    problem = context_window.problem(recipe, base, model or base.model, splits, lengths.pairs)
    return [problem] if problem and problem.field not in {each.field for each in problems} else []


def _token_counts(base: LoadedBase, texts: list[str]) -> list[int]:
    return [len(ids) for ids in base.tokenizer(texts, add_special_tokens=False)["input_ids"]]
