"""A device that is not there is named, with those that are."""

import pytest

from tests.helpers import fake_nvidia_smi
from tests.helpers.fake_nvidia_smi import row

pytestmark = pytest.mark.torch


@pytest.mark.parametrize(
    ("device", "message"),
    [
        ("cuda:9", "cuda:0 (NVIDIA RTX 3060), cuda:1 (NVIDIA L4)"),
        ("cuda:x", "Device: auto, all, cpu, mps, xpu, or a GPU such as cuda:0."),
    ],
)
def test_a_device_that_is_not_there_is_a_problem(
    tmp_path, monkeypatch, in_process, make_recipe, device, message
):
    fake_nvidia_smi.install(tmp_path, monkeypatch, [row(0, "NVIDIA RTX 3060"), row(1, "NVIDIA L4")])
    done = in_process.run("plan", str(make_recipe("t5")), "--set", f"training.device={device}", "--json")
    [problem] = done.json[-1]["problems"]
    assert (done.code, problem["field"]) == (2, "training.device")
    assert message in problem["message"]
