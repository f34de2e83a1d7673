"""Liger's kernels in a run, with a stand-in for the package: applied once, told, and gone after training."""

import importlib
import os
import sys
from pathlib import Path

import pytest
import torch
from torch.nn import functional
from transformers import LlamaForCausalLM
from transformers.models.llama import modeling_llama
from transformers.utils import import_utils

from engine.system import ranks
from engine.worker.evaluation.evaluator import Evaluator
from engine.worker.kernels import liger
from engine.worker.planning.planner import Planner
from tests.helpers.tiny_runs import adapter_of, completed, events_named, tiny_recipe, train_in_process
from tests.helpers.worker_setup import make_channel

pytestmark = pytest.mark.torch
VERSION = "0.8.5"
# Replaces what Liger replaces, by what computes the same and takes notes.
STAND_IN = """
import os
from pathlib import Path

from torch.nn import functional
from transformers.models.llama import modeling_llama

models, computed, failure = [], [], []


def noted(name, compute):
    def replaced(*args, **kwargs):
        if name in failure:
            raise RuntimeError(f"{name} can't be compiled")
        computed.append(name)
        return compute(*args, **kwargs)

    return replaced


def to_llama(model, cross_entropy=False, fused_linear_cross_entropy=True):
    assert cross_entropy and not fused_linear_cross_entropy
    modeling_llama.apply_rotary_pos_emb = noted("rope", modeling_llama.apply_rotary_pos_emb)
    modeling_llama.LlamaRMSNorm = type("LigerRMSNorm", (modeling_llama.LlamaRMSNorm,), {})
    functional.cross_entropy = noted("cross_entropy", functional.cross_entropy)
    model.model.norm.in_place = True
    model.model.norm.forward = noted("rms_norm", model.model.norm.forward)
    if "apply" in failure:
        raise AttributeError("transformers has changed")


MODEL_TYPE_TO_APPLY_LIGER_FN = {"llama": to_llama}


def _apply_liger_kernel_to_instance(model, **settings):
    assert any("lora_A" in name for name, _ in model.named_modules())
    models.append(model)
    Path(__file__).with_name(f"{os.getpid()}.used").touch()
    MODEL_TYPE_TO_APPLY_LIGER_FN[model.config.model_type](model, **settings)
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Install the stand-in and treat the CPU as a GPU; return its module, which takes notes."""
    site = tmp_path / "site"
    folder, about = site / "liger_kernel" / "transformers", site / f"liger_kernel-{VERSION}.dist-info"
    folder.mkdir(parents=True)
    about.mkdir()
    (folder.parent / "__init__.py").touch()
    (folder / "__init__.py").write_text("from .monkey_patch import _apply_liger_kernel_to_instance\n")
    (folder / "monkey_patch.py").write_text(STAND_IN)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: liger-kernel\nVersion: {VERSION}\n")
    monkeypatch.syspath_prepend(site)
    monkeypatch.setattr(liger, "GPUS", frozenset({"cpu"}))
    import_utils.is_liger_kernel_available.cache_clear()
    yield importlib.import_module("liger_kernel.transformers.monkey_patch")
    import_utils.is_liger_kernel_available.cache_clear()
    for name in [name for name in sys.modules if name.startswith("liger_kernel")]:
        del sys.modules[name]


@pytest.fixture(autouse=True)
def everything_is_put_back(monkeypatch):
    """Fail if a library's function is another one while the trained model is scored, or afterwards."""

    def functions():
        return (modeling_llama.apply_rotary_pos_emb, modeling_llama.LlamaRMSNorm, functional.cross_entropy)

    stock, score = functions(), Evaluator.score

    def watched(evaluator, *given):
        assert functions() == stock
        modules = evaluator.base.model.modules()
        assert not any({"forward", "in_place"} & vars(module).keys() for module in modules)
        return score(evaluator, *given)

    monkeypatch.setattr(Evaluator, "score", watched)
    yield
    assert functions() == stock


