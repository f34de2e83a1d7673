"""The table of patches: what stands in it is there, switches work by name and version, and its users are told."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
import torch
from peft.tuners.boft import layer as boft_layer
from peft.tuners.tuners_utils import BaseTunerLayer

from engine.errors import SettingError
from engine.maintenance import doctor
from engine.system.graphics import torch_build
from engine.system.graphics.torch_build import TorchBuild
from engine.worker.adapters.method_hooks import shape_constraints  # noqa: F401 - patches BOFT and others
from engine.worker.jobs import device_report
from engine.worker.kernels import registry
from engine.worker.kernels.patch_table import PATCHES, Patch
from engine.worker.kernels.registry import active, enabled
from tests.helpers.repository import ROOT
from tests.helpers.tiny_runs import events_named, tiny_recipe, train_in_process
from tests.helpers.worker_setup import attach_random, load_tiny, make_recipe

WORKER = ROOT / "engine" / "worker"
TESTS = ROOT / "tests" / "worker"


@pytest.fixture
def switch(monkeypatch: pytest.MonkeyPatch):
    """Return what sets TUNESMITH_PATCHES for this process."""
    return lambda value: monkeypatch.setenv(registry.VARIABLE, value)


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch):
    """Return what fakes a library's installed version."""
    real = registry.installed

    def fake(library: str, number: str) -> None:
        monkeypatch.setattr(registry, "installed", lambda name: number if name == library else real(name))
        registry.forget()

    yield fake
    monkeypatch.undo()
    registry.forget()


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.name)
def test_every_entry_is_asked_for_where_it_says_and_has_its_test(patch: Patch) -> None:
    asked = (WORKER / patch.where).read_text(encoding="utf-8")
    assert f'"{patch.name}"' in asked
    file, _, name = patch.test.partition("::")
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert bool(patch.why) == (patch.kind == "fix")
    assert patch.replaces


def test_every_question_is_about_an_entry() -> None:
    names = set()
    for file in WORKER.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            is_question = isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "enabled"
            if is_question and isinstance(node.args[0], ast.Constant):
                names.add(node.args[0].value)
    assert len(names) > 15
    assert names <= registry.BY_NAME.keys()


def test_everything_is_on_in_this_environment() -> None:
    assert [state for state in registry.states() if not state.on or state.untested] == []


def test_devices_and_number_formats_are_asked_for() -> None:
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
FIXES = {patch.name for patch in PATCHES if patch.kind == "fix"}


def test_a_processor_s_kernels_are_for_the_processor_alone() -> None:
    assert {patch.name for patch in PATCHES if "cpu" in patch.devices} == PROCESSOR_ONLY
    assert {patch.devices for patch in PATCHES if patch.devices} <= {frozenset({"cpu"}), frozenset({"cuda"})}
    assert not PROCESSOR_ONLY & set(active("cuda"))
    assert set(active("cuda")) == registry.BY_NAME.keys() - PROCESSOR_ONLY


@pytest.mark.parametrize("device", ["xpu", "mps"])
def test_intel_s_and_apple_s_cards_get_the_libraries_own_paths(device: str) -> None:
    assert set(active(device, "bfloat16")) == FIXES


def test_amd_s_cards_get_them_too_although_torch_calls_them_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_build, "find", lambda: TorchBuild(hip="7.2"))
    registry.forget()
    assert set(active("cuda")) == FIXES
    with registry.planned_for("cuda"):
        assert not enabled("fused_lora", "meta")
    assert set(active("cpu", "float32")) >= {"dropout", "linear", "fused_lora"}
    monkeypatch.undo()
    registry.forget()


def test_whatever_makes_something_faster_is_asked_for_with_its_device() -> None:
    """A replaced function is asked for with the device of its arguments."""
    asked = set()
    for file in WORKER.rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        constants = {
            ast.unparse(node.targets[0]): node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        }
        for node in ast.walk(tree):
            function = ast.unparse(node.func).split(".")[-1] if isinstance(node, ast.Call) else ""
            if function == "enabled" and len(node.args) > 1:
                name = node.args[0]
            elif function == "replace" and len(node.args) > 2:
                name = node.args[2]
            else:
                continue
            asked.add(name.value if isinstance(name, ast.Constant) else constants.get(ast.unparse(name), ""))
    assert {patch.name for patch in PATCHES if patch.kind == "speed"} <= asked


