from types import SimpleNamespace
from typing import Any

import pytest

from gui.desktop import system_load
from gui.desktop.system_load import SystemLoad
from tests.helpers import fake_nvidia_smi
from tests.helpers.fake_nvidia_smi import row, uuid

MIB = 1024**2
CARD = {
    "device": "cuda:1",
    "device_name": "NVIDIA RTX 3060",
    "device_memory_bytes": 12_000_000_000,
    "device_uuid": uuid(1),
}


def run(**started: Any) -> Any:
    return SimpleNamespace(state=SimpleNamespace(started=started, last_step={"memory_bytes": 5_000_000_000}))


@pytest.fixture
def meter(qtbot, monkeypatch):
    """Return what measures once, however long the driver takes, and returns what was measured."""
    monkeypatch.setattr(system_load, "TIMEOUT_SECONDS", None)

    def measured(model: Any = None, summarizer: Any = None) -> list[Any]:
        load = SystemLoad(summarizer)
        load.watch(model)
        with qtbot.waitSignal(load.measured) as blocker:
            load.start()
        load.stop()
        load.background.wait()
        return list(blocker.args)

    return measured


def test_a_run_s_card_is_shown_as_its_driver_tells(meter, tmp_path, monkeypatch):
    cards = [row(0, used="11000", load="99"), row(1, used="6000", load="42")]
    fake_nvidia_smi.install(tmp_path, monkeypatch, cards)
    assert meter(run(**CARD)) == ["NVIDIA RTX 3060", "cuda:1", 6000 * MIB, 12288 * MIB, 0.42]


@pytest.mark.parametrize("cards", [[], [row(1, used="[N/A]", total="[N/A]", load="[N/A]")]])
def test_what_the_driver_does_not_tell_is_as_the_worker_reported_it(meter, tmp_path, monkeypatch, cards):
    fake_nvidia_smi.install(tmp_path, monkeypatch, cards)
    assert meter(run(**CARD)) == ["NVIDIA RTX 3060", "cuda:1", 5_000_000_000, 12_000_000_000, None]
    # A card of another maker.
    assert meter(run(device="xpu:0")) == ["xpu:0", "xpu:0", 5_000_000_000, None, None]


def test_the_card_of_the_summaries_is_shown_while_they_hold_it(meter, tmp_path, monkeypatch):
    fake_nvidia_smi.install(tmp_path, monkeypatch, [row(0), row(1, used="6000", load="42")])
    assert meter(summarizer=SimpleNamespace(state="ready", card=CARD))[1:3] == ["cuda:1", 6000 * MIB]
    assert meter(summarizer=SimpleNamespace(state="off", card=CARD))[1] == "cpu"
    assert meter(summarizer=SimpleNamespace(state="ready", card={"device": "cpu"}))[1] == "cpu"
    name, device, used, total, _ = meter(run(device="cpu"))
    assert name
    assert device == "cpu"
    assert 0 < used < total


def test_a_driver_that_hangs_is_asked_once_and_late_answers_are_dropped(qtbot, monkeypatch):
    asked: list[Any] = []
    load = SystemLoad()
    monkeypatch.setattr(load.background, "run", lambda work, then: asked.append(then))
    load.watch(run(**CARD))
    shown: list[Any] = []
    load.measured.connect(lambda *values: shown.append(values))
    for _ in range(3):
        load.measure()
    assert len(asked) == 1
    assert shown == []
    load.watch(None)
    asked[0](SimpleNamespace(cards=()))
    assert shown == []
    load.measure()
    assert shown[0][1] == "cpu"
