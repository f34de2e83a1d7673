import pytest

from engine.system.graphics import graphics_cards
from engine.system.graphics.graphics_cards import Card, find
from tests.helpers.systems import WINDOWS

VERSION = """NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.163.01  Tue Apr  8 12:41:17 UTC 2025
GCC version:  gcc version 14.2.0 (Debian 14.2.0-19)
"""
OPEN_VERSION = """NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build
"""


@pytest.fixture(autouse=True)
def _without_programs(monkeypatch):
    monkeypatch.setattr(graphics_cards.shutil, "which", lambda name: None)


def write(file, text):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def on_the_bus(system, vendor, kind):
    if WINDOWS:
        pytest.skip("a bus of Linux has colons in its names")
    write(system / "sys/bus/pci/devices/0000:01:00.0/vendor", f"{vendor}\n")
    write(system / "sys/bus/pci/devices/0000:01:00.0/class", f"{kind}\n")


def test_a_computer_without_a_card(tmp_path):
    on_the_bus(tmp_path, "0x8086", "0x030000")
    assert find(tmp_path) == []


@pytest.mark.parametrize(("text", "driver"), [(VERSION, "550.163.01"), (OPEN_VERSION, "580.65.06")])
def test_an_nvidia_card_with_its_driver(tmp_path, text, driver):
    write(tmp_path / "proc/driver/nvidia/version", text)
    assert find(tmp_path) == [Card("nvidia", "NVIDIA GPU", driver)]


@pytest.mark.parametrize("kind", ["0x030000", "0x030200"])
def test_an_nvidia_card_without_its_driver(tmp_path, kind):
    on_the_bus(tmp_path, "0x10de", kind)
    assert find(tmp_path) == [Card("nvidia", "NVIDIA GPU", "")]


def test_an_nvidia_device_that_is_no_card(tmp_path):
    on_the_bus(tmp_path, "0x10de", "0x040300")
    assert find(tmp_path) == []


def test_the_program_of_the_driver_is_a_sign_too(tmp_path, monkeypatch):
    monkeypatch.setattr(graphics_cards.shutil, "which", lambda name: f"/usr/bin/{name}")
    assert find(tmp_path) == [Card("nvidia", "NVIDIA GPU", "unknown")]


def test_amd_cards_are_those_that_torch_has_kernels_for(tmp_path):
    for number in (0, 90012, 90010, 110000):
        write(
            tmp_path / f"sys/class/kfd/kfd/topology/nodes/{number}/properties",
            f"cpu_cores_count 0\ngfx_target_version {number}\n",
        )
    assert [card.name for card in find(tmp_path)] == ["AMD GPU (gfx1100)", "AMD GPU (gfx90a)"]
