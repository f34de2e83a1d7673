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
    that they continue, None if each continues its own. `written` holds the new ids of each row's best hypothesis (rows
    × tokens), on the host. `ended` holds the new ids, end token included, of rows that have ended.
    """

    ids: torch.Tensor
    parents: torch.Tensor | None
    written: torch.Tensor
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
        self._has_ended = torch.zeros(rows, dtype=torch.bool)
        self._written = torch.empty(rows, 0, dtype=torch.long)

    def step(self, ids: torch.Tensor, scores: torch.Tensor) -> Step:
        """Choose the next token of each row."""
        had_ended = self._has_ended.to(ids.device)
        tokens = self._processors(ids, scores).argmax(dim=-1).masked_fill_(had_ended, self._pad)
        ids = torch.cat([ids, tokens[:, None]], dim=1)
        stops = self._stops(ids, None)
        self._has_ended = had_ended | stops
        new, ends = _on_host(tokens[:, None], (stops & ~had_ended)[:, None])
        self._written = torch.cat([self._written, new], dim=1)
        rows = ends[:, 0].nonzero()[:, 0].tolist()
        return Step(ids, None, self._written, {row: self._written[row].tolist() for row in rows})

    def select(self, rows: list[int]) -> None:
        """Continue with these rows only."""
        self._has_ended = self._has_ended[torch.tensor(rows, device=self._has_ended.device)]
        self._written = self._written[rows]


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
        self._written = torch.empty(rows * beams, 0, dtype=torch.long)

    def step(self, ids: torch.Tensor, scores: torch.Tensor) -> Step:
        """Choose the likeliest continuations of a row's hypotheses, and store those that end."""
        log_probabilities = self._processors(ids, scores.log_softmax(dim=-1))
        before = self._scores.to(log_probabilities.device)
        rows, vocabulary = len(before), log_probabilities.shape[1]
        totals = (log_probabilities.view(rows, self.beams, -1) + before[:, :, None]).view(rows, -1)
        best, indices = totals.topk(min(self._candidates, totals.shape[1]))
        first = torch.arange(rows, device=ids.device)[:, None]
        parents, tokens = indices // vocabulary + first * self.beams, indices % vocabulary
        longer = torch.cat([ids[parents.flatten()], tokens.view(-1, 1)], dim=1)
        stops = self._stops(longer, None).view(rows, -1)
        self._scores, chosen = (best + stops * NEVER).topk(self.beams)
        continued = (chosen + first * best.shape[1]).flatten()
        ranks = best / (longer.shape[1] - self._read) ** self._penalty
        ended = self._follow(
            *_on_host(parents, tokens, stops, continued.view(rows, -1), ranks.view(torch.int32))
        )
        return Step(longer[continued], parents.flatten()[continued], self._written[:: self.beams], ended)

    def select(self, rows: list[int]) -> None:
        """Continue with these rows only."""
        self._scores = self._scores[torch.tensor(rows, device=self._scores.device)]
        self._ended = [self._ended[row] for row in rows]
        self._written = self._written.unflatten(0, (-1, self.beams))[rows].flatten(0, 1)

    def _follow(
        self,
        parents: torch.Tensor,
        tokens: torch.Tensor,
        stops: torch.Tensor,
        continued: torch.Tensor,
        rank_bits: torch.Tensor,
    ) -> dict[int, list[int]]:
        """Do on the host what the step did to the hypotheses, and return the rows that ended with it."""
        longer = torch.cat([self._written[parents.flatten()], tokens.reshape(-1, 1)], dim=1)
        self._written = longer[continued.flatten()]
        ranks = rank_bits.to(torch.int32).view(torch.float32)
        return self._store_ended(longer.view(len(parents), -1, longer.shape[1]), stops, ranks)

    def _store_ended(
        self, written: torch.Tensor, stops: torch.Tensor, ranks: torch.Tensor
    ) -> dict[int, list[int]]:
        """Store the continuations that end; return the best of each row that has enough of them, or no others.

        On the host: `written` (rows × continuations × tokens), which of them end, and their ranks.
        """
        has_no_other = stops.all(dim=1).tolist()
        open_rows = [row for row, ended in enumerate(self._ended) if len(ended) < self.beams]
        for row, index in stops[:, : self.beams].nonzero().tolist():
            if row in open_rows:
                self._ended[row].append((ranks[row, index].item(), written[row, index].tolist()))
        outputs = {}
        for row in open_rows:
            ended = self._ended[row] = sorted(self._ended[row], key=_rank, reverse=True)[: self.beams]
            if len(ended) == self.beams or has_no_other[row]:
                outputs[row] = ended[0][1]
        return outputs


def _rank(ended: tuple[float, list[int]]) -> float:
    return ended[0]


def _on_host(*tensors: torch.Tensor) -> list[torch.Tensor]:
    """Return tensors of integers (rows × any) on the host: a card is waited for once."""
    whole = torch.cat([tensor.to(torch.long) for tensor in tensors], dim=1).cpu()
    return list(whole.split([tensor.shape[1] for tensor in tensors], dim=1))
