"""Greedy and beam search: which hypotheses are continued, and which rows have ended.

A search takes the scores of each hypothesis's next token; no row depends on another. Knows nothing of models, caches
and what a token means.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from transformers import GenerationConfig, LogitsProcessorList, StoppingCriteriaList

# The score of a hypothesis that must not be continued.
NEVER = -1e9


@dataclass(frozen=True)
class Step:
    """Hypotheses, one token longer.

    `ids` (hypotheses × tokens) holds those of each row one below the other. `parents` are the indices of the hypotheses
    that they continue, None if each continues its own. `ended` holds the new ids, end token included, of rows that have
    ended.
    """

    ids: torch.Tensor
    parents: torch.Tensor | None
    ended: dict[int, list[int]]


class Search(Protocol):
    """A search with `beams` hypotheses a row."""

    beams: int

    def step(self, ids: torch.Tensor, scores: torch.Tensor) -> Step:
        """Choose the next tokens by their scores (hypotheses × vocabulary, float32), which may be changed."""

    def select(self, rows: list[int]) -> None:
        """Continue with these rows only."""


class GreedySearch:
    """The likeliest token of each row; a row that has ended is padded."""

    beams = 1

    def __init__(
        self,
        rows: int,
        read: int,
        config: GenerationConfig,
        processors: LogitsProcessorList,
        stops: StoppingCriteriaList,
    ) -> None:
        """Prepare; `read` ids stand before the new ones."""
        self._read = read
        self._pad = config.pad_token_id
        self._processors = processors
        self._stops = stops
        self._has_ended = [False] * rows

    def step(self, ids: torch.Tensor, scores: torch.Tensor) -> Step:
        """Choose the next token of each row."""
        tokens = self._processors(ids, scores).argmax(dim=-1)
        tokens[torch.tensor(self._has_ended, device=tokens.device)] = self._pad
        ids = torch.cat([ids, tokens[:, None]], dim=1)
        stops = self._stops(ids, None).tolist()
        ended = {
            row: ids[row, self._read :].tolist()
            for row, stop in enumerate(stops)
            if stop and not self._has_ended[row]
        }
        for row in ended:
            self._has_ended[row] = True
        return Step(ids, None, ended)

    def select(self, rows: list[int]) -> None:
        """Continue with these rows only."""
        self._has_ended = [self._has_ended[row] for row in rows]


class BeamSearch:
    """The likeliest hypotheses of each row until as many have ended; the best of the ended ones is the row's output.

    Follows transformers' beam search with early stopping. Only the best continuations of a row, as many as beams, may
    end. Ended hypotheses are ranked by their log probability over a power of their length.
    """

    def __init__(
        self,
        rows: int,
        read: int,
        config: GenerationConfig,
        processors: LogitsProcessorList,
        stops: StoppingCriteriaList,
        beams: int,
        length_penalty: float,
    ) -> None:
        """Prepare; `read` ids stand before the new ones, and `length_penalty` is that power."""
        self.beams = beams
        self._read = read
        self._penalty = length_penalty
        self._processors = processors
        self._stops = stops
        # Enough to continue with, even if every beam ends with every end token.
        self._candidates = beams * max(2, 1 + len(config.eos_token_id))
        # At first all hypotheses of a row are equal, so one is continued.
        self._scores = torch.full((rows, beams), NEVER)
        self._scores[:, 0] = 0.0
        self._ended: list[list[tuple[float, list[int]]]] = [[] for _ in range(rows)]

    def step(self, ids: torch.Tensor, scores: torch.Tensor) -> Step:
        """Choose the likeliest continuations of a row's hypotheses, and store those that end."""
        log_probabilities = self._processors(ids, scores.log_softmax(dim=-1))
        before = self._scores.to(log_probabilities.device)
        rows, vocabulary = len(before), log_probabilities.shape[1]
        totals = (log_probabilities.view(rows, self.beams, -1) + before[:, :, None]).view(rows, -1)
        best, indices = totals.topk(min(self._candidates, totals.shape[1]))
        first = torch.arange(rows, device=ids.device)[:, None]
        parents = (indices // vocabulary + first * self.beams).flatten()
        longer = torch.cat([ids[parents], (indices % vocabulary).view(-1, 1)], dim=1)
        stops = self._stops(longer, None).view(rows, -1)
        self._scores, chosen = (best + stops * NEVER).topk(self.beams)
        continued = (chosen + first * best.shape[1]).flatten()
        return Step(longer[continued], parents[continued], self._store_ended(longer, best, stops))

    def select(self, rows: list[int]) -> None:
        """Continue with these rows only."""
        self._scores = self._scores[torch.tensor(rows, device=self._scores.device)]
        self._ended = [self._ended[row] for row in rows]

    def _store_ended(
        self, longer: torch.Tensor, best: torch.Tensor, stops: torch.Tensor
    ) -> dict[int, list[int]]:
        """Store the continuations that end; return the best of each row that has enough of them, or no others."""
        count = best.shape[1]
        ranks = best / (longer.shape[1] - self._read) ** self._penalty
        has_no_other = stops.all(dim=1).tolist()
        open_rows = [row for row, ended in enumerate(self._ended) if len(ended) < self.beams]
        for row, index in stops[:, : self.beams].nonzero().tolist():
            if row in open_rows:
                ids = longer[row * count + index, self._read :].tolist()
                self._ended[row].append((ranks[row, index].item(), ids))
        outputs = {}
        for row in open_rows:
            ended = self._ended[row] = sorted(self._ended[row], key=_rank, reverse=True)[: self.beams]
            if len(ended) == self.beams or has_no_other[row]:
                outputs[row] = ended[0][1]
        return outputs


def _rank(ended: tuple[float, list[int]]) -> float:
    return ended[0]
