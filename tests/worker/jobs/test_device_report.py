from collections.abc import Sequence

import psutil
import pytest
import torch

from engine.jobs.job import create_job
from engine.maintenance import doctor
from engine.system.graphics import visible_cards
from engine.system.graphics.torch_build import TorchBuild
from engine.system.paths import jobs_folder
from engine.worker.jobs import device_report
from tests.helpers import fake_nvidia_smi
from tests.helpers.fake_nvidia_smi import process, row
from tests.helpers.tiny_runs import run_in_process

pytestmark = pytest.mark.torch
MIB = 1024**2


@pytest.fixture
def report(tmp_path, monkeypatch):
    """Return what reports on cards that the driver tells of, of which torch finds as many."""

    def make(*rows: str, found: int, processes: Sequence[str] = ()):
        fake_nvidia_smi.install(tmp_path, monkeypatch, rows, processes)
        monkeypatch.setattr(visible_cards, "installed_build", lambda: TorchBuild("13.0"))
        monkeypatch.setattr(torch.version, "cuda", "13.0")
        for name, answer in {
            "is_available": lambda: found > 0,
            "device_count": lambda: found,
            "get_device_name": lambda index: f"Card {index}",
            "get_device_capability": lambda device: (8, 0),
        }.items():
            monkeypatch.setattr(torch.cuda, name, answer)
        monkeypatch.setattr(device_report, "_quantization_problem", lambda _: "")
        events = run_in_process(create_job(jobs_folder(), "devices", {}))
        assert events[-1]["outcome"] == "completed", events[-1]
        return next(event["result"] for event in events if event["event"] == "result_made")

    return make


def test_auto_means_the_card_with_most_free_memory_that_is_not_busy(report):
    found = report(row(0, used="100", load="95"), row(1, used="4000"), row(2, used="9000"), found=3)
    assert found["chosen"] == "cuda:1"
    assert [(each["id"], each["name"]) for each in found["devices"]][:3] == [
        ("cuda:0", "Card 0"), ("cuda:1", "Card 1"), ("cuda:2", "Card 2"),
    ]  # fmt: skip
    assert found["devices"][1]["free_bytes"] == 8288 * MIB
    assert found["card_problem"] is None
    assert doctor.graphics_check(found, []).state == "ok"


def test_a_card_that_others_use_is_a_remark(report, monkeypatch):
    monkeypatch.setattr(psutil, "pid_exists", lambda _: True)
    found = report(row(0, used="9100"), found=1, processes=[process(0, 999_999_999, "/usr/bin/vllm")])
    check = doctor.graphics_check(found, [])
    assert check.state == "notice"
    assert check.text.startswith("Card 0 (cuda:0). Other programs are using cuda:0 (NVIDIA RTX 3060).")
    assert "vllm (pid 999999999, 9.4 GB)" in check.text
    assert check.fix
