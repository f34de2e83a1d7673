import ast
from typing import Any

import pytest
import torch
from peft.tuners.boft import layer as boft_layer
from peft.tuners.tuners_utils import BaseTunerLayer

from engine.maintenance import doctor
from engine.system.graphics import torch_build
from engine.system.graphics.torch_build import TorchBuild
from engine.worker.adapters.method_hooks import shape_constraints
from engine.worker.jobs import device_report
from engine.worker.kernels import registry
from engine.worker.kernels.registry import PATCHES, active, enabled
from tests.helpers.repository import ROOT
from tests.helpers.tiny_runs import events_named, tiny_recipe, train_in_process
from tests.helpers.worker_setup import attach_random, load_tiny, make_recipe

WORKER = ROOT / "engine" / "worker"


@pytest.fixture
def switch(monkeypatch):
    """Return what sets TUNESMITH_PATCHES for this process."""
    return lambda value: monkeypatch.setenv(registry.VARIABLE, value)


@pytest.fixture
def install(monkeypatch):
    """Return what fakes a library's installed version."""
    real = registry.installed

    def fake(library: str, number: str) -> None:
        monkeypatch.setattr(registry, "installed", lambda name: number if name == library else real(name))
        registry.forget()

    yield fake
    monkeypatch.undo()
    registry.forget()


def test_every_entry_is_asked_for():
    names = set()
    for file in WORKER.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            function = ast.unparse(node.func).split(".")[-1] if isinstance(node, ast.Call) else ""
            for argument in node.args if function in {"enabled", "replace"} else ():
                if isinstance(argument, ast.Constant) and argument.value in PATCHES:
                    names.add(argument.value)
    assert names == PATCHES.keys()


def test_everything_is_on_in_this_environment():
    assert [state for state in registry.states() if not state.on or state.untested] == []


def test_devices_and_number_formats_are_asked_for():
    assert enabled("causal_attention", "cpu", torch.bfloat16)
    assert not enabled("causal_attention", "cuda", torch.bfloat16)
    assert not enabled("causal_attention", "cpu", "float32")
    assert "dropout" in active("cpu")
    assert "dropout" not in active("cuda")
    with registry.planned_for("cuda"):
        assert not enabled("dropout", "meta")
    assert enabled("dropout", "meta")


PROCESSOR_ONLY = {
    "attention", "causal_attention", "decode_attention", "dropout", "rms_norm", "linear", "ranks",
}  # fmt: skip
FIXES = {name for name, patch in PATCHES.items() if patch.kind == "fix"}


def test_a_processor_s_kernels_are_for_the_processor_alone():
    assert set(active("cuda")) == PATCHES.keys() - PROCESSOR_ONLY


@pytest.mark.parametrize("device", ["xpu", "mps"])
def test_intel_s_and_apple_s_cards_get_the_libraries_own_paths(device):
    assert set(active(device, "bfloat16")) == FIXES


def test_amd_s_cards_get_them_too_although_torch_calls_them_cuda(monkeypatch):
    monkeypatch.setattr(torch_build, "find", lambda: TorchBuild(hip="7.2"))
    registry.forget()
    assert set(active("cuda")) == FIXES
    with registry.planned_for("cuda"):
        assert not enabled("fused_lora", "meta")
    assert set(active("cpu", "float32")) >= {"dropout", "linear", "fused_lora"}
    monkeypatch.undo()
    registry.forget()


def test_a_switch_takes_all_none_and_names(switch):
    switch("none")
    assert active("cpu") == []
    switch(" dropout, rms_norm")
    assert active("cpu") == ["dropout", "rms_norm"]
    for everything in ("all", ""):
        switch(everything)
        assert len(active("cpu")) > 15


def test_an_unknown_name_is_ignored_and_told(switch):
    switch("dropout,graphed_decoding")
    assert active("cpu") == ["dropout"]
    [told] = registry.doubts()
    assert "graphed_decoding" in told.message
    assert "rms_norm" in told.hint
    assert doctor.patches({"patches": device_report.patch_facts()}).fix.startswith("Unset TUNESMITH_PATCHES")


@pytest.mark.parametrize("number", ["5.21.4", "6.0.0rc1"])
def test_another_version_switches_speed_off_and_leaves_fixes_on(install, number):
    install("transformers", number)
    assert not enabled("decode_attention")
    assert enabled("linear")
    assert enabled("tied_head")
    speed, fixes = registry.doubts()
    assert f"transformers {number}" in speed.message
    assert "decode_attention" in speed.message
    assert "tied_head" not in speed.message
    assert (speed.level, fixes.level) == ("notice", "warning")
    assert "tied_head" in fixes.message
    assert "transformers from 5.22 below" in fixes.hint


@pytest.mark.parametrize("number", ["5.22", "5.24.9.dev0", ""])
def test_tested_versions_and_absent_libraries_are_no_matter(install, number):
    install("transformers", number)
    assert enabled("decode_attention")
    assert registry.doubts() == []


def test_the_doctor_says_what_is_off_and_why(install, switch):
    facts = device_report.patch_facts()
    assert doctor.patches({"patches": facts}).state == "ok"
    install("transformers", "5.30.0")
    check = doctor.patches({"patches": device_report.patch_facts()})
    assert check.state == "notice"
    assert "transformers 5.30.0" in check.text
    assert "decode_attention" in check.text
    install("transformers", "5.24.0")
    switch("none")
    check = doctor.patches({"patches": device_report.patch_facts()})
    assert "Switched off: attention," in check.text
    assert check.text.endswith("On: none.")
    assert doctor.patches({}).state == "notice"


@pytest.mark.torch
def test_a_run_says_which_are_active_and_what_is_not_tested(tmp_path, install, switch):
    install("peft", "0.22.0")
    switch("all,no_such")
    _, events = train_in_process(tiny_recipe(tmp_path, "llama", "lora", "training.max_steps=1"))
    told = [notice["message"] for notice in events_named(events, "notice")]
    assert any("peft 0.22.0" in message for message in told)
    assert any("no_such" in message for message in told)
    assert "fused_lora" not in events_named(events, "run_started")[0]["patches"]


def test_boft_s_permutation_matrix_is_peft_s_and_a_plan_has_one_too():
    order = torch.randperm(7)
    assert torch.equal(
        shape_constraints.permutation_matrix(None, order), boft_layer.BOFTLayer.perm2mat(None, order)
    )
    # There are no values to loop over.
    assert boft_layer.BOFTLayer.perm2mat(None, order.to("meta")).shape == (7, 7)


def adapted_layer(method: str) -> Any:
    model = attach_random(load_tiny("llama"), make_recipe("llama", method={"id": method}))
    return next(module for module in model.modules() if isinstance(module, BaseTunerLayer))


def test_c3a_s_gradients_are_those_of_its_change(switch):
    layer = adapted_layer("c3a").requires_grad_(True)
    read = torch.randn(2, 5, layer.in_features, requires_grad=True)
    wanted = [read, layer.c3a_kernel["default"]]
    weights = torch.randn(2, 5, layer.out_features)

    def gradients(written: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return torch.autograd.grad((written * weights).sum(), wanted)

    whole = layer.get_base_layer().weight + layer.get_delta_weight("default")
    expected = gradients(torch.nn.functional.linear(read, whole))
    for found, exact in zip(gradients(layer(read)), expected, strict=True):
        torch.testing.assert_close(found, exact)
    # PEFT's own are another function's: once they are right, this entry can go.
    switch("none")
    assert not torch.allclose(gradients(layer(read))[0], expected[0], atol=1e-3)


def test_boft_compiles_nothing():
    assert boft_layer.get_fbd_cuda() is False
