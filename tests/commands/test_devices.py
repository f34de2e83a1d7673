"""The command line and its worker are processes of their own: a device that is not there is named by both."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.helpers import fake_nvidia_smi
from tests.helpers.fake_nvidia_smi import row
from tests.helpers.repository import ROOT

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("device", ["cuda:9", "cuda:x"])
def test_a_device_that_is_not_there_is_a_problem_of_its_field(tmp_path, monkeypatch, device):
    fake_nvidia_smi.install(tmp_path, monkeypatch, [row(0, "NVIDIA RTX 3060"), row(1, "NVIDIA L4")])
    recipe = ROOT / "resources" / "recipes" / "starter.toml"
    command = [sys.executable, "main.py", "plan", str(recipe), "--set", f"training.device={device}", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 2, done.stderr
    [problem] = json.loads(done.stdout.splitlines()[-1])["problems"]
    assert problem["field"] == "training.device"
    if device == "cuda:x":
        assert problem["message"] == "Device: auto, all, cpu, mps, xpu, or a card such as cuda:0."
    if device == "cuda:9":
        assert "cuda:0 (NVIDIA RTX 3060), cuda:1 (NVIDIA L4)" in problem["message"]
