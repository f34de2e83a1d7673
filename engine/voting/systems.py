"""Makes blind comparisons of finished runs: their adapters and base models on the same conversations.

Knows nothing of votes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.adapters import library
from engine.adapters.metadata import PromptFacts
from engine.config.recipe import Recipe
from engine.errors import AdapterError, DataError
from engine.jobs.job import Job
from engine.runs import example_scores, run_comparison, run_store
from engine.runs.example_scores import ExampleScores, Texts
from engine.voting.comparisons import ComparisonInfo, Conversation, System, create


@dataclass(frozen=True)
class Contribution:
    """A system with its summaries, in the order of the conversations."""

    system: System
    summaries: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """A finished run with its recipe, the label of its adapter, and its scores by conversation."""

    job: Job
    recipe: Recipe
    label: str
    scores: ExampleScores


def source(job: Job, label: str = "") -> Source:
    """Return what a run contributes. Raises DataError without texts by conversation, RecipeError."""
    run = run_store.open_run(job)
    scores = example_scores.load(job.folder)
    if scores is None or not scores.texts:
        raise DataError(
            f"{run.recipe.name} has no summaries by conversation.", "Choose a run that was scored to its end."
        )
    return Source(job, run.recipe, label or run_comparison.label_of(run.recipe), scores)


def compare(sources: Sequence[Source], *, with_base: bool = True) -> ComparisonInfo:
    """Make a comparison of runs, or return the known one; equal base models are one system.

    Raises DataError if the runs were scored on different conversations, StorageError.
    """
    first = sources[0].scores
    for each in sources[1:]:
        if each.scores.examples != first.examples or not _same_texts(each.scores.texts, first.texts):
            raise DataError(
                f"{each.label} was scored on other conversations than {sources[0].label}.",
                "Choose runs with the same test conversations.",
            )
    contributions = [*(_bases(sources) if with_base else ()), *map(_tuned, sources)]
    conversations = [
        Conversation(
            id=example,
            conversation=first.texts[index].conversation,
            summaries=tuple(each.summaries[index] for each in contributions),
        )
        for index, example in enumerate(first.examples)
    ]
    systems = _named_apart([each.system for each in contributions])
    return create(systems, conversations, source=sources[0].recipe.data.source)


def _same_texts(texts: Sequence[Texts], others: Sequence[Texts]) -> bool:
    return [each.conversation for each in texts] == [each.conversation for each in others]


def _bases(sources: Iterable[Source]) -> list[Contribution]:
    """Return the base models of runs, each set of summaries once."""
    found: dict[tuple[str, ...], Contribution] = {}
    for each in sources:
        summaries = each.scores.base.summaries
        if summaries not in found:
            found[summaries] = Contribution(_base_system(each), summaries)
    return list(found.values())


def _base_system(each: Source) -> System:
    base = each.recipe.base_model
    name = f"{base.id}, {base.quantization}" if base.quantization != "none" else base.id
    return System(name=name, run=each.job.id, tuned=False, template=each.recipe.data.prompt)


def _tuned(each: Source) -> Contribution:
    prompt = _prompt(each.job)
    system = System(
        name=each.label,
        detail="" if each.label in each.recipe.name else each.recipe.name,
        run=each.job.id,
        template=prompt.template if prompt else each.recipe.data.prompt,
        shots=tuple((shot.conversation, shot.summary) for shot in prompt.shots) if prompt else (),
    )
    return Contribution(system, each.scores.tuned.summaries)


def _prompt(job: Job) -> PromptFacts | None:
    """Return the prompt of a run's adapter, with its examples; None if it is not in the library."""
    adapter_id = run_store.open_run(job).state.adapter or {}
    try:
        return library.find(str(adapter_id["adapter"])).metadata.prompt
    except (AdapterError, KeyError):
        return None


def _named_apart(systems: Sequence[System]) -> list[System]:
    """Number the names of systems that are called alike."""
    counts: dict[str, int] = {}
    found = []
    for each in systems:
        counts[each.name] = number = counts.get(each.name, 0) + 1
        found.append(each.model_copy(update={"name": f"{each.name} ({number})"}) if number > 1 else each)
    return found
