import random

import numpy as np
import pytest
import torch

from engine.worker.runtime import random_state
from engine.worker.runtime.random_state import now, restore, same_random_numbers

CPU, CARD = torch.device("cpu"), torch.device("cuda", 0)


class StandInCard:
    """A card's own source of random numbers, as torch.cuda has it."""

    def __init__(self):
        self.generator = torch.Generator().manual_seed(7)

    def is_available(self):
        return True

    def get_rng_state(self):
        return self.generator.get_state()

    def set_rng_state(self, state):
        self.generator.set_state(state)

    def draw(self):
        return float(torch.rand((), generator=self.generator))


@pytest.fixture
def card(monkeypatch):
    card = StandInCard()
    monkeypatch.setattr(random_state.torch, "get_device_module", lambda _: card)
    return card


def drawn(card=None):
    own = random.random(), float(np.random.random()), float(torch.rand(()))
    return own if card is None else (*own, card.draw())


def test_every_source_goes_on_as_if_nothing_had_been_drawn():
    state = now(CPU)
    expected = drawn()
    restore(state)
    with same_random_numbers(CPU):
        drawn()
    assert drawn() == expected


def test_so_does_that_of_a_card(card):
    state = now(CARD)
    expected = drawn(card)
    restore(state)
    with same_random_numbers(CARD):
        drawn(card)
    assert drawn(card) == expected


def test_a_file_holds_all_states_under_the_names_of_transformers(card, tmp_path):
    torch.save(now(CARD), tmp_path / "rng_state.pth")
    expected = drawn(card)
    stored = torch.load(tmp_path / "rng_state.pth", weights_only=False)
    restore(stored)
    assert set(stored) == {"python", "numpy", "cpu", "cuda"}
    assert drawn(card) == expected


def test_the_state_of_a_card_that_is_not_there_is_left_out(monkeypatch, card):
    stored = now(CARD)
    expected = drawn()
    monkeypatch.undo()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    restore(stored)
    assert drawn() == expected
