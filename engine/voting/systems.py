"""Makes blind comparisons of finished runs, and of summaries that other systems wrote, on the same conversations.

Knows nothing of votes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.adapters import library
from engine.adapters.metadata import PromptFacts
from engine.errors import AdapterError, DataError
from engine.jobs.job import Job
from engine.messages import say
from engine.runs import example_scores, run_comparison, run_store
from engine.runs.example_scores import ExampleScores
from engine.runs.run_store import Run
from engine.voting.comparisons import ComparisonInfo, Conversation, System, create


@dataclass(frozen=True)
class Source:
    """Where summaries come from: a finished run with its base model, or another system's summaries from a file.

    `origin` is the run's id or the file's folder, `base` is None for other systems, `data` is the source of the
    conversations, "" if it is unknown.
    """

    origin: str
    system: System
    base: System | None
    scores: ExampleScores
    data: str = ""

    @property
    def label(self) -> str:
        """The name of the system."""
        return self.system.name

    @property
    def job(self) -> Job | None:
        """The run, None for another system's summaries."""
        return None if self.base is None else run_store.find_job(self.origin)


def source(origin: str, label: str = "") -> Source:
    """Return what a run, by its id, contributes, or the folder of another system's summaries.

    Raises DataError without texts by conversation, WorkerError for a run that is missing, RecipeError.
    """
    if run_comparison.is_external(origin):
        folder = Path(origin)
        name = label or folder.name
        return Source(str(folder), System(name=name, run=external_id(folder)), None, _scores(folder, name))
    run = run_store.open_run(run_store.find_job(origin))
    name = label or run_comparison.label_of(run.recipe)
    prompt = _prompt(run)
    system = System(
        name=name,
        detail="" if name in run.recipe.name else run.recipe.name,
        run=run.id,
        template=prompt.template if prompt else run.recipe.data.prompt,
        shots=tuple((shot.conversation, shot.summary) for shot in prompt.shots) if prompt else (),
    )
    base = run.recipe.base_model
    base_name = f"{base.id}, {base.quantization}" if base.quantization != "none" else base.id
    base_system = System(name=base_name, run=run.id, tuned=False, template=run.recipe.data.prompt)
    scores = _scores(run.job.folder, run.recipe.name)
    return Source(run.id, system, base_system, scores, run.recipe.data.source)


def external_id(folder: Path) -> str:
    """Return what identifies another system's summaries in an arena, as a run's id does."""
    return f"{folder.parents[1].name}/{folder.name}"


def _scores(folder: Path, name: str) -> ExampleScores:
    scores = example_scores.load(folder)
    if scores is None or not scores.texts:
        raise DataError(
            say("{} has no summaries by conversation.", name), "Choose a run whose scoring is complete."
        )
    return scores


def _prompt(run: Run) -> PromptFacts | None:
    """Return the prompt of a run's adapter, with its examples; None if it is not in the library."""
    try:
        return library.find(str((run.state.adapter or {})["adapter"])).metadata.prompt
    except (AdapterError, KeyError):
        return None


def common(sources: Sequence[Source]) -> list[str]:
    """Return the ids of the conversations that all sources summarised, in the order of the first one."""
    first, *others = (_texts(each.scores) for each in sources)
    return [name for name, text in first.items() if all(other.get(name) == text for other in others)]


def _texts(scores: ExampleScores) -> dict[str, str]:
    return {name: each.conversation for name, each in zip(scores.examples, scores.texts, strict=True)}


def compare(sources: Sequence[Source], *, with_base: bool = True) -> ComparisonInfo:
    """Make a comparison of sources on their common conversations, or return the known one.

    Base models with the same summaries are one system. Raises DataError if they have no conversation in common,
    StorageError.
    """
    names = common(sources)
    if not names:
        raise DataError("Their conversations differ.", "Choose systems with the same conversations.")
    texts = _texts(sources[0].scores)
    written = [
        *(_bases(sources, names) if with_base else ()),
        *((each.system, _in_order(each.scores, each.scores.tuned.summaries, names)) for each in sources),
    ]
    conversations = [
        Conversation(
            id=name, conversation=texts[name], summaries=tuple(summaries[index] for _, summaries in written)
        )
        for index, name in enumerate(names)
    ]
    data = next((each.data for each in sources if each.data), "")
    return create(_with_distinct_names([system for system, _ in written]), conversations, source=data)


Written = tuple[System, tuple[str, ...]]


def _bases(sources: Iterable[Source], names: Sequence[str]) -> list[Written]:
    """Return the base models of runs with their summaries, each set of summaries once."""
    found: dict[tuple[str, ...], System] = {}
    for each in sources:
        if each.base is not None:
            found.setdefault(_in_order(each.scores, each.scores.base.summaries, names), each.base)
    return [(system, summaries) for summaries, system in found.items()]


def _in_order(scores: ExampleScores, summaries: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    by_name = dict(zip(scores.examples, summaries, strict=True))
    return tuple(by_name[name] for name in names)


def _with_distinct_names(systems: Sequence[System]) -> list[System]:
    """Number the names of systems that are called alike."""
    counts: dict[str, int] = {}
    found = []
    for each in systems:
        counts[each.name] = number = counts.get(each.name, 0) + 1
        found.append(each.model_copy(update={"name": f"{each.name} ({number})"}) if number > 1 else each)
    return found
