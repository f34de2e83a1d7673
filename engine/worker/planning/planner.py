"""Plans a run: what it will take and do, and what is wrong with its recipe, before a weight is loaded.

The base model is built on torch's meta device with the adapter on it, so that every count is exact and no method
needs a formula of its own. A plan downloads nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from transformers import PreTrainedTokenizerBase

from engine.config.recipe import SAMPLE, BaseModelOptions, Recipe, looks_like_path
from engine.config.training import total_steps
from engine.errors import AppError, Problem, RecipeError
from engine.system import optional_dependencies
from engine.worker.adapters import attach, method_hooks
from engine.worker.dataset import dataset, token_counter
from engine.worker.dataset.dataset import Splits
from engine.worker.dataset.example_preview import filling, pieces
from engine.worker.dataset.prompting import learned, make_prompter, notices, shots_problem
from engine.worker.hub import repository
from engine.worker.ingestion.sources import SPLITS
from engine.worker.ingestion.token_lengths import TokenCounter, describe
from engine.worker.modeling import base_models, meta_model
from engine.worker.modeling.architecture import outline
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.planning import context_window, plan_cache
from engine.worker.planning.requirements import Needs
from engine.worker.runtime import devices
from engine.worker.runtime.channel import Channel
from engine.worker.validation.row_rules import goes_by_tokens

# What a run tells of its plan, so that whoever watches it knows its size before it has ended.
SIZES = (
    "adapter_bytes", "sized_by_training", "bits_per_parameter", "memory", "memory_bytes", "micro_batch", "replicas",
)  # fmt: skip
BATCH = 500

Result = dict[str, Any]


@dataclass(frozen=True)
class Lengths:
    """Tokens of each conversation and summary before any cutting, of all splits; pairs for training."""

    conversations: tuple[int, ...]
    summaries: tuple[int, ...]
    train: tuple[tuple[int, int], ...]


def refuse_problems(channel: Channel, planner: Planner, recipe: Recipe, splits: Splits) -> Result:
    """Return the sizes that a run is planned with, before a weight is read; fetches the base model.

    Raises RecipeError with all that stands in the run's way.
    """
    _refuse_by_configuration(channel, recipe)
    base_models.folder_of(recipe.base_model, channel)
    kept = planner.kept(recipe, splits)
    if kept is not None:
        return kept
    found, facts = planner.looked_at(recipe, splits)
    if found:
        raise RecipeError(tuple(found))
    return _sizes(facts)


def _sizes(facts: Result) -> Result:
    return {name: facts[name] for name in SIZES if name in facts}


def _refuse_by_configuration(channel: Channel, recipe: Recipe) -> None:
    """Raise RecipeError with what the configuration of a base model on the hub says, before its weights are fetched."""
    options = recipe.base_model
    if meta_model.folder_of(options) is not None:
        return
    config = base_models.fetch_config(options, channel)
    found = _lacking(recipe)
    device = _device(recipe, found)
    with _Noted(found):
        base_models.family_of(config, options.id)
        base_models.refuse_float16(config, devices.number_format(options.precision, device).dtype)
        attach.refuse_misfit(recipe, config)
    if found:
        raise RecipeError(tuple(found))


class Planner:
    """Makes plans; keeps the last tokenizer, the last examples and their lengths for the next plan."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._kept: dict[str, tuple[Hashable, Any]] = {}

    def plan(self, recipe: Recipe) -> Result:
        """Return the plan of a recipe, with the problems that a run of it would end with.

        `missing` names what a run would fetch first; what only that could tell is absent from the plan. `notices`
        are remarks that stand in no run's way, each with message and hint.
        Raises AppError if nothing can be said of a base model that is here.
        """
        problems = _lacking(recipe)
        device = _device(recipe, problems)
        folder, data_here = meta_model.folder_of(recipe.base_model), _is_here(recipe.data.source)
        splits = self._splits(recipe, problems) if data_here else None
        facts = {} if splits is None else _amounts(recipe, splits)
        if folder is not None:
            base = self._base(recipe, folder, device, problems)
            facts |= self._base_facts(recipe, base, device, splits, problems)
            self._note(recipe, splits, folder, device, facts, problems)
        whole = {recipe.base_model.id: folder is not None, recipe.data.source: data_here}
        return {
            **facts,
            "trains": recipe.method.method.trains,
            "notices": notices(recipe),
            "missing": [name for name, is_here in whole.items() if not is_here],
            "problems": [problem.as_dict() for problem in problems],
        }

    def looked_at(self, recipe: Recipe, splits: Splits) -> tuple[list[Problem], Result]:
        """Return problems and facts of a recipe whose base model is here and whose examples these are."""
        found = _lacking(recipe)
        device, folder = _device(recipe, found), meta_model.folder_of(recipe.base_model)
        if folder is None:
            return found, {}
        base = self._base(recipe, folder, device, found)
        facts = self._base_facts(recipe, base, device, splits, found)
        self._note(recipe, splits, folder, device, facts, found)
        return found, facts

    def kept(self, recipe: Recipe, splits: Splits) -> Result | None:
        """Return the sizes that a plan without problems had of just this; None where there was none, or is no more.

        An adapter that a run begins with is looked at each time: it may have become another, or damaged.
        """
        problems = _lacking(recipe)
        device, folder = _device(recipe, problems), meta_model.folder_of(recipe.base_model)
        if problems or folder is None or recipe.method.start_from:
            return None
        return plan_cache.load(self._place(recipe, splits, folder, device))

    def _note(
        self,
        recipe: Recipe,
        splits: Splits | None,
        folder: Path,
        device: torch.device,
        facts: Result,
        problems: list[Problem],
    ) -> None:
        """Keep the sizes of a plan that stands in no run's way."""
        sizes = _sizes(facts)
        if splits is not None and not problems and len(sizes) == len(SIZES):
            plan_cache.save(self._place(recipe, splits, folder, device), sizes)

    def _place(self, recipe: Recipe, splits: Splits, folder: Path, device: torch.device) -> Path:
        return plan_cache.place(recipe, splits.fingerprint, self._fingerprint(folder), device)

    def _fingerprint(self, folder: Path) -> str:
        fingerprint: str = self._keep("fingerprint", folder, lambda: base_models.fingerprint(folder))
        return fingerprint

    def _base_facts(
        self,
        recipe: Recipe,
        base: LoadedBase,
        device: torch.device,
        splits: Splits | None,
        problems: list[Problem],
    ) -> Result:
        """Return what the base model makes known, and with examples at hand their lengths and the memory."""
        shape = outline(base.model)
        adapted, model = _adapted(recipe, base, problems)
        facts: Result = {
            "base_parameters": shape.numbers,
            "family": base.family,
            "model_type": base.model.config.model_type,
            "biases": base_models.facts(base.model.config, recipe.base_model.quantization).biases,
            "precision": base.precision,
            "precision_reason": base.precision_reason,
            "bits_per_parameter": shape.bits_per_parameter(recipe.base_model),
            "modules": shape.modules(),
            "blocks": shape.blocks(),
            "learning_rate": recipe.learning_rate(base.family),
            **adapted,
        }
        if splits is None:
            return facts
        problem = shots_problem(recipe, splits, base.tokenizer, base.family, base.model.config)
        problems += [problem] if problem else []
        lengths = self._lengths(recipe, base, splits)
        # Where the examples have no room, theirs is the word; likewise a prompt that leaves none at all.
        if problem is None:
            pairs = tuple(zip(lengths.conversations, lengths.summaries, strict=True))
            problem = context_window.problem(recipe, base, model or base.model, splits, pairs)
            told = {each.field for each in problems}
            problems += [problem] if problem and problem.field not in told else []
        if model is not None:
            fitted = _fitted(recipe, base, splits, lengths.train[recipe.data.shots :])
            needs = Needs(recipe, base.family, model, shape, device)
            found, problem = needs.told(fitted, self._keep)
            facts |= found
            problems += [problem] if problem else []
        return facts | {
            "token_lengths": _described(lengths, recipe.data.max_conversation_tokens),
            "learned_preview": {"pieces": _preview(recipe, base, splits)},
            "prompt": filling(recipe, base, splits),
        }

    def _base(
        self, recipe: Recipe, folder: Path, device: torch.device, problems: list[Problem]
    ) -> LoadedBase:
        """Return the base model without weights, in the number format that a run would choose."""
        options = recipe.base_model
        config = base_models.read_config(folder, options.id)
        family = base_models.family_of(config, options.id)
        chosen = devices.number_format(options.precision, device)
        with _Noted(problems):
            base_models.refuse_float16(config, chosen.dtype)
        tokenizer = self._tokenizer(folder, options)
        model = meta_model.build(config, family, chosen.dtype, folder)
        if options.quantization != "none":
            meta_model.as_quantized(model)
        threads, meta = devices.threads(device), torch.device("meta")
        return LoadedBase(
            model,
            tokenizer,
            family,
            options,
            self._fingerprint(folder),
            chosen.name,
            chosen.reason,
            meta,
            threads,
        )

    def _splits(self, recipe: Recipe, problems: list[Problem]) -> Splits | None:
        """Return the examples, or None with a problem if they can't be read."""
        with _Noted(problems):
            options, limits = recipe.data, {"max_conversation_tokens", "max_summary_tokens"}
            by_tokens = goes_by_tokens(options.exclude)
            key = (
                options.model_dump_json(exclude={"prompt", "shots", *(() if by_tokens else limits)}),
                recipe.base_model if by_tokens else None,
            )

            def read() -> Splits:
                return dataset.read(options, self._channel, counter=lambda: self._counter(recipe.base_model))

            splits: Splits = self._keep("splits", key, read)
            return splits
        return None

    def _counter(self, options: BaseModelOptions) -> TokenCounter | None:
        """Return how to count a base model's tokens, None while it is not on this computer."""
        folder = meta_model.folder_of(options)
        return token_counter.of(self._tokenizer(folder, options), folder, options.id) if folder else None

    def _tokenizer(self, folder: Path, options: BaseModelOptions) -> PreTrainedTokenizerBase:
        tokenizer: PreTrainedTokenizerBase = self._keep(
            "tokenizer", folder, lambda: base_models.read_tokenizer(folder, options.id)
        )
        return tokenizer

    def _lengths(self, recipe: Recipe, base: LoadedBase, splits: Splits) -> Lengths:
        key = (splits.fingerprint, recipe.base_model.id, recipe.base_model.revision)
        lengths: Lengths = self._keep("lengths", key, lambda: self._count(base, splits))
        return lengths

    def _count(self, base: LoadedBase, splits: Splits) -> Lengths:
        counted: dict[str, list[tuple[int, int]]] = {split: [] for split in SPLITS}
        for split in SPLITS:
            examples = splits.of(split)
            for start in range(0, len(examples), BATCH):
                self._channel.check_stop()
                batch = examples[start : start + BATCH]
                counted[split] += zip(
                    _tokens(base, [example.conversation for example in batch]),
                    _tokens(base, [example.summary for example in batch]),
                    strict=True,
                )
        pairs = [pair for split in SPLITS for pair in counted[split]]
        conversations = tuple(conversation for conversation, _ in pairs)
        return Lengths(conversations, tuple(summary for _, summary in pairs), tuple(counted["train"]))

    def _keep(self, name: str, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return what `make` made for the same key before, or makes now."""
        if name not in self._kept or self._kept[name][0] != key:
            self._kept[name] = (key, make())
        return self._kept[name][1]


class _Noted:
    """A context that turns an error into problems of the plan, and goes on behind it."""

    def __init__(self, problems: list[Problem]) -> None:
        self._problems = problems

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, AppError):
            self._problems.extend(error.problems)
        return isinstance(error, AppError)


def _lacking(recipe: Recipe) -> list[Problem]:
    """Return what the recipe needs and this computer's Python does not have."""
    return list(optional_dependencies.problems(recipe.base_model.quantization, recipe.training.optimizer))


def _device(recipe: Recipe, problems: list[Problem]) -> torch.device:
    with _Noted(problems):
        return devices.choose(recipe.training.device)
    return torch.device("cpu")


def _is_here(source: str) -> bool:
    on_this_computer = source == SAMPLE or looks_like_path(source)
    return on_this_computer or repository.cached_folder(source, "main", "dataset") is not None


def _amounts(recipe: Recipe, splits: Splits) -> Result:
    train = learned(recipe, splits)
    return {
        "steps": total_steps(len(train), recipe.training)[0] if recipe.method.method.trains else 0,
        "max_minutes": recipe.training.max_minutes if recipe.method.method.trains else 0.0,
        "examples": {split: len(splits.of(split)) for split in SPLITS} | {"train": len(train)},
    }


def _described(lengths: Lengths, limit: int) -> Result:
    return {
        "conversation": describe(lengths.conversations),
        "summary": describe(lengths.summaries),
        "over_limit": sum(length > limit for length in lengths.conversations),
    }


def _adapted(recipe: Recipe, base: LoadedBase, problems: list[Problem]) -> tuple[Result, PeftModel | None]:
    """Put the adapter on; return what it adds, and the model with it. A misfit is a problem, and no model."""
    everything = sum(parameter.numel() for parameter in base.model.parameters())
    nothing = {
        **_counts(0, everything),
        "adapter_bytes": 0,
        "sized_by_training": False,
        "matrices": 0,
        "targets": [],
        "adapted": {},
    }
    if not recipe.method.method.trains:
        return nothing, None
    with _Noted(problems), torch.device("meta"):
        model = attach.attach(base, recipe)
        trainable, everything = attach.count_parameters(model)
        names = attach.adapted_modules(model)
        return {
            **_counts(trainable, everything),
            "adapter_bytes": _adapter_bytes(model),
            "sized_by_training": method_hooks.of(model).sized_by_training,
            "matrices": len(names),
            "targets": sorted({name.rpartition(".")[2] for name in names}),
            "adapted": attach.counted_by_place(names),
        }, model
    return nothing, None


def _counts(trainable: int, everything: int) -> Result:
    return {
        "trainable_parameters": trainable,
        "all_parameters": everything,
        "share": trainable / max(1, everything),
    }


def _adapter_bytes(model: PeftModel) -> int:
    saved = method_hooks.of(model).saved_tensors(model).values()
    return sum(tensor.numel() * tensor.element_size() for tensor in saved)


def _tokens(base: LoadedBase, texts: list[str]) -> list[int]:
    return [len(ids) for ids in base.tokenizer(texts, add_special_tokens=False)["input_ids"]]


def _fitted(
    recipe: Recipe, base: LoadedBase, splits: Splits, lengths: Sequence[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Return the input and label tokens that training sees: cut to the limits, prompt and end included."""
    around = len(make_prompter(recipe, base, splits).input_ids(""))
    limit, summary_limit = recipe.data.max_conversation_tokens, recipe.data.max_summary_tokens
    return [
        (around + min(conversation, limit), min(summary + 1, summary_limit))
        for conversation, summary in lengths
    ]


def _preview(recipe: Recipe, base: LoadedBase, splits: Splits) -> list[tuple[str, bool]]:
    """Return the first training example as pieces of text, each learned or not; nothing where nothing is learned."""
    examples = learned(recipe, splits)
    if not examples or not recipe.method.method.trains:
        return []
    return pieces(base.tokenizer, make_prompter(recipe, base, splits).example(examples[0]), base.family)
