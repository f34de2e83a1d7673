"""Rows of an arena's table, and groups of rows with the same protocol, which may be compared."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, Literal

from engine.adapters.metadata import Scores
from engine.arena.entries import Entry
from engine.arena.entry_status import EntryStatus
from engine.scoring import score_text
from engine.scoring.metrics import GENERAL_LOSS
from engine.voting import Preferred

SCORE = "rouge1"
BASELINE = "full"
ONE_EXAMPLE = "One conversation, so no interval."
OTHER_TEXT = "Its general loss was measured on another text."
ALL_TIES = "Every score equals the base model's."

Cost = Literal["parameters", "memory", "minutes"]
COSTS: tuple[Cost, ...] = ("parameters", "memory", "minutes")
Spread = dict[str, Any]


@dataclass(frozen=True)
class SeedSet:
    """The seeds of a row: a method that was trained with several.

    `scored` are the entries in the row, by seed, `others` the rest of the set. By metric, `means` has the mean of each
    of `scored`, and `spread` the standard deviation of these; a single seed has none.
    """

    scored: tuple[EntryStatus, ...]
    others: tuple[EntryStatus, ...]
    means: dict[str, tuple[float, ...]]
    spread: dict[str, float]

    @property
    def total(self) -> int:
        """The number of seeds, scored or not."""
        return len(self.scored) + len(self.others)

    @property
    def means_by_seed(self) -> dict[int, float]:
        """The ranking score's mean of each seed."""
        return dict(zip(self.seeds, self.means[SCORE], strict=True))

    @property
    def counts(self) -> tuple[int, int]:
        """How many seeds the row has, of how many."""
        return len(self.scored), self.total

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(each.entry.seed or 0 for each in self.scored)


@dataclass(frozen=True)
class Row:
    """A scored entry, or the scored seeds of a set.

    Scores are fractions; `against_base` and `against_full` are paired differences. `status` is that of the entry, or of
    the first scored seed; `seeds` is None for a single entry.

    `against_full` is None for full fine-tuning itself, and where there is none to compare with: `full_missing` says
    why. `remark` is about single conversations, ties, summaries from a file, and seeds that are not in the row.
    `metrics`, `base_metrics` and `metrics_against_base` are the other metrics of `engine.scoring.metrics`, as far as
    measured. `preferred` is the result of blind votes, None without any.
    """

    status: EntryStatus
    protocol: dict[str, Any]
    scores: Scores
    base: Scores
    against_base: Spread
    against_full: Spread | None = None
    full_missing: str = ""
    remark: str = ""
    metrics: Scores = field(default_factory=dict)
    base_metrics: Scores = field(default_factory=dict)
    metrics_against_base: Spread = field(default_factory=dict)
    preferred: Preferred | None = None
    seeds: SeedSet | None = None

    @property
    def statuses(self) -> tuple[EntryStatus, ...]:
        """The entries of the row: one, or each scored seed."""
        return self.seeds.scored if self.seeds is not None else (self.status,)

    @property
    def entry(self) -> Entry:
        return self.status.entry

    @property
    def forgetting(self) -> Spread | None:
        """The paired difference of the loss on general text, in nats per token; None if not measured."""
        found: Spread | None = self.metrics_against_base.get(GENERAL_LOSS)
        return found

    @property
    def id(self) -> str:
        """The id of the entry, or of the first scored seed."""
        return self.status.entry.id

    @property
    def name(self) -> str:
        return self.entry.name_of_set if self.seeds is not None else self.entry.name

    @property
    def detail(self) -> str:
        """The detail of the entry, with the seed if the row is of that seed only."""
        return self.entry.detail if self.seeds is not None else self.entry.full_detail

    @property
    def seeds_text(self) -> str:
        """How many seeds a set has, "" for one run: "2 of 3 seeds"."""
        return score_text.seeds(self.seeds.counts) if self.seeds is not None else ""

    @property
    def is_baseline(self) -> bool:
        """Whether it is full fine-tuning."""
        return self.status.recipe is not None and self.status.recipe.method.id == BASELINE

    @property
    def mean(self) -> float:
        """The mean of the ranking score."""
        return self.scores[SCORE]["mean"]

    def cost(self, kind: Cost) -> float | None:
        """Return a cost, None if unknown: trainable parameters, peak memory in bytes, minutes of training.

        For a set of seeds, the highest memory and the mean minutes.
        """
        known = [cost for each in self.statuses if (cost := _cost(each, kind)) is not None]
        if not known:
            return None
        return fmean(known) if kind == "minutes" else max(known)


def _cost(status: EntryStatus, kind: Cost) -> float | None:
    run = status.run
    if run is None:
        return None
    if kind == "parameters":
        return run.trainable_parameters
    if kind == "memory":
        return run.peak_memory_bytes
    trained = run.training_seconds is not None and bool(run.trainable_parameters)
    return run.training_seconds / 60 if trained and run.training_seconds is not None else None


@dataclass(frozen=True)
class Group:
    """Rows with one protocol, the best first; `unlike` are the keys that differ from the arena's first group.

    `lead` is the paired difference in ROUGE-1 of the first row from the second, None if it is unknown.
    """

    key: str
    protocol: dict[str, Any]
    rows: tuple[Row, ...]
    unlike: tuple[str, ...] = ()
    lead: Spread | None = None


def remark_of(protocol: dict[str, Any], against_base: Spread) -> str:
    """Return what the scores of a row can't tell."""
    if int(protocol.get("examples") or 0) == 1:
        return ONE_EXAMPLE
    is_tie = all(against_base[SCORE].get(name) == 0.0 for name in ("mean", "low", "high"))
    return ALL_TIES if is_tie else ""
