"""Which beginnings of texts are gone on with, and which texts are whole: by the likeliest token, or by beams.

A search takes the scores of each beginning's next token, and nothing from any other row's. Knows nothing of models,
of caches, or of what a token means.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from transformers import GenerationConfig, LogitsProcessorList, StoppingCriteriaList

# What a beginning scores that must not be gone on with.
NEVER = -1e9


@dataclass(frozen=True)
class Step:
    """Beginnings, one token longer.

    `ids` (beginnings × tokens) has those of each row one below the other. `parents` are the places of what they go on
    with, None where each goes on with its own. `whole` are the texts, end token included, of rows that need no more.
    """

    ids: torch.Tensor
    parents: torch.Tensor | None
    whole: dict[int, list[int]]


class Search(Protocol):
    """How texts are searched for; `beams` is how many beginnings of each row are followed."""

    beams: int

    def go_on(self, ids: torch.Tensor, scores: torch.Tensor) -> Step:
        """Choose the next tokens from their scores (beginnings × vocabulary, float32), which may be changed."""

    def keep(self, rows: list[int]) -> None:
        """Go on with these rows alone."""


class Greedy:
    """Each row's likeliest token; a row that is whole is filled up."""

    beams = 1

    def __init__(
        self,
        rows: int,
        read: int,
        config: GenerationConfig,
        processors: LogitsProcessorList,
        stops: StoppingCriteriaList,
    ) -> None:
        """Prepare; `read` tokens stand before what is written."""
        self._read = read
        self._pad = config.pad_token_id
        self._processors = processors
        self._stops = stops
        self._whole = [False] * rows

    def go_on(self, ids: torch.Tensor, scores: torch.Tensor) -> Step:
        """Choose the next token of each row."""
        chosen = self._processors(ids, scores).argmax(dim=-1)
        chosen[torch.tensor(self._whole, device=chosen.device)] = self._pad
        ids = torch.cat([ids, chosen[:, None]], dim=1)
        ended = self._stops(ids, None).tolist()
        found = {
            row: ids[row, self._read :].tolist()
            for row, end in enumerate(ended)
            if end and not self._whole[row]
        }
        for row in found:
            self._whole[row] = True
        return Step(ids, None, found)

    def keep(self, rows: list[int]) -> None:
        """Go on with these rows alone."""
        self._whole = [self._whole[row] for row in rows]


class Beams:
    """The likeliest beginnings of each row, until as many of its texts have ended; the best of these is its text.

    By the rules of transformers' own search that stops early: of a row's continuations only the best, as many as there
    are beams, may end it; and ended texts are ranked by their tokens' log chances over a power of their length.
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
        """Prepare; `read` tokens stand before what is written, and `length_penalty` is that power."""
        self.beams = beams
        self._read = read
        self._penalty = length_penalty
        self._processors = processors
        self._stops = stops
        # So many that enough are left to go on with, though every beam ends in every way.
        self._candidates = beams * max(2, 1 + len(config.eos_token_id))
        # At first all beginnings are the same, so one is gone on with.
        self._scores = torch.full((rows, beams), NEVER)
        self._scores[:, 0] = 0.0
        self._ended: list[list[tuple[float, list[int]]]] = [[] for _ in range(rows)]

    def go_on(self, ids: torch.Tensor, scores: torch.Tensor) -> Step:
        """Choose the likeliest continuations of all of a row's beginnings, and keep those that end."""
        chances = self._processors(ids, scores.log_softmax(dim=-1))
        before = self._scores.to(chances.device)
        rows, vocabulary = len(before), chances.shape[1]
        together = (chances.view(rows, self.beams, -1) + before[:, :, None]).view(rows, -1)
        best, places = together.topk(min(self._candidates, together.shape[1]))
        first = torch.arange(rows, device=ids.device)[:, None]
        parents = (places // vocabulary + first * self.beams).flatten()
        longer = torch.cat([ids[parents], (places % vocabulary).view(-1, 1)], dim=1)
        ended = self._stops(longer, None).view(rows, -1)
        self._scores, chosen = (best + ended * NEVER).topk(self.beams)
        followed = (chosen + first * best.shape[1]).flatten()
        return Step(longer[followed], parents[followed], self._whole(longer, best, ended))

    def keep(self, rows: list[int]) -> None:
        """Go on with these rows alone."""
        self._scores = self._scores[torch.tensor(rows, device=self._scores.device)]
        self._ended = [self._ended[row] for row in rows]

    def _whole(self, longer: torch.Tensor, best: torch.Tensor, ended: torch.Tensor) -> dict[int, list[int]]:
        """Keep the continuations that end; return the best text of each row that has enough of them, or no others."""
        count = best.shape[1]
        ranks = best / (longer.shape[1] - self._read) ** self._penalty
        over = ended.all(dim=1).tolist()
        open_rows = [row for row, texts in enumerate(self._ended) if len(texts) < self.beams]
        for row, place in ended[:, : self.beams].nonzero().tolist():
            if row in open_rows:
                text = longer[row * count + place, self._read :].tolist()
                self._ended[row].append((ranks[row, place].item(), text))
        found = {}
        for row in open_rows:
            texts = self._ended[row] = sorted(self._ended[row], key=_rank, reverse=True)[: self.beams]
            if len(texts) == self.beams or over[row]:
                found[row] = texts[0][1]
        return found


def _rank(text: tuple[float, list[int]]) -> float:
    return text[0]
