"""Bottleneck adapters: a narrow two-layer network after a sublayer, which changes its output.

    h + scale * up(activation(down(h)))

after attention and feed-forward (Houlsby et al. 2019, arXiv:1902.00751) or after feed-forward alone (Pfeiffer et al.
2020, arXiv:2005.00247). The last layer of a sublayer is wrapped, so h is its output before dropout and residual. `up`
starts at zero, so training starts exactly at the base model. It is not linear, so it can't be merged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from peft import PeftConfig
from peft.tuners.tuners_utils import BaseTuner, BaseTunerLayer
from peft.utils.peft_types import PeftType
from torch import nn

from engine.errors import AdapterError
from engine.messages import say
from engine.worker.adapters.tuners.registration import register

Placement = Literal["houlsby", "pfeiffer"]
ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "gelu": nn.GELU, "silu": nn.SiLU}
# The last layers of a block's sublayers, whose outputs are added to the residual stream: of attention (cross-attention
# included) and of feed-forward, with the model types of transformers. Ends of names, as PEFT matches them.
SUBLAYER_ENDS: tuple[tuple[tuple[str, ...], tuple[str, ...], str], ...] = (
    (("o",), ("wo",), "t5|mt5|umt5|longt5"),
    (
        ("out_proj",),
        ("fc2",),
        "bart|mbart|plbart|pegasus|pegasus_x|blenderbot|blenderbot-small|marian|m2m_100|opt|xglm|biogpt",
    ),
    (
        ("o_proj",),
        ("down_proj",),
        "llama|mistral|ministral|qwen2|qwen3|gemma|gemma2|gemma3_text|smollm3|olmo|olmo2|olmo3|phi3",
    ),
    (
        ("o_proj",),
        ("down_proj",),
        "granite|cohere|cohere2|stablelm|nemotron|helium|glm|glm4|exaone4|ernie4_5|seed_oss|arcee",
    ),
    (("attn.c_proj",), ("mlp.c_proj",), "gpt2|openai-gpt|gpt_bigcode"),
    (("attention.dense",), ("dense_4h_to_h",), "gpt_neox"),
    (("self_attention.dense",), ("dense_4h_to_h",), "bloom|falcon"),
    (("attn.out_proj",), ("mlp.fc_out",), "gptj|codegen"),
    (("attention.out_proj",), ("mlp.c_proj",), "gpt_neo"),
    (("attn.out_proj",), ("ffn.down_proj",), "mpt"),
    (("self_attn.dense",), ("fc2",), "phi"),
    (("o_proj",), ("mlp.c_proj",), "starcoder2"),
    (("output", "out_proj"), ("fc2",), "led|bigbird_pegasus"),
)


@dataclass
class BottleneckConfig(PeftConfig):
    """Size and position of the adapters; without `target_modules` the placement and the model type decide."""

    size: int = 64
    placement: Placement = "houlsby"
    activation: str = "gelu"
    dropout: float = 0.0
    scale: float = 1.0
    target_modules: list[str] | str | None = None
    exclude_modules: list[str] | str | None = None
    modules_to_save: list[str] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.peft_type = PeftType["BOTTLENECK"]
        if self.activation not in ACTIVATIONS or self.placement not in ("houlsby", "pfeiffer"):
            raise ValueError(
                say("Unknown activation {} or placement {}.", repr(self.activation), repr(self.placement))
            )


class BottleneckLayer(nn.Module, BaseTunerLayer):
    """A layer with adapters after it. They compute in float32, whatever the base's dtype."""

    adapter_layer_names = ("bottleneck_down", "bottleneck_up")
    other_param_names = ("bottleneck_middle", "scales")

    def __init__(self, base_layer: nn.Module, width: int) -> None:
        super().__init__()
        self.base_layer = base_layer
        self.width = width
        self.bottleneck_down = nn.ModuleDict()
        self.bottleneck_middle = nn.ModuleDict()
        self.bottleneck_up = nn.ModuleDict()
        self.scales: dict[str, float] = {}
        self.merged_adapters: list[str] = []
        self.in_features = getattr(base_layer, "in_features", None)
        self.out_features = width

    def add_adapter(self, name: str, config: BottleneckConfig) -> None:
        """Add a new adapter after the layer; it changes nothing yet."""
        up = nn.Linear(config.size, self.width)
        nn.init.zeros_(up.weight)
        nn.init.zeros_(up.bias)
        self.bottleneck_down[name] = nn.Linear(self.width, config.size)
        self.bottleneck_middle[name] = nn.Sequential(
            ACTIVATIONS[config.activation](), nn.Dropout(config.dropout)
        )
        self.bottleneck_up[name] = up
        self.scales[name] = config.scale
        self._move_adapter_to_device_of_base_layer(name)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Return the base layer's output plus the changes by the active adapters."""
        output = self.base_layer(*args, **kwargs)
        if self.disable_adapters:
            return output
        active = [name for name in self.active_adapters if name in self.bottleneck_down]
        changes = [self._change(name, output) for name in active]
        return output + sum(changes) if changes else output

    def _change(self, name: str, output: torch.Tensor) -> torch.Tensor:
        down, up = self.bottleneck_down[name], self.bottleneck_up[name]
        hidden = self.bottleneck_middle[name](down(self._cast_input_dtype(output, down.weight.dtype)))
        change: torch.Tensor = self.scales[name] * up(hidden)
        return change.to(output.dtype)

    def merge(self, safe_merge: bool = False, adapter_names: list[str] | None = None) -> None:
        """Refuse: no weight computes the same."""
        raise NotImplementedError("Bottleneck adapters can't be merged.")


