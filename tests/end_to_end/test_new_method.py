"""A new method is one entry: this file makes up a tuner, and the whole product takes it.

The tuner adds a trained vector to a layer's output. Nothing outside of this file knows of it.
"""

import json
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest
import torch
from peft import PeftConfig, PeftModel
from peft.tuners.tuners_utils import BaseTuner, BaseTunerLayer
from peft.utils.peft_types import PeftType
from torch import nn

from engine.adapters import import_checks, library
from engine.api import recipe
from engine.errors import AdapterError, RecipeError
from engine.methods import METHODS, Box, Method, Preset, Sketch, Tuner
from engine.methods.base import REGISTRY
from engine.methods.shared_options import Targets, target_modules_option
from engine.options import Options, option
from engine.worker.adapters.method_hooks import TRAINED, InitContext, MethodHooks
from engine.worker.adapters.tuners.registration import register
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.planning.planner import Planner
from tests.helpers.channel_events import events_of
from tests.helpers.summarize_job import send_all, serve, summarize_command
from tests.helpers.tiny_runs import tiny_recipe, train_in_process
from tests.helpers.worker_setup import make_channel

pytestmark = pytest.mark.torch


@dataclass
class ShiftConfig(PeftConfig):
    """A factor of the vectors, and the layers that get one."""

    strength: float = 1.0
    spread: float = field(default=0.5, metadata={"help": "Deviation of the initial vectors"})
    target_modules: list[str] | str | None = None
    exclude_modules: list[str] | str | None = None
    modules_to_save: list[str] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.peft_type = PeftType["SHIFT"]