def test_a_switch_takes_all_none_and_names(switch) -> None:
    switch("none")
    assert active("cpu") == []
    switch(" dropout, rms_norm")
    assert active("cpu") == ["dropout", "rms_norm"]
    for everything in ("all", ""):
        switch(everything)
        assert len(active("cpu")) > 15


def test_an_unknown_name_is_refused_by_name(switch) -> None:
    switch("dropout,warp_drive")
    with pytest.raises(SettingError, match="warp_drive") as refused:
        enabled("dropout")
    assert "rms_norm" in refused.value.hint
    assert refused.value.field == "TUNESMITH_PATCHES"


@pytest.mark.parametrize("number", ["5.21.4", "6.0.0rc1"])
def test_another_version_switches_speed_off_and_leaves_fixes_on(install, number: str) -> None:
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
def test_tested_versions_and_absent_libraries_are_no_matter(install, number: str) -> None:
    install("transformers", number)
    assert enabled("decode_attention")
    assert registry.doubts() == []


def test_the_doctor_says_what_is_off_and_why(install, switch) -> None:
    facts = device_report._patches()
    assert doctor.patches({"patches": facts}).state == "ok"
    install("transformers", "5.30.0")
    check = doctor.patches({"patches": device_report._patches()})
    assert check.state == "notice"
    assert "transformers 5.30.0" in check.text
    assert "decode_attention" in check.text
    install("transformers", "5.24.0")
    switch("none")
    check = doctor.patches({"patches": device_report._patches()})
    assert "Switched off: attention," in check.text
    assert check.text.endswith("On: none.")
    assert doctor.patches({}).state == "notice"


@pytest.mark.torch
def test_a_run_says_which_are_active_and_what_is_not_tested(tmp_path: Path, install, switch) -> None:
    install("peft", "0.22.0")
    _, events = train_in_process(tiny_recipe(tmp_path, "llama", "lora", "training.max_steps=1"))
    assert any("peft 0.22.0" in notice["message"] for notice in events_named(events, "notice"))
    assert "fused_lora" not in events_named(events, "run_started")[0]["patches"]
    switch("no_such")
    _, events = train_in_process(tiny_recipe(tmp_path, "llama", "lora", "training.max_steps=1"))
    assert [event["event"] for event in events] == ["job_accepted", "job_ended"]
    assert "no_such" in events[-1]["message"]


def test_boft_s_permutation_matrix_is_peft_s(switch) -> None:
    order = torch.randperm(7)
    ours = boft_layer.BOFTLayer.perm2mat(None, order)
    switch("none")
    assert torch.equal(ours, boft_layer.BOFTLayer.perm2mat(None, order))
    # A plan of a BOFT run has no values to loop over.
    assert boft_layer.BOFTLayer.perm2mat(None, order.to("meta")).shape == (7, 7)


def adapted_layer(method: str) -> Any:
    """Return a layer of a tiny model with a random adapter."""
    model = attach_random(load_tiny("llama"), make_recipe("llama", method={"id": method}))
    return next(module for module in model.modules() if isinstance(module, BaseTunerLayer))


def test_fourierft_s_change_is_peft_s_and_its_indices_stay_on_the_device(switch) -> None:
    layer = adapted_layer("fourierft")
    ours = layer.get_delta_weight("default")
    switch("none")
    assert torch.equal(ours, layer.get_delta_weight("default"))
    switch("fourierft_indices")
    layer.to("meta")
    assert layer.get_delta_weight("default").is_meta
    assert layer.indices["default"].is_meta


def test_vb_lora_s_pair_is_peft_s_and_no_logits_are_looked_at(switch) -> None:
    layer = adapted_layer("vblora").train()
    ours = layer._get_lora_matrices("default")
    assert layer.training
    switch("none")
    for one, other in zip(ours, layer._get_lora_matrices("default"), strict=True):
        assert torch.equal(one, other)
    with torch.no_grad():
        layer.vblora_logits_A["default"][0, 0, 0] = torch.inf
    with pytest.raises(RuntimeError, match="infinity"):
        layer._get_lora_matrices("default")
    switch("vblora_check")
    layer._get_lora_matrices("default")


def test_c3a_s_gradients_are_those_of_its_change(switch) -> None:
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


def test_boft_compiles_nothing() -> None:
    assert boft_layer.get_fbd_cuda() is False
