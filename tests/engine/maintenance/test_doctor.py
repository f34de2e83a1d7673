import json
import os
import socket
import subprocess
import sys
from dataclasses import replace

import pytest

from engine.maintenance import doctor
from engine.system.graphics.graphics_cards import Card
from tests.helpers.repository import ROOT
from tests.helpers.systems import WINDOWS

PROCESSOR = {"id": "cpu", "name": "Processor", "memory_bytes": 16e9, "free_bytes": 9e9}


def facts(*devices):
    return {
        "torch": "2.13.0", "built_for": "the processor", "devices": [*devices, PROCESSOR],
        "chosen": [*devices, PROCESSOR][0]["id"], "precision": "bfloat16",
        "precision_reason": "this device supports bfloat16", "threads": 2, "quantization_trouble": "",
    }  # fmt: skip


def test_the_command_line_prints_the_whole_report_as_one_object_with_what_a_worker_asked_of_torch():
    answer = subprocess.run(
        [sys.executable, "main.py", "doctor", "--json"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    checks = {check["id"]: check for check in json.loads(answer.stdout)["checks"]}
    assert len(checks) == 10
    assert {"system", "device", "hub", "folders", "disk"} <= checks.keys()
    assert checks["device"]["state"] == "ok", checks["device"]
    assert "CPU" in checks["device"]["text"] or "cuda" in checks["device"]["text"]
    assert checks["hub"]["text"].startswith("Offline")
    assert [name for name, check in checks.items() if check["state"] == "problem"] == []


NVIDIA = Card("nvidia", "NVIDIA GPU", "580.65.06")
AMD = Card("amd", "AMD GPU (gfx1100)", "amdgpu")


@pytest.mark.parametrize(
    ("card", "built_for", "way"),
    [
        (NVIDIA, "the processor", "CUDA build of torch (see pytorch.org)"),
        (AMD, "CUDA 13.0", "ROCm build of torch (see pytorch.org)"),
        (NVIDIA, "CUDA 13.2", "needs a newer one than 580.65.06"),
        (replace(NVIDIA, driver="unknown"), "CUDA 13.2", "needs a newer one."),
        (AMD, "ROCm 7.2", "needs a newer one."),
        (replace(NVIDIA, driver=""), "CUDA 13.2", "Install the driver of the NVIDIA GPU"),
    ],
)
def test_a_card_that_torch_can_not_use_is_a_problem_with_the_way_out(card, built_for, way):
    check = doctor.graphics_check(facts() | {"built_for": built_for}, [card])
    assert check.state == "problem"
    assert way in check.fix
    assert f"This torch, built for {built_for}, can't use the {card.name}" in check.text


def test_where_tunesmith_is_installed_the_way_out_is_its_own_command(monkeypatch):
    monkeypatch.setenv(doctor.SET_UP, "tunesmith --set-up")
    monkeypatch.setattr(doctor, "REPORTED_PACKAGES", ("no-such-package",))
    assert "“tunesmith --set-up”" in doctor.graphics_check(facts(), [AMD]).fix
    assert "`tunesmith --set-up`" in doctor.packages().fix


def test_a_hub_out_of_reach_is_a_remark_with_a_hint(monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    check = doctor.hub()
    assert check.state == "notice"
    assert "refuses the connection" in check.text
    assert check.fix


def test_a_hub_is_named_without_user_and_password(monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setenv("HF_ENDPOINT", f"http://user:s3cret@127.0.0.1:{port}/mirror")
        check = doctor.hub()
    assert (check.state, check.text) == ("ok", f"http://127.0.0.1:{port}/mirror answers")


def test_a_home_that_can_not_be_made_is_a_problem(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("TUNESMITH_HOME", str(tmp_path / "file" / "home"))
    assert doctor.folders().state == "problem"
    assert "TUNESMITH_HOME" in doctor.folders().fix
    assert doctor.disk().state == "problem"


@pytest.mark.skipif(WINDOWS or os.geteuid() == 0, reason="the owner of everything can write everywhere")
def test_a_folder_that_can_not_be_written_is_named(home):
    doctor.folders()
    (home / "adapters").chmod(0o500)
    check = doctor.folders()
    (home / "adapters").chmod(0o700)
    assert check.state == "problem"
    assert str(home / "adapters") in check.text