class ShiftLayer(nn.Module, BaseTunerLayer):
    """A layer with a vector added to its output."""

    adapter_layer_names = ("shift_vectors",)
    other_param_names = ("strengths",)

    def __init__(self, base_layer: nn.Module) -> None:
        super().__init__()
        self.base_layer = base_layer
        self.shift_vectors = nn.ParameterDict()
        self.strengths: dict[str, float] = {}
        self.in_features, self.out_features = base_layer.in_features, base_layer.out_features

    def add_adapter(self, name: str, config: ShiftConfig) -> None:
        self.shift_vectors[name] = nn.Parameter(config.spread * torch.randn(self.out_features))
        self.strengths[name] = config.strength
        self._move_adapter_to_device_of_base_layer(name)

    def forward(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        output: torch.Tensor = self.base_layer(*args, **kwargs)
        if self.disable_adapters:
            return output
        for name in self.active_adapters:
            if name in self.shift_vectors:
                output = output + self.strengths[name] * self.shift_vectors[name].to(output.dtype)
        return output


class ShiftModel(BaseTuner):
    """Puts a ShiftLayer in the place of every chosen layer."""

    prefix = "shift_"
    tuner_layer_cls = ShiftLayer
    target_module_mapping: ClassVar[dict[str, list[str]]] = {}

    def _prepare_adapter_config(self, peft_config: ShiftConfig, model_config: dict[str, Any]) -> ShiftConfig:
        return peft_config

    def _create_and_replace(
        self,
        peft_config: ShiftConfig,
        adapter_name: str,
        target: nn.Module,
        target_name: str,
        parent: nn.Module,
        current_key: str,
        **kwargs: Any,
    ) -> None:
        layer = target if isinstance(target, ShiftLayer) else ShiftLayer(target)
        layer.add_adapter(adapter_name, peft_config)
        layer.set_adapter(self.active_adapters, inference_mode=peft_config.inference_mode)
        if layer is not target:
            self._replace_module(parent, target_name, layer, target)


register("shift", ShiftConfig, ShiftModel)


class ShiftHooks(MethodHooks):
    """Starts from the base: PEFT's part would start at random."""

    def initialize(self, model: PeftModel, base: LoadedBase, options: Options, context: InitContext) -> None:
        for module in model.modules():
            if isinstance(module, ShiftLayer):
                module.shift_vectors[TRAINED].data.zero_()


class ShiftOptions(Options):
    strength: float = option(1.0, "Strength", "A factor of the vectors.", gt=0.0, le=100.0)
    target_modules: Targets = target_modules_option("get a vector behind them")


SHIFT = Method(
    id="shift",
    title="Shift",
    group="Adapters",
    summary="Adds a vector to layers' outputs",
    explanation="Trains one vector for each chosen layer, which is added to whatever the layer puts out. "
    * 2,
    options=ShiftOptions,
    tuner=Tuner("SHIFT", hooks=f"{__name__}:ShiftHooks", keys={"spread": "number"}),
    presets={"encoder-decoder": Preset(1e-2), "decoder-only": Preset(1e-2)},
    sketch=Sketch((Box(60, 64, "f", trained=False), "+", Box(14, 64, "v")), "A frozen layer plus a vector"),
)
TABLES = {"base_model": {"id": "starter"}, "data": {"source": "sample"}}


@pytest.fixture(autouse=True)
def _registered():
    REGISTRY.append(SHIFT)
    yield
    REGISTRY.remove(SHIFT)


def test_a_plan_counts_what_it_trains(tmp_path):
    plan = Planner(make_channel("plan")).plan(tiny_recipe(tmp_path, "t5", "shift"))
    assert plan["problems"] == []
    assert plan["trainable_parameters"] == 32 * plan["matrices"]
    assert plan["adapter_bytes"] == 4 * plan["trainable_parameters"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Train once and return the exported adapter."""
    folder = tmp_path_factory.mktemp("shift")
    patch = pytest.MonkeyPatch()
    patch.setenv("TUNESMITH_HOME", str(folder / "home"))
    REGISTRY.append(SHIFT)
    try:
        _, events = train_in_process(tiny_recipe(folder, "t5", "shift"))
        ended, evaluated = events[-1], [event for event in events if event["event"] == "evaluated"]
        assert ended["outcome"] == "completed", ended
        assert {event["of"] for event in evaluated} > {"base"}
        ((adapter,), unreadable) = library.scan()
        assert unreadable == []
        return library.export_zip(adapter, folder / "shift.zip")
    finally:
        REGISTRY.remove(SHIFT)
        patch.undo()


def test_the_library_takes_the_trained_adapter(trained):
    adapter = library.import_adapter(trained)
    assert adapter.changed_files() == []
    assert adapter.metadata.method.title == "Shift"
    assert "Shift can't be merged into a plain model" in adapter.unmergeable
    shapes = import_checks.weight_shapes(adapter.folder / library.WEIGHTS_NAME)
    assert all(name.endswith(".shift_vectors") and shape == (32,) for name, shape in shapes.items())


def test_the_playground_summarizes_with_it(trained):
    adapter = library.import_adapter(trained)
    finished = events_of(serve("t5", send_all(summarize_command([None, adapter.id]))), "summary_finished")
    assert {event["adapter"] for event in finished} == {None, adapter.id}


def test_without_our_metadata_it_is_recognised_and_checked_by_its_entry(trained):
    adapter = library.import_adapter(trained)
    foreign = adapter.folder.with_name("foreign")
    foreign.mkdir()
    for name in (library.CONFIG_NAME, library.WEIGHTS_NAME):
        (foreign / name).write_bytes((adapter.folder / name).read_bytes())
    imported = library.import_adapter(foreign)
    assert (imported.metadata.method.id, imported.metadata.method.title) == ("shift", "Shift")
    config = json.loads((foreign / library.CONFIG_NAME).read_text(encoding="utf-8"))
    for key, value in (("spread", "/etc/passwd"), ("strength", "large"), ("anything", "owner/model")):
        (foreign / library.CONFIG_NAME).write_text(json.dumps(config | {key: value}), encoding="utf-8")
        with pytest.raises(AdapterError, match=f"says {key} = "):
            library.import_adapter(foreign)


def test_it_is_gone_without_its_entry():
    REGISTRY.remove(SHIFT)
    assert "shift" not in [entry.id for entry in METHODS]
    with pytest.raises(RecipeError, match='no method "shift"'):
        recipe.from_tables(TABLES | {"method": {"id": "shift"}})
    REGISTRY.append(SHIFT)
