"""What is written into a new adapter's passport: the facts of its run. Decides nothing about the run."""

from __future__ import annotations

from pathlib import Path

from engine import library
from engine import passport as passports
from engine.passport import BaseModelFacts, DataFacts, MethodFacts, Passport, PromptFacts, TrainingFacts
from engine.recipe import Recipe
from engine.worker import adapters
from engine.worker.__main__ import versions
from engine.worker.base_models import LoadedBase
from engine.worker.data import Splits
from engine.worker.session import Prepared, Progress
from engine.worker.trainer import total_steps


def make_passport(
    run_id: str, prepared: Prepared, splits: Splits, step: int, progress: Progress, *, stopped: bool
) -> Passport:
    """Return the passport of the adapter as it is at a step, without scores."""
    recipe = prepared.recipe
    return Passport(
        schema=passports.SCHEMA,
        id=f"{run_id}-step-{step}" if stopped else run_id,
        name=free_name(recipe, f"step-{step}" if stopped else ""),
        made_at=passports.now_text(),
        base_model=_base_model(recipe, prepared.base),
        method=_method(prepared),
        data=_data(recipe, splits),
        training=_training(run_id, prepared, step, progress, stopped),
        prompt=PromptFacts(
            template=recipe.data.prompt,
            max_conversation_tokens=recipe.data.max_conversation_tokens,
            beams=recipe.evaluation.beams,
            max_new_tokens=recipe.evaluation.max_new_tokens,
        ),
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
    )


def _method(prepared: Prepared) -> MethodFacts:
    settings = prepared.recipe.method
    names = adapters.adapted_modules(prepared.model)
    return MethodFacts(
        id=settings.id,
        title=settings.method.title,
        peft_type=settings.method.peft_type,
        summary=settings.method.short(settings.options),
        options=settings.options.model_dump(exclude_none=True),
        learning_rate=prepared.learning_rate,
        targets=sorted({name.rpartition(".")[2] for name in names}),
        matrices=len(names),
    )


def _data(recipe: Recipe, splits: Splits) -> DataFacts:
    return DataFacts(
        source=recipe.data.source,
        fingerprint=splits.fingerprint,
        licence=splits.licence,
        train=len(splits.train),
        validation=len(splits.validation),
        test=len(splits.test),
    )


def _training(run_id: str, prepared: Prepared, step: int, progress: Progress, stopped: bool) -> TrainingFacts:
    trainable, everything = adapters.count_parameters(prepared.model)
    steps, _ = total_steps(len(prepared.train), prepared.recipe.training)
    return TrainingFacts(
        run=run_id,
        step=step,
        total_steps=steps,
        stopped=stopped,
        seconds=progress.seconds,
        seed=prepared.recipe.training.seed,
        trainable_parameters=trainable,
        all_parameters=everything,
        peak_memory_bytes=progress.peak_memory_bytes,
        start_from=prepared.recipe.method.start_from,
    )


def free_name(recipe: Recipe, suffix: str = "") -> str:
    """Return a short name that is not taken in the library: data, method, its main setting, suffix."""
    chosen = recipe.method.method
    main_setting = chosen.short(recipe.method.options).replace(" ", "")
    words = (Path(recipe.data.source).stem, chosen.id, main_setting, suffix)
    plain = "-".join(filter(None, words)).replace("_", "-").lower()
    taken = {adapter.name for adapter in library.scan()[0]}
    candidates = (plain if number == 1 else f"{plain}-{number}" for number in range(1, len(taken) + 2))
    return next(name for name in candidates if name not in taken)
