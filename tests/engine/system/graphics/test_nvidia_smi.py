import time

import pytest

from engine.system.graphics import nvidia_smi
from engine.system.graphics.nvidia_smi import MEBIBYTE, CardProcess
from tests.helpers.fake_nvidia_smi import install, process, row, uuid


@pytest.fixture(autouse=True)
def _nothing_hangs(monkeypatch):
    monkeypatch.setattr(nvidia_smi, "_asked_again_at", 0.0)
    yield
    for each in nvidia_smi.hanging:
        each.kill()
        each.wait()
    nvidia_smi.hanging.clear()


def test_a_card_is_read_with_all_that_is_said_of_it(tmp_path, monkeypatch):
    line = row(0, "NVIDIA GeForce RTX 3060", total="12288", used="1024", load="37")
    install(tmp_path, monkeypatch, [line], [process(0, 4711, "/opt/tools/python3", "700")])
    [card] = nvidia_smi.ask().cards
    assert (card.index, card.uuid, card.name) == (0, uuid(0), "NVIDIA GeForce RTX 3060")
    assert (card.total_bytes, card.used_bytes) == (12288 * MEBIBYTE, 1024 * MEBIBYTE)
    assert card.free_bytes == 11264 * MEBIBYTE
    assert (card.load, card.driver, card.capability) == (0.37, "580.65.06", (8, 6))
    assert card.processes == (CardProcess(4711, "python3", 700 * MEBIBYTE),)


def test_processes_belong_to_their_cards(tmp_path, monkeypatch):
    lines = [process(1, 10), process(0, 11, "C:\\Games\\game.exe"), process(1, 12, "[Not Found]", "[N/A]")]
    install(tmp_path, monkeypatch, [row(0), row(1)], [*lines, "No running processes found"])
    first, second = nvidia_smi.ask().cards
    assert [each.name for each in first.processes] == ["game.exe"]
    assert [(each.pid, each.name, each.used_bytes) for each in second.processes] == [
        (10, "python3", 9000 * MEBIBYTE),
        (12, "", None),
    ]


@pytest.mark.parametrize("absent", ["[N/A]", "[Not Supported]", "[Unknown Error]", "[GPU is lost]", ""])
def test_what_the_driver_does_not_say_is_unknown(tmp_path, monkeypatch, absent):
    line = row(0, total=absent, used=absent, load=absent, driver=absent, capability=absent)
    install(tmp_path, monkeypatch, [line])
    [card] = nvidia_smi.ask().cards
    assert (card.total_bytes, card.used_bytes, card.free_bytes, card.load) == (None,) * 4
    assert (card.driver, card.capability) == ("", None)


def test_an_error_is_told_and_cards_beside_it_are_kept(tmp_path, monkeypatch):
    lost = "Unable to determine the device handle for GPU0000:01:00.0: GPU is lost."
    install(tmp_path, monkeypatch, [lost, row(1)], code=15)
    answer = nvidia_smi.ask()
    assert [card.index for card in answer.cards] == [1]
    assert "GPU is lost" in answer.problem


def test_a_driver_too_old_to_know_capabilities_tells_the_rest(tmp_path, monkeypatch):
    install(tmp_path, monkeypatch)
    without = row(0, driver="470.256.02").rpartition(",")[0]
    (tmp_path / "nvidia-smi").write_text(
        '#!/bin/sh\ncase "$1" in *compute_cap*) echo \'Field "compute_cap" is not a valid field to query.\'; exit 2;; '
        f'--query-gpu*) echo "{without}";; esac\n'
    )
    [card] = nvidia_smi.ask().cards
    assert (card.driver, card.capability) == ("470.256.02", None)


def test_without_the_program_there_is_no_card_and_nothing_wrong(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(nvidia_smi, "OF_WSL", tmp_path / "none")
    assert nvidia_smi.ask() == nvidia_smi.Answer()


def test_a_driver_that_hangs_is_given_up_and_not_asked_again_while_it_does(tmp_path, monkeypatch):
    install(tmp_path, monkeypatch, [row(0)], hangs=True)
    answer = nvidia_smi.ask(timeout=0.3)
    assert answer.cards == ()
    assert "did not answer within 0.3 seconds" in answer.problem
    # As a program does that the kernel can't end.
    with monkeypatch.context() as patch:
        patch.setattr(nvidia_smi.hanging[0], "poll", lambda: None)
        patch.setattr(nvidia_smi, "_asked_again_at", 0.0)
        assert "doesn't answer" in nvidia_smi.ask().problem
    nvidia_smi.hanging[0].wait()
    assert "doesn't answer" in nvidia_smi.ask().problem
    monkeypatch.setattr(nvidia_smi, "_asked_again_at", time.monotonic())
    folder = tmp_path / "again"
    folder.mkdir()
    install(folder, monkeypatch, [row(0)])
    assert len(nvidia_smi.ask().cards) == 1