class BottleneckModel(BaseTuner):
    """The tuner: replaces every last layer of a sublayer by a BottleneckLayer."""

    prefix = "bottleneck_"
    tuner_layer_cls = BottleneckLayer
    target_module_mapping: ClassVar[dict[str, list[str]]] = {}

    def _prepare_adapter_config(
        self, peft_config: BottleneckConfig, model_config: dict[str, Any]
    ) -> BottleneckConfig:
        if peft_config.target_modules is None:
            peft_config.target_modules = list(
                adapted_layers(str(model_config.get("model_type")), peft_config.placement)
            )
        return peft_config

    def _check_tied_modules(self, model: nn.Module, peft_config: BottleneckConfig) -> None:
        """Do nothing: adapters come after layers and do not change their weights."""

    def _create_and_replace(
        self,
        peft_config: BottleneckConfig,
        adapter_name: str,
        target: nn.Module,
        target_name: str,
        parent: nn.Module,
        current_key: str,
        **kwargs: Any,
    ) -> None:
        layer = target
        if not isinstance(layer, BottleneckLayer):
            layer = BottleneckLayer(target, width(target, current_key))
        layer.add_adapter(adapter_name, peft_config)
        layer.set_adapter(self.active_adapters, inference_mode=peft_config.inference_mode)
        if layer is not target:
            self._replace_module(parent, target_name, layer, target)


def adapted_layers(model_type: str, placement: Placement) -> tuple[str, ...]:
    """Return the names of the layers that get an adapter after them. Raises AdapterError for an unknown model type."""
    for attention, feed_forward, model_types in SUBLAYER_ENDS:
        if model_type in model_types.split("|"):
            return feed_forward if placement == "pfeiffer" else attention + feed_forward
    raise AdapterError(
        say("Attention and feed-forward ends of {} models are unknown.", model_type),
        "Name their last layers under Applied to.",
        "method.target_modules",
    )


def width(layer: nn.Module, name: str) -> int:
    """Return the width of a layer's output. Raises AdapterError if it is no linear layer."""
    # transformers' Conv1D, GPT-2's linear layer, calls it `nf`.
    width = getattr(layer, "out_features", getattr(layer, "nf", None))
    if not isinstance(width, int):
        raise AdapterError(
            say("{} is not a linear layer.", name),
            "Name linear layers under Applied to.",
            "method.target_modules",
        )
    return width


register("bottleneck", BottleneckConfig, BottleneckModel)