def trained(tmp_path, *overrides, kind="llama", method="lora"):
    recipe = tiny_recipe(tmp_path, kind, method, "training.max_steps=1", *overrides)
    _, events = completed(recipe)
    return recipe, events


def told(events):
    return [each["message"] for each in events_named(events, "notice") if "Liger" in each["message"]]


def used(events):
    return events_named(events, "run_started")[0].get("liger")


def weights(events):
    return (adapter_of(events).folder / "adapter_model.safetensors").read_bytes()


def test_a_run_with_lora_trains_by_them_and_names_them(tmp_path, package):
    recipe, events = trained(tmp_path, "method.dropout=0.2")
    [model] = package.models
    assert type(model) is LlamaForCausalLM
    assert set(package.computed) == {"rope", "rms_norm", "cross_entropy"}
    assert used(events) == VERSION
    assert told(events) == []
    assert Planner(make_channel("plan")).plan(recipe)["liger"] == VERSION
    _, without = trained(tmp_path, "method.dropout=0.2", "training.liger=false")
    assert len(package.models) == 1
    assert used(without) is None
    # The stand-in computes the same: the trial before has drawn no random number.
    assert weights(events) == weights(without)


@pytest.mark.slow("engine/worker/kernels/", "engine/worker/training/", "engine/worker/runtime/rank_")
def test_each_rank_trains_by_them(tmp_path, package, monkeypatch):
    site = Path(package.__file__).parents[2]
    # The other rank is a process of its own, which finds the stand-in and takes its CPU for a GPU by these.
    (site / "sitecustomize.py").write_text(
        "from engine.worker.kernels import liger\nliger.GPUS = frozenset({'cpu'})\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), str(Path.cwd())]))
    monkeypatch.setenv(ranks.COUNT, "2")
    _, events = trained(tmp_path)
    assert len(list(Path(package.__file__).parent.glob("*.used"))) == 2
    assert used(events) == VERSION
    _, without = trained(tmp_path, "training.liger=false")
    assert weights(events) == weights(without)


@pytest.mark.parametrize("place", ["apply", "cross_entropy"])
def test_a_failure_falls_back_to_the_libraries_own_code_with_a_remark(tmp_path, package, place):
    package.failure.append(place)
    _, events = trained(tmp_path)
    assert len(package.models) == 1
    assert used(events) is None
    [remark] = told(events)
    assert "doesn't work here" in remark
    assert ("transformers has changed" if place == "apply" else f"{place} can't be compiled") in remark


@pytest.mark.slow("engine/worker/kernels/", "engine/worker/training/")
@pytest.mark.parametrize(("method", "title"), [("full", "Full fine-tuning"), ("ia3", "IA3")])
def test_a_method_that_they_exclude_is_named_and_trains_without(tmp_path, package, method, title):
    recipe, events = trained(tmp_path, method=method)
    assert package.models == []
    assert used(events) is None
    [remark] = told(events)
    assert title.lower() in remark.lower().replace("³", "3").replace("(", "")
    assert "liger" not in Planner(make_channel("plan")).plan(recipe)


@pytest.mark.slow("engine/worker/kernels/", "engine/worker/training/")
def test_nothing_is_said_where_liger_does_not_know_the_family_or_the_device(tmp_path, package, monkeypatch):
    _, of_t5 = trained(tmp_path, kind="t5")
    monkeypatch.setattr(liger, "GPUS", frozenset({"cuda"}))
    _, on_cpu = trained(tmp_path)
    assert package.models == []
    assert (told(of_t5), told(on_cpu), used(of_t5), used(on_cpu)) == ([], [], None, None)


@pytest.mark.slow("engine/worker/training/", "engine/worker/kernels/")
def test_lack_of_memory_is_no_failure_of_theirs(tmp_path, package, monkeypatch):
    def too_much(*_):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr("engine.worker.training.training_run.token_loss_sum", too_much)
    _, events = train_in_process(tiny_recipe(tmp_path, "llama"))
    assert events[-1]["outcome"] == "failed"
    assert events[-1]["kind"] == "OutOfMemoryError"
