"""Reads what is compared: adapters, runs whose adapter is gone, and what other systems wrote; and what may be added."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.api import (
    Adapter,
    AppError,
    ScoreCard,
    arenas,
    comparison,
    example_scores,
    library,
    paths,
    run_comparison,
    run_store,
    run_summaries,
    voting,
)
from gui.look.shown_texts import told_apart
from gui.models.adapter_table import SCORE
from gui.models.list_text import method_text


@dataclass(frozen=True)
class Wanted:
    """The id of an adapter or a run, or the folder of another system's summaries; a label, "" for the usual one."""

    adapter: str = ""
    origin: str = ""
    label: str = ""


@dataclass(frozen=True)
class System:
    """What is compared. `card` has its scores; `scored` those of each conversation, None if they weren't kept."""

    label: str
    adapter: Adapter | None = None
    card: ScoreCard | None = None
    scored: run_comparison.Scored | None = None

    @property
    def key(self) -> str:
        return self.scored.origin if self.scored is not None else self.adapter.id if self.adapter else ""

    @property
    def score(self) -> float:
        """The mean ROUGE-1, 0 without scores."""
        return self.card.scores[SCORE]["mean"] if self.card is not None and SCORE in self.card.scores else 0.0


@dataclass(frozen=True)
class Lead:
    """The paired difference in ROUGE-1 of the best of several systems from the second."""

    first: System
    second: System
    difference: dict[str, Any]


@dataclass(frozen=True)
class Found:
    """What was read; `rows` are the conversations that all systems with summaries share.

    `preferred` has the probability that a system is preferred in blind votes, by its run.
    """

    systems: tuple[System, ...]
    rows: list[run_comparison.Compared]
    lead: Lead | None
    preferred: dict[str, float]

    @property
    def scored(self) -> list[run_comparison.Scored]:
        """Those whose summaries were kept."""
        return [each.scored for each in self.systems if each.scored is not None]


def read(wanted: Sequence[Wanted]) -> Found:
    """Read systems. Raises AppError for one that is gone."""
    systems = tuple(_named([_read(each) for each in wanted]))
    scored = [each.scored for each in systems if each.scored is not None]
    votes = voting.of_runs([vote_key(each.origin) for each in scored])
    return Found(
        systems,
        run_comparison.compared(scored) if scored else [],
        _lead(systems),
        {run: each.preferred.mean for run, each in votes.by_run.items()} if votes is not None else {},
    )


def vote_key(origin: str) -> str:
    return voting.external_id(Path(origin)) if run_comparison.is_external(origin) else origin


def _read(wanted: Wanted) -> System:
    adapter, origin = None, wanted.origin
    if not origin:
        adapter = library.find(wanted.adapter)
        run = adapter.metadata.training.run
        origin = run if run and example_scores.exists(paths.runs_folder() / run) else ""
    scored = run_comparison.read(origin, wanted.label) if origin else None
    if adapter is None and scored is not None and scored.adapter:
        with suppress(AppError):
            adapter = library.find(scored.adapter)
    label = wanted.label or (adapter.name if adapter is not None else scored.label if scored else origin)
    card = adapter.metadata.score_card if adapter is not None else None
    if card is None and scored is not None:
        card = _card(scored.origin)
    return System(label, adapter, card, scored)


def _card(origin: str) -> ScoreCard | None:
    """Return the scores of a run without its adapter, or of another system's summaries."""
    if run_comparison.is_external(origin):
        external = arenas.load_summaries(Path(origin))
        if external is None:
            return None
        own, base = external.card.model_dump(), external.card.base.model_dump()
    else:
        entry = run_summaries.read_entry(run_store.find_job(origin))
        if entry.scored is None or entry.base_scored is None:
            return None
        own, base = entry.scored, entry.base_scored
    return ScoreCard(
        protocol=own["protocol"],
        scores=own["scores"],
        base=base["scores"],
        difference=own.get("difference") or {},
        measures=own.get("measures") or {},
        base_measures=base.get("measures") or {},
        measure_difference=own.get("measure_difference") or {},
    )


def _named(systems: Sequence[System]) -> Iterator[System]:
    """Leave out the parts that all names have, and number those that are called alike."""
    labels = [each.label for each in systems]
    counts: dict[str, int] = {}
    for each, name in zip(systems, told_apart(labels) if len(labels) > 1 else labels, strict=True):
        counts[name] = number = counts.get(name, 0) + 1
        label = f"{name} ({number})" if number > 1 else name
        yield replace(each, label=label, scored=each.scored and replace(each.scored, label=label))


def _lead(systems: Sequence[System]) -> Lead | None:
    """Compare the two best systems, None if they did not summarise the same conversations."""
    best = sorted((each for each in systems if each.scored is not None), key=lambda each: -each.score)[:2]
    columns = [each.scored.scores.tuned.rouge.get(SCORE, ()) for each in best if each.scored is not None]
    protocols = [each.scored.scores for each in best if each.scored is not None]
    if len(best) < 2 or not all(columns) or protocols[0].examples != protocols[1].examples:
        return None
    if run_comparison.why_not_comparable(protocols[0].protocol, protocols[1].protocol):
        return None
    _, paired = comparison.compare_columns(columns[::-1])
    return Lead(best[0], best[1], paired.difference or {})


def offered(systems: Sequence[System]) -> list[run_comparison.Candidate]:
    """Return what can be compared with the first system: runs, files of other systems, and other adapters."""
    first = systems[0]
    found = run_comparison.candidates(first.scored) if first.scored is not None else []
    if first.scored is not None:
        found += _files(first.scored)
    known = {each.adapter for each in found} | ({first.adapter.id} if first.adapter is not None else set())
    protocol = first.card.protocol if first.card is not None else {}
    found += [_candidate(each, protocol) for each in library.scan()[0] if each.id not in known]
    return sorted(found, key=lambda each: bool(each.why_not))


def _files(first: run_comparison.Scored) -> Iterator[run_comparison.Candidate]:
    """Yield what other systems wrote in the arenas."""
    for title, external in arenas.all_summaries():
        if str(external.folder) != first.origin:
            card, origin = external.card, str(external.folder)
            why_not = run_comparison.why_not_comparable(first.scores.protocol, card.protocol)
            mean, gain = card.scores[SCORE]["mean"], card.difference[SCORE]["mean"]
            yield run_comparison.Candidate(origin, card.file, title, "", mean, gain, why_not)


def _candidate(adapter: Adapter, protocol: dict[str, Any]) -> run_comparison.Candidate:
    card = adapter.metadata.score_card
    spread = card.scores.get(SCORE, {}) if card is not None else {}
    gain = card.difference.get(SCORE, {}) if card is not None else {}
    return run_comparison.Candidate(
        "",
        adapter.name,
        method_text(adapter.metadata),
        adapter.id,
        float(spread.get("mean", 0.0)),
        float(gain.get("mean", 0.0)),
        run_comparison.why_not_comparable(protocol, card.protocol) if card is not None and protocol else "",
    )
