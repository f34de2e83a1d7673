"""The banner of a GPU that lies idle: when it is shown, what it says, and how it is put away."""

import pytest

from engine.api import graphics_cards
from engine.system.graphics.graphics_cards import Card
from gui.core.preferences import Preferences
from gui.pages.train.content_pane import GpuBanner

NVIDIA = Card("nvidia", "NVIDIA GPU", "580.65.06")
CPU = {"id": "cpu", "name": "CPU"}
IDLE = {"devices": [CPU], "chosen": "cpu", "built_for": "the CPU"}
USED = {
    "devices": [{"id": "cuda:0", "name": "A card"}, CPU], "chosen": "cuda:0", "built_for": "CUDA 13.2",
}  # fmt: skip


@pytest.fixture
def banner(qtbot, home, monkeypatch):
    monkeypatch.setattr(graphics_cards, "find", lambda: [NVIDIA])
    return qtbot.add(GpuBanner(Preferences()))


def test_an_idle_card_is_told_of_with_the_way_out_and_no_other(banner, monkeypatch):
    monkeypatch.setenv("TUNESMITH_SET_UP", "tunesmith --set-up")
    banner.judge(IDLE)
    assert not banner.isHidden()
    said = "This torch, built for the CPU, can't use the NVIDIA GPU."
    assert said in banner.strip.text()
    assert "tunesmith --set-up" in banner.strip.text()
    banner.judge(USED)
    assert banner.isHidden()
    monkeypatch.setattr(graphics_cards, "find", list)
    banner.judge(IDLE)
    assert banner.isHidden()


def test_put_away_it_stays_away_until_it_says_something_else(banner, qtbot, speak):
    banner.judge(IDLE)
    banner.strip.action_button().click()
    assert banner.isHidden()
    speak("de")
    again = qtbot.add(GpuBanner(Preferences()))
    again.judge(IDLE)
    assert again.isHidden()
    again.judge(IDLE | {"built_for": "CUDA 12.8"})
    assert "gebaut für CUDA 12.8" in again.strip.text()
    assert not again.isHidden()
