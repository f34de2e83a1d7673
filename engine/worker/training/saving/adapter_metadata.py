"""The metadata of a new adapter: the facts of its run. Decides nothing about the run."""

from __future__ import annotations

from engine.adapters import library
from engine.adapters import metadata as adapter_toml
from engine.adapters.metadata import (
    AdapterMetadata,
    BaseModelFacts,
    ChangeFacts,
    DataFacts,
    MethodFacts,
    PromptFacts,
    TrainingFacts,
)
from engine.config import run_names
from engine.config.recipe import Recipe
from engine.config.training import total_steps
from engine.runs import run_store
from engine.worker.adapters import attach
from engine.worker.dataset.dataset import Splits
from engine.worker.dataset.prompting import prompt_facts, training_examples
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.runtime import devices
from engine.worker.runtime.versions import versions
from engine.worker.training.training_run import TrainingRun


def make_metadata(run: TrainingRun, step: int, *, stopped: bool) -> AdapterMetadata:
    """Return the metadata of the adapter as it is at a step, without scores."""
    recipe, run_id = run.recipe, run.job.id
    name = run_store.current_name(run.job, recipe)
    return AdapterMetadata(
        schema=adapter_toml.SCHEMA,
        id=f"{run_id}-step-{step}" if stopped else run_id,
        name=free_name(run_names.at_step(name, step) if stopped else name),
        made_at=adapter_toml.now_text(),
        base_model=_base_model(recipe, run.base),
        method=_method(run),
        data=_data(recipe, run.splits),
        training=_training(run, step, stopped),
        prompt=prompt_facts(recipe, run.splits, run.prompter.format),
        versions=versions(),
    )


def make_prompt_metadata(
    run_id: str, recipe: Recipe, base: LoadedBase, splits: Splits, prompt: PromptFacts, seconds: float
) -> AdapterMetadata:
    """Return the metadata of an adapter that is nothing but a prompt, without scores."""
    settings = recipe.method
    return AdapterMetadata(
        schema=adapter_toml.SCHEMA,
        id=run_id,
        name=free_name(recipe.name),
        made_at=adapter_toml.now_text(),
        base_model=_base_model(recipe, base),
        method=MethodFacts(
            id=settings.id,
            title=settings.method.title,
            summary=run_names.main_setting(recipe.data, settings.method, settings.options),
            options=settings.options.model_dump(exclude_none=True),
        ),
        data=_data(recipe, splits),
        training=TrainingFacts(
            run=run_id,
            seconds=seconds,
            seed=recipe.training.seed,
            all_parameters=base.model.num_parameters(),
            peak_memory_bytes=devices.memory_bytes(base.device),
        ),
        prompt=prompt,
        versions=versions(),
    )


def _base_model(recipe: Recipe, base: LoadedBase) -> BaseModelFacts:
    return BaseModelFacts(
        id=recipe.base_model.id,
        revision=recipe.base_model.revision,
        fingerprint=base.fingerprint,
        family=base.family,
        precision=base.precision,
        quantization=recipe.base_model.quantization,
        double_quantization=recipe.base_model.double_quantization,
    )


def _method(run: TrainingRun) -> MethodFacts:
    settings = run.recipe.method
    names = attach.adapted_modules(run.model)
    return MethodFacts(
        id=settings.id,
        title=settings.method.title,
        peft_type=settings.method.peft_type,
        summary=run_names.main_setting(run.recipe.data, settings.method, settings.options),
        options=settings.options.model_dump(exclude_none=True),
        learning_rate=run.learning_rate,
        targets=sorted({name.rpartition(".")[2] for name in names}),
        matrices=len(names),
    )


def _data(recipe: Recipe, splits: Splits) -> DataFacts:
    return DataFacts(
        source=recipe.data.source,
        fingerprint=splits.fingerprint,
        licence=splits.licence,
        train=len(training_examples(recipe, splits)) if recipe.method.method.trains else 0,
        validation=len(splits.validation),
        test=len(splits.test),
        excluded=sum(splits.excluded.values()),
        masked=sum(splits.masked.values()),
    )


def _training(run: TrainingRun, step: int, stopped: bool) -> TrainingFacts:
    trainable, everything = attach.count_parameters(run.model)
    steps, _ = total_steps(len(run.train), run.training)
    return TrainingFacts(
        run=run.job.id,
        step=step,
        total_steps=steps,
        stopped=stopped,
        seconds=run.progress.seconds,
        seed=run.training.seed,
        trainable_parameters=trainable,
        all_parameters=everything,
        peak_memory_bytes=run.progress.peak_memory_bytes,
        order=run.training.order,
        start_from=run.recipe.method.start_from,
        changes=[ChangeFacts(**change.model_dump()) for change in run.recipe.changes],
    )


def free_name(name: str) -> str:
    """Return a name that no adapter of the library has: itself, or with a number behind."""
    taken = {adapter.name for adapter in library.scan()[0]}
    candidates = (name if number == 1 else f"{name} ({number})" for number in range(1, len(taken) + 2))
    return next(each for each in candidates if each not in taken)
